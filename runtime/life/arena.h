/*
 * arena.h - the memory of an invocation.
 *
 * One arena serves everything that allocates in a flare: Lua, the host's `alloc`, libc's malloc. Its
 * whole state lies in static data, so restoring the packed image over the static data and the heap
 * (life.c) also puts the arena back to where it was when the flare was packed.
 *
 * Callers hand a block's size back when they free it, as Lua does: small blocks carry no header.
 * The arena knows nothing of Lua, of the host or of Wasm; pages.h is how it gets more.
 */
#ifndef FLARON_ARENA_H
#define FLARON_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Alignment of every block, in bytes. */
#define ARENA_ALIGN 8

/*
 * Makes the memory from `start` on the arena's own; `end` is what exists now, `limit` the address that
 * it never grows past. All three are rounded to ARENA_ALIGN. Forgets everything it held.
 */
void arena_init(char *start, char *end, char *limit);

/* Sets the address that the arena never grows past. */
void arena_set_limit(char *limit);

/*
 * Gives `size` bytes (more than 0), aligned to ARENA_ALIGN, contents undefined; NULL when the limit is
 * reached. The caller frees it with the same size.
 */
void *arena_alloc(size_t size);

/*
 * Takes back a block of arena_alloc or arena_resize; NULL is ignored, and so is a size of 0: who says that
 * does not own the block (strip.c).
 */
void arena_free(void *block, size_t size);

/*
 * Makes the block `size` bytes long, moving it where it must. NULL when there is no room: the block is
 * then as it was. Never fails when it makes a block smaller.
 */
void *arena_resize(void *block, size_t old_size, size_t size);

/* The end of the last block in use; all memory after it is free. */
char *arena_top(void);

/* The highest arena_top since arena_init: the high-water mark. */
char *arena_peak(void);

/*
 * Ends start-up: fills what is free with zeros, so that equal scripts give equal images, and closes the
 * memory used so far with a mark. Returns the end of all that must be in the image; call arena_go_on next.
 */
char *arena_freeze(void);

/*
 * Lets a frozen arena go on at `top`, at or above what arena_freeze gave. It asks anew how much memory
 * there is: the image will run in an instance of another size.
 */
void arena_go_on(char *top);

#endif
