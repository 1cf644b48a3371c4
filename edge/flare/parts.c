/*
 * parts.c - see parts.h.
 */
#include "flare/parts.h"

#include <stddef.h>
#include <string.h>

const part_module part_modules[] = {
#define FLARON_PART(part, module, function) {#part, module},
#include "parts/parts.def"
#undef FLARON_PART
    {NULL, NULL},
};

const part_module *parts_find_module(const char *name) {
  for (const part_module *m = part_modules; m->name != NULL; m++) {
    if (strcmp(m->name, name) == 0) return m;
  }
  return NULL;
}

/* Whether the part of `m` has no row before it. */
static int parts_begins(const part_module *m) {
  for (const part_module *other = part_modules; other < m; other++) {
    if (strcmp(other->part, m->part) == 0) return 0;
  }
  return 1;
}

const char *parts_name(unsigned n) {
  for (const part_module *m = part_modules; m->name != NULL; m++) {
    if (parts_begins(m) && n-- == 0) return m->part;
  }
  return NULL;
}

uint32_t parts_named(const char *name) {
  const char *part;
  for (unsigned n = 0; (part = parts_name(n)) != NULL; n++) {
    if (strcmp(part, name) == 0) return 1u << n;
  }
  return 0;
}
