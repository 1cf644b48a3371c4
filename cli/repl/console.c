/*
 * console.c - see console.h. The main script of its flare is scripts/console/console.lua, which asks for its
 * chunk and answers by a header whose name begins with \1: the tape of the host takes these calls, and the
 * log.
 */
#include "repl/console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/embedded.h"
#include "base/wait.h"
#include "pack/patterns.h"

/* What the main script is called, and where it begins in a traceback. */
#define SCRIPT "flaron-lua"
#define BELOW "\n\t[C]: in function 'xpcall'\n\t" SCRIPT ":"

/* ---- the log ---- */

/* Prints a line of the log: what print writes as it is, the rest with its level on standard error. */
static void print_line(host_level level, bytes line) {
  fflush(stdout);
  if (level != HOST_INFO) {
    cli_note("%s: %.*s\n", host_level_name(level), (int)line.size, (const char *)line.data);
    return;
  }
  text whole = {0};
  text_add(&whole, line.data, line.size);
  text_add_string(&whole, "\n");
  cli_print_bytes(text_bytes(&whole));
  fflush(stdout);
  text_free(&whole);
}

/* Prints the line that was held back. */
static void print_held(console *c) {
  if (c->held.size != 0) print_line(HOST_ERROR, text_bytes(&c->held));
  text_clear(&c->held);
}

/* ---- what the script asks ---- */

/* Begins to find modules of the project from its files as they are now. */
static void begin_modules(const console *c, modules *m) {
  static const bytes nothing = {(const uint8_t *)"", 0};
  *m = (modules){.script = &nothing};
  for (size_t i = 0; i < c->packed.path_count; i++) modules_add_path(m, c->packed.paths[i]);
  modules_add_main(m, &c->source, SCRIPT);
}

/* Sets the reply to '+', the file, a line feed and the source of a module; or to '-' and why there is none.
 */
static void find_module(console *c, bytes asked) {
  modules m;
  char *name = memory_copy(asked);
  begin_modules(c, &m);
  modules_add(&m, &c->source, name, false);
  if (m.count > 1) {
    text_printf(&c->reply, "+%s\n", m.items[1].file);
    text_add(&c->reply, text_string(&m.items[1].source), m.items[1].source.size);
  } else {
    nearest n = {.name = name};
    text why = {0}, front = {0};
    modules_say_missing(&m, &c->source, &n, &why);
    text_printf(&front, "module '%s' not found:\n\t", name); /* as Lua begins its message, too */
    bool usual = why.size > front.size && memcmp(why.data, front.data, front.size) == 0;
    text_printf(&c->reply, "-%s", text_string(&why) + (usual ? front.size : 0));
    text_free(&why);
    text_free(&front);
  }
  modules_free(&m);
  free(name);
}

/* Adds a name to the text that is `names`, unless it is not meant to be required. */
static void add_name(void *names, const char *name) {
  if (strncmp(name, "flaron.internal.", 16) != 0) text_printf(names, "%s\n", name);
}

/* Sets the reply to the names of all modules, with a line feed after each. */
static void list_modules(console *c) {
  modules m;
  pattern_names found = {0};
  text at = {0};
  begin_modules(c, &m);
  pattern_modules(&m, &c->source, "**/*", &found, &at);
  for (size_t i = 0; i < found.count; i++) add_name(&c->reply, found.items[i]);
  modules_each_ready(add_name, &c->reply);
  pattern_names_free(&found);
  text_free(&at);
  modules_free(&m);
}

/* Whether `asked` begins with `what`; if so, `rest` is what follows. */
static bool is_asked(bytes asked, const char *what, bytes *rest) {
  size_t size = strlen(what);
  if (asked.size < size || memcmp(asked.data, what, size) != 0) return false;
  *rest = (bytes){asked.data + size, asked.size - size};
  return true;
}

/* Takes what the script asks or answers, whose name had a \1. */
static void take(console *c, bytes asked, host_answer *answer) {
  bytes rest;
  text_clear(&c->reply);
  if (is_asked(asked, "chunk", &rest)) {
    text_add(&c->reply, c->chunk.data, c->chunk.size);
  } else if (is_asked(asked, "module:", &rest)) {
    find_module(c, rest);
  } else if (is_asked(asked, "modules", &rest)) {
    list_modules(c);
  } else {
    text_clear(&c->answer);
    text_add(&c->answer, asked.data, asked.size);
  }
  host_answer_bytes(answer, text_bytes(&c->reply));
}

/* host_tape.before */
static bool before(host_tape *tape, host_import import, const host_arguments *arguments,
                   host_answer *answer) {
  console *c = (console *)((char *)tape - offsetof(console, tape));
  bytes line = arguments->a, rest;
  bool sends = (host_signatures[import].flags & ABI_OUTPUT) != 0;
  if (!sends || (host_signatures[import].flags & ABI_LOG) != 0) print_held(c);
  if (import == HOST_log_info || import == HOST_log_warn) {
    print_line(import == HOST_log_info ? HOST_INFO : HOST_WARN, line);
    return true;
  }
  if (import ==
      HOST_log_error) { /* the last one is the runtime's, before its 500, if an error ends the handler */
    text_add(&c->held, line.data, line.size);
    return true;
  }
  if (sends) return true; /* nobody gets a response */
  if (import != HOST_req_header_get || !is_asked(line, "\1", &rest)) return false;
  take(c, rest, answer);
  return true;
}

/* ---- opening ---- */

