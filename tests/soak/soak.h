/*
 * soak.h - what programs share that do the checked runtime harm at random (Makefile: assertions of Lua are
 * on, and allocations fail here). Each takes SECONDS (SOAK_SECONDS without arguments) and a SEED, and ends
 * with "N passed, N failed"; what fails is printed with the seed that does it again.
 *
 * One flare at a time, no threads.
 */
#ifndef FLARON_TESTS_SOAK_H
#define FLARON_TESTS_SOAK_H

#include <time.h>

#include "kept.h"
#include "wasm-rt.h"

enum { SOAK_SECONDS = 8 };

/* Allocations since soak_allow; which of them fails first, and how many after it (0 = none fails). */
static uint32_t soak_allocations, soak_first, soak_count;
static uint32_t soak_every; /* beside that: each of so many; 0 = none */

/* The import of refuse.c. */
uint32_t Z_flaronZ2Fv1Z_refuse(void *self, uint32_t size);

uint32_t Z_flaronZ2Fv1Z_refuse(void *self, uint32_t size) {
  (void)self, (void)size;
  uint32_t n = ++soak_allocations;
  return (soak_every != 0 && n % soak_every == 0) || n - soak_first < soak_count;
}

/* From now on none fails. */
static inline void soak_allow(void) { soak_allocations = soak_first = soak_count = soak_every = 0; }

static uint64_t soak_state;

/* The next 64 random bits (SplitMix64). */
static inline uint64_t soak_random(void) {
  uint64_t z = soak_state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

static struct timespec soak_begin;
static double soak_seconds;
static uint64_t soak_seed;
static int soak_passed, soak_failed;

/* Reads the arguments. */
static inline void soak_start(int argc, char **argv) {
  clock_gettime(CLOCK_MONOTONIC, &soak_begin);
  soak_seconds = argc > 1 ? strtod(argv[1], NULL) : SOAK_SECONDS;
  soak_seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)soak_begin.tv_nsec;
}

/* Begins a case, which depends on soak_seed alone; false when time is over, or enough has failed. */
static inline bool soak_next(void) {
  enum { ENOUGH = 5 };
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  soak_state = ++soak_seed;
  double spent = (double)(now.tv_sec - soak_begin.tv_sec) + (double)(now.tv_nsec - soak_begin.tv_nsec) / 1e9;
  return soak_failed < ENOUGH && spent < soak_seconds;
}

/* Counts a case; prints the seed of one that failed, and what it was about. */
static inline void soak_check(bool good, const kept *k, const char *what) {
  *(good ? &soak_passed : &soak_failed) += 1;
  if (good) return;
  printf("failed (seed %llu): %s: status %d, '%.300s' %.300s\n", (unsigned long long)soak_seed - 1, what,
         k->host.response.status, text_string(&k->host.response.body), text_string(&k->error));
}

/* The last line; the program's exit code. */
static inline int soak_end(void) {
  printf("%d passed, %d failed\n", soak_passed, soak_failed);
  return soak_failed != 0;
}

#endif
