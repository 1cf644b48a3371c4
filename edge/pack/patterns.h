/*
 * patterns.h - patterns in flare.lua: which files of a project they name, and which modules.
 *
 * A star stands for any run of characters in one name, but not for the dot that a hidden name begins with;
 * two stars in place of a name stand for any folders, none too, and do not go into links.
 */
#ifndef FLARON_EDGE_PATTERNS_H
#define FLARON_EDGE_PATTERNS_H

#include "pack/modules.h"

/* How many names of a project are looked at for one pattern (docs/limits.md). */
enum { PATTERNS_MOST = 100000 };

/* A fault (file.h has the others): more than that would have to be looked at. */
enum { PATTERNS_TOO_MANY = FILE_ALL + 1 };

/* Names in the order of bytes, each once. Owned; begin with {0}. */
typedef struct pattern_names {
  char **items;
  size_t count;
} pattern_names;

/* Whether what flare.lua lists is a pattern. */
bool pattern_is(const char *item);

/*
 * Finds the files that a pattern names. 0, or a fault of the file or folder whose path `at` then gets: a link
 * that leads out of the project, say.
 */
int pattern_files(const modules_source *source, const char *pattern, pattern_names *found, text *at);

/* The same for the modules that a pattern of names or paths names; what is found are names, with dots. */
int pattern_modules(const modules *m, const modules_source *source, const char *pattern, pattern_names *found,
                    text *at);

void pattern_names_free(pattern_names *names);

#endif
