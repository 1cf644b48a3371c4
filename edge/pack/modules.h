/*
 * modules.h - reads the Lua modules of a project and finds those that a script requires: in the project, in
 * its rocks under lua_modules, in the ready-made Lua that is embedded in the executable (embedded.h), or in
 * an optional part of the runtime.
 */
#ifndef FLARON_EDGE_MODULES_H
#define FLARON_EDGE_MODULES_H

#include "base/file.h"
#include "base/nearest.h"
#include "flare/parts.h"

/*
 * Where files come from: a folder on disk or a table in memory. `read` appends the file at `path`, relative
 * to the project with '/' between, to `out`; 0, or a fault (file.h). `list` calls `take` with the path of
 * each file, in any order; NULL: the source is a folder on disk, or its files cannot be listed.
 */
typedef struct modules_source {
  int (*read)(void *data, const char *path, text *out);
  void *data;
  void (*list)(void *data, void (*take)(void *to, const char *path), void *to);
} modules_source;

/* Whether a source is a folder on disk; if so, sets `place` to it. */
bool modules_get_place(const modules_source *source, file_place *place);

/* modules_source.read for a folder whose path (a C string, borrowed) is `data`; never reads outside of it. */
int modules_read_file(void *data, const char *path, text *out);

/* The same for a file_place, which is `data`. */
int modules_read_place(void *data, const char *path, text *out);

/* A file of a flare. */
typedef struct module {
  char *name, *file; /* as first required; relative to the project */
  text source;
  bool counted; /* the script or flare.lua needs it in any case, so it must be complete */
} module;

/* A `require` of a module, by a constant string, that was not found. */
typedef struct module_wish {
  char *name;
  char *file;
  int line;
  size_t from; /* the index of the module that contains it */
  bool sure;   /* it runs whenever that module runs */
} module_wish;

/* A module that requires another one, outside of conditions (indices). */
typedef struct module_edge {
  size_t from, to;
} module_edge;

/* All files of a flare, the main script first. Owned; begin with {0}. */
typedef struct modules {
  const bytes *script; /* the text of the main script, borrowed; NULL = it is a file */
  char **paths;        /* further places to look for modules, with '?' for the name: "vendor/?.lua" */
  size_t path_count;
  module *items;
  size_t count;
  module *assets; /* `name` is NULL */
  size_t asset_count;
  module_wish *wishes;
  size_t wish_count;
  module_edge *edges;
  size_t edge_count;
  const part_module **parts; /* modules of optional parts; the elements are static */
  size_t part_count;
  size_t size;   /* bytes of all files */
  bool bytecode; /* the flare may load bytecode */
  text without;  /* the libraries of Lua that it does not have, separated by spaces */
} modules;

/* Adds a further place to look for modules, such as "vendor/?.lua". Call it before modules are added. */
void modules_add_path(modules *m, const char *place);

/* The place with index `i` where a module is looked for, with '?' for its name ('/' instead of '.'); NULL
 * after the last. */
const char *modules_place(const modules *m, size_t i);

/* The number of the first places, those for the project's own modules. */
size_t modules_own_places(void);

/* Sets `out` to the path of module `name` at a place. */
void modules_fill_place(const char *place, const char *name, text *out);

/*
 * Adds the main script `file`, or m->script by that name, and all that it requires by constant strings, to
 * any depth. 0, or a fault (file.h) if the main script cannot be read.
 */
int modules_add_main(modules *m, const modules_source *source, const char *file);

/*
 * Adds module `name` and all that it requires; false if there is no file for it and no part has it.
 * `counted`: the modules that it requires unconditionally must exist.
 */
bool modules_add(modules *m, const modules_source *source, const char *name, bool counted);

/* Adds a file as an asset, unless it already is one. 0, or a fault (file.h). */
int modules_add_asset(modules *m, const modules_source *source, const char *file);

/* Whether `m` has module `name`, as a file or from a part. */
bool modules_have(const modules *m, const char *name);

/* How a wish is treated: as an error, as a note to the user, or not at all. */
typedef enum module_need { MODULE_NEEDED, MODULE_NOTED, MODULE_OPTIONAL } module_need;

module_need modules_judge(const modules *m, const module_wish *wish);

/* Calls `take` with the name of each ready-made module, and of each that a part has. */
void modules_each_ready(void (*take)(void *data, const char *name), void *data);

/*
 * Frees all but the Lua files of the project and its rocks, which are kept to show sources later: frees other
 * assets, ready-made modules and wishes.
 */
void modules_keep_sources(modules *m);

/* modules_source.read for files that were read before: `data` is a modules. */
int modules_read_kept(void *data, const char *path, text *out);

/*
 * Adds why there is no module n->name, beginning with "module 'NAME'": it is C code in a rock, or a refused
 * file. Else adds every place where it was looked for, each on a line "\tno file 'PATH'", and the name that
 * was probably meant: a ready-made module, a file beside it, or one that the caller has already tried in `n`.
 */
void modules_say_missing(const modules *m, const modules_source *source, nearest *n, text *out);

/* The same on one line, for a module that need not exist. */
void modules_note_missing(const modules *m, const modules_source *source, nearest *n, text *out);

void modules_free(modules *m);

#endif
