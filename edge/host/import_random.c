/*
 * import_random.c - the random bytes behind ids and crypto_random_bytes: the kernel's, or seeded ones.
 *
 * Owns the position of the seeded generator (`random_words` of the host): it starts when the host is made and
 * continues across invocations, so a spec with a seed sees the same bytes on every run, and no repetition
 * within a run. It is not for secrets; AES nonces do not come from here (import_crypto.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"

/* Word `index` of the SplitMix64 sequence of `seed`. */
static uint64_t seeded_word(uint64_t seed, uint64_t index) {
  uint64_t word = seed + (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
  word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
  return word ^ (word >> 31);
}

/* Fills from the seeded generator, low byte of each word first; the rest of the last word is dropped. */
static void fill_seeded(host *h, uint8_t *to, size_t size) {
  uint64_t word = 0;
  for (size_t i = 0; i < size; i++, word >>= 8) {
    if (i % 8 == 0) word = seeded_word(h->config.random_seed, h->random_words++);
    to[i] = (uint8_t)word;
  }
}

/* Fills from the kernel; ends the process if the kernel has no random bytes, as when memory runs out. */
static void fill_true(uint8_t *to, size_t size) {
  enum { MOST = 256 }; /* of getentropy */
  for (size_t part; size != 0; to += part, size -= part) {
    part = size < MOST ? size : MOST;
    if (getentropy(to, part) == 0) continue;
    fprintf(stderr, "flaron-lua: the machine has no random bytes: %s\n", strerror(errno));
    abort();
  }
}

void host_random(host *h, void *to, size_t size) {
  if (h->config.random_seed != 0) {
    fill_seeded(h, to, size);
  } else {
    fill_true(to, size);
  }
}
