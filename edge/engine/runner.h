/*
 * runner.h - a runner: a flare with its host and its engine, which runs one invocation at a time.
 *
 * A flare cannot end the process: a trap or an endless loop becomes a 500 and an event in the log, and the
 * next invocation gets a new instance.
 */
#ifndef FLARON_EDGE_EDGE_H
#define FLARON_EDGE_EDGE_H

#include "engine/engine.h"

struct edge;
struct edge_result;

/* A debugger of the engine in this process (debug/debugger.h), which may have an invocation repeated. */
typedef struct edge_debug {
  engine_debug engine;
  /* The invocation begins, for the first time or again: host_begin was called. */
  void (*begin)(void *data, struct edge *e, flare_handler handler, const host_request *request);
  /* It has ended. True: it is to be repeated from its beginning. */
  bool (*again)(void *data, struct edge *e, const struct edge_result *result);
} edge_debug;

/* Owned by the caller, who fills in the first part; edge_close frees the rest. */
typedef struct edge {
  const flare *flare; /* borrowed, until edge_close */
  host host;          /* its config is the caller's to set */
  int cpu_ms;         /* CPU time limit of an invocation; 0 = none */
  const char *const
      *command; /* starts an engine in another process, borrowed; NULL = the engine in this one */
  const engine_watcher
      *watcher; /* called for each line, borrowed; NULL = none. An engine in another process ignores it */
  const edge_debug *debug; /* set by debugger_attach; NULL = none */
  bool keeps; /* an invocation goes on with the memory that the one before left, unless that was lost by a
                 trap */

  engine *engine; /* NULL until it is needed, and after a trap */
} edge;

/*
 * The result of an invocation. It failed if `failed` or `raised` is set. Then host.response is the 500, and
 * host.response.error says why, in RUNNER_ERROR_MAX bytes at most: in a longer message "..." stands for the
 * middle.
 */
typedef struct edge_result {
  bool failed;  /* the engine ended it: it trapped, or could not be stopped by an error */
  bool raised;  /* an uncaught error of the script ended it */
  bool stopped; /* it exceeded its CPU time: then `raised` is set, or `failed` if an error did not stop it */
  bool cancelled; /* no client waits for its answer: it was not begun, or was interrupted (pool_cancel) */
  size_t memory;  /* size of linear memory afterwards, in bytes */
  size_t peak;    /* most bytes of it that the invocation used, the script's image included; 0 = not known */
} edge_result;

/* Whether it failed. A cancelled invocation did not, whatever ended it. */
static inline bool edge_result_is_bad(const edge_result *r) {
  return !r->cancelled && (r->failed || r->raised);
}

/* The most bytes that are kept of an error message with its traceback. */
enum { RUNNER_ERROR_MAX = 64 << 10 };

/*
 * Runs a handler, which the flare must have, on a borrowed request (an empty one for ws events). The response
 * is in e->host.response until the next call. False, with a sentence in `error`, only if no engine can be
 * opened.
 */
bool edge_invoke(edge *e, flare_handler handler, const host_request *request, edge_result *result,
                 text *error);

/* Opens an instance, unless there is one; edge_invoke does so too. False with a sentence in `error`. */
bool edge_open(edge *e, text *error);

/* Closes the instance: the next invocation gets a fresh one. */
void edge_renew(edge *e);

void edge_close(edge *e);

#endif
