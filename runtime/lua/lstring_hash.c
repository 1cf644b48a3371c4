/*
 * lstring_hash.c - the hash of Lua's strings, in place of lstring.c's, which goes byte by byte: every string
 * that is made is hashed, and most of what a host hands over is as long as a URL.
 *
 * Eight bytes at a time are mixed into the hash so far, whose halves are then multiplied. The seed is in both
 * halves, so whoever does not know it cannot choose strings that collide; the one that a flare is packed with
 * is public, and lstring_intern.c has another when it must. lstring.c's own is left out
 * (patches/string-hash.patch).
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
    if (size >= sizeof next) { /* the last eight may have been in part before */
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
