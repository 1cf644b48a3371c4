/*
 * lua_debug.h - debugging a spec, and the flares that it loads, for `flaron-lua test --debug`.
 *
 * Only flares on the engine in this process are under the debugger.
 */
#ifndef FLARON_EDGE_LUA_DEBUG_H
#define FLARON_EDGE_LUA_DEBUG_H

#include <lua.h>

#include "engine/runner.h"

/*
 * lua_CFunction: (port, functions) -> nothing. Listens on a port of 127.0.0.1, says on standard error which
 * one that is, and waits until a client has said what stops. `functions` are those of
 * scripts/testing/debug.lua. Raises an error if it cannot.
 */
int lua_debug_on(lua_State *L);

/* A flare was loaded: breakpoints are looked for in it. */
void lua_debug_load(const flare *f);

/* Call it before an edge is invoked. */
void lua_debug_prepare(edge *e);

#endif
