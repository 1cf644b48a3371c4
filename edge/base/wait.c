/*
 * wait.c - see wait.h.
 */
#include "base/wait.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/system.h"

/* The wait for a mutex is split into pieces of this length, since no signal ends it. */
enum { PIECE_NS = 5 * CLOCK_NS_PER_MS };

static _Thread_local const atomic_int *flag;
static _Thread_local volatile sig_atomic_t is_spent;

void wait_set_flag(const atomic_int *f) { flag = f; }

bool wait_has_flag(void) { return flag != NULL; }

void wait_set_spent(bool spent) { is_spent = spent; }

bool wait_is_over(void) {
  return is_spent || (flag != NULL && atomic_load_explicit(flag, memory_order_relaxed) != 0);
}

bool wait_for_ns(int64_t ns) {
  int64_t end = clock_ns(CLOCK_MONOTONIC) + ns;
  struct timespec until = {end / CLOCK_NS_PER_S, end % CLOCK_NS_PER_S};
  while (!wait_is_over()) {
    if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != EINTR) return true;
  }
  return false;
}

bool wait_for_fd(int fd, short events, int64_t end_ns) {
  struct pollfd p = {fd, events, 0};
  while (!wait_is_over()) {
    int64_t left_ms = (end_ns - clock_ns(CLOCK_MONOTONIC)) / CLOCK_NS_PER_MS;
    int ready = left_ms > 0 ? poll(&p, 1, (int)left_ms) : 0;
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) return false;
  }
  return false;
}

bool wait_for_lock(pthread_mutex_t *mutex) {
  if (pthread_mutex_trylock(mutex) == 0) return true;

  while (!wait_is_over()) {
    if (system_lock(mutex, PIECE_NS)) return true;
  }
  return false;
}
