/*
 * nearest.h - "did you mean": the known name that is the fewest edits away from an unknown one.
 *
 * An edit adds, drops or changes a byte, or swaps two neighbours. A name of up to two bytes allows no edit,
 * of up to five bytes one, a longer one two.
 */
#ifndef FLARON_EDGE_NEAREST_H
#define FLARON_EDGE_NEAREST_H

#include "base/text.h"

enum { NEAREST_LONGEST = 64 }; /* bytes; a longer name has no near one */

/* Begin with {.name = NAME}. Borrowed: `name`. */
typedef struct nearest {
  const char *name, *found; /* found: NULL if no name is near */
  size_t edits;             /* edits between `name` and `found` */
  char copy[NEAREST_LONGEST + 1];
} nearest;

/* Tries a known name, which is copied if it is kept; of several equally near names the first in byte order is
 * kept. */
void nearest_try(nearest *n, const char *candidate);

/* Adds ": did you mean 'FOUND'?", or nothing. */
void nearest_add(const nearest *n, text *to);

#endif
