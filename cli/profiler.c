/*
 * profiler.c - see profiler.h.
 */
#include "profiler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "profile/flame.h"

enum { TABLE = 10 };

static int64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

bool profiler_begin(const cli_command *self, profiler *p) {
  p->profile = profile_start();
  if (p->profile == NULL) cli_fail(self, "a timer for the profile: %s", strerror(errno));
  p->begun_ns = now_ns();
  return p->profile != NULL;
}

/* Invokes until it is enough; how many invocations that were, with the first one. */
static long repeat(profiler *p, edge *e, const host_request *request, text *error) {
  int64_t told_ns = p->begun_ns;
  for (long n = 1;; n++) {
    int64_t now = now_ns();
    if (p->times != 0 ? n >= p->times : now - p->begun_ns >= CLOCK_NS_PER_S) return n;
    if (now - told_ns >= CLOCK_NS_PER_S) {
      cli_note("%ld of %ld invocations\n", n, p->times);
      told_ns = now;
    }
    edge_result result = {0};
    if (!edge_invoke(e, FLARE_HANDLE_REQUEST, request, &result, error)) return n;
    p->failures += result.failed || result.stopped;
  }
}

/* Names Lua's functions as the script's source does, when there is one. */
static void name_functions(const char *input, profile *p) {
  char *folder = NULL;
  const char *file, *dot = strrchr(input, '.');
  text ignored = {0};
  manifest m = {0};
  modules found = {0};
  text content = {0};
  if (dot != NULL && strcmp(dot, ".wasm") == 0) return;
  if (pack_split_path(input, &folder, &file, &ignored)) {
    modules_source source = {modules_read_file, folder, NULL};
    if (pack_read_manifest(&source, &m, &content, &ignored))
      pack_find_files(&source, file, &m, &found, &ignored);
    for (size_t i = 0; i < found.count; i++)
      profile_name_functions(p, found.items[i].file, text_bytes(&found.items[i].source));
  }
  modules_free(&found);
  manifest_free(&m);
  text_free(&content);
  text_free(&ignored);
  free(folder);
}

/* Writes the file and the table. False after saying why not. */
static bool write_profile(const cli_command *self, const profiler *p, long count, int64_t ns) {
  static const char folded[] = ".folded";
  size_t size = strlen(p->file);
  text content = {0}, title = {0}, table = {0};
  text_printf(&title, "%s: %ld invocation%s in %lld ms", p->input, count, count == 1 ? "" : "s",
              (long long)(ns / CLOCK_NS_PER_MS));
  if (size >= sizeof folded && strcmp(p->file + size - (sizeof folded - 1), folded) == 0) {
    flame_folded(p->profile, &content);
  } else {
    flame_svg(p->profile, text_string(&title), &content);
  }
  flame_table(p->profile, TABLE, &table);
  int fault = cli_write_file(p->file, text_bytes(&content));
  if (fault != 0) {
    cli_fail(self, "%s: %s", p->file, strerror(fault));
  } else {
    cli_note("%s, %u samples\n%s%s has all of it\n", text_string(&title), p->profile->samples,
             text_string(&table), p->file);
  }
  text_free(&content);
  text_free(&title);
  text_free(&table);
  return fault == 0;
}

bool profiler_finish(const cli_command *self, profiler *p, edge *e, const host_request *request) {
  text error = {0};
  long count = repeat(p, e, request, &error);
  int64_t ns = now_ns() - p->begun_ns;
  profile_stop(p->profile);
  bool good = error.size == 0;
  if (!good) {
    cli_fail(self, "%s: %s", p->input, text_string(&error));
  } else if (p->profile->samples == 0) {
    good = false;
    cli_fail(self, "%s: %ld invocation%s took less than a sample: more with --times", p->input, count,
             count == 1 ? "" : "s");
  } else {
    if (p->failures != 0) cli_note("%ld of the invocations failed or were stopped\n", p->failures);
    name_functions(p->input, p->profile);
    good = write_profile(self, p, count, ns);
  }
  text_free(&error);
  return good;
}
