/*
 * platform.h - what Linux has and WASI's libc lacks, as far as the packer takes it. It is included in front
 * of each file.
 */
#ifndef FLARON_WASI_PLATFORM_H
#define FLARON_WASI_PLATFORM_H

#include <sys/types.h>

/* As in POSIX, for an absolute path or one from the working folder; `to` must be NULL, and the caller frees
 * the result. */
char *realpath(const char *path, char *to);

/* WASI's files have no modes: it does nothing. */
int fchmod(int fd, mode_t mode);

/* WASI has no locks, and no other process writes while this one runs a command: it does nothing. */
enum { LOCK_EX = 2 };
int flock(int fd, int operation);

/* WASI makes no connections: -1. */
int socket(int domain, int type, int protocol);

#endif
