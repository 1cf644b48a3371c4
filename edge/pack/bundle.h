/*
 * bundle.h - all sources of a flare in one block of bytes, the input of start-up.
 */
#ifndef FLARON_EDGE_BUNDLE_H
#define FLARON_EDGE_BUNDLE_H

#include "pack/modules.h"

struct json_t;

/*
 * Adds the bundle of modules, assets and wishes; runtime/start/bundle.c, which reads it, describes the
 * layout. `named`: all modules but the main script are put into package.preload by name, instead of being
 * found by their files.
 */
void pack_bundle(const modules *m, bool named, text *bundle);

/* Adds a bundle of the modules from `first` on, and of the parts' modules from `first_part` on, for a
 * start-up that asked for one of them. */
void pack_bundle_added(const modules *m, size_t first, size_t first_part, text *bundle);

/* Adds the variables of a manifest (manifest.vars; NULL = none) to a bundle, in the order of their names. */
void pack_bundle_vars(struct json_t *vars, text *bundle);

#endif
