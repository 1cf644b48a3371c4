/*
 * flame.h - writes a profile as a flame graph, as folded stacks or as a table.
 *
 * All of them name functions as profile_describe does. The profile must be stopped.
 */
#ifndef FLARON_EDGE_FLAME_H
#define FLARON_EDGE_FLAME_H

#include "profile/profile.h"

/*
 * Adds the profile as an SVG that needs no script and no other file: callees are drawn above their callers, a
 * box's width is its share of the samples, and its tooltip has the whole name and the figures. `title` is
 * UTF-8.
 */
void flame_svg(const profile *p, const char *title, text *out);

/* Adds a line "CALLER;CALLEE;... SAMPLES" for each sampled stack, for other tools. */
void flame_folded(const profile *p, text *out);

/* Adds the functions with the most samples of their own, at most `most`: self %, total %, name. */
void flame_table(const profile *p, int most, text *out);

#endif
