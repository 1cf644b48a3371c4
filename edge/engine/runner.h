/*
 * runner.h - a flare at work: its host, its engine, one invocation after the other.
 *
 * What a flare does cannot end the edge: a trap or a script that does not stop becomes a 500 and a line
 * in the log, and the next invocation gets a new instance.
 */
#ifndef FLARON_EDGE_EDGE_H
#define FLARON_EDGE_EDGE_H

#include "engine/engine.h"

/* Owned by the caller, who fills the first part in; edge_close frees the rest. */
typedef struct edge {
  const flare *flare;            /* borrowed, until edge_close */
  host host;                     /* its config is the caller's to set */
  int cpu_ms;                    /* CPU time an invocation may take; 0 = no limit */
  const char *const *command;    /* of an engine in another process, borrowed; NULL = in this one */
  const engine_watcher *watcher; /* told of each line, borrowed; NULL = nobody. Not by another process */

  engine *engine; /* NULL until it is needed, and after a trap */
} edge;

/*
 * What became of an invocation. It failed when `failed` or `raised` is set; then host.response is the 500,
 * and host.response.error says why, in RUNNER_ERROR_MAX bytes at most: of a longer one the middle is "...".
 */
typedef struct edge_result {
  bool failed;    /* the edge ended it: it trapped or could not be stopped otherwise */
  bool raised;    /* an error of the script, which nothing in it caught, ended it */
  bool stopped;   /* its CPU time was over: `raised`, or `failed` where that was not enough */
  bool cancelled; /* nobody waits for its answer: it was not begun, or it was interrupted (pool_cancel) */
  size_t memory;  /* bytes of linear memory afterwards */
  size_t peak; /* bytes of it that the invocation used at most, the script's image included; 0 = not known */
} edge_result;

/* Whether it failed. A job that nobody waits for did not, whatever ended it. */
static inline bool edge_result_is_bad(const edge_result *r) {
  return !r->cancelled && (r->failed || r->raised);
}

/* Bytes of the message of an error, with its traceback, that are kept. */
enum { RUNNER_ERROR_MAX = 64 << 10 };

/*
 * Runs a handler, which the flare must have, on a request (an empty one for ws events), which is
 * borrowed. What came of it is in e->host.response until the next call. False, with a sentence in
 * `error`, only when no engine can be had.
 */
bool edge_invoke(edge *e, flare_handler handler, const host_request *request, edge_result *result,
                 text *error);

/* Opens an instance, unless there is one; edge_invoke does so too. False with a sentence in `error`. */
bool edge_open(edge *e, text *error);

/* Ends the instance: the next invocation gets a fresh one. */
void edge_renew(edge *e);

void edge_close(edge *e);

#endif
