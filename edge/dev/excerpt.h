/*
 * excerpt.h - the lines of a script around the place that an error message names.
 */
#ifndef FLARON_EDGE_EXCERPT_H
#define FLARON_EDGE_EXCERPT_H

#include "pack/modules.h"

/*
 * Looks for the first "FILE.lua:LINE:" in `message` whose file is in `source`, and adds that line with two
 * before and two after it, each with its newline: numbered, the line itself marked with '>', and made
 * harmless for terminals. Adds nothing when there is none.
 */
void excerpt_add(text *to, const modules_source *source, bytes message);

#endif
