/*
 * check_code.c - what Lua says of the code, in flares of check's own: what the runtime has and refuses, what
 * .luacheckrc says, and what luacheck finds.
 *
 * No file of the project runs outside of a flare, and no other program is started: luacheck's modules, where
 * they are installed, are packed with scripts/check/check.lua. So a project reaches nothing of this
 * machine, and what runs away is stopped by the limits of a flare.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "cli.h"
#include "own_flare.h"
#include "own_lua.h"
#include "base/embedded.h"
#include "base/file.h"

/* Limits: of luacheck's own files, of looking at a project, and of reading its .luacheckrc. */
enum {
  LUACHECK_FILE_SIZE = 4 << 20,
  MEMORY_MIB = 2048,
  CPU_MS = 10000,
  CPU_MS_PER_KIB = 20,
  CONFIG_MEMORY_MIB = 64,
  CONFIG_CPU_MS = 1000
};

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

/* ---- flares of our own ---- */

/* A flare of check itself. Its assets: "file/N" and "source/N" of the Nth module, and those below. */
typedef struct probe {
  const modules *modules;
  const char *luacheck;   /* the folder that luacheck/ is in, NULL: it is not used; borrowed */
  bytes manifest, config; /* assets "manifest" and "config", .data NULL: there is none */
  text main, flare;       /* its main script and flare.lua. Owned */
} probe;

/* Reads a file of the installed luacheck, which may be a link to anywhere: who installed it is trusted. */
static int check_code_read_installed(const char *folder, const char *path, text *out) {
  text place = {0};
  text_printf(&place, "%s/%s", folder, path);
  int fd = open(place.data, O_RDONLY | O_CLOEXEC);
  int fault = fd >= 0 ? text_read(out, fd, LUACHECK_FILE_SIZE) : errno;
  if (fd >= 0) close(fd);
  text_free(&place);
  return fault;
}

/* modules_source of a probe. */
static int check_code_read_probe(void *data, const char *path, text *out) {
  const probe *p = data;
  size_t n;
  char kind[8];
  if (strcmp(path, "main.lua") == 0) {
    text_add(out, p->main.data, p->main.size);
  } else if (strcmp(path, "flare.lua") == 0) {
    text_add(out, p->flare.data, p->flare.size);
  } else if (strcmp(path, "manifest") == 0) {
    text_add(out, p->manifest.data, p->manifest.size);
  } else if (strcmp(path, "config") == 0) {
    text_add(out, p->config.data, p->config.size);
  } else if (p->luacheck != NULL && strncmp(path, "luacheck/", 9) == 0) {
    return check_code_read_installed(p->luacheck, path, out);
  } else if (sscanf(path, "%7[a-z]/%zu", kind, &n) == 2) {
    const module *m = &p->modules->items[n - 1];
    bool name = strcmp(kind, "file") == 0;
    text_add(out, name ? m->file : text_string(&m->source), name ? strlen(m->file) : m->source.size);
  } else {
    return ENOENT;
  }
  return 0;
}

/* Writes the flare.lua of a probe. */
static void check_code_write_flare(probe *p, int memory_mib) {
  text_printf(&p->flare, "return { memory = \"%dM\", assets = {\n", memory_mib);
  for (size_t i = 0; p->modules != NULL && i < p->modules->count; i++) {
    text_printf(&p->flare, "\"file/%zu\", \"source/%zu\",\n", i + 1, i + 1);
  }
  if (p->manifest.data != NULL) text_add_string(&p->flare, "\"manifest\",\n");
  if (p->config.data != NULL) text_add_string(&p->flare, "\"config\",\n");
  text_add_string(&p->flare, "} }\n");
}

/* Packs a probe and runs it. Frees what it owns. */
static bool check_code_run_probe(probe *p, int memory_mib, int cpu_ms, text *records, text *error) {
  modules_source source = {check_code_read_probe, p, NULL};
  check_code_write_flare(p, memory_mib);
  bool good = own_flare_run(&source, cpu_ms, records, error);
  text_free(&p->main);
  text_free(&p->flare);
  return good;
}

static void check_code_add_script(text *out, const char *path) {
  const bytes *script = embedded_find(path);
  text_add(out, script->data, script->size);
}

