/*
 * glob.h - patterns in which a star stands for any run of bytes. What else a pattern means is for who has it.
 */
#ifndef FLARON_EDGE_GLOB_H
#define FLARON_EDGE_GLOB_H

#include "base/text.h"

/* How bytes are compared: a star does not stand for those in `kept`; the case of ASCII letters may not count.
 */
typedef struct glob_rule {
  const char *kept;
  bool ignore_case;
} glob_rule;

/*
 * Whether a glob matches all of a string. Takes time in proportion to the product of their sizes at most,
 * however many stars there are.
 */
bool glob_matches(bytes glob, bytes string, glob_rule rule);

#endif
