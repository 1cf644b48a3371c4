/*
 * pack.h - packing: a project becomes a flare, by running its start-up and keeping the memory.
 */
#ifndef FLARON_EDGE_PACK_H
#define FLARON_EDGE_PACK_H

#include "engine.h"
#include "modules.h"

typedef struct pack_options {
  uint32_t memory; /* limit of linear memory in bytes; 0 = what flare.lua says, or PACK_MEMORY */
  bool strip;      /* leave debug information out */
  int start_ms;    /* CPU time that start-up may take; 0 = PACK_START_MS */
  text *map;       /* where the line map (linemap.h) is added, unless it was packed already; NULL = nowhere */
  const engine_watcher *watcher; /* told of each line that start-up runs, borrowed; NULL = nobody */
} pack_options;

enum { PACK_MEMORY = 32 << 20, PACK_START_MS = 5000 };

/*
 * Packs the main script `file` of `source` (NULL: what its flare.lua says, or main.lua), as flare.lua has it
 * where there is one, into `wasm`, which is then a module to be read by flare_read
 * or written to a file. False with a message in `error`: of one line, or with a traceback below it.
 * Equal input gives equal bytes.
 */
bool pack_project(const modules_source *source, const char *file, const pack_options *options, text *wasm,
                  text *error);

/*
 * The same for a path: of a main script, of the folder with a main.lua in it, or of a packed .wasm, which
 * is read as it is.
 */
bool pack_path(const char *path, const pack_options *options, text *wasm, text *error);

/* Writes the bundle of modules that runtime/bundle.c reads. */
void pack_bundle(const modules *m, text *bundle);

#endif