/* ---- the runtime ---- */

/* CPU time for `size` bytes of sources: far more than any that is not made to take long. */
static int check_code_time_for(const modules *m) {
  size_t size = 0;
  for (size_t i = 0; i < m->count; i++) size += m->items[i].source.size;
  return (int)(CPU_MS + size / 1024 * CPU_MS_PER_KIB);
}

bool check_probe(const modules *m, const bool *ours, text *records, text *error) {
  probe p = {.modules = m};
  check_code_add_script(&p.main, "scripts/check/record.lua");
  text_add_string(&p.main, "modules = {\n");
  for (size_t i = 0; i < m->count; i++) {
    if (!ours[i]) continue;
    text name = {0};
    check_quote(&name, bytes_of(m->items[i].name));
    text_printf(&p.main, "[%s] = require %s,\n", name.data, name.data);
    text_free(&name);
  }
  text_add_string(&p.main, "}\n");
  check_code_add_script(&p.main, "scripts/check/probe.lua");
  return check_code_run_probe(&p, MEMORY_MIB, check_code_time_for(m), records, error);
}

/* ---- .luacheckrc ---- */

/*
 * Reads the .luacheckrc of `folder`, a real path, or of the nearest folder above that has one; `anchor` gets
 * that folder, and stays empty when there is none. False with a sentence in `error` when it cannot be read.
 */
static bool check_code_find_config(const char *folder, text *anchor, text *content, text *error) {
  text at = {0};
  int fault;
  bool absent;
  text_add_string(&at, folder);
  do {
    text_clear(content);
    fault = modules_read_file(at.size > 0 ? at.data : "/", ".luacheckrc", content);
    if (fault == 0) text_add_string(anchor, at.size > 0 ? at.data : "/");
    absent = fault == ENOENT || (fault == EACCES && strcmp(text_string(&at), folder) != 0);
    if (!absent) break;
    const char *slash = strrchr(text_string(&at), '/');
    if (slash == NULL || at.size == 0) break;
    at.size = (size_t)(slash - at.data);
    at.data[at.size] = '\0';
  } while (true);
  bool good = fault == 0 || absent;
  if (!good) {
    text path = {0};
    text_printf(&path, "%s/.luacheckrc", at.data);
    file_explain(error, path.data, fault, FILE_PROJECT_MAX);
    text_free(&path);
  }
  text_free(&at);
  return good;
}

/* Evaluates a .luacheckrc; its options are added to `options` as Lua source, a table. */
static bool check_code_read_config(const char *luacheck, bytes content, text *options, text *error) {
  probe p = {.luacheck = luacheck, .config = content};
  text records = {0}, fault = {0};
  check_record r = {.kind = ""};
  check_code_add_script(&p.main, "scripts/check/record.lua");
  check_code_add_script(&p.main, "scripts/check/config.lua");
  bool good = check_code_run_probe(&p, CONFIG_MEMORY_MIB, CONFIG_CPU_MS, &records, &fault);
  bytes rest = text_bytes(&records);
  if (good) good = check_next_record(&rest, &r) && strcmp(r.kind, "config") == 0;
  if (good) {
    text_add(options, r.text.data, r.text.size);
  } else {
    text_add_string(error, "Couldn't load configuration from .luacheckrc: ");
    if (r.text.size > 0) text_add(error, r.text.data, r.text.size);
    if (r.text.size == 0) text_printf(error, "runtime error (.luacheckrc: %s)", text_string(&fault));
  }
  text_free(&records);
  text_free(&fault);
  return good;
}

/* ---- luacheck ---- */

/* Sets `share` to where luacheck's modules are below the folder `root`; whether they are. */
static bool check_code_find_modules(const char *root, text *share) {
  static const char *const versions[] = {"5.4", "5.3", "5.2", "5.1"};
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
    text probe = {0};
    text_printf(&probe, "%s/share/lua/%s/luacheck/check_state.lua", root, versions[i]);
    bool found = access(probe.data, R_OK) == 0;
    text_clear(share);
    text_printf(share, "%s/share/lua/%s", root, versions[i]);
    text_free(&probe);
    if (found) return true;
  }
  return false;
}

