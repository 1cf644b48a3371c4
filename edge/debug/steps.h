/*
 * steps.h - one recorded invocation, step by step, as JSON: which lines ran, what the variables were at one
 * of them, when a variable changed, when a text first appeared. Each question runs the invocation again;
 * nothing is kept between two, and no store, log or server sees anything of it.
 */
#ifndef FLARON_EDGE_STEPS_H
#define FLARON_EDGE_STEPS_H

#include "debug/debugger.h"

/* The most events that STEPS_LINES tells; of a call of a function, variables and items of a table that are
 * told; bytes of a source. */
enum { STEPS_MOST = 200000, STEPS_FRAMES = 60, STEPS_VARIABLES = 200, STEPS_LOGS = 1000, STEPS_INSIDE = 30 };

/* What is asked. */
typedef enum steps_kind {
  STEPS_LINES,  /* {"events", "cut": there are more, "sources": [{"name", "text"?}], "s", "l", "d", "t": [of
                   each  event the index of its source, line, depth of calls, coroutine], "calls": [event of
                   each host  call], "departure"?} */
  STEPS_AT,     /* {"event", "frames": [{"name", "source", "line", "lua", "tail"}], "depth", "level",
                   "variables": [{"kind", "name", "value", "type", "changed", "inside"?: [{"name", "value"}],
                   "more"?}], "over"} */
  STEPS_CHANGE, /* {"event"}, 0 = there is none; "source" and "line" of what wrote it */
  STEPS_FIND    /* {"event"}, 0 = it appears nowhere */
} steps_kind;

/* All borrowed. */
typedef struct steps_question {
  const flare *flare; /* the one that was recorded */
  const host_config *config;
  const recording *record;
  steps_kind kind;
  uint64_t event; /* where: of all but STEPS_LINES. Past the last one: the end */
  uint64_t
      before; /* STEPS_AT: an event before, in the same call, that says what has changed since; 0 = none */
  int level;  /* STEPS_AT, STEPS_CHANGE: which call, 0 = the innermost */
  bytes name; /* STEPS_CHANGE: a local variable */
  bytes text; /* STEPS_FIND */
  bool backwards; /* of the last two: before `event`, not after it */
  /* Adds a source; false if it is not known. */
  bool (*read_source)(const void *data, const char *path, text *source);
  const void *data;
} steps_question;

/* Adds the answer as JSON, in which values of secrets that the flare read are replaced. False, with a
 * sentence in `error`. */
bool steps_answer(const steps_question *question, text *json, text *error);

#endif
