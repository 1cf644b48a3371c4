/*
 * clock.h - the machine's clocks in nanoseconds. The time that a flare sees is import_time.c's.
 */
#ifndef FLARON_EDGE_CLOCK_H
#define FLARON_EDGE_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { CLOCK_NS_PER_US = 1000, CLOCK_NS_PER_MS = 1000000, CLOCK_NS_PER_S = 1000000000 };

/*
 * Nanoseconds of a clock of clock_gettime(2): CLOCK_REALTIME since 1970, CLOCK_MONOTONIC since an unspecified
 * moment, CLOCK_THREAD_CPUTIME_ID of CPU time that this thread has used. Safe in a signal handler.
 */
static inline int64_t clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * CLOCK_NS_PER_S + t.tv_nsec;
}

/* The error that the next two functions may have. */
enum { CLOCK_ABOUT_NS = 100000 };

/* This thread's CPU clock, without reading it each time: it may be CLOCK_ABOUT_NS ahead, but never behind. */
int64_t clock_cpu_about_ns(void);

/*
 * The CPU time that this thread has used since clock_cpu_about_ns gave `begin_ns`, `wall_ns` ago by
 * CLOCK_MONOTONIC; up to CLOCK_ABOUT_NS too much or too little when the thread had to wait, else exact.
 */
int64_t clock_cpu_since_ns(int64_t begin_ns, int64_t wall_ns);

#endif
