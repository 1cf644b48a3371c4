/*
 * excerpt.h - the lines of a script around the place that an error message names.
 */
#ifndef FLARON_EDGE_EXCERPT_H
#define FLARON_EDGE_EXCERPT_H

#include "text.h"

/*
 * Looks for the first "FILE.lua:LINE:" in `message` whose file lies in `folder`, and adds that line with two
 * before and two behind it, numbered, the line itself marked with '>', each begun with `indent`. False, with
 * nothing added, when there is none or no folder (NULL).
 */
bool excerpt_add(text *to, const char *folder, bytes message, const char *indent);

#endif
