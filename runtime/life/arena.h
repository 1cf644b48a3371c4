/*
 * arena.h - the memory of an invocation.
 *
 * One arena serves everything that allocates in a flare: Lua, the host's `alloc`, libc's malloc. Its whole
 * state is in static data, so restoring the packed image over static data and heap (life.c) also restores the
 * arena's state when the flare was packed.
 *
 * Callers pass a block's size when they free it, as Lua does: small blocks have no header. The arena knows
 * neither Lua nor the host nor Wasm; it gets more memory through pages.h.
 */
#ifndef FLARON_ARENA_H
#define FLARON_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Alignment of every block, in bytes. */
#define ARENA_ALIGN 8

/*
 * Starts an empty arena on the memory from `start` on; `end` is the end of the memory that exists now,
 * `limit` the address that it never grows past. All three are rounded to ARENA_ALIGN. Earlier blocks are
 * forgotten.
 */
void arena_init(char *start, char *end, char *limit);

/* Sets the address that the arena never grows past. */
void arena_set_limit(char *limit);

/*
 * Allocates `size` bytes (more than 0), aligned to ARENA_ALIGN, contents undefined; NULL if the limit is
 * reached. The caller frees it with the same size.
 */
void *arena_alloc(size_t size);

/*
 * Frees a block of arena_alloc or arena_resize. NULL is ignored, and so is a size of 0, with which strip.c
 * marks shared blocks.
 */
void arena_free(void *block, size_t size);

/*
 * Resizes a block to `size` bytes, moving it if necessary. NULL if there is no room: the block is then
 * unchanged. Never fails if `size` is smaller than `old_size`.
 */
void *arena_resize(void *block, size_t old_size, size_t size);

/*
 * For start-up: allocates a small block, at most 512 bytes, that lies among others of this function and not
 * between those of arena_alloc, unless a free one can be used again. NULL if there is no room. It is freed as
 * others are.
 */
void *arena_alloc_apart(size_t size);

/* Calls `visit` for all memory below the top that no block is in, without what the arena itself keeps there.
 */
void arena_each_free(void (*visit)(void *start, size_t size));

/* The end of the last block in use; all memory after it is free. */
char *arena_top(void);

/* The highest arena_top since arena_init: the high-water mark. */
char *arena_peak(void);

/*
 * Ends start-up: zeroes free memory, so that equal scripts give equal images, and puts a mark after the
 * memory used so far. Returns the end of the memory that must be in the image; NULL if there is no room for
 * the mark. Call arena_go_on next.
 */
char *arena_freeze(void);

/*
 * Continues a frozen arena at `top`, at or above the result of arena_freeze. It will ask again how much
 * memory exists, since the image runs in an instance of another size.
 */
void arena_go_on(char *top);

#endif
