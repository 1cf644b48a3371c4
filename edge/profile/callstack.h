/*
 * callstack.h - the call stack of a script, read from the memory of its instance.
 *
 * It only reads, calls nothing in the instance and allocates nothing. So it is safe in a signal handler, at
 * any point of the script; what it finds half changed is left out.
 */
#ifndef FLARON_EDGE_CALLSTACK_H
#define FLARON_EDGE_CALLSTACK_H

#include "base/text.h"

typedef enum callstack_kind {
  CALLSTACK_LUA,
  CALLSTACK_C,
  CALLSTACK_TAIL,      /* functions that were left by a tail call */
  CALLSTACK_LEFT_OUT,  /* calls for which there is no room */
  CALLSTACK_COROUTINE, /* it is not known what resumed the coroutine */
  CALLSTACK_MOVING     /* the only entry: Lua was moving the stack */
} callstack_kind;

typedef struct callstack_call {
  callstack_kind kind;
  uint32_t address; /* CALLSTACK_C: its index in the table of functions */
  uint32_t closure; /* CALLSTACK_C: the address of its closure; for a function without a closure, its index
                       again */
  uint32_t line;    /* CALLSTACK_LUA: the line where the function begins, 0 = a main chunk */
  bytes source; /* CALLSTACK_LUA: its chunk's name as in lua_Debug, in the memory. CALLSTACK_C: its own static
                   name if no module has the function; else empty */
} callstack_call;

/* The most states that resume one another. */
enum { CALLSTACK_STATES = 220 };

/*
 * Lists the states from the main one to `running`, each of which has resumed the next one, and returns their
 * number. If that is not known it lists only the running one.
 */
size_t callstack_states(bytes memory, uint32_t running, uint32_t states[CALLSTACK_STATES]);

/* Whether the innermost call of a state is a function of coroutine.wrap, which hands on errors. */
bool callstack_wraps(bytes memory, uint32_t state);

/* The most calls of one stack. Of more, only the outermost and the innermost are kept. */
enum { CALLSTACK_OUTER = 96, CALLSTACK_INNER = 24, CALLSTACK_CALLS = CALLSTACK_OUTER + CALLSTACK_INNER + 2 };

/*
 * Reads the calls of `running`, the address of the running Lua state, and of the states that resumed it, into
 * `calls`, outermost first. Returns their number. Calls of the runtime itself are left out.
 */
size_t callstack_read(bytes memory, uint32_t running, callstack_call calls[CALLSTACK_CALLS]);

/*
 * Calls `visit` for each C function in a loaded module, with its `closure` as above, the module's name and
 * the function's name there. No call of the instance may be running.
 */
void callstack_each_c(bytes memory, uint32_t running,
                      void (*visit)(void *data, uint32_t closure, bytes module, bytes name), void *data);

#endif
