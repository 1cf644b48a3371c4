/*
 * pack.c - `flaron-lua pack`: a script and its modules become one .wasm file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "base/clock.h"
#include "base/size.h"
#include "options.h"

/* The output's name when none is given: that of the script or its folder, here, with .wasm. */
static char *default_output(const char *input) {
  char *real = realpath(input, NULL);
  text name = {0};
  if (real != NULL) {
    const char *base = strrchr(real, '/') + 1;
    const char *dot = strrchr(base, '.');
    text_add(&name, base, dot != NULL && strcmp(dot, ".lua") == 0 ? (size_t)(dot - base) : strlen(base));
  }
  free(real);
  if (name.size == 0) text_add_string(&name, "flare");
  text_add_string(&name, ".wasm");
  return name.data;
}

/* Where the line map of `output` is written: beside it, with .map in place of .wasm. */
static char *map_name(const char *output) {
  size_t size = strlen(output);
  text name = {0};
  text_add(&name, output, size > 5 && strcmp(output + size - 5, ".wasm") == 0 ? size - 5 : size);
  text_add_string(&name, ".map");
  return name.data;
}

/* Whether a line map can lie beside it: not when it is a device or a pipe. */
static bool is_file(const char *output) {
  struct stat about;
  return stat(output, &about) != 0 || S_ISREG(about.st_mode);
}

/* Whether a name that nobody gave is a link, which may lead anywhere; says so. */
static bool is_link(const cli_command *self, const char *name) {
  struct stat about;
  if (lstat(name, &about) != 0 || !S_ISLNK(about.st_mode)) return false;
  cli_fail(self, "%s: it is a symbolic link, and -o did not name it: remove it, or name another output",
           name);
  return true;
}

static double now_ms(void) { return (double)clock_ns(CLOCK_MONOTONIC) / CLOCK_NS_PER_MS; }

/* flare_each_part: names a part in the report. */
static void say_part(void *unused, const char *name, uint32_t size) {
  (void)unused;
  cli_print(" %s (%u bytes),", name, size);
}

/* flare_each_left_out: names a library in the report. */
static void say_left_out(void *unused, const char *name) {
  (void)unused;
  cli_print(", without %s", name);
}

/* Says on one line what was made. */
static void report(const flare *f, const char *input, const char *output, const char *map, double ms) {
  cli_print("packed %s: %s, %zu bytes, %zu module%s,", input, output, f->wasm.size, f->module_count,
            f->module_count == 1 ? "" : "s");
  flare_each_part(f, say_part, NULL);
  for (int h = 0, n = 0; h < FLARE_HANDLERS; h++) {
    if (f->handlers >> h & 1) cli_print("%s %s", n++ > 0 ? " and" : "", flare_handler_names[h]);
  }
  flare_each_left_out(f, say_left_out, NULL);
  if (map != NULL) cli_print(", lines in %s", map);
  cli_print(", in %.0f ms\n", ms);
}

/* Shows the packer's notes, "FILE:LINE: ..." each, as compilers write them. */
static void say_notes(const text *notes) {
  const char *at = text_string(notes), *end;
  for (; (end = strchr(at, '\n')) != NULL; at = end + 1) {
    const char *gap = strstr(at, ": ");
    cli_note("%.*s: note: %.*s\n", (int)(gap - at), at, (int)(end - gap - 2), gap + 2);
  }
}

typedef struct words {
  const char *input, *output;
  pack_options pack;
} words;

static int run(const cli_command *self, int argc, char **argv) {
  words w = {.input = "."};
  text lines = {0}, notes = {0};
  int status = options_read(self, argc, argv, &w);
  if (status != CLI_GO_ON) return status;
  const char *input = w.input, *output = w.output;
  flare f = {0};
  double begin = now_ms();
  if (w.pack.strip) w.pack.map = &lines;
  w.pack.notes = &notes;
  if (!cli_read_flare(self, input, &w.pack, false, &f)) return CLI_FAILED;
  say_notes(&notes);
  char *name = output != NULL ? memory_copy(bytes_of(output)) : default_output(input);
  char *map = lines.size != 0 && is_file(name) ? map_name(name) : NULL;
  int fault = 0;
  status = CLI_DONE;
  if ((output == NULL && is_link(self, name)) || (map != NULL && is_link(self, map))) {
    status = CLI_FAILED;
  } else if (map != NULL && (fault = cli_write_file(map, text_bytes(&lines))) != 0) {
    status = cli_fail(self, "%s: %s", map, strerror(fault));
  } else if ((fault = cli_write_file(name, text_bytes(&f.wasm))) != 0) {
    status = cli_fail(self, "%s: %s", name, strerror(fault));
  } else {
    report(&f, input, name, map, now_ms() - begin);
  }
  free(name);
  free(map);
  text_free(&lines);
  text_free(&notes);
  flare_free(&f);
  return status;
}

#define AT(field) offsetof(words, field)

static const cli_option options[] = {
    {CLI_ARGUMENT, 0, NULL, "MAIN.lua|DIR", AT(input), .offer = {.folders = true, .endings = ".lua"},
     .help = "the main script, or the folder with a main.lua in it (default: this one)"},
    {CLI_WORD, 'o', "output", "OUT.wasm", AT(output), .offer = {.files = true},
     .help = "where to write it (default: the script's or folder's name with .wasm, here)"},
    {CLI_SIZE, 0, "memory", "SIZE", AT(pack.memory), SIZE_MEMORY_MIN, SIZE_MEMORY_MAX, .takes = SIZE_MEMORY,
     .help = "limit of its memory, such as 8M (default 32M)"},
    {CLI_FLAG, 0, "strip", NULL, AT(pack.strip),
     .help = "leave debug information out; OUT.map keeps the lines"},
    CLI_LAST("this text"),
};

const cli_command cli_pack = {
    .name = "pack",
    .summary = "make one .wasm file of a script and the modules it requires",
    .also = "build bundle deploy publish",
    .options = options,
    .expected = "one script or folder is",
    .run = run,
};
