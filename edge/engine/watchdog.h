/*
 * watchdog.h - a CPU time limit on what the calling thread does, and its interruption when the result is not
 * wanted any more.
 */
#ifndef FLARON_EDGE_WATCHDOG_H
#define FLARON_EDGE_WATCHDOG_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* A watchdog. The caller owns it, on its C stack. */
typedef struct watchdog {
  void (*interrupt)(void *);
  void *data;
  volatile sig_atomic_t fired;
  int64_t deadline_ns;    /* on the thread's CPU clock */
  struct watchdog *outer; /* the watchdog of an outer call on this thread, paused meanwhile */
  int64_t left_ns;        /* CPU time that the outer one had left */
} watchdog;

/*
 * Calls `interrupt(data)`, in a signal handler on this thread, once this thread has used `cpu_ms` more
 * milliseconds of CPU time (0 = no limit) or its waits are ended (wait.h), and calls trap_stop after another
 * 100 ms.
 */
void watchdog_arm(watchdog *dog, int cpu_ms, void (*interrupt)(void *), void *data);

/* Disarms the watchdog and resumes the outer one. Returns whether `interrupt` was called. */
bool watchdog_disarm(watchdog *dog);

/*
 * Makes a thread look at its flag (wait_set_flag), which the caller has set: its current wait is interrupted,
 * and so is the call that its watchdog watches. The thread must not have ended.
 */
void watchdog_nudge(pthread_t thread);

#endif
