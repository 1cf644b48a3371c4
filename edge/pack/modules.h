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
 * relative to the project with '/' between, to `out`; 0, or a fault (file.h) when it cannot. `list` calls
 * `take` with the path of each file there is, in any order; NULL: a folder on disk, or files that cannot be
 * listed.
 */
typedef struct modules_source {
  int (*read)(void *data, const char *path, text *out);
  void *data;
  void (*list)(void *data, void (*take)(void *to, const char *path), void *to);
} modules_source;

/* Whether a source is a folder on disk, which `place` then is. */
bool modules_get_place(const modules_source *source, file_place *place);

/* Reads from the folder whose path (a C string, borrowed) is `data`, and never from outside of it. */
int modules_read_file(void *data, const char *path, text *out);

/* The same for a file_place, which is `data`. */
int modules_read_place(void *data, const char *path, text *out);

/* A file of a flare. */
typedef struct module {
  char *name, *file; /* as required at first; relative to the project */
  text source;
  bool counted; /* the script, or flare.lua by name, requires it wherever it runs: it must be complete */
} module;

/* A place that requires a module by a constant string, which was not found. */
typedef struct module_wish {
  char *name;
  char *file;
  int line;
  size_t from; /* the module that it is in */
  bool sure;   /* it is run when that is */
} module_wish;

/* A module that requires another one, outside of conditions. */
typedef struct module_edge {
  size_t from, to;
} module_edge;

/* All that goes into a flare, the main script first. Owned; begin with {0}. */
typedef struct modules {
  char **paths; /* further places to look for modules, '?' being the name: "vendor/?.lua" */
  size_t path_count;
  module *items;
  size_t count;
  module *assets; /* `name` is NULL */
  size_t asset_count;
  module_wish *wishes;
  size_t wish_count;
  module_edge *edges;
  size_t edge_count;
  size_t size;   /* bytes of all files */
  bool bytecode; /* the flare may load bytecode */
} modules;

/* Adds a further place to look for modules, "vendor/?.lua". Before anything else. */
void modules_add_path(modules *m, const char *place);

/* Place `i` at which a module is looked for, in order, '?' being its name with '/' for '.'; NULL after the
 * last. */
const char *modules_place(const modules *m, size_t i);

/* How many of them, the first ones, are the project's own. */
size_t modules_own_places(void);

/* Puts the path of `name` at a place into `out`. */
void modules_fill_place(const char *place, const char *name, text *out);

/*
 * Adds the main script `file` and all it requires by constant strings, to any depth. 0, or a fault (file.h)
 * when the main script cannot be read.
 */
int modules_add_main(modules *m, const modules_source *source, const char *file);

/*
 * Adds module `name`, and what it requires; false when there is no file for it. `counted`: what it is sure to
 * require must be there.
 */
bool modules_add(modules *m, const modules_source *source, const char *name, bool counted);

/* Adds a file as an asset, unless it is one. 0, or a fault (file.h) when it cannot be read. */
int modules_add_asset(modules *m, const modules_source *source, const char *file);

/* Whether module `name` is among them. */
bool modules_have(const modules *m, const char *name);

/* What comes of a wish: the flare cannot do without it, somebody is to be told of it, or neither. */
typedef enum module_need { MODULE_NEEDED, MODULE_NOTED, MODULE_OPTIONAL } module_need;

module_need modules_judge(const modules *m, const module_wish *wish);

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
void modules_say_missing(const modules *m, const modules_source *source, nearest *n, text *out);

/* The same on one line, for a module that need not be there. */
void modules_note_missing(const modules *m, const modules_source *source, nearest *n, text *out);

void modules_free(modules *m);

#endif
