/*
 * flame.h - a profile written down: as a flame graph, as folded stacks, as a table.
 *
 * All of them name functions as profile_describe does and take nothing but a profile that is stopped.
 */
#ifndef FLARON_EDGE_FLAME_H
#define FLARON_EDGE_FLAME_H

#include "profile/profile.h"

/*
 * Adds the profile as an SVG that needs no script and no other file: callees stand on their callers, a width
 * is a share of the samples, a tooltip has the whole name and the figures. `title` is UTF-8.
 */
void flame_svg(const profile *p, const char *title, text *out);

/* Adds a line "CALLER;CALLEE;... SAMPLES" for each stack that was seen, for other tools. */
void flame_folded(const profile *p, text *out);

/* Adds the functions with the most samples of their own, at most `most`: self %, total %, name. */
void flame_table(const profile *p, int most, text *out);

#endif