/* Packs the console and reads the result into `f`. False after saying why not. */
static bool pack(console *c, flare *f) {
  text wasm = {0}, error = {0};
  pack_options options = c->options->pack;
  const bytes *script = embedded_find("scripts/console/console.lua");
  options.script = script;
  modules_free(&c->packed);
  c->packed = (modules){0};
  options.files = &c->packed;
  bool good = pack_project(&c->source, SCRIPT, &options, &wasm, &error) && flare_read(f, &wasm, &error);
  if (!good) cli_fail(c->self, "%s", text_string(&error));
  text_free(&wasm);
  text_free(&error);
  return good;
}

/* Closes what console_reset opens. */
static void close_flare(console *c) {
  edge_close(&c->edge);
  if (c->has_grants) manifest_grants_free(&c->grants);
  c->has_grants = false;
  flare_free(&c->flare);
  c->flare = (flare){0};
}

bool console_reset(console *c) {
  flare f = {0};
  text error = {0};
  if (!pack(c, &f)) return false;
  close_flare(c);
  c->flare = f;
  c->edge = (edge){.flare = &c->flare,
                   .host = {.config = host_config_default(), .tape = &c->tape},
                   .cpu_ms = c->options->cpu_ms,
                   .keeps = true};
  state_lend(&c->state, &c->edge.host.config);
  c->grants = (manifest_grants){0};
  c->has_grants = true;
  bool good = manifest_configure(c->flare.config, &c->edge.host.config, &c->grants, &error);
  if (!good) cli_fail(c->self, "flare.lua: %s", text_string(&error));
  text_free(&error);
  return good;
}

bool console_open(console *c, const cli_command *self, const console_options *options) {
  const char *file;
  text error = {0};
  size_t size = strlen(options->input);
  c->self = self;
  c->options = options;
  c->tape.before = before;
  if (size > 5 && strcmp(options->input + size - 5, ".wasm") == 0) {
    cli_fail(self, "%s: a packed flare has no sources; name the project's folder", options->input);
    return false;
  }
  bool found = pack_split_path(options->input, &c->folder, &file, &error);
  if (!found) cli_fail(self, "%s", text_string(&error));
  text_free(&error);
  if (!found) return false;
  c->place = (file_place){c->folder, ""};
  c->source = (modules_source){modules_read_place, &c->place, NULL};
  c->has_state = cli_open_state(self, options->input, options->persist, options->secrets, &c->state);
  if (!c->has_state) return false;
  wait_set_flag(options->cancel);
  if (!console_reset(c)) return false;
  cli_tell_unset_secrets(c->flare.config, &c->state);
  return true;
}

void console_close(console *c) {
  close_flare(c);
  if (c->has_state) state_close(&c->state);
  modules_free(&c->packed);
  text_free(&c->chunk);
  text_free(&c->answer);
  text_free(&c->held);
  text_free(&c->reply);
  free(c->folder);
}

/* ---- running ---- */

/* Has the flare handle what is in c->chunk. False if the memory was lost, with why in `error`. */
static bool invoke(console *c, edge_result *result, text *error) {
  text_clear(&c->answer);
  text_clear(&c->held);
  if (!edge_invoke(&c->edge, FLARE_HANDLE_REQUEST, c->options->request, result, error)) return false;
  if (result->raised) text_clear(&c->held);
  print_held(c);
  cli_print_log(&c->edge.host.response);
  return c->edge.engine != NULL;
}

/* Prints why a chunk failed: `message`, with its traceback. */
static void print_failure(const console *c, const edge_result *result, bytes message) {
  const char *at = (const char *)message.data, *end = memmem(at, message.size, BELOW, sizeof BELOW - 1);
  size_t size = end != NULL ? (size_t)(end - at) : message.size;
  const char memory[] = "not enough memory";
  bool cancelled = c->options->cancel != NULL && atomic_load(c->options->cancel) != 0;
  bool full = size >= sizeof memory - 1 && memcmp(at, memory, sizeof memory - 1) == 0;
  fflush(stdout);
  if (result->stopped && cancelled) {
    cli_note("\ninterrupted\n"); /* the terminal has written ^C */
    return;
  }
  cli_note("%.*s\n", (int)size, at);
  if (result->stopped) cli_note("(the limit of a chunk is %d ms of CPU time: --cpu-ms)\n", c->edge.cpu_ms);
  if (full) cli_note("(the limit of the flare is %u KiB: --memory)\n", c->flare.memory_max_pages * 64);
}

console_result console_run(console *c, const char *name, long line, bytes chunk, bool final) {
  edge_result result = {0};
  text error = {0};
  bytes message;
  text_clear(&c->chunk);
  text_printf(&c->chunk, "%c%s\n%ld\n", final ? 'f' : 'e', name, line);
  text_add(&c->chunk, chunk.data, chunk.size);
  bool kept = invoke(c, &result, &error);
  bytes answer = text_bytes(&c->answer);
  console_result status = CONSOLE_FAILED;
  if (!kept) {
    print_failure(c, &result,
                  error.size != 0 ? text_bytes(&error) : text_bytes(&c->edge.host.response.error));
    cli_note("(its memory is lost: variables are gone)\n");
  } else if (is_asked(answer, "failed:", &message)) {
    print_failure(c, &result, message);
  } else if (result.raised) {
    print_failure(c, &result, text_bytes(&c->edge.host.response.error));
  } else {
    status = bytes_are(answer, "more") ? CONSOLE_MORE : CONSOLE_DONE;
  }
  text_free(&error);
  return status;
}

void console_complete(console *c, bytes line, text *answer) {
  edge_result result = {0};
  text error = {0};
  bytes found;
  text_clear(&c->chunk);
  text_add_string(&c->chunk, "c\n0\n");
  text_add(&c->chunk, line.data, line.size);
  invoke(c, &result, &error);
  if (is_asked(text_bytes(&c->answer), "found:", &found)) text_add(answer, found.data, found.size);
  text_free(&error);
}
