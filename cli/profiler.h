/*
 * profiler.h - what `run --profile` does: the same request again and again, and where the time went.
 */
#ifndef FLARON_CLI_PROFILER_H
#define FLARON_CLI_PROFILER_H

#include "cli.h"
#include "engine/runner.h"
#include "profile/profile.h"

enum { PROFILER_MOST = 100000000 }; /* invocations */

typedef struct profiler {
  const char *file;  /* what is written, borrowed; folded stacks when it ends so */
  long times;        /* invocations; 0 = as many as take a second */
  const char *input; /* the flare or script, borrowed */
  long failures;     /* of the first invocation on */
  profile *profile;
  int64_t begun_ns;
} profiler;

/* Begins, before the first invocation. False after saying why not. */
bool profiler_begin(const cli_command *self, profiler *p);

/*
 * Runs all invocations but the first, which was done, and writes the file; a table goes to standard error.
 * False after saying what is wrong. What the invocations answer and log is lost.
 */
bool profiler_finish(const cli_command *self, profiler *p, edge *e, const host_request *request);

#endif
