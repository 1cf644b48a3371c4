/*
 * strip.h - taking debug information out of functions, so that a position in the log still says where.
 */
#ifndef FLARON_STRIP_H
#define FLARON_STRIP_H

#include "lua.h"

/*
 * Strips the Lua function on top of the stack and all functions in it. From now on Lua says "?HASH:N" for a
 * place in it: HASH is eight hex digits of the bundle's hash, N counts the instructions of all functions that
 * were stripped so far. The packer's line map (edge/pack/linemap.h) turns that back into file and line.
 * Raises "not enough memory".
 */
void strip_function(lua_State *L, unsigned hash);

#endif
