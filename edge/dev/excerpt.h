/*
 * excerpt.h - the lines of a script around the place that an error message names.
 */
#ifndef FLARON_EDGE_EXCERPT_H
#define FLARON_EDGE_EXCERPT_H

#include "pack/modules.h"

/*
 * Looks for the first "FILE.lua:LINE:" in `message` whose file is in `source`, and adds that line with two
 * before and two after it, numbered, the line itself marked with '>', each begun with `indent`, and made
 * harmless for terminals. False, with nothing added, when there is none or no source (NULL).
 */
bool excerpt_add(text *to, const modules_source *source, bytes message, const char *indent);

#endif
