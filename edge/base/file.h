/*
 * file.h - reading files that may be anybody's: regular ones alone, up to a size, and those of a project only
 * from below its folder.
 *
 * Nothing here waits for a pipe or follows a link out of a project, and a path is resolved by descriptors, so
 * that what was looked at is what is read. Who may see which file of a project is decided here alone.
 */
#ifndef FLARON_EDGE_FILE_H
#define FLARON_EDGE_FILE_H

#include "base/text.h"

/* The sizes up to which files are read, in bytes: docs/limits.md has them for users. */
#define FILE_PROJECT_MAX ((size_t)64 << 20)  /* a file of a project */
#define FILE_PROJECT_ALL ((size_t)256 << 20) /* all that go into one flare */
#define FILE_FLARE_MAX ((size_t)512 << 20)
#define FILE_RECORD_MAX ((size_t)256 << 20)
#define FILE_MAP_MAX ((size_t)64 << 20)
#define FILE_SECRETS_MAX ((size_t)16 << 20)
#define FILE_BODY_MAX ((size_t)64 << 20)

/* What can be wrong with a file besides the errno values: all functions that return a fault may return it. */
enum {
  FILE_OUTSIDE = 10000, /* the path is absolute, or has ".." that lead out of the project */
  FILE_DOTS,            /* the path has ".." that stay in it */
  FILE_LINK_OUT,        /* a link leads out of the project */
  FILE_IN_STATE,        /* it is in .flaron */
  FILE_LINK,            /* it is a link, and must not be one */
  FILE_PIPE,            /* and so on: it is not a regular file */
  FILE_SOCKET,
  FILE_DEVICE,
  FILE_ALL /* all files of the project are together larger than FILE_PROJECT_ALL */
};

/* Whether a fault is one of the above or EFBIG: the file may be there, but is not read. */
bool file_is_refused(int fault);

/* Adds what a file that is refused does or is: "leaves the project". `most` is the size that EFBIG is about.
 */
void file_add_predicate(text *to, int fault, size_t most);

/* Adds what is wrong with a file: "NAME: No such file or directory", "NAME: it leaves the project". */
void file_explain(text *to, const char *name, int fault, size_t most);

/* The fault of a file of this st_mode: 0 for a regular one, EISDIR for a folder. */
int file_kind_fault(unsigned mode);

/* Adds a file that whoever runs the command named, up to `most` bytes; a link is followed. 0 or a fault. */
int file_read(const char *path, size_t most, text *out);

/* The same for a device too, such as /dev/null or /dev/urandom, but a terminal. */
int file_read_any(const char *path, size_t most, text *out);

/* Opens a file that whoever runs the command named, to be read. 0 or a fault. */
int file_open(const char *path, int *fd);

/* Opens `name`, in an open folder, to be read; a link is refused. 0 or a fault. */
int file_open_at(int folder, const char *name, int *fd);

/* ---- files of a project ---- */

/* A folder whose files are read, borrowed: `below` a folder that links may not lead out of, "" = that one. */
typedef struct file_place {
  const char *root, *below;
} file_place;

/* What is wrong with a path in a project as it is written: 0, or a fault. */
int file_check_path(const char *path);

/* Adds the file at `path`, relative to the place, up to `most` bytes. 0 or a fault. */
int file_read_below(const file_place *place, const char *path, size_t most, text *out);

/* Finds out what is at `path`: 0, a regular file; EISDIR; or another fault. */
int file_look_below(const file_place *place, const char *path);

/* Opens the folder at `path` (".": that of the place) to be listed. 0 or a fault. */
int file_open_folder_below(const file_place *place, const char *path, int *fd);

/*
 * Calls `visit` with each name that is gone through from the place to a file, by way of links too, and the
 * folder that it is in, as a descriptor: what changes there under that name may change the file. Both are
 * borrowed for the call. It goes as far as there is something.
 */
typedef void file_visitor(void *data, int folder, const char *name);
void file_visit(const file_place *place, const char *path, file_visitor *visit, void *data);

#endif
