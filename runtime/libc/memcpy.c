/*
 * memcpy.c - memcpy for the short copies that Lua makes: engines do the instruction lmem_arena.copy by a call
 * that costs more than a few words.
 */
#include <stdint.h>
#include <string.h>

typedef uint64_t word __attribute__((aligned(1), may_alias));

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  enum { LONG = 64 };
  char *out = to;
  const char *in = from;
  if (size >= LONG) return __builtin_memmove(to, from, size); /* becomes memory.copy here */
  if (size >= sizeof(word)) {
    size_t last = size - sizeof(word), at = 0;
    do {
      *(word *)(out + at) = *(const word *)(in + at);
      at += sizeof(word);
    } while (at < last);
    *(word *)(out + last) = *(const word *)(in + last); /* in part again */
    return to;
  }
  for (; size > 0; size--) *out++ = *in++;
  return to;
}
