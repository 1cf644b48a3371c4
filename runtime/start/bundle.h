/*
 * bundle.h - the bundle that the packer hands to start-up, and `require` over it.
 */
#ifndef FLARON_BUNDLE_H
#define FLARON_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "lua.h"

/*
 * Compiles every module of the bundle, in the order it has, to where `require` finds it; the first one is the
 * main script and is left on the stack instead, as a function. Raises Lua's own message for a syntax
 * error. With `strip`, the hash that places are then named by, debug information is taken out (strip.h); NULL
 * = it stays. The bundle is only read.
 */
void bundle_load(lua_State *L, const uint8_t *bundle, size_t size, const unsigned *strip);

/*
 * Raises an error for a place in the bundle that requires a module which is nowhere and cannot do without,
 * and notes those that can. After the main script has run: it may put modules into package.preload itself. Of
 * one that has searchers of its own nothing is expected. Clears the stack.
 */
void bundle_expect(lua_State *L, const uint8_t *bundle, size_t size);

/* Whether flare.lua said `bytecode = true`. Asked by Lua's load (patches/bytecode-by-leave.patch). */
int bundle_takes_bytecode(void);

/*
 * Opens `package` and `require`, as Lua's own, but with two searchers: one for package.preload, and one for
 * what is packed. `package.path` comes with the bundle.
 */
void bundle_open_require(lua_State *L);

/*
 * Finds a module that start-up requires and the bundle has not, `name` of `size` bytes: a bundle of it and of
 * what it requires, as a block of `alloc`, pointer << 32 | size; 0 = there is none. start-up's memory is not
 * packed after one was given.
 */
typedef uint64_t (*bundle_finder)(const char *name, size_t size);

/* Has start-up ask for modules that are missing; NULL, as at first: they are missing. */
void bundle_set_finder(bundle_finder finder);

/*
 * Pushes the places that require a module which there is not, and can do without: of each the place
 * ("main.lua:3"), a NUL, the module's name and a NUL.
 */
void bundle_push_notes(lua_State *L);

/* Bytes of all assets of the bundle that was loaded. */
size_t bundle_assets_size(void);

/*
 * Copies the assets of the bundle that was loaded to `to`, where they stay: outside of the image, since
 * nothing changes them. `to` has room for bundle_assets_size.
 */
void bundle_place_assets(const uint8_t *bundle, size_t size, char *to);

/* Pushes the bytes of an asset; false, with nothing pushed, when there is none. */
bool bundle_push_asset(lua_State *L, const char *path, size_t path_size);

/* Where an asset is among all of them: what may be kept in the image, as an address may not. */
typedef struct bundle_asset {
  uint32_t offset, size;
} bundle_asset;

/* Finds an asset by its path, with or without "./" in front. False when there is none. */
bool bundle_find_file(lua_State *L, const char *path, bundle_asset *found);

/* The bytes of an asset, at start-up those in the bundle. Nothing ever changes or moves them after it. */
const char *bundle_asset_bytes(const bundle_asset *asset);

/* Takes what is in front of a chunk in a file: a byte order mark, and a first line for the shell but its line
 * feed. */
void bundle_skip_head(const char **chunk, size_t *size);

/* Pushes the text of the variable `name` of the manifest, or nil. */
void bundle_push_var(lua_State *L, const char *name);

#endif
