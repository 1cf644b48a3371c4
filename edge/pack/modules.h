/*
 * modules.h - the Lua modules of a project: reading them, and finding those a script requires: in the
 * project, in its rocks under lua_modules, in the ready-made Lua that lies in the executable (embedded.h).
 */
#ifndef FLARON_EDGE_MODULES_H
#define FLARON_EDGE_MODULES_H

#include "base/file.h"
#include "base/nearest.h"

/*
 * Where files come from: a folder on disk or a table in memory. `read` appends the file at `path`,
 * relative to the project with '/' between, to `out`; 0, or a fault (file.h) when it cannot.
 */
typedef struct modules_source {
  int (*read)(void *data, const char *path, text *out);
  void *data;
} modules_source;

/* Reads from the folder whose path (a C string, borrowed) is `data`, and never from outside of it. */
int modules_read_file(void *data, const char *path, text *out);

/* The same for a file_place, which is `data`. */
int modules_read_place(void *data, const char *path, text *out);

/* A file of a flare. */
typedef struct module {
  char *name, *file; /* as required; relative to the project */
  text source;
} module;

/* A place that requires a module by a constant string and cannot do without. */
typedef struct module_wish {
  char *name;
  char *file;
  int line;
} module_wish;

/* All that goes into a flare, the main script first. Owned; begin with {0}. */
typedef struct modules {
  module *items;
  size_t count;
  module *assets; /* `name` is NULL */
  size_t asset_count;
  module_wish *wishes; /* those that no file was found for */
  size_t wish_count;
  size_t size; /* bytes of all files */
} modules;

/*
 * Adds the main script `file` and all it requires by constant strings, to any depth. 0, or a fault (file.h)
 * when the main script cannot be read.
 */
int modules_add_main(modules *m, const modules_source *source, const char *file);

/* Adds module `name`, and what it requires; false when there is no file for it. */
bool modules_add(modules *m, const modules_source *source, const char *name);

/* Adds a file as an asset. 0, or a fault (file.h) when it cannot be read. */
int modules_add_asset(modules *m, const modules_source *source, const char *file);

/* Whether module `name` is among them. */
bool modules_have(const modules *m, const char *name);

/*
 * Frees all but the Lua of the project, with its rocks: other assets, ready-made Lua of the executable,
 * wishes. For who wants to show sources later.
 */
void modules_keep_sources(modules *m);

/* modules_source.read for what was read before: `data` is a modules. */
int modules_read_kept(void *data, const char *path, text *out);

/*
 * Adds why there is no module n->name, from "module 'NAME'" on: it is C code in a rock, or a file that is
 * refused, or else every place that it was looked for at, each on a line "\tno file 'PATH'", and which was
 * perhaps meant: of ready-made Lua and of the files beside it, or what the caller has found in `n`.
 */
void modules_say_missing(const modules_source *source, nearest *n, text *out);

void modules_free(modules *m);

#endif
