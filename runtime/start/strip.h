/*
 * strip.h - removes debug information from functions, so that a position in the log can still be found.
 */
#ifndef FLARON_STRIP_H
#define FLARON_STRIP_H

#include "lua.h"

/*
 * Strips the Lua function on top of the stack and all functions in it. From now on Lua's messages name a
 * place in it "?HASH:N": HASH is eight hex digits of the bundle's hash, N counts functions and instructions
 * of all that was stripped so far. The packer's line map (edge/pack/linemap.h) maps it back to file and line.
 * Raises "not enough memory".
 */
void strip_function(lua_State *L, unsigned hash);

#endif
