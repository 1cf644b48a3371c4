/*
 * pthread.h - as much of POSIX threads as the packer takes, for a machine with one thread. WASI's libc has
 * the types alone.
 */
#ifndef FLARON_WASI_PTHREAD_H
#define FLARON_WASI_PTHREAD_H

#include <sys/types.h>

#define PTHREAD_ONCE_INIT 0

static inline int pthread_once(pthread_once_t *done, void (*function)(void)) {
  if (!*done) function();
  *done = 1;
  return 0;
}

#endif
