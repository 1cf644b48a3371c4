/*
 * reload.h - a project that is packed again whenever one of its files changes: once, for all edges it is
 * served on.
 *
 * The last flare that could be packed goes on serving; what is wrong with a newer one is kept beside it.
 */
#ifndef FLARON_EDGE_RELOAD_H
#define FLARON_EDGE_RELOAD_H

#include "pack/manifest.h"
#include "pack/pack.h"
#include "server/pool.h"

typedef struct reload reload;

typedef struct reload_options {
  const char *path; /* a main script, a folder, or a .wasm */
  const char *root,
      *below; /* `path` is `below` a folder that no link may lead out of; NULL = there is none */
  pack_options pack;
  const char
      *state; /* folder of the secrets (state.h), which are read with each packing; NULL = there are none */
  /* For each edge, what the manifest does not say. Borrowed until reload_close; what it borrows must outlive
   * the last flare. */
  const host_config *configs;
  int edges; /* how many, at least 1 */
  int cpu_ms;
  void (*prepare)(void *data, edge *e); /* pool_maker.prepare; NULL = none */
  void *prepare_data;
  /* On the watching thread, after each packing that changed something: `error` is NULL when it went well. */
  void (*changed)(void *data, const char *error, double ms);
  void *data;
} reload_options;

/*
 * Packs the project and begins to watch it; options are borrowed until reload_close. Never NULL: what is
 * wrong is asked of reload_error.
 */
reload *reload_open(const reload_options *options);

/* The last good flare as an edge has it, with a reference for the caller; NULL: there was none yet. */
pool_flare *reload_flare(reload *r, int edge);

/*
 * Adds what was wrong the last time, if anything was, and to `excerpt` (may be NULL) the lines of the file
 * that it names, as they were then; false when nothing was.
 */
bool reload_error(reload *r, text *error, text *excerpt);

/* Has it packed again, soon, also when nothing changed: `changed` is told in any case. On any thread. */
void reload_again(reload *r);

/* Whether there are sources of what is served: it is not a packed flare. */
bool reload_has_sources(const reload *r);

void reload_close(reload *r);

#endif
