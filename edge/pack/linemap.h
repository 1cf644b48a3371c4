/*
 * linemap.h - maps instructions of a stripped flare to files and lines; `pack --strip` writes it beside the
 * module.
 *
 * A stripped flare writes a place as "?HASH:N" (runtime/start/strip.h). A line map is JSON:
 *
 *   {"format": 1, "version": "0.1.0", "hash": "7de7b32e", "functions": [
 *     {"file": "main.lua", "at": 1, "size": 6, "line": 0, "lines": [1, 2, 4, 7]}, ...]}
 *
 * A function has `size` instructions; N is `at` for the function itself and at + 1 + pc for an instruction.
 * `lines` is a list of pairs: a pc, and the line from that pc on. `line` is the line where the function
 * begins.
 */
#ifndef FLARON_EDGE_LINEMAP_H
#define FLARON_EDGE_LINEMAP_H

#include "pack/modules.h"

typedef struct linemap linemap;

/*
 * Makes the map of the modules of a flare, in their order, as JSON in `json`; `hash` is the bundle's. The
 * modules must compile. False with a sentence in `error`.
 */
bool linemap_make(const modules *m, uint32_t hash, text *json, text *error);

/* Reads a map; NULL with a sentence in `error` if it is not valid. The caller frees it with linemap_free. */
linemap *linemap_read(bytes json, text *error);

/* The hash in the map, eight hex digits. */
const char *linemap_hash(const linemap *map);

/*
 * Adds `log` to `out`, with every place that the map knows replaced by FILE:LINE. Places with another hash
 * stay as they are. Returns their number, and the hash of the last one, eight hex digits and a NUL, in
 * `other`.
 */
size_t linemap_explain(const linemap *map, bytes log, text *out, char other[9]);

/*
 * The file and the line of place `n` in a chunk whose name is `source`, "?HASH" or "=?HASH"; false if it is
 * not in the map. `file` is borrowed.
 */
bool linemap_find(const linemap *map, bytes source, uint32_t n, const char **file, int *line);

void linemap_free(linemap *map);

#endif
