/*
 * keep.h - what `kv` and `secret` share: the folder they work on, and values given as words.
 */
#ifndef FLARON_CLI_KEEP_H
#define FLARON_CLI_KEEP_H

#include "cli.h"

/*
 * Adds the value that a word stands for: itself, the file behind its '@', or standard input when it is "@-";
 * a value that begins with '@' has another one before it. False after saying why not: it cannot be read, or
 * has more than `most` bytes.
 */
bool keep_value(const cli_command *self, const char *word, size_t most, text *value);

/*
 * Adds the folder of a project's state: `persist` when it is not NULL, else `.flaron` in `project`, or here
 * when that is NULL. With `make` it is made when it is missing. False after saying that there is no such
 * project or folder.
 */
bool keep_folder(const cli_command *self, const char *persist, const char *project, bool make, text *folder);

#endif
