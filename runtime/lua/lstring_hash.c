/*
 * lstring_hash.c - the hash of Lua's strings, in place of lstring.c's, which reads byte by byte. Every new
 * short string is hashed, and most strings from a host are as long as a URL.
 *
 * Eight bytes at a time are mixed into the hash, whose halves are then multiplied. The seed is in both
 * halves, so nobody can choose colliding strings without knowing it. The seed in a packed flare is public;
 * lstring_intern.c uses a secret one if necessary. lstring.c's own is left out (patches/string-hash.patch).
 */
#include <stddef.h>
#include <stdint.h>

typedef uint64_t word __attribute__((aligned(1), may_alias));

/* lstring.h */
unsigned int luaS_hash(const char *string, size_t size, unsigned int seed);

unsigned int luaS_hash(const char *string, size_t size, unsigned int seed) {
  uint64_t hash = ((uint64_t)(seed ^ size) + 1) * UINT64_C(0x9E3779B97F4A7C15); /* 2^64 by the golden ratio */
  const char *end = string + size;
  do {
    uint64_t next = 0;
    if (size >= sizeof next) { /* the last eight bytes may overlap those before */
      if ((size_t)(end - string) < sizeof next) string = end - sizeof next;
      next = *(const word *)string;
      string += sizeof next;
    } else {
      while (string < end) next = next << 8 | (uint8_t)*string++;
    }
    hash ^= next;
    hash = (hash & UINT32_MAX) * (hash >> 32) ^ (hash << 29 | hash >> 35);
  } while (string < end);
  return (unsigned int)(hash ^ hash >> 32);
}
