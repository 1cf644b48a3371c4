/*
 * own_flare.c - see own_flare.h.
 */
#include "own_flare.h"

#include <string.h>

#include "engine/runner.h"

/* What the log of a failed flare says, its first line alone. */
static void add_log(const host_response *r, text *error) {
  const char *line = r->line_count > 0 ? text_string(&r->lines[r->line_count - 1].line) : "it failed";
  text_add(error, line, strcspn(line, "\n"));
}

static bool run_flare(const flare *f, int cpu_ms, text *answer, text *error) {
  edge e = {.flare = f, .host = {.config = host_config_default()}, .cpu_ms = cpu_ms};
  edge_result result = {0};
  host_request request = {0};
  bool good = edge_invoke(&e, FLARE_HANDLE_REQUEST, &request, &result, error);
  const host_response *r = &e.host.response;
  if (good && r->status == 200 && !result.failed && !result.stopped) {
    text_add(answer, text_string(&r->body), r->body.size);
  } else if (good) {
    if (result.stopped) text_printf(error, "stopped after %d ms of CPU time", cpu_ms);
    if (!result.stopped) add_log(r, error);
    good = false;
  }
  edge_close(&e);
  return good;
}

bool own_flare_run(const modules_source *source, int cpu_ms, text *answer, text *error) {
  pack_options options = {0};
  text wasm = {0};
  flare f = {0};
  bool good = pack_project(source, "main.lua", &options, &wasm, error) && flare_read(&f, &wasm, error);
  if (good) good = run_flare(&f, cpu_ms, answer, error);
  flare_free(&f);
  text_free(&wasm);
  return good;
}
