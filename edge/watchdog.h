/*
 * watchdog.h - a CPU time limit on what the calling thread does.
 */
#ifndef FLARON_EDGE_WATCHDOG_H
#define FLARON_EDGE_WATCHDOG_H

/*
 * From now on, when this thread has used `cpu_ms` more milliseconds of CPU time, `interrupt(data)` is
 * called in a signal handler on this thread, and when it has used another 100, trap_stop. One at a time
 * per thread.
 */
void watchdog_arm(int cpu_ms, void (*interrupt)(void *), void *data);

/* Ends what watchdog_arm began. */
void watchdog_disarm(void);

#endif
