/*
 * pack.h - packs a project into a flare: runs its start-up and keeps the memory.
 */
#ifndef FLARON_EDGE_PACK_H
#define FLARON_EDGE_PACK_H

#include "engine/engine.h"
#include "pack/manifest.h"
#include "pack/modules.h"

typedef struct pack_options {
  const bytes *script; /* packed in place of the main script's file, borrowed; NULL = that file is packed */
  uint32_t memory;     /* limit of linear memory in bytes; 0 = from flare.lua, or PACK_MEMORY */
  bool strip;          /* leave debug information out */
  int start_ms;        /* CPU time that start-up may take; 0 = PACK_START_MS */
  text *map;      /* gets the line map (linemap.h), unless the flare is packed already; NULL = not wanted */
  modules *files; /* gets the files, after a failure those found so far; NULL = not wanted */
  text *
      notes; /* gets a line "FILE:LINE: ..." for each missing module that need not exist; NULL = not wanted */
  const engine_watcher *watcher; /* called for each line that start-up runs, borrowed; NULL = none */
} pack_options;

/* What is said where there is neither a main.lua nor a word that names a project. */
#define PACK_NO_PROJECT "no project here; name its folder, or make one by `flaron-lua new NAME`"

enum { PACK_MEMORY = 32 << 20, PACK_START_MS = 5000 };

/*
 * Packs the main script `file` of `source` (NULL: the one in flare.lua, or main.lua), by its flare.lua if
 * there is one, into `wasm`: a module for flare_read or for a file. False with a message in `error`: one
 * line, or one with a traceback below it. Equal input gives equal bytes.
 */
bool pack_project(const modules_source *source, const char *file, const pack_options *options, text *wasm,
                  text *error);

/*
 * The same for a path: of a main script, of a folder with a main.lua, or of a packed .wasm, which is read
 * unchanged.
 */
bool pack_path(const char *path, const pack_options *options, text *wasm, text *error);

/* The same for a path below a folder that its links must not leave. */
bool pack_path_below(const char *root, const char *path, const pack_options *options, text *wasm,
                     text *error);

/* The folder that contains the last name of a path. The caller frees it. */
char *pack_parent(const char *path);

/*
 * Splits a path below `root`: `below`, which the caller frees, is the project's folder, and `file` the last
 * name of `path`, or NULL if it is a folder. 0, or a fault (file.h); then both are NULL.
 */
int pack_split_path_below(const char *root, const char *path, char **below, const char **file);

/* The steps of packing that do not run the script, for `flaron-lua check` (cli/check/check.c): */

/*
 * Splits a path as pack_path does: `folder`, which the caller frees, and `file`, a pointer into `path`, or
 * NULL for a folder. False, with a sentence in `error`, if there is no file or folder at `path`.
 */
bool pack_split_path(const char *path, char **folder, const char **file, text *error);

/*
 * Reads flare.lua; `content` gets its text. If there is none, both stay empty. False, with a message that
 * begins with "flare.lua:" in `error`, if it cannot be read or manifest_read refuses it.
 */
bool pack_read_manifest(const modules_source *source, manifest *m, text *content, text *error);

/*
 * Finds the main script `file` (NULL: as in pack_project), the modules that it requires and the files that
 * the manifest names. False, with a message in `error`, if one of them is missing; `found` has the others.
 */
bool pack_find_files(const modules_source *source, const char *file, const manifest *m, modules *found,
                     text *error);

#endif
