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

enum { DEEPEST = 64, LINKS = 40, AT_END = -1 };

/* A walk from a root. Owned: all descriptors, and `rest`. */
typedef struct walk {
  const char *root;
  int dirs[DEEPEST]; /* from the root to the current folder */
  int depth;
  int links;
  text rest; /* the part of the path not walked yet */
} walk;

static void go_back(walk *w, int depth) {
  while (w->depth > depth) close(w->dirs[w->depth--]);
}

/* Takes the next name off the rest; "" at the end. False: it is too long. */
static bool take_name(walk *w, char name[NAME_MAX + 1]) {
  const char *at = text_string(&w->rest);
  at += strspn(at, "/");
  size_t size = strcspn(at, "/");
  if (size > NAME_MAX) return false;
  memcpy(name, at, size);
  name[size] = '\0';
  text rest = {0};
  text_add_string(&rest, at + size);
  text_free(&w->rest);
  w->rest = rest;
  return true;
}

/* The part of an absolute target below the root; NULL if it is not below the root. The caller frees `real`.
 */
static const char *below_root(const walk *w, const char *target, char **real) {
  *real = realpath(w->root, NULL);
  size_t size = *real != NULL ? strlen(*real) : 0;
  if (size == 0 || strncmp(target, *real, size) != 0) return NULL;
  const char *rest = target + size;
  return *rest == '\0' || *rest == '/' || (*real)[size - 1] == '/' ? rest : NULL;
}

/* Puts the target of a link in the current folder before the rest. 0 or a fault. */
static int follow(walk *w, const char *name) {
  char target[PATH_MAX], *real = NULL;
  ssize_t size = readlinkat(w->dirs[w->depth], name, target, sizeof target);
  if (size < 0) return errno;
  if (++w->links > LINKS) return ELOOP;
  if (size == (ssize_t)sizeof target) return ENAMETOOLONG;
  target[size] = '\0';
  const char *next = *target == '/' ? below_root(w, target, &real) : target;
  int fault = next == NULL ? FILE_LINK_OUT : 0;
  if (fault == 0) {
    text rest = {0};
    if (*target == '/') go_back(w, 0);
    text_printf(&rest, "%s/%s", next, text_string(&w->rest));
    text_free(&w->rest);
    w->rest = rest;
  }
  free(real);
  return fault;
}

/* Whether a folder is the root's state, whatever it is called. */
static bool is_root_state(const walk *w, const struct stat *about) {
  struct stat state;
  return S_ISDIR(about->st_mode) && fstatat(w->dirs[0], FILE_STATE, &state, AT_SYMLINK_NOFOLLOW) == 0 &&
         state.st_dev == about->st_dev && state.st_ino == about->st_ino;
}

/* Goes into a folder. 0 or a fault. */
static int go_into(walk *w, const char *name, const struct stat *about) {
  if (!S_ISDIR(about->st_mode)) return ENOTDIR;
  if (w->depth == DEEPEST - 1) return ENAMETOOLONG;
  int fd = openat(w->dirs[w->depth], name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (fd < 0) return errno;
  w->dirs[++w->depth] = fd;
  return 0;
}

/* Walks one name. 0, a fault, or AT_END: `name` in the current folder is what the path leads to, which is
 * `about`. */
static int step(walk *w, char name[NAME_MAX + 1], struct stat *about) {
  if (!take_name(w, name)) return ENAMETOOLONG;
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
  if (is_root_state(w, about)) return FILE_IN_STATE;
  return last ? AT_END : go_into(w, name, about);
}

/* Makes the path of a place relative to its root. 0 or a fault. */
static int join(const file_place *place, const char *path, text *full) {
  int fault = file_check_path(path);
  if (fault != 0) return fault;
  text_printf(full, "%s%s%s", place->below, *place->below != '\0' ? "/" : "", path);
  return file_check_path(full->data);
}

/* Finds what a path leads to; opens it if it is of the kind that is wanted: S_IFREG, S_IFDIR, or 0 for none.
 * 0 or a fault.
 */
static int find(const file_place *place, const char *path, mode_t wanted, int *fd) {
  walk w = {.root = place->root};
  char name[NAME_MAX + 1];
  struct stat about;
  int fault = join(place, path, &w.rest);
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
