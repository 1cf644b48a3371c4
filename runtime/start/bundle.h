/*
 * bundle.h - the bundle that the packer passes to start-up, and `require` over it.
 */
#ifndef FLARON_BUNDLE_H
#define FLARON_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "lua.h"

/*
 * Compiles every module of the bundle, in order, and stores it where `require` finds it; the first one, the
 * main script, is left on the stack as a function. Raises Lua's own message for a syntax error. `strip`: a
 * hash with which places are named after debug information is removed (strip.h); NULL = it stays. The bundle
 * is only read.
 */
void bundle_load(lua_State *L, const uint8_t *bundle, size_t size, const unsigned *strip);

/*
 * Raises an error for a place in the bundle that needs a missing module, and records places that require one
 * without needing it. Call it after the main script has run, which may put modules into package.preload
 * itself. If the script has its own searchers, nothing is checked. Clears the stack.
 */
void bundle_expect(lua_State *L, const uint8_t *bundle, size_t size);

/* Whether flare.lua has `bytecode = true`. Lua's load calls this (patches/bytecode-by-leave.patch). */
int bundle_takes_bytecode(void);

/*
 * Opens `package` and `require`, as in stock Lua, but with two searchers: one for package.preload, and one
 * for packed files. `package.path` comes with the bundle.
 */
void bundle_open_require(lua_State *L);

/*
 * Finds a module, `name` of `size` bytes, that start-up requires and that is not in the bundle. Returns a
 * bundle of it and of the modules that it requires, as a block of `alloc`, pointer << 32 | size; 0 = there is
 * none. Start-up's memory is not packed after a module was found this way.
 */
typedef uint64_t (*bundle_finder)(const char *name, size_t size);

/* Sets the function that start-up asks for missing modules; NULL (the default) = none. */
void bundle_set_finder(bundle_finder finder);

/*
 * Pushes the places that require a missing module without needing it: for each the place ("main.lua:3"), a
 * NUL, the module's name and a NUL.
 */
void bundle_push_notes(lua_State *L);

/* The size in bytes of all assets of the loaded bundle. */
size_t bundle_assets_size(void);

/*
 * Copies the assets of the loaded bundle to `to`, where they stay: outside of the image, since nothing
 * changes them. `to` must have room for bundle_assets_size bytes.
 */
void bundle_place_assets(const uint8_t *bundle, size_t size, char *to);

/* Pushes the bytes of an asset; false, with nothing pushed, if there is none. */
bool bundle_push_asset(lua_State *L, const char *path, size_t path_size);

/* The place of an asset among all assets. It may be kept in the image, an address may not. */
typedef struct bundle_asset {
  uint32_t offset, size;
} bundle_asset;

/* Finds an asset by its path, with or without a leading "./". False if there is none. */
bool bundle_find_file(lua_State *L, const char *path, bundle_asset *found);

/* The bytes of an asset, during start-up those in the bundle. After start-up they never change or move. */
const char *bundle_asset_bytes(const bundle_asset *asset);

/* Skips the head of a chunk from a file: a byte order mark, and a first line for the shell except its line
 * feed. */
void bundle_skip_head(const char **chunk, size_t *size);

/* Pushes the text of the variable `name` of the manifest, or nil. */
void bundle_push_var(lua_State *L, const char *name);

#endif
