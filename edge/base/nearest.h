/*
 * nearest.h - what was perhaps meant by a name that there is not: the one that is fewest edits away.
 *
 * An edit adds, drops or changes a byte, or swaps two neighbours. Up to two bytes nothing is guessed, up to
 * five one edit, in longer names two.
 */
#ifndef FLARON_EDGE_NEAREST_H
#define FLARON_EDGE_NEAREST_H

#include "base/text.h"

enum { NEAREST_LONGEST = 64 }; /* bytes of a name; longer ones are near to none */

/* Begin with {.name = NAME}. Borrowed: `name`. */
typedef struct nearest {
  const char *name, *found; /* found: NULL, none is near */
  size_t edits;             /* between them */
  char copy[NEAREST_LONGEST + 1];
} nearest;

/* Looks at a name that there is, which need not live on; of several that are as near, the first in the order
 * of bytes is kept. */
void nearest_try(nearest *n, const char *candidate);

/* Adds ": did you mean 'FOUND'?", or nothing. */
void nearest_add(const nearest *n, text *to);

#endif
