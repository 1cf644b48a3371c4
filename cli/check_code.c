/*
 * check_code.c - what Lua says of the code: the runtime itself, and luacheck in a process of its own.
 *
 * The process is given its program as standard input and leaves its records in a file in memory, so nothing
 * is written to disk and nobody waits for anybody.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "edge.h"
#include "embedded.h"
#include "pack.h"

extern char **environ;

bool check_next_record(bytes *rest, check_record *record) {
  const char *begin = (const char *)rest->data;
  const char *feed = rest->size != 0 ? memchr(begin, '\n', rest->size) : NULL;
  size_t size;
  if (feed == NULL || sscanf(begin, "%11s %zu %ld %ld %zu", record->kind, &record->file, &record->line,
                             &record->column, &size) != 5) {
    return false;
  }
  size_t head = (size_t)(feed + 1 - begin);
  if (rest->size - head <= size) return false; /* a line feed follows */
  record->text = (bytes){rest->data + head, size};
  *rest = (bytes){rest->data + head + size + 1, rest->size - head - size - 1};
  return true;
}

void check_quote(text *out, bytes string) {
  text_add_string(out, "\"");
  for (size_t i = 0; i < string.size; i++) {
    uint8_t c = string.data[i];
    bool control = c < ' ' || c == 0x7f;
    text_printf(out, control ? "\\%03d" : c == '"' || c == '\\' ? "\\%c" : "%c", c);
  }
  text_add_string(out, "\"");
}

static void add_script(text *out, const char *path) {
  const bytes *script = embedded_find(path);
  text_add(out, script->data, script->size);
}

/* ---- the runtime ---- */

/* The project of the probe: what its files are. */
typedef struct probe {
  const modules *modules;
  text main, manifest;
} probe;

/* modules_source: "file/N" and "source/N" are of the Nth module. */
static int read_probe(void *data, const char *path, text *out) {
  const probe *p = data;
  size_t n;
  char kind[8];
  if (strcmp(path, "main.lua") == 0) {
    text_add(out, p->main.data, p->main.size);
  } else if (strcmp(path, "flare.lua") == 0) {
    text_add(out, p->manifest.data, p->manifest.size);
  } else if (sscanf(path, "%7[a-z]/%zu", kind, &n) == 2) {
    const module *m = &p->modules->items[n - 1];
    bool name = strcmp(kind, "file") == 0;
    text_add(out, name ? m->file : text_string(&m->source), name ? strlen(m->file) : m->source.size);
  } else {
    return ENOENT;
  }
  return 0;
}

/* Writes the probe's script and manifest. */
static void make_probe(probe *p, const bool *ours) {
  add_script(&p->main, "scripts/flaron-check/record.lua");
  text_add_string(&p->main, "modules = {\n");
  text_add_string(&p->manifest, "return { memory = \"1024M\", assets = {\n");
  for (size_t i = 0; i < p->modules->count; i++) {
    text_printf(&p->manifest, "\"file/%zu\", \"source/%zu\",\n", i + 1, i + 1);
    if (!ours[i]) continue;
    text name = {0};
    check_quote(&name, bytes_of(p->modules->items[i].name));
    text_printf(&p->main, "[%s] = require %s,\n", name.data, name.data);
    text_free(&name);
  }
  text_add_string(&p->main, "}\n");
  text_add_string(&p->manifest, "} }\n");
  add_script(&p->main, "scripts/flaron-check/probe.lua");
}

/* Runs the probe once; its answer. */
static bool run_probe(const flare *f, text *records, text *error) {
  edge e = {.flare = f, .host = {.config = host_config_default()}};
  edge_result result = {0};
  host_request request = {0};
  bool good = edge_invoke(&e, FLARE_HANDLE_REQUEST, &request, &result, error);
  const host_response *r = &e.host.response;
  if (good && r->status == 200) {
    text_add(records, text_string(&r->body), r->body.size);
  } else if (good) {
    text_add_string(error, r->line_count > 0 ? text_string(&r->lines[0].line) : "it failed");
    good = false;
  }
  edge_close(&e);
  return good;
}

