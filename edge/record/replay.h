/*
 * replay.h - answers a flare's calls from a record, in order, and notes where the flare makes another call.
 *
 * Calls that set the response or write to the log have no answers and no order here: they go to the host and
 * are compared afterwards. So a user may add prints to a script while searching for a bug.
 */
#ifndef FLARON_EDGE_REPLAY_H
#define FLARON_EDGE_REPLAY_H

#include "record/record.h"

/* One run. Owned; the first part is the result. */
typedef struct replay {
  bool departed;     /* a call is not the recorded one; then: */
  size_t at;         /* index of the recorded call; the number of calls if nothing more was recorded */
  bool asked_none;   /* the invocation ended without making it */
  record_call asked; /* the call that was made instead, without an answer */
  bool ran_out;      /* the record ends before the invocation did, so the run was ended */
  bool line_differs; /* the log differs, from: */
  size_t line;       /* index of that line */
  const record_call *line_recorded; /* NULL = no such line was recorded */
  record_call line_now;             /* if `line_is_missing` is not set */
  bool line_is_missing;
  size_t later,
      unanswered; /* with `go_on`: number of calls after the departure, and of those without an answer */

  host_tape tape;
  const recording *record; /* borrowed, as the host is */
  host *host;
  bool go_on, *used;
  size_t log_at, lines;
} replay;

/*
 * Puts the record between a host and its flare. At a departure the invocation ends, with a traceback in the
 * log. With `go_on`, later calls are answered from an equal recorded call, else by the host if it can (the
 * request, encodings, hashes), else with "not available".
 */
void replay_start(replay *r, const recording *record, host *h, bool go_on);

/* Call it after the invocation: notes recorded calls that were not made, unless the run was `cut` short. */
void replay_finish(replay *r, bool cut);

void replay_free(replay *r);

/* Whether a call is the recorded one. */
bool replay_is_same(const record_call *call, host_import import, const host_arguments *arguments);

/* Answers a call as recorded; messages on a ws connection are added to the host's response. */
void replay_answer(const record_call *call, host *h, const host_arguments *arguments, host_answer *answer);

/* Adds the name of the Lua function that calls an import: `spark_get` is spark.get. */
void replay_add_name(text *to, host_import import);

/* Adds a call as Lua would write it, such as spark.get("n"); long bytes are shortened around where they
 * differ from those of `other` (may be NULL). */
void replay_add_call(text *to, const record_call *call, const record_call *other);

/* Adds bytes as a string of Lua, shortened around byte `at`. */
void replay_add_bytes(text *to, bytes b, size_t at);

/* The offset of the first byte that differs; the size if none does. */
size_t replay_difference(bytes a, bytes b);

#endif
