/*
 * call.h - calls of C functions from Lua's interpreter.
 */
#ifndef FLARON_CALL_H
#define FLARON_CALL_H

#include "lstate.h"

/*
 * Nothing in memory is read or written earlier or later than it stands. An engine that checks bounds knows
 * what is below an address that it has checked: the field of a structure that lies furthest back comes first.
 */
#define in_order() __asm__ volatile("" ::: "memory")

/*
 * As luaD_precall: calls the C function at `function` in Lua's stack, with the arguments between it and the
 * top, leaves `wanted` results (LUA_MULTRET: all) in its place, and returns NULL. For a Lua function it makes
 * the frame and returns it. Raises what the function raises. The common case is a C function.
 */
CallInfo *call_c(lua_State *L, StkId function, int wanted);

/*
 * As luaD_call, for the iterator of a generic `for` at `function`, with the state and the control variable
 * after it. A step of ipairs in an array is done here.
 */
void call_iterator(lua_State *L, StkId function, int wanted);

#endif
