/*
 * patterns.h - finds the files and modules of a project that a pattern in flare.lua names.
 *
 * A star stands for any run of characters in one name, except the dot at the start of a hidden name. Two
 * stars in place of a name stand for any number of folders, also none, but do not follow links.
 */
#ifndef FLARON_EDGE_PATTERNS_H
#define FLARON_EDGE_PATTERNS_H

#include "pack/modules.h"

/* The most names of a project that are looked at for one pattern (docs/limits.md). */
enum { PATTERNS_MOST = 100000 };

/* A fault (file.h has the others): the project has more names than that. */
enum { PATTERNS_TOO_MANY = FILE_ALL + 1 };

/* Names sorted by bytes, without duplicates. Owned; begin with {0}. */
typedef struct pattern_names {
  char **items;
  size_t count;
} pattern_names;

/* Whether an item of a list in flare.lua is a pattern. */
bool pattern_is(const char *item);

/*
 * Finds the files that a pattern names. 0, or a fault, such as a link that leads out of the project; `at`
 * then gets the path of the file or folder.
 */
int pattern_files(const modules_source *source, const char *pattern, pattern_names *found, text *at);

/* The same for modules, by a pattern of names or paths; the results are names, with dots. */
int pattern_modules(const modules *m, const modules_source *source, const char *pattern, pattern_names *found,
                    text *at);

void pattern_names_free(pattern_names *names);

#endif
