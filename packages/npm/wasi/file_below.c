/*
 * file_below.c - files of a project, for WASI: see base/file.h; base/file_below.c is the one for Linux.
 *
 * A path is walked name by name, each in the open folder before it. A link's target is walked next, so what
 * leads out of the project is seen, and what leads back into it works.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_private.h"

enum { AT_END = -1 };

/* A walk from a root. Owned: all descriptors, and `rest`. */
typedef struct walk {
  const char *root;
  int dirs[FILE_DEEPEST]; /* from the root to the current folder */
  int depth;
  int links;
  text rest; /* the part of the path not walked yet */
} walk;

static void go_back(walk *w, int depth) {
  while (w->depth > depth) close(w->dirs[w->depth--]);
}

/* Puts the target of a link in the current folder before the rest. 0 or a fault. */
static int follow(walk *w, const char *name) {
  char target[PATH_MAX];
  ssize_t size = readlinkat(w->dirs[w->depth], name, target, sizeof target);
  if (size < 0) return errno;
  if (++w->links > FILE_LINKS) return ELOOP;
  if (size == (ssize_t)sizeof target) return ENAMETOOLONG;
  target[size] = '\0';
  if (*target != '/') {
    file_put_before(&w->rest, target);
    return 0;
  }
  char *real = realpath(w->root, NULL);
  const char *next = real != NULL ? file_part_below(target, real) : NULL;
  if (next != NULL) {
    go_back(w, 0);
    file_put_before(&w->rest, next);
  }
  free(real);
  return next != NULL ? 0 : FILE_LINK_OUT;
}

/* Goes into a folder. 0 or a fault. */
static int go_into(walk *w, const char *name, const struct stat *about) {
  if (!S_ISDIR(about->st_mode)) return ENOTDIR;
  if (w->depth == FILE_DEEPEST - 1) return ENAMETOOLONG;
  int fd = openat(w->dirs[w->depth], name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (fd < 0) return errno;
  w->dirs[++w->depth] = fd;
  return 0;
}

/* Walks one name. 0, a fault, or AT_END: `name` in the current folder is what the path leads to, which is
 * `about`. */
static int step(walk *w, char name[NAME_MAX + 1], struct stat *about) {
  if (!file_take_name(&w->rest, name)) return ENAMETOOLONG;
  bool last = text_string(&w->rest)[strspn(text_string(&w->rest), "/")] == '\0';
  if (strcmp(name, "..") == 0) {
    if (w->depth == 0) return FILE_LINK_OUT; /* ".." comes only from links here */
    go_back(w, w->depth - 1);
    strcpy(name, ".");
  }
  if (file_is_state(name, strlen(name))) return FILE_IN_STATE;
  if (*name == '\0') strcpy(name, ".");
  if (!last && strcmp(name, ".") == 0) return 0;
  int folder = w->dirs[w->depth];
  bool self = strcmp(name, ".") == 0;
  if ((self ? fstat(folder, about) : fstatat(folder, name, about, AT_SYMLINK_NOFOLLOW)) != 0) return errno;
  if (S_ISLNK(about->st_mode)) return follow(w, name);
  if (file_is_root_state(w->dirs[0], about)) return FILE_IN_STATE;
  return last ? AT_END : go_into(w, name, about);
}

/* Finds what a path leads to; opens it if it is of the kind that is wanted: S_IFREG, S_IFDIR, or 0 for none.
 * 0 or a fault.
 */
static int find(const file_place *place, const char *path, mode_t wanted, int *fd) {
  walk w = {.root = place->root};
  char name[NAME_MAX + 1];
  struct stat about;
  int fault = file_join(place, path, &w.rest);
  if (fault == 0) {
    w.dirs[0] = open(place->root, O_RDONLY | O_DIRECTORY);
    if (w.dirs[0] < 0) fault = errno;
    bool opened = fault == 0;
    while (fault == 0) fault = step(&w, name, &about);
    if (fault == AT_END) {
      fault = file_kind_fault(about.st_mode);
      if (wanted == S_IFDIR) fault = fault == EISDIR ? 0 : ENOTDIR;
      int flags = wanted == S_IFDIR ? O_RDONLY | O_DIRECTORY : FILE_READ;
      if (fault == 0 && wanted != 0) *fd = openat(w.dirs[w.depth], name, flags | O_NOFOLLOW);
      if (fault == 0 && wanted != 0 && *fd < 0) fault = errno;
    }
    go_back(&w, 0);
    if (opened) close(w.dirs[0]);
  }
  text_free(&w.rest);
  return fault;
}

int file_look_below(const file_place *place, const char *path) { return find(place, path, 0, NULL); }

int file_read_below(const file_place *place, const char *path, size_t most, text *out) {
  int fd, fault = find(place, path, S_IFREG, &fd);
  return fault != 0 ? fault : file_read_and_close(fd, most, out);
}

int file_open_folder_below(const file_place *place, const char *path, int *fd) {
  return find(place, path, S_IFDIR, fd);
}
