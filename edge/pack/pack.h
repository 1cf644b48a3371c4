/*
 * pack.h - packing: a project becomes a flare, by running its start-up and keeping the memory.
 */
#ifndef FLARON_EDGE_PACK_H
#define FLARON_EDGE_PACK_H

#include "engine/engine.h"
#include "pack/manifest.h"
#include "pack/modules.h"

typedef struct pack_options {
  uint32_t memory; /* limit of linear memory in bytes; 0 = what flare.lua says, or PACK_MEMORY */
  bool strip;      /* leave debug information out */
  int start_ms;    /* CPU time that start-up may take; 0 = PACK_START_MS */
  text *map;       /* where the line map (linemap.h) is added, unless it was packed already; NULL = nowhere */
  modules *files;  /* gets what was packed, also as far as it came; NULL = nobody wants it */
  text *notes; /* gets a line "FILE:LINE: ..." for each module that is missing and need not be there; NULL */
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

/* The same for a path below a folder, which no link of it may lead out of. */
bool pack_path_below(const char *root, const char *path, const pack_options *options, text *wasm,
                     text *error);

/* The folder that the last name of a path is in. To be freed. */
char *pack_parent(const char *path);

/*
 * Takes a path below `root` apart: `below`, which the caller frees, is the project's folder, and `file` the
 * rest of `path`, or NULL for a folder. 0, or a fault (file.h), with which both are NULL.
 */
int pack_split_path_below(const char *root, const char *path, char **below, const char **file);

/* The steps of it that run nothing of the script, for who wants to look at a project (cli/check/check.c): */

/*
 * Takes a path apart as pack_path does: `folder`, which the caller frees, and `file`, a part of `path`, or
 * NULL for a folder. False, with a sentence in `error`, when there is nothing at `path`.
 */
bool pack_split_path(const char *path, char **folder, const char **file, text *error);

/*
 * Reads flare.lua; `content` gets its text. Without one, both stay empty. False, with a message that begins
 * with "flare.lua:" in `error`, when it cannot be read or manifest_read refuses it.
 */
bool pack_read_manifest(const modules_source *source, manifest *m, text *content, text *error);

/*
 * Finds the main script `file` (NULL: as pack_project), what it requires and what the manifest names. False,
 * with a message in `error`, when one of them is not there; `found` has the others.
 */
bool pack_find_files(const modules_source *source, const char *file, const manifest *m, modules *found,
                     text *error);

#endif
