/*
 * size.h - sizes as people write them: "33554432", "512K", "8m".
 */
#ifndef FLARON_EDGE_SIZE_H
#define FLARON_EDGE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* The limits of a flare's memory, in bytes, and their text in messages. */
#define SIZE_MEMORY_MIN (UINT32_C(1) << 20)
#define SIZE_MEMORY_MAX (UINT32_C(4095) << 20)
#define SIZE_MEMORY "a size from 1M to 4095M, such as 32M"

/*
 * Reads a whole number of bytes, or of KiB or MiB with 'K' or 'M' after it (either case). False if it is not
 * valid or not in `low` to `high`; `size` then stays as it was.
 */
bool size_read(const char *word, uint32_t low, uint32_t high, uint32_t *size);

#endif
