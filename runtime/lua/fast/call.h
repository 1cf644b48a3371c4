/*
 * call.h - calls of C functions from Lua's interpreter.
 */
#ifndef FLARON_CALL_H
#define FLARON_CALL_H

#include "lstate.h"

/*
 * What luaD_precall does: calls the function at `function` in Lua's stack, with the arguments between it and
 * the top, leaves `wanted` results (LUA_MULTRET: all) in their place, and returns NULL; of a Lua function it
 * makes the frame and returns it. Raises what the function raises. The common case is a C function.
 */
CallInfo *call_c(lua_State *L, StkId function, int wanted);

/*
 * What luaD_call does, for the iterator of a generic `for` at `function`, with the state and the control
 * variable after it. One step of ipairs in an array is made here.
 */
void call_iterator(lua_State *L, StkId function, int wanted);

#endif
