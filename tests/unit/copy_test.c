/*
 * copy_test.c - memcpy and memmove of static executables on amd64 (edge/base/system_copy.c): all sizes up to
 * where the processor's own instruction takes over, with every overlap of up to 40 bytes, leave what one byte
 * after the other would.
 *
 * Prints a line per failed check, then "N passed, N failed", a check for each size.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __x86_64__
#define memcpy own_memcpy
#define memmove own_memmove
#define SYSTEM_COPY
void *own_memcpy(void *restrict to, const void *restrict from, size_t size);
void *own_memmove(void *to, const void *from, size_t size);
#include "../../edge/base/system_copy.c"

enum { SIZES = 560, FROM = 64, NEAR = 40, ALL = SIZES + 2 * FROM };

/* Whether `size` bytes come from FROM to `to`, and nothing else changes. */
static int test_one(int to, int size, int overlap) {
  uint8_t is[ALL], was[ALL];
  for (int i = 0; i < ALL; i++) is[i] = was[i] = (uint8_t)(i * 7 + i / 251);
  if (overlap)
    own_memmove(is + to, is + FROM, (size_t)size);
  else
    own_memcpy(is + to, was + FROM, (size_t)size);
  for (int i = 0; i < ALL; i++) {
    int from = i >= to && i < to + size ? i - to + FROM : i;
    if (is[i] != was[from])
      return printf("%d bytes to %d, overlap %d: byte %d\n", size, to - FROM, overlap, i);
  }
  return 0;
}

int main(void) {
  int passed = 0, failed = 0;
  for (int size = 0; size < SIZES; size++) {
    int wrong = 0;
    for (int to = FROM - NEAR; to <= FROM + NEAR; to++) {
      for (int overlap = 0; overlap < 2; overlap++) wrong |= test_one(to, size, overlap) != 0;
    }
    *(wrong ? &failed : &passed) += 1;
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
#else
int main(void) {
  printf("0 passed, 0 failed\n");
  return 0;
}
#endif
