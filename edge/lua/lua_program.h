/*
 * lua_program.h - stops native Lua, a spec, at its lines, for `flaron-lua test --debug`: breakpoints, steps
 * and looking into it, forwards alone. What stands still is the thread of the specs.
 */
#ifndef FLARON_EDGE_LUA_PROGRAM_H
#define FLARON_EDGE_LUA_PROGRAM_H

#include <lua.h>

#include "debug/dap.h"

/* Who is told, on the program's thread. */
typedef struct lua_program_listener {
  /* It stands still; false: nobody is there, it goes on. */
  bool (*stopped)(void *data, debugger_reason reason, int breakpoint, const char *description);
  void (*said)(void *data, bytes line); /* what a breakpoint with a message writes */
} lua_program_listener;

/* What a session has of the program. Static. */
extern const dap_program lua_program;

/* Has lines looked at from now on, in this coroutine and those that it makes. `table` is the index of what
 * scripts/testing/debug.lua returns. */
void lua_program_begin(lua_State *L, int table, const lua_program_listener *listener, void *data);

#endif