bool check_probe(const modules *m, const bool *ours, text *records, text *error) {
  probe p = {.modules = m};
  modules_source source = {read_probe, &p};
  pack_options options = {0};
  text wasm = {0};
  flare f = {0};
  make_probe(&p, ours);
  bool good = pack_project(&source, "main.lua", &options, &wasm, error) && flare_read(&f, &wasm, error);
  if (good) good = run_probe(&f, records, error);
  flare_free(&f);
  text_free(&wasm);
  text_free(&p.main);
  text_free(&p.manifest);
  return good;
}

/* ---- luacheck ---- */

enum { IN, OUT, ERRORS, STREAMS };

/* Starts a Lua in `folder` with the three streams; 0 or an errno value. */
static int start_lua(const char *lua, const char *folder, const int *streams, pid_t *pid) {
  char *const words[] = {(char *)lua, "-", NULL};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int i = 0; i < STREAMS; i++) posix_spawn_file_actions_adddup2(&actions, streams[i], i);
  posix_spawn_file_actions_addchdir_np(&actions, folder);
  int fault = posix_spawnp(pid, lua, &actions, NULL, words, environ);
  posix_spawn_file_actions_destroy(&actions);
  return fault;
}

/* Runs a program on a Lua and takes what it writes: 0; ENOENT, there is no such Lua; else why in `error`. */
static int run_lua(const char *lua, const char *folder, const text *program, text *records, text *error) {
  int streams[STREAMS], status = 0;
  pid_t pid;
  for (int i = 0; i < STREAMS; i++) streams[i] = memfd_create("flaron-lua", MFD_CLOEXEC);
  bool ready = streams[IN] >= 0 && streams[OUT] >= 0 && streams[ERRORS] >= 0 &&
               write(streams[IN], program->data, program->size) == (ssize_t)program->size &&
               lseek(streams[IN], 0, SEEK_SET) == 0;
  int fault = ready ? start_lua(lua, folder, streams, &pid) : errno;
  if (fault != 0) {
    text_printf(error, "%s: %s", lua, strerror(fault));
  } else {
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    lseek(streams[OUT], 0, SEEK_SET);
    fault = text_read(records, streams[OUT], SIZE_MAX);
    if (status != 0 && fault == 0) fault = ECHILD;
    if (fault != 0) {
      text said = {0};
      lseek(streams[ERRORS], 0, SEEK_SET);
      text_read(&said, streams[ERRORS], SIZE_MAX);
      text_printf(error, "%s did not end well: %.*s", lua, (int)strcspn(text_string(&said), "\n"),
                  text_string(&said));
      text_free(&said);
    }
  }
  for (int i = 0; i < STREAMS; i++) {
    if (streams[i] >= 0) close(streams[i]);
  }
  return fault;
}

/* Whether the records end as they should; why not in `error` when there is a record that says it. */
static bool is_done(bytes records, bool *missing, text *error) {
  check_record r = {.kind = ""};
  bool good = true;
  *missing = false;
  while (check_next_record(&records, &r)) {
    if (strcmp(r.kind, "missing") == 0) *missing = true;
    if (strcmp(r.kind, "luacheck") != 0) continue;
    text_add(error, r.text.data, r.text.size);
    good = false;
  }
  if (good && !*missing && strcmp(r.kind, "done") != 0) {
    text_add_string(error, "luacheck did not come to an end");
    good = false;
  }
  return good && !*missing;
}

bool check_ask(const char *folder, bytes input, text *records, bool *missing, text *error) {
  static const char *const luas[] = {"lua5.1", "lua5.4", "lua5.3", "lua"}; /* Debian's luacheck is for 5.1 */
  text program = {0};
  bool good = false;
  text_add_string(&program, "input = ");
  text_add(&program, input.data, input.size);
  text_add_string(&program, "\n");
  add_script(&program, "scripts/flaron-check/record.lua");
  add_script(&program, "scripts/flaron-check/check.lua");
  *missing = true;
  for (size_t i = 0; i < sizeof luas / sizeof *luas && *missing; i++) {
    text why = {0};
    text_clear(records);
    int fault = run_lua(luas[i], folder, &program, records, &why);
    *missing = fault == ENOENT;
    good = fault == 0 && is_done(text_bytes(records), missing, error);
    if (fault != 0 && !*missing) text_add_string(error, text_string(&why));
    text_free(&why);
  }
  if (*missing) text_add_string(error, "luacheck is not installed (Debian has it in the package lua-check)");
  text_free(&program);
  return good;
}
