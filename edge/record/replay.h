/*
 * replay.h - answers a flare's calls from a record, in order, and notes where it asks something else.
 *
 * What a flare sets on the response and writes to its log has no answer and no order here: the host takes it,
 * and it is compared afterwards, so that a script may print while somebody looks for a mistake.
 */
#ifndef FLARON_EDGE_REPLAY_H
#define FLARON_EDGE_REPLAY_H

#include "record/record.h"

/* One run. Owned; the first part is what was found. */
typedef struct replay {
  bool departed;     /* a call is not the recorded one; then: */
  size_t at;         /* index of that one; the number of calls when nothing more was recorded */
  bool asked_none;   /* it ended without asking it */
  record_call asked; /* what was asked instead, without an answer */
  bool ran_out;      /* the record ends here, though the invocation did not: the run was ended, too */
  bool line_differs; /* the log does, from: */
  size_t line;       /* index of that line */
  const record_call *line_recorded; /* NULL = there was none */
  record_call line_now;             /* if `line_is_missing` is not set */
  bool line_is_missing;
  size_t later, unanswered; /* with `go_on`: calls after the departure, those that had no answer */

  host_tape tape;
  const recording *record; /* borrowed, as the host is */
  host *host;
  bool go_on, *used;
  size_t log_at, lines;
} replay;

/*
 * Puts the record between a host and its flare. At a departure the invocation ends, with the traceback in the
 * log; with `go_on`, later calls are answered by whatever recorded call they equal, by the host where it
 * knows the answer (the request, encodings, hashes), or with "not available".
 */
void replay_start(replay *r, const recording *record, host *h, bool go_on);

/* After the invocation: notes what was recorded and did not come, unless it was `cut` short. */
void replay_finish(replay *r, bool cut);

void replay_free(replay *r);

/* Adds a call as Lua would write it, such as spark.get("n"); long bytes are shortened around where they
 * differ from those of `other` (may be NULL). */
void replay_add_call(text *to, const record_call *call, const record_call *other);

/* Adds bytes as a string of Lua, shortened around byte `at`. */
void replay_add_bytes(text *to, bytes b, size_t at);

/* The first byte, from 0, at which two differ; their size when they do not. */
size_t replay_difference(bytes a, bytes b);

#endif
