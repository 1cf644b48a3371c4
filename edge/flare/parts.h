/*
 * parts.h - the optional parts of the runtime (runtime/parts): which there are and which modules they have.
 *
 * A set of parts is a mask: bit n is part n, in the order of runtime/parts/parts.def.
 */
#ifndef FLARON_EDGE_PARTS_H
#define FLARON_EDGE_PARTS_H

#include <stdint.h>

/* A Lua module of a part. Static. */
typedef struct part_module {
  const char *part, *name;
} part_module;

/* The modules of all parts, in the order of parts.def; ends with {NULL, NULL}. */
extern const part_module part_modules[];

/* The module called `name`; NULL = no part has it. */
const part_module *parts_find_module(const char *name);

/* The set of the part called `name`; 0 = there is none. */
uint32_t parts_named(const char *name);

/* The name of part `n`; NULL after the last. */
const char *parts_name(unsigned n);

#endif
