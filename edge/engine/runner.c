/*
 * runner.c - invocations: see runner.h.
 */
#include "engine/runner.h"

#include "base/foreign.h"
#include "engine/engine_wasm2c.h"
#include "engine/engine_process.h"

bool edge_open(edge *e, text *error) {
  if (e->engine != NULL) return true;
  e->engine = e->command == NULL
                  ? instance_open(e->flare, &e->host, e->watcher, e->debug != NULL ? &e->debug->engine : NULL)
                  : process_open(e->flare, &e->host, e->command, error);
  return e->engine != NULL;
}

/* Sets the response's error to `message`, with the middle cut out if it is too long. */
static void set_error(host_response *response, bytes message) {
  static const char more[] = "...";
  enum { PART = (RUNNER_ERROR_MAX - (sizeof more - 1)) / 2 };
  text *error = &response->error;
  text_clear(error);
  if (message.size <= RUNNER_ERROR_MAX) {
    text_add(error, message.data, message.size);
    return;
  }
  text_add(error, message.data, PART);
  text_add_string(error, more);
  text_add(error, message.data + message.size - PART, PART); /* the traceback */
}

/*
 * Sets the response's error to what the script raised. Where that is about a global of another Lua, it is
 * said what a flare has for it, in the runtime's line of the log, too: it is the latest that is an error.
 */
static void set_raised(host_response *response, bytes message) {
  text explained = {0};
  bool foreign = foreign_explain(message, &explained);
  set_error(response, text_bytes(&explained));
  text_free(&explained);
  size_t i = response->line_count;
  while (foreign && i > 0 && response->lines[i - 1].level != HOST_ERROR) i--;
  if (!foreign || i == 0) return;
  text *line = &response->lines[i - 1].line;
  foreign_explain(text_bytes(line), &explained);
  text_free(line);
  *line = explained;
}

/* edge_invoke, once. */
static bool invoke(edge *e, flare_handler handler, const host_request *request, edge_result *result,
                   text *error) {
  uint64_t answer = 0;
  text fault = {0};
  bytes message;
  if (!edge_open(e, error)) return false;
  host_begin(&e->host, request);
  if (e->debug != NULL) e->debug->begin(e->debug->engine.data, e, handler, request);
  result->failed = !engine_call(e->engine, handler, e->cpu_ms, &answer, &fault);
  bool kept = e->keeps && !result->failed;
  result->raised = !result->failed && engine_raised(e->engine, &message);
  if (result->raised) {
    host *h = &e->host;
    set_raised(&h->response, message);
    if (h->log_lines > h->config.max_log_lines) /* the runtime's line did not get in */
      host_log(h, HOST_ERROR, h->response.error.data, h->response.error.size);
  }
  result->stopped = e->engine->spent;
  result->memory = engine_memory(e->engine);
  result->peak = engine_peak(e->engine);
  if (!result->failed && handler == FLARE_HANDLE_REQUEST) {
    uint32_t action = (uint32_t)(answer >> 32);
    result->failed = action < HOST_RESPOND || action > HOST_PASS_THROUGH;
    if (result->failed) text_printf(&fault, "handle_request answered with the unknown action %u", action);
    e->host.response.action = (host_action)action;
    if (!result->failed) result->failed = !host_look_at_answer(&e->host, &fault);
  }
  if (result->failed) {
    host_fail(&e->host);
    if (handler != FLARE_HANDLE_REQUEST) e->host.response.close_code = HOST_WS_FAILED;
    host_log(&e->host, HOST_ERROR, text_string(&fault), fault.size);
    set_error(&e->host.response, text_bytes(&fault));
  }
  if (kept) engine_keep(e->engine);
  if ((result->failed && !kept) || e->engine->spent) edge_renew(e);
  text_free(&fault);
  return true;
}

bool edge_invoke(edge *e, flare_handler handler, const host_request *request, edge_result *result,
                 text *error) {
  if (e->debug == NULL) return invoke(e, handler, request, result, error);
  bool good;
  do {
    edge_renew(e); /* so that each run begins with equal memory */
    good = invoke(e, handler, request, result, error);
  } while (e->debug->again(e->debug->engine.data, e, result) && good);
  return good;
}

void edge_renew(edge *e) {
  engine_close(e->engine);
  e->engine = NULL;
}

void edge_close(edge *e) {
  edge_renew(e);
  host_free(&e->host);
}
