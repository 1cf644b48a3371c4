/*
 * bindings.h - opens all SDK modules, for runtime/start/start.c.
 */
#ifndef FLARON_BINDINGS_H
#define FLARON_BINDINGS_H

#include "lua.h"

/*
 * Adds the module `flaron` and its modules to package.loaded, and adapts the standard library to a flare.
 * Lua's libraries and `package` must be open. Leaves the stack unchanged.
 */
void bindings_open(lua_State *L);

#endif
