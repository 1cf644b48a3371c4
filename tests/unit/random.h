/*
 * random.h - bits that a test tries: the same in each run.
 */
#ifndef FLARON_TESTS_RANDOM_H
#define FLARON_TESTS_RANDOM_H

#include <stdint.h>

/* The next 64 bits of xorshift64. */
static inline uint64_t random_bits(void) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

#endif
