/*
 * bundle.h - the bundle that the packer hands to start-up, and `require` over it.
 */
#ifndef FLARON_BUNDLE_H
#define FLARON_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "lua.h"

/*
 * Compiles every module of the bundle, in the order it has, into package.preload; the first one is the
 * main script and is left on the stack instead, as a function. Raises Lua's own message for a syntax
 * error. `strip` leaves debug information out. The bundle is only read.
 */
void bundle_load(lua_State *L, const uint8_t *bundle, size_t size, bool strip);

/* Opens `package` and `require`: modules come from package.loaded and package.preload, nowhere else. */
void bundle_open_require(lua_State *L);

/*
 * Pushes the names of modules that were required at start-up and not found, each with a line
 * feed behind it; a name that has one itself is left out.
 */
void bundle_push_missing(lua_State *L);

#endif
