/*
 * glob.h - patterns in which a star stands for any run of bytes. Any other meaning of a pattern is the
 * caller's.
 */
#ifndef FLARON_EDGE_GLOB_H
#define FLARON_EDGE_GLOB_H

#include "base/text.h"

/* How bytes are compared: a star does not match the bytes in `kept`; the case of ASCII letters may be
 * ignored. */
typedef struct glob_rule {
  const char *kept;
  bool ignore_case;
} glob_rule;

/*
 * Whether a glob matches all of a string. Takes at most time proportional to the product of their sizes,
 * however many stars it has.
 */
bool glob_matches(bytes glob, bytes string, glob_rule rule);

#endif
