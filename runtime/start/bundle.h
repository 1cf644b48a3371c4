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
 * error. With `strip`, the hash that places are then named by, debug information is taken out (strip.h); NULL
 * = it stays. The bundle is only read.
 */
void bundle_load(lua_State *L, const uint8_t *bundle, size_t size, const unsigned *strip);

/*
 * Raises an error for a place in the bundle that requires a module which is nowhere. After the main script
 * has run: it may put modules into package.preload itself.
 */
void bundle_expect(lua_State *L, const uint8_t *bundle, size_t size);

/* Opens `package` and `require`: modules come from package.loaded and package.preload, nowhere else. */
void bundle_open_require(lua_State *L);

/*
 * Pushes the names of modules that were required at start-up and not found, each with a line
 * feed behind it; a name that has one itself is left out.
 */
void bundle_push_missing(lua_State *L);

/* Bytes of all assets of the bundle that was loaded. */
size_t bundle_assets_size(void);

/*
 * Copies the assets of the bundle that was loaded to `to`, where they stay: outside of the image, since
 * nothing changes them. `to` has room for bundle_assets_size.
 */
void bundle_place_assets(const uint8_t *bundle, size_t size, char *to);

/* Pushes the bytes of an asset; false, with nothing pushed, when there is none, or none is placed yet. */
bool bundle_push_asset(lua_State *L, const char *path, size_t path_size);

#endif
