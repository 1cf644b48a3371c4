/*
 * system.c - what C libraries differ in.
 */
#include "base/system.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"

/* A time of a clock in `ns` from now. */
static struct timespec system_after(clockid_t clock, int64_t ns) {
  int64_t end = clock_ns(clock) + ns;
  return (struct timespec){end / CLOCK_NS_PER_S, end % CLOCK_NS_PER_S};
}

#ifdef __GLIBC__
bool system_lock(pthread_mutex_t *mutex, int64_t ns) {
  struct timespec until = system_after(CLOCK_MONOTONIC, ns);
  return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until) == 0;
}

void system_trim_memory(void) { malloc_trim(0); }

void system_keep_memory(size_t mmap_at, size_t trim_at, int heaps) {
  mallopt(M_MMAP_THRESHOLD, (int)mmap_at);
  mallopt(M_TRIM_THRESHOLD, (int)trim_at);
  mallopt(M_ARENA_MAX, heaps);
}
#else
bool system_lock(pthread_mutex_t *mutex, int64_t ns) {
  struct timespec until = system_after(CLOCK_REALTIME, ns);
  return pthread_mutex_timedlock(mutex, &until) == 0;
}

void system_trim_memory(void) {}

void system_keep_memory(size_t mmap_at, size_t trim_at, int heaps) {
  (void)mmap_at;
  (void)trim_at;
  (void)heaps;
}
#endif

int system_rename(const char *from, const char *to, unsigned flags) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}
