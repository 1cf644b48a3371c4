/*
 * pages.c - see pages.h. No other file asks for the size of the memory or grows it.
 */
#include "life/pages.h"

#include <stddef.h>
#include <stdint.h>

enum { PAGE = 65536 };

char *pages_end(void) { return (char *)(__builtin_wasm_memory_size(0) * (size_t)PAGE); }

bool pages_grow(char *end, char **new_end) {
  if (end > pages_end()) {
    size_t pages = ((size_t)(end - pages_end()) + PAGE - 1) / PAGE;
    if (__builtin_wasm_memory_grow(0, pages) == SIZE_MAX) return false;
  }
  *new_end = pages_end();
  return true;
}
