/*
 * system.h - what C libraries differ in, glibc and musl: keeping memory, locks with a time, and renames that
 * older ones have no function for. Everything else is asked for as POSIX and Linux have it.
 */
#ifndef FLARON_EDGE_SYSTEM_H
#define FLARON_EDGE_SYSTEM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Gives what malloc keeps and nobody uses back to the machine, where it does not do that by itself. */
void system_trim_memory(void);

/* Has malloc keep up to `trim_at` bytes that nobody uses, in at most `heaps` heaps, and take blocks of
 * `mmap_at` bytes and more from the machine. Nothing with a malloc that has no such settings. */
void system_keep_memory(size_t mmap_at, size_t trim_at, int heaps);

/* Locks a mutex if it is free within `ns`; whether it did. Without glibc it waits longer if meanwhile the
 * time of day is set back. */
bool system_lock(pthread_mutex_t *mutex, int64_t ns);

/* renameat2 of two paths, with RENAME_EXCHANGE or RENAME_NOREPLACE of Linux. 0, or -1 with errno:
 * EINVAL: this file system cannot do that. */
int system_rename(const char *from, const char *to, unsigned flags);

#endif
