/*
 * types.h - the folder `.types` of a project: what lua-language-server knows of flares. It is a copy of the
 * annotations that lie in the executable (scripts/types, and scripts/modules with their own), so that
 * .luarc.json has no path of a machine. It belongs to one version of flaron-lua and is not kept in git.
 */
#ifndef FLARON_CLI_TYPES_H
#define FLARON_CLI_TYPES_H

#include "command.h"

#define TYPES_FOLDER ".types"

/*
 * Makes the folder anew in `project`, a folder; one that is there is replaced, if flaron-lua made it. False
 * after saying why not: then it is as it was.
 */
bool types_write(const cli_command *self, const char *project);

/* Removes the folder from `project`; one that is not there, or that flaron-lua did not make, stays. */
void types_remove(const char *project);

#endif
