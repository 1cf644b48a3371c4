/*
 * system_copy.c - memcpy and memmove in place of musl's on amd64, whose instruction for it, rep movsq, starts
 * slowly: that took a third of the time of a small request. musl has a good one for arm64, glibc for all.
 * Nothing else of the C library.
 */
#include <stdint.h>
#include <string.h>

#if defined __x86_64__ && (!defined __GLIBC__ || defined SYSTEM_COPY)

#include <emmintrin.h>

/* From MANY bytes on, the processor's own instruction is the fastest; it is so on all since 2012. */
enum { BLOCK = 16, MANY = 512 };

/* Copies `size` bytes at once, a constant, from and to any address. */
#define COPY(to, from, size) __builtin_memcpy(to, from, size)

/* Copies what has 1 to 15 bytes: two pieces, which overlap. */
static void copy_few(uint8_t *to, const uint8_t *from, size_t size) {
  uint64_t a, b;
  if (size >= 8) {
    COPY(&a, from, 8);
    COPY(&b, from + size - 8, 8);
    COPY(to, &a, 8);
    COPY(to + size - 8, &b, 8);
  } else if (size >= 4) {
    COPY(&a, from, 4);
    COPY(&b, from + size - 4, 4);
    COPY(to, &a, 4);
    COPY(to + size - 4, &b, 4);
  } else {
    uint8_t first = from[0], middle = from[size / 2], last = from[size - 1];
    to[0] = first;
    to[size / 2] = middle;
    to[size - 1] = last;
  }
}

static __m128i copy_load(const uint8_t *from) { return _mm_loadu_si128((const __m128i *)(const void *)from); }

static void copy_store(uint8_t *to, __m128i block) { _mm_storeu_si128((__m128i *)(void *)to, block); }

/* Copies from the front; `t` may be in what is copied if it is before `f`. */
static void copy_forward(uint8_t *t, const uint8_t *f, size_t size) {
  if (size < BLOCK) {
    if (size > 0) copy_few(t, f, size);
    return;
  }
  if (size >= MANY) {
    __asm__ volatile("rep movsb" : "+D"(t), "+S"(f), "+c"(size) : : "memory");
    return;
  }
  __m128i last = copy_load(f + size - BLOCK);
  size_t i = 0;
  for (; i + 4 * BLOCK <= size; i += 4 * BLOCK) {
    __m128i a = copy_load(f + i), b = copy_load(f + i + BLOCK), c = copy_load(f + i + 2 * BLOCK),
            d = copy_load(f + i + 3 * BLOCK);
    copy_store(t + i, a);
    copy_store(t + i + BLOCK, b);
    copy_store(t + i + 2 * BLOCK, c);
    copy_store(t + i + 3 * BLOCK, d);
  }
  for (; i + BLOCK < size; i += BLOCK) copy_store(t + i, copy_load(f + i));
  copy_store(t + size - BLOCK, last);
}

/* Copies from the back; `t` is in what is copied, after `f`. */
static void copy_backward(uint8_t *t, const uint8_t *f, size_t size) {
  if (size < BLOCK) {
    if (size > 0) copy_few(t, f, size);
    return;
  }
  __m128i first = copy_load(f);
  for (size_t i = size; i > BLOCK; i -= i < 2 * BLOCK ? i - BLOCK : BLOCK)
    copy_store(t + i - BLOCK, copy_load(f + i - BLOCK));
  copy_store(t, first);
}

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  copy_forward(to, from, size);
  return to;
}

void *memmove(void *to, const void *from, size_t size) {
  if ((uintptr_t)to - (uintptr_t)from >= size) {
    copy_forward(to, from, size);
  } else {
    copy_backward(to, from, size);
  }
  return to;
}

#endif
