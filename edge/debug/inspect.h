/*
 * inspect.h - asks the agent (scripts/debug/agent.lua) in an instance that stands still, and takes back what
 * that changed.
 *
 * All of it runs on the thread of the invocation. While an inspection is open, the instance's hooks are to be
 * ignored.
 */
#ifndef FLARON_EDGE_INSPECT_H
#define FLARON_EDGE_INSPECT_H

#include "engine/engine_wasm2c.h"

/* One argument of a request. */
typedef struct inspect_argument {
  enum { INSPECT_TEXT, INSPECT_INTEGER, INSPECT_BOOLEAN, INSPECT_THREAD, INSPECT_TABLE, INSPECT_VALUE } kind;
  bytes text;      /* TEXT; VALUE: the bytes of a TValue */
  int64_t integer; /* INTEGER; BOOLEAN; THREAD and TABLE: the address */
} inspect_argument;

/* Owned; begin with {0}, end with inspect_end. */
typedef struct inspection {
  engine *engine;
  uint32_t state;  /* the Lua state that stopped */
  bool open;       /* there is something to take back */
  bool dirty;      /* an evaluation may have left something */
  uint32_t agent;  /* the agent's coroutine; 0 = not loaded */
  bool small;      /* the agent knows conditions alone */
  text references; /* of an earlier agent, for the next one */
  instance_snapshot before;
} inspection;

enum { INSPECT_MS = 1000, INSPECT_MEMORY = 64 << 20 };

/*
 * Makes a request; the answer's fields are added to `answer`, for inspect_field. Changes are taken back by
 * the next request that is not for the references that this one gave, or by inspect_end. False, with a
 * sentence in `error`, if it failed.
 */
bool inspect_ask(inspection *i, const char *request, const inspect_argument *arguments, size_t count, int ms,
                 text *answer, text *error);

/* Takes all changes back, makes the request, and keeps what that changed; nothing, if it fails. */
bool inspect_do(inspection *i, const char *request, const inspect_argument *arguments, size_t count, int ms,
                text *answer, text *error);

/* Takes all changes back. */
void inspect_end(inspection *i);

void inspect_free(inspection *i);

/* The next field of an answer: `left` is what follows; empty at the end. */
bytes inspect_field(bytes *left);
int64_t inspect_number(bytes *left);

#endif
