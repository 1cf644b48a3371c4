/*
 * bundle.h - the sources of a flare in one piece, as start-up takes them.
 */
#ifndef FLARON_EDGE_BUNDLE_H
#define FLARON_EDGE_BUNDLE_H

#include "pack/modules.h"

/* Adds the bundle of modules, assets and wishes; its layout is described where it is read,
 * runtime/start/bundle.c. */
void pack_bundle(const modules *m, text *bundle);

#endif
