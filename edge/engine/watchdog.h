/*
 * watchdog.h - a CPU time limit on what the calling thread does, and its end when nobody wants it any more.
 */
#ifndef FLARON_EDGE_WATCHDOG_H
#define FLARON_EDGE_WATCHDOG_H

#include <pthread.h>
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
 * From now on, when this thread has used `cpu_ms` more milliseconds of CPU time (0 = no limit) or its waits
 * are ended (wait.h), `interrupt(data)` is called in a signal handler on this thread, and when it has used
 * another 100 ms, trap_stop.
 */
void watchdog_arm(watchdog *dog, int cpu_ms, void (*interrupt)(void *), void *data);

/* Ends what watchdog_arm began, and lets the outer one go on. Tells whether `interrupt` was called. */
bool watchdog_disarm(watchdog *dog);

/*
 * Has a thread look at its flag (wait_set_flag), which the caller has set: a call that waits in it is
 * interrupted, and so is what its watchdog watches. The thread must not have ended.
 */
void watchdog_nudge(pthread_t thread);

#endif
