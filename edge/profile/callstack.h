/*
 * callstack.h - which functions a script is in, read from the memory of its instance.
 *
 * It only reads, calls nothing in the instance and allocates nothing: so it may look in a signal handler, in
 * the middle of anything. What it then finds half changed it leaves out.
 */
#ifndef FLARON_EDGE_CALLSTACK_H
#define FLARON_EDGE_CALLSTACK_H

#include "base/text.h"

typedef enum callstack_kind {
  CALLSTACK_LUA,
  CALLSTACK_C,
  CALLSTACK_TAIL,      /* functions that ended in a tail call */
  CALLSTACK_LEFT_OUT,  /* calls that there is no room for */
  CALLSTACK_COROUTINE, /* what resumed the coroutine is not known */
  CALLSTACK_MOVING     /* all there is to tell: Lua was moving the stack */
} callstack_kind;

typedef struct callstack_call {
  callstack_kind kind;
  uint32_t address; /* CALLSTACK_C: its place in the table of functions */
  uint32_t closure; /* CALLSTACK_C: the address of its closure; of a plain function, again its place */
  uint32_t line;    /* CALLSTACK_LUA: where the function begins, 0 = it is a main chunk */
  bytes source; /* CALLSTACK_LUA: its chunk's name as lua_Debug has it, in the memory. CALLSTACK_C: its own
                   name when it is one that no module has, static; else empty */
} callstack_call;

/* The most calls of one stack. Of more, the outermost and the innermost are told. */
enum { CALLSTACK_OUTER = 96, CALLSTACK_INNER = 24, CALLSTACK_CALLS = CALLSTACK_OUTER + CALLSTACK_INNER + 2 };

/*
 * Reads the calls of `running`, the address of the Lua state that runs, and of those that resumed it, into
 * `calls`, the outermost first. Returns how many there are. Entries of the runtime itself are left out.
 */
size_t callstack_read(bytes memory, uint32_t running, callstack_call calls[CALLSTACK_CALLS]);

/*
 * Calls `visit` for each C function in a module that is loaded: its `closure` as above, the module and the
 * function's name there. The instance must be at rest.
 */
void callstack_each_c(bytes memory, uint32_t running,
                      void (*visit)(void *data, uint32_t closure, bytes module, bytes name), void *data);

#endif
