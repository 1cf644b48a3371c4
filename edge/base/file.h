/*
 * file.h - reads files from untrusted paths: only regular files, up to a size limit, and files of a project
 * only from below its folder.
 *
 * Nothing here waits for a pipe or follows a link out of a project. Paths are resolved by descriptors, so
 * that the file that was checked is the file that is read. Which files of a project may be read is decided
 * only here.
 */
#ifndef FLARON_EDGE_FILE_H
#define FLARON_EDGE_FILE_H

#include "base/text.h"

/* The largest sizes of files that are read, in bytes. docs/limits.md lists them for users. */
#define FILE_PROJECT_MAX ((size_t)64 << 20)  /* a file of a project */
#define FILE_PROJECT_ALL ((size_t)256 << 20) /* all that go into one flare */
#define FILE_FLARE_MAX ((size_t)512 << 20)
#define FILE_RECORD_MAX ((size_t)256 << 20)
#define FILE_MAP_MAX ((size_t)64 << 20)
#define FILE_SECRETS_MAX ((size_t)16 << 20)
#define FILE_BODY_MAX ((size_t)64 << 20)

/* Faults of a file besides the errno values: all functions that return a fault may return these. */
enum {
  FILE_OUTSIDE = 10000, /* the path is absolute, or its ".." lead out of the project */
  FILE_DOTS,            /* the path has ".." that stay in it */
  FILE_LINK_OUT,        /* a link leads out of the project */
  FILE_IN_STATE,        /* it is in .flaron */
  FILE_LINK,            /* it is a link where none is allowed */
  FILE_PIPE,            /* this and the following: not a regular file */
  FILE_SOCKET,
  FILE_DEVICE,
  FILE_ALL /* all files of the project are together larger than FILE_PROJECT_ALL */
};

/* Whether a fault is one of the above or EFBIG: the file may be there, but is not read. */
bool file_is_refused(int fault);

/* Adds the predicate of a refused file, such as "leaves the project". `most` is the size limit that EFBIG
 * refers to. */
void file_add_predicate(text *to, int fault, size_t most);

/* Adds what is wrong with a file: "NAME: No such file or directory", "NAME: it leaves the project". */
void file_explain(text *to, const char *name, int fault, size_t most);

/* The fault of a file of this st_mode: 0 for a regular one, EISDIR for a folder. */
int file_kind_fault(unsigned mode);

/* Adds a file that the user named, up to `most` bytes; links are followed. 0 or a fault. */
int file_read(const char *path, size_t most, text *out);

/* The same, but devices such as /dev/null or /dev/urandom are allowed too, except a terminal. */
int file_read_any(const char *path, size_t most, text *out);

/* Opens a file that the user named for reading. 0 or a fault. */
int file_open(const char *path, int *fd);

/* Opens `name` in an open folder for reading; a link is refused. 0 or a fault. */
int file_open_at(int folder, const char *name, int *fd);

/* ---- files of a project ---- */

/* A folder whose files are read: `below` ("" = all), relative to `root`, which links may not leave.
 * Borrowed. */
typedef struct file_place {
  const char *root, *below;
} file_place;

/* Checks a path in a project by its text alone. 0 or a fault. */
int file_check_path(const char *path);

/* Adds the file at `path`, relative to the place, up to `most` bytes. 0 or a fault. */
int file_read_below(const file_place *place, const char *path, size_t most, text *out);

/* Checks what is at `path`: 0 for a regular file, EISDIR for a folder, or another fault. */
int file_look_below(const file_place *place, const char *path);

/* Opens the folder at `path` (".": that of the place) to be listed. 0 or a fault. */
int file_open_folder_below(const file_place *place, const char *path, int *fd);

/*
 * Calls `visit` for each name on the way from the place to a file, through links too, with a descriptor of
 * the folder that contains it: a change of that name in that folder may change the file. Both are borrowed
 * for the call. It stops at the first name that does not exist.
 */
typedef void file_visitor(void *data, int folder, const char *name);
void file_visit(const file_place *place, const char *path, file_visitor *visit, void *data);

#endif
