/*
 * watchdog.h - a CPU time limit on what the calling thread does.
 */
#ifndef FLARON_EDGE_WATCHDOG_H
#define FLARON_EDGE_WATCHDOG_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* One watchdog at work; where it stands is the caller's, on its C stack. */
typedef struct watchdog {
  void (*interrupt)(void *);
  void *data;
  volatile sig_atomic_t fired;
  int64_t deadline_ns;    /* on the thread's CPU clock */
  struct watchdog *outer; /* of an outer call on this thread, which waits meanwhile */
  int64_t left_ns;        /* what the outer one had left */
} watchdog;

/*
 * From now on, when this thread has used `cpu_ms` more milliseconds of CPU time, `interrupt(data)` is
 * called in a signal handler on this thread, and when it has used another 100, trap_stop.
 */
void watchdog_arm(watchdog *dog, int cpu_ms, void (*interrupt)(void *), void *data);

/* Ends what watchdog_arm began, and lets the outer one go on. Tells whether `interrupt` was called. */
bool watchdog_disarm(watchdog *dog);

#endif
