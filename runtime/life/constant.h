/*
 * constant.h - finds out, when start-up ends, what of the image an invocation restores.
 *
 * Not restored is what cannot change: strings and prototypes, which the collector is told to leave alone; and
 * what is in no block or above the top of the stack, whose bytes mean nothing. Strings are in lists of the
 * table of strings, which change when it is resized: life.c makes them anew then. Nothing here is in a flare.
 */
#ifndef FLARON_CONSTANT_H
#define FLARON_CONSTANT_H

#include <stddef.h>
#include <stdint.h>

#include "lua.h"

/* A piece of the image that is restored. */
typedef struct constant_piece {
  uint32_t start, size;
} constant_piece;

/* Sizes of pieces, and of the image, are multiples of this: copies begin at equal offsets in cache lines. */
enum { CONSTANT_LINE = 64 };

/*
 * Puts all strings and prototypes, of which none is garbage, where no collection frees or marks them, and
 * writes the pieces of the image, which is `size` bytes from `start` on, to `pieces`, in ascending order,
 * `most` at most; returns their number. The arena is frozen. `scratch` is zeros, a byte for each line of the
 * image.
 */
size_t constant_find(lua_State *L, char *start, size_t size, uint8_t *scratch, constant_piece *pieces,
                     size_t most);

#endif
