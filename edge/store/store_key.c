/*
 * store_key.c - which keys a flare may use: see store.h.
 */
#include <string.h>

#include "store/store.h"

enum { MAX_KEY = 256 };

/* Whether `c` may stand in a key. */
static bool store_key_character(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '.' ||
         c == '_' || c == '-';
}

/* Whether `b` begins with `prefix`. */
static bool store_begins_with(bytes b, const char *prefix) {
  size_t size = strlen(prefix);
  return b.size >= size && memcmp(b.data, prefix, size) == 0;
}

bool store_key_valid(bytes key) {
  if (key.size == 0 || key.size > MAX_KEY) return false;
  for (size_t i = 0; i < key.size; i++) {
    if (!store_key_character(key.data[i])) return false;
  }
  return !store_begins_with(key, "__flaron:") && !store_begins_with(key, "__sys:");
}
