/*
 * file_private.h - what file.c and file_below.c share, that for WASI (packages/npm/wasi) as well. No other
 * file includes it.
 */
#ifndef FLARON_EDGE_FILE_PRIVATE_H
#define FLARON_EDGE_FILE_PRIVATE_H

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

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

/* Bounds of a walk along a path: folders within each other, and links. */
enum { FILE_DEEPEST = 64, FILE_LINKS = 40 };

/* The path of a place relative to its root. 0 or a fault. */
int file_join(const file_place *place, const char *path, text *full);

/* Takes the next name off what is left of a path; "" at the end. False: it is too long. */
bool file_take_name(text *rest, char name[NAME_MAX + 1]);

/* Puts a link's target before what is left of a path. */
void file_put_before(text *rest, const char *target);

/* The part of an absolute path below the folder `real`; NULL if it is not below it. */
const char *file_part_below(const char *path, const char *real);

/* Whether a folder is the state of the open folder `root`, whatever it is called. */
bool file_is_root_state(int root, const struct stat *about);

#endif
