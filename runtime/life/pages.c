/*
 * pages.c - see pages.h. No other file asks for the size of the memory or grows it.
 */
#include "life/pages.h"

#include <stddef.h>
#include <stdint.h>

enum { PAGE = 65536 };

char *pages_end(void) { return (char *)(__builtin_wasm_memory_size(0) * (size_t)PAGE); }

/* Doubles it where the maximum leaves room: engines without guard pages copy the whole memory each time, and
 * pages that nobody touches cost nothing. */
bool pages_grow(char *end, char **new_end) {
  if (end > pages_end()) {
    size_t needed = ((size_t)(end - pages_end()) + PAGE - 1) / PAGE;
    for (size_t more = __builtin_wasm_memory_size(0);; more /= 2) {
      if (more < needed) more = needed;
      if (__builtin_wasm_memory_grow(0, more) != SIZE_MAX) break;
      if (more == needed) return false;
    }
  }
  *new_end = pages_end();
  return true;
}
