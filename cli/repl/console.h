/*
 * console.h - a console: runs chunks of Lua in a flare of a project, with its modules, stores, secrets and
 * rights.
 *
 * All chunks of a console share their globals: each is an invocation that goes on with the memory of the one
 * before (edge.keeps). It reads no lines; what it prints goes to standard output and, for what is wrong,
 * standard error.
 */
#ifndef FLARON_CLI_CONSOLE_H
#define FLARON_CLI_CONSOLE_H

#include <stdatomic.h>

#include "cli.h"
#include "engine/runner.h"
#include "pack/manifest.h"
#include "project/state.h"

/* What a console is opened with. All borrowed, until it is closed. */
typedef struct console_options {
  const char *input;             /* a project's folder, or a script in it */
  pack_options pack;             /* its memory */
  const char *persist, *secrets; /* as cli_open_state takes them */
  int cpu_ms;                    /* limit of a chunk; 0 = none */
  const host_request *request;   /* what flaron.request has */
  const atomic_int *cancel;      /* ends a chunk when it is not 0; NULL = nothing does */
} console_options;

/* Owned; begin with {0}. */
typedef struct console {
  const cli_command *self;
  const console_options *options;
  char *folder;
  file_place place;
  modules_source source;
  modules packed; /* the files that the console was packed of */
  flare flare;
  state state;
  manifest_grants grants;
  edge edge;
  host_tape tape;
  text chunk;                 /* what the flare is asked to do */
  text answer;                /* what it answered: a word, ':' and more */
  text held;                  /* a line of the log that may be the runtime's own */
  text reply;                 /* holds the answer of a call */
  bool has_state, has_grants; /* what is open */
} console;

/* What became of a chunk. */
typedef enum console_result {
  CONSOLE_DONE,
  CONSOLE_MORE,  /* it is not complete, and nothing of it ran */
  CONSOLE_FAILED /* what is wrong was printed */
} console_result;

/* Opens a console. False after saying why not; close it in both cases. */
bool console_open(console *c, const cli_command *self, const console_options *options);

/* Begins anew: variables and modules are forgotten, and files are read again. False after saying why not. */
bool console_reset(console *c);

/*
 * Runs a chunk and prints its results. Messages have `name` and a line, the chunk's first being `line`. With
 * `final` a chunk that is not complete is a mistake.
 */
console_result console_run(console *c, const char *name, long line, bytes chunk, bool final);

/*
 * Sets `answer` to the word at the end of `line` that could be completed, and to what it could become, with a
 * line feed after each; empty if it is nothing.
 */
void console_complete(console *c, bytes line, text *answer);

void console_close(console *c);

#endif
