/*
 * life.h - the life of an invocation: the Lua state, the packed image, and going back to it.
 *
 * start.c makes the state when a flare is packed; entry.c begins each invocation here.
 */
#ifndef FLARON_LIFE_H
#define FLARON_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/start_report.h"
#include "lua.h"

/*
 * Makes the one Lua state of this instance, with memory up to `limit` (an address). NULL when there is
 * no memory for it. Owned by this module, never closed: the instance ends with its memory.
 */
lua_State *life_create(char *limit);

/*
 * Allocates (`block` is NULL), resizes or frees (`size` is 0) a block, as lua_Alloc does: NULL when there is
 * no memory, after a collection that runs no finalizer. Lua collects garbage itself where memory is full, but
 * not for the buffers that strings are built in.
 */
void *life_resize(void *block, size_t old_size, size_t size);

/* The main Lua state, NULL before life_create. */
lua_State *life_main(void);

/*
 * Ends start-up: collects garbage and fixes the image, with room for `assets` constant bytes after it.
 * From now on the host may be called. False when there is no memory for it below the limit.
 */
bool life_freeze(size_t assets);

/* What life_freeze fixed; all zero before. */
const start_layout *life_get_layout(void);

/* True until life_freeze: the script's start-up is running and there is no host to call. */
bool life_starting(void);

/*
 * Begins an invocation: memory is as it was packed, whatever ran before in this instance. The first one
 * keeps a copy of the image, the others copy it back. Call it first in every export.
 */
void life_begin(void);

/* Called when Lua raises "not enough memory" (lua_config.h). */
void life_memory_ended(void);

/* True when `alloc` had to refuse the host since the last call of this function. */
bool life_take_refusal(void);

/* Raises Lua's own "not enough memory", in whatever runs. */
_Noreturn void life_raise_memory(void);

/*
 * Makes sure that a block of `size` bytes can be had, collecting garbage where it must. False when not
 * even that helps.
 */
bool life_make_room(size_t size);

#endif
