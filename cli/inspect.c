/*
 * inspect.c - `flaron-lua inspect`: what is in a packed flare.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "flare/flare_json.h"
#include "options.h"

static void print_list(const char *title, const json_t *list) {
  size_t i;
  json_t *name;
  cli_print("%-9s", title);
  json_array_foreach(list, i, name) cli_print("%s%s", i > 0 ? ", " : " ", json_string_value(name));
  putchar('\n');
}

static void print(const char *path, const flare *f, const json_t *about) {
  cli_print(
      "%s: %zu bytes, packed with runtime %.12s%s%s\n", path, f->wasm.size, f->runtime_hash,
      json_is_true(json_object_get(about, "runs_here")) ? " (this flaron-lua's)" : " (not this flaron-lua's)",
      f->stripped ? ", stripped" : "");
  size_t n;
  const json_t *part;
  print_list("handlers", json_object_get(about, "handlers"));
  for (size_t i = 0; i < f->module_count; i++) {
    cli_print("%-9s %8zu bytes  %s (%s)\n", i == 0 ? "modules" : "", f->modules[i].size, f->modules[i].name,
              f->modules[i].file);
  }
  json_array_foreach(json_object_get(about, "parts"), n, part) {
    cli_print("%-9s %8" JSON_INTEGER_FORMAT " bytes  %s\n", n == 0 ? "parts" : "",
              json_integer_value(json_object_get(part, "bytes")),
              json_string_value(json_object_get(part, "name")));
  }
  for (size_t i = 0; i < f->asset_count; i++) {
    cli_print("%-9s %8zu bytes  %s\n", i == 0 ? "assets" : "", f->assets[i].size, f->assets[i].file);
  }
  if (f->vars != NULL) print_list("vars", f->vars);
  if (f->config != NULL) {
    char *config = json_dumps(f->config, JSON_COMPACT);
    cli_print("config    %s\n", config);
    free(config);
  }
  cli_print("image     %8zu bytes\n", f->image.size);
  cli_print("memory    %8" JSON_INTEGER_FORMAT " KiB at first, %" JSON_INTEGER_FORMAT " KiB at most\n",
            json_integer_value(json_object_get(about, "memory_bytes")) >> 10,
            json_integer_value(json_object_get(about, "memory_limit_bytes")) >> 10);
  print_list("imports", json_object_get(about, "imports"));
  print_list("exports", json_object_get(about, "exports"));
  if (json_array_size(json_object_get(about, "without")) > 0)
    print_list("without", json_object_get(about, "without"));
  if (json_array_size(json_object_get(about, "cut")) > 0) print_list("cut", json_object_get(about, "cut"));
}

typedef struct words {
  const char *input;
  bool as_json;
} words;

static int run(const cli_command *self, int argc, char **argv) {
  words w = {0};
  flare f = {0};
  pack_options o = {0};
  int status = options_read(self, argc, argv, &w);
  if (status != CLI_GO_ON) return status;
  if (!cli_read_flare(self, w.input, &o, false, &f)) return CLI_FAILED;
  json_t *about = flare_json(&f);
  if (w.as_json) {
    cli_print_json(about);
  } else {
    print(w.input, &f, about);
  }
  json_decref(about);
  flare_free(&f);
  return CLI_DONE;
}

#define AT(field) offsetof(words, field)

static const cli_option options[] = {
    {CLI_ARGUMENT, 0, NULL, "FLARE.wasm", AT(input), 1, .offer = {.endings = ".wasm"},
     .help = "a packed flare (a script is packed first)"},
    {CLI_FLAG, 0, "json", NULL, AT(as_json), .help = "the same as JSON"},
    CLI_LAST("this text"),
};

const cli_command cli_inspect = {
    .name = "inspect",
    .summary = "tell what is in a packed flare",
    .options = options,
    .expected = "one flare is",
    .run = run,
};
