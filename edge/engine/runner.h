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

/* One invocation's figures. */
typedef struct edge_result {
  bool failed;    /* it trapped or was stopped; `host.response` is the 500 */
  bool stopped;   /* its CPU time was over; unless it trapped then, `failed` is not set */
  bool cancelled; /* nobody waits for its answer: it was not begun, or it was interrupted (pool_cancel) */
  size_t memory;  /* bytes of linear memory afterwards */
  size_t peak; /* bytes of it that the invocation used at most, the script's image included; 0 = not known */
} edge_result;

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
