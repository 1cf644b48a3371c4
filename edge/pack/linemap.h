/*
 * linemap.h - which file and line an instruction of a flare is of: what `pack --strip` keeps beside the
 * module.
 *
 * A stripped flare says "?HASH:N" for a place (runtime/start/strip.h). A line map is JSON:
 *
 *   {"format": 1, "version": "0.1.0", "hash": "7de7b32e", "functions": [
 *     {"file": "main.lua", "at": 1, "size": 6, "line": 0, "lines": [1, 2, 4, 7]}, ...]}
 *
 * A function has `size` instructions; N is `at` for the function itself and at + 1 + pc for an instruction.
 * `lines` has pairs: from this pc on, this line. `line` is where the function begins.
 */
#ifndef FLARON_EDGE_LINEMAP_H
#define FLARON_EDGE_LINEMAP_H

#include "pack/modules.h"

typedef struct linemap linemap;

/*
 * Makes the map of the modules of a flare, in their order, as JSON in `json`; `hash` is the bundle's. They
 * must compile. False with a sentence in `error`.
 */
bool linemap_make(const modules *m, uint32_t hash, text *json, text *error);

/* Reads a map; NULL with a sentence in `error` when it is none. The caller frees it with linemap_free. */
linemap *linemap_read(bytes json, text *error);

/* The hash in the map, eight hex digits. */
const char *linemap_hash(const linemap *map);

/*
 * Adds `log` to `out`, with every place that the map knows as FILE:LINE. Places with another hash stay as
 * they are: returns how many, and the hash of the last one, eight hex digits and a NUL, in `other`.
 */
size_t linemap_explain(const linemap *map, bytes log, text *out, char other[9]);

void linemap_free(linemap *map);

#endif
