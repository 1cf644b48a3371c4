/*
 * bindings.h - the one call that makes every SDK module, for runtime/start/start.c.
 */
#ifndef FLARON_BINDINGS_H
#define FLARON_BINDINGS_H

#include "lua.h"

/*
 * Adds the module `flaron` and its modules to package.loaded, and fits the standard library to a flare.
 * Needs the libraries of Lua and `package` open. Leaves the stack as it was.
 */
void bindings_open(lua_State *L);

#endif
