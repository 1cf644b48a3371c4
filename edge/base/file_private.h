/*
 * file_private.h - what file.c and file_below.c share. No other file includes it.
 */
#ifndef FLARON_EDGE_FILE_PRIVATE_H
#define FLARON_EDGE_FILE_PRIVATE_H

#include <fcntl.h>

#include "base/file.h"

#define FILE_STATE ".flaron"

/* Flags of open for reading, none of which lets a call block. */
enum { FILE_READ = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

/* The fault that forbids reading an open file; 0 for a regular file. */
int file_fault_of(int fd);

/* Reads an open file and closes it. 0 or a fault. */
int file_read_and_close(int fd, size_t most, text *out);

/* Whether a name of `size` bytes is the state folder's, case ignored. */
bool file_is_state(const char *name, size_t size);

#endif
