/*
 * wait.h - waits that another thread can end: for a lock, for a descriptor, for a while.
 *
 * A thread sets its flag with wait_set_flag. Once the flag is not 0, its waits end at once, and new ones do
 * not begin. The thread that makes it nonzero also sends a signal (watchdog_nudge), since poll(2) does not
 * see the flag. A signal may come just before poll begins, so it is sent again until the thread has reacted.
 */
#ifndef FLARON_EDGE_WAIT_H
#define FLARON_EDGE_WAIT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Sets the flag of the calling thread, borrowed; NULL (the default) = its waits are never ended. */
void wait_set_flag(const atomic_int *flag);

/* Whether the calling thread has a flag. */
bool wait_has_flag(void);

/* Whether the calling thread must not wait any more, or its CPU time is over. Safe in a signal handler. */
bool wait_is_over(void);

/* For watchdog.c: says whether the calling thread's CPU time is over. Safe in a signal handler. */
void wait_set_spent(bool spent);

/* Waits for `ns` nanoseconds. False if it was ended earlier. */
bool wait_for_ns(int64_t ns);

/*
 * Waits until `fd` has one of `events` (poll(2)), at most until `end_ns` of CLOCK_MONOTONIC. False on a
 * timeout, if the wait was ended, or if poll failed.
 */
bool wait_for_fd(int fd, short events, int64_t end_ns);

/* Locks a mutex. False: the wait was ended, the mutex is not locked. */
bool wait_for_lock(pthread_mutex_t *mutex);

#endif
