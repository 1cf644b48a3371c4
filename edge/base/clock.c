/*
 * clock.c - see clock.h. Reading a thread's CPU clock is a system call, which costs as much as a short
 * script; reading the wall clock costs next to nothing.
 */
#include "base/clock.h"

static _Thread_local struct { int64_t cpu_ns, wall_ns; /* when the CPU clock was last read */ } last;

int64_t clock_cpu_about_ns(void) {
  int64_t now = clock_ns(CLOCK_MONOTONIC);
  if (last.cpu_ns == 0 || now - last.wall_ns > CLOCK_ABOUT_NS) {
    last.cpu_ns =
        clock_ns(CLOCK_THREAD_CPUTIME_ID); /* after `now`, so that the time added is not too short */
    last.wall_ns = now;
  }
  return last.cpu_ns + (now - last.wall_ns);
}

int64_t clock_cpu_since_ns(int64_t begin_ns, int64_t wall_ns) {
  if (wall_ns <= CLOCK_ABOUT_NS) return wall_ns;
  int64_t used = clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin_ns;
  return used > 0 ? used : 0;
}
