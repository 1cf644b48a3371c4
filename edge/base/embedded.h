/*
 * embedded.h - files of this repository that are embedded in the executable: ready-made Lua, annotations,
 * templates, the page; and licenses.txt, which the build makes.
 *
 * The Makefile lists them (EMBEDDED), tools/embed.sh makes the table.
 */
#ifndef FLARON_EDGE_EMBEDDED_H
#define FLARON_EDGE_EMBEDDED_H

#include "base/text.h"

/* A file. `path` is its path in the repository, such as "scripts/modules/flaron/router.lua". All static. */
typedef struct embedded_file {
  const char *path;
  bytes content; /* with a NUL after it, which is not counted */
} embedded_file;

/* All of them; the last one has no path. */
extern const embedded_file embedded_files[];

/* The content of a file; NULL when there is no such path. */
const bytes *embedded_find(const char *path);

#endif
