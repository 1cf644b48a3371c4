/*
 * inspect.c - `flaron-lua inspect`: what is in a packed flare.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "flare/flare_json.h"

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
  print_list("handlers", json_object_get(about, "handlers"));
  for (size_t i = 0; i < f->module_count; i++) {
    cli_print("%-9s %8zu bytes  %s (%s)\n", i == 0 ? "modules" : "", f->modules[i].size, f->modules[i].name,
              f->modules[i].file);
  }
  for (size_t i = 0; i < f->asset_count; i++) {
    cli_print("%-9s %8zu bytes  %s\n", i == 0 ? "assets" : "", f->assets[i].size, f->assets[i].file);
  }
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
}

static int run(const cli_command *self, int argc, char **argv) {
  static const struct option options[] = {
      {"json", no_argument, NULL, 'j'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  bool as_json = false;
  for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
    switch (c) {
      case 'j': as_json = true; break;
      case 'h': return cli_show_help(self);
      default: return cli_bad_option(self, argc, argv);
    }
  }
  if (argc - optind != 1) return cli_misuse(self, "one flare is expected, not %d", argc - optind);
  const char *path = argv[optind];
  flare f = {0};
  pack_options o = {0};
  if (!cli_read_flare(self, path, &o, false, &f)) return CLI_FAILED;
  json_t *about = flare_json(&f);
  if (as_json) {
    cli_print_json(about);
  } else {
    print(path, &f, about);
  }
  json_decref(about);
  flare_free(&f);
  return CLI_DONE;
}

const cli_command cli_inspect = {
    .name = "inspect",
    .summary = "tell what is in a packed flare",
    .usage = "inspect FLARE.wasm [--json]",
    .help =
        "  FLARE.wasm   a packed flare (a script is packed first)\n"
        "  --json       the same as JSON\n"
        "  -h, --help   this text\n",
    .run = run,
};