/* Whether a program stands in folder/bin, and luacheck's modules in folder/share, for a folder/bin/luacheck.
 */
static bool check_code_find_beside(const char *program, text *share) {
  const char *slash = strrchr(program, '/');
  char *root =
      slash != NULL ? memory_copy((bytes){(const uint8_t *)program, (size_t)(slash - program)}) : NULL;
  char *end = root != NULL ? strrchr(root, '/') : NULL;
  if (end != NULL) *end = '\0';
  bool found = end != NULL && check_code_find_modules(root, share);
  free(root);
  return found;
}

/* Finds the luacheck that came with this executable, or that of this machine: `share` gets the folder that
 * its modules are in. */
static bool check_code_find_luacheck(text *share) {
  text program = {0}, own = {0};
  if (own_lua_find_modules(share)) {
    text_printf(&own, "%s/luacheck/check_state.lua", share->data);
    bool there = access(own.data, R_OK) == 0;
    text_free(&own);
    if (there) return true;
    text_clear(share);
  }
  bool found = cli_find_program("luacheck", &program);
  char *real = found ? realpath(program.data, NULL) : NULL;
  found = found && (check_code_find_beside(program.data, share) ||
                    (real != NULL && check_code_find_beside(real, share)));
  free(real);
  text_free(&program);
  return found;
}

/* Whether the records end as they should; why not in `error`. */
static bool check_code_is_done(bytes records, text *error) {
  check_record r = {.kind = ""};
  while (check_next_record(&records, &r)) {
    if (strcmp(r.kind, "luacheck") != 0) continue;
    text_add(error, r.text.data, r.text.size);
    return false;
  }
  if (strcmp(r.kind, "done") == 0) return true;
  text_add_string(error, "luacheck did not come to an end");
  return false;
}

/* Writes `config`, the project's configuration for luacheck, in front of check.lua. */
static bool check_code_write_config(const char *folder, const char *luacheck, text *out, text *error) {
  text anchor = {0}, content = {0}, options = {0};
  char *real = realpath(folder, NULL);
  bool good = real != NULL;
  if (!good) text_printf(error, "%s: %s", folder, strerror(errno));
  if (good) good = check_code_find_config(real, &anchor, &content, error);
  if (good && anchor.size > 0) {
    good = check_code_read_config(luacheck, (bytes){(const uint8_t *)text_string(&content), content.size},
                                  &options, error);
  }
  if (good) {
    text_add_string(out, "config = { folder = ");
    check_quote(out, bytes_of(real));
    text_add_string(out, ", anchor = ");
    if (anchor.size > 0) check_quote(out, text_bytes(&anchor));
    text_printf(out, "%s, options = %s }\n", anchor.size > 0 ? "" : "nil",
                anchor.size > 0 ? options.data : "nil");
  }
  free(real);
  text_free(&anchor);
  text_free(&content);
  text_free(&options);
  return good;
}

bool check_ask(const char *folder, const modules *m, bytes manifest, bytes input, text *records,
               bool *missing, text *error) {
  text share = {0}, fault = {0};
  *missing = !check_code_find_luacheck(&share);
  if (*missing) text_add_string(error, "luacheck is not installed (Debian has it in the package lua-check)");
  probe p = {.modules = m, .luacheck = text_string(&share), .manifest = manifest};
  bool good = !*missing && check_code_write_config(folder, p.luacheck, &p.main, error);
  if (good) {
    text_add_string(&p.main, "input = ");
    text_add(&p.main, input.data, input.size);
    text_add_string(&p.main, "\n");
    check_code_add_script(&p.main, "scripts/check/record.lua");
    check_code_add_script(&p.main, "scripts/check/rights.lua");
    check_code_add_script(&p.main, "scripts/check/answers.lua");
    check_code_add_script(&p.main, "scripts/check/requests.lua");
    check_code_add_script(&p.main, "scripts/check/check.lua");
    good = check_code_run_probe(&p, MEMORY_MIB, check_code_time_for(m), records, &fault);
    if (!good) text_printf(error, "luacheck: %s", text_string(&fault));
    if (good) good = check_code_is_done(text_bytes(records), error);
  }
  text_free(&p.main);
  text_free(&share);
  text_free(&fault);
  return good;
}
