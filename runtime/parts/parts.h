/*
 * parts.h - the optional parts of the runtime: libraries in C that `require` finds by the names in parts.def.
 * The packer says which of them a flare has (start/bundle.c).
 */
#ifndef FLARON_PARTS_H
#define FLARON_PARTS_H

#include <stddef.h>

#include "lua.h"

/* The function that opens module `name` of `size` bytes; NULL if no part that is linked has it. Only for
 * start-up. */
lua_CFunction parts_find(const char *name, size_t size);

#endif
