/*
 * pages.h - linear memory in pages, as Wasm has it.
 */
#ifndef FLARON_PAGES_H
#define FLARON_PAGES_H

#include <stdbool.h>

/* The end of the memory there is. */
char *pages_end(void);

/* Makes memory up to `end` exist; `new_end` is where it ends then, at or above it. False when it cannot. */
bool pages_grow(char *end, char **new_end);

#endif
