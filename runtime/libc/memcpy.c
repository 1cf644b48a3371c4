/*
 * memcpy.c - memcpy for the short copies of Lua: engines execute the instruction memory.copy by a call, which
 * costs more than copying a few words.
 */
#include <stdint.h>
#include <string.h>

typedef uint64_t word __attribute__((aligned(1), may_alias));

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  enum { LONG = 64 };
  char *out = to;
  const char *in = from;
  if (size >= LONG) return __builtin_memmove(to, from, size); /* compiles to memory.copy */
  if (size >= sizeof(word)) {
    size_t last = size - sizeof(word), at = 0;
    do {
      *(word *)(out + at) = *(const word *)(in + at);
      at += sizeof(word);
    } while (at < last);
    *(word *)(out + last) = *(const word *)(in + last); /* may overlap the last word */
    return to;
  }
  for (; size > 0; size--) *out++ = *in++;
  return to;
}
