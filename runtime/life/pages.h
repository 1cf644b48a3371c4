/*
 * pages.h - the size of linear memory and its growth in pages.
 */
#ifndef FLARON_PAGES_H
#define FLARON_PAGES_H

#include <stdbool.h>

/* The end of the existing memory. */
char *pages_end(void);

/* Grows the memory to `end` at least; `new_end` gets its new end. False if it cannot. */
bool pages_grow(char *end, char **new_end);

#endif
