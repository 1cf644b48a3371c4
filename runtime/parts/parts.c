/*
 * parts.c - see parts.h.
 */
#include "parts/parts.h"

#include <string.h>

/* Weak: the build also links the runtime without some of them, to find out what is only theirs
 * (mk/runtime.mk).
 */
#define FLARON_PART(part, module, function) __attribute__((weak)) int function(lua_State *L);
#include "parts/parts.def"
#undef FLARON_PART

lua_CFunction parts_find(const char *name, size_t size) {
#define FLARON_PART(part, module, function) \
  if (size == sizeof module - 1 && memcmp(name, module, size) == 0) return function;
#include "parts/parts.def"
#undef FLARON_PART
  return NULL;
}
