/*
 * life.h - the Lua state, the packed image, and its restoration before each invocation.
 *
 * start.c creates the state when a flare is packed; entry.c begins each invocation here.
 */
#ifndef FLARON_LIFE_H
#define FLARON_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/start_report.h"
#include "lua.h"

/*
 * Creates the only Lua state of this instance, with memory up to `limit` (an address). NULL if there is no
 * memory for it. Owned by this module and never closed: the instance ends together with its memory.
 */
lua_State *life_create(char *limit);

/*
 * Allocates (`block` is NULL), resizes or frees (`size` is 0) a block, as lua_Alloc does. If memory is full
 * it collects garbage without finalizers; NULL if that is not enough. Lua itself collects when memory is
 * full, but not for the buffers in which strings are built.
 */
void *life_resize(void *block, size_t old_size, size_t size);

/* The main Lua state, NULL before life_create. */
lua_State *life_main(void);

/*
 * Ends start-up: collects garbage and fixes the image, with space for `assets` constant bytes after it. From
 * now on the host may be called. `whole`: invocations restore all of the image, since something might change
 * even strings: bytecode that was made by hand. False if the memory below the limit is too small.
 */
bool life_freeze(size_t assets, bool whole);

/* The layout that life_freeze fixed; all zero before. */
const start_layout *life_get_layout(void);

/* True until life_freeze: the script's start-up is running and there is no host to call. */
bool life_starting(void);

/*
 * Begins an invocation: restores memory to its packed state, whatever ran before in this instance. The first
 * invocation keeps a copy of the image, later ones copy it back. Call it first in every export.
 */
void life_begin(void);

/* Called when Lua raises "not enough memory" (lua_config.h). */
void life_memory_ended(void);

/* Whether `alloc` has failed since the last call of this function. */
bool life_take_refusal(void);

/* Raises Lua's own "not enough memory", in whatever runs. */
_Noreturn void life_raise_memory(void);

/*
 * Makes sure that a block of `size` bytes can be allocated, collecting garbage if necessary. False if that
 * does not help.
 */
bool life_make_room(size_t size);

#endif
