/*
 * file_below.c - files of a project, for Linux: see file.h.
 *
 * A path without links takes one call of openat2, which stays below a folder and follows no link. If the path
 * has a link, or there is no openat2 (an old kernel, a container that forbids it, FLARON_LUA_WALK in the
 * environment), the path is walked: each name is opened in the folder before it without following links, and
 * if it is a link, its target is walked next. So absolute links that lead back into the project work too,
 * which openat2 would refuse, and a link into .flaron is detected.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file_private.h"

/* Whether a file system that folds names may take a name in the path for the state folder's. */
static bool file_may_be_folded(const char *path) {
  for (; *path != '\0'; path++) {
    if ((unsigned char)*path >= 0x80 || *path == '~') return true;
  }
  return false;
}

enum { WALK = -1 };

/* Opens a path that has no link in it: 0, a fault, or WALK when it must be walked. */
static int file_open_at_once(int root, const char *path, int flags, int *fd) {
  struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  if (getenv("FLARON_LUA_WALK") != NULL || file_may_be_folded(path)) return WALK;
  *fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
  if (*fd >= 0) return 0;
  switch (errno) {
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case EMFILE:
    case ENFILE:
    case ENAMETOOLONG: return errno;
    default: return WALK;
  }
}

/* A walk from a folder. Owned: all descriptors but `dirs[0]`, and `rest`. */
typedef struct walk {
  int dirs[FILE_DEEPEST]; /* from the root to the current folder */
  int depth;
  int links;
  text rest;           /* the part of the path not walked yet */
  file_visitor *visit; /* called for each name, or NULL */
  void *data;
} walk;

static void file_go_back(walk *w, int depth) {
  while (w->depth > depth) close(w->dirs[w->depth--]);
}

/* The part of an absolute target below the root; NULL if it is not below the root. */
static const char *file_below_root(int root, const char *target) {
  char link[32], real[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", root);
  ssize_t size = readlink(link, real, sizeof real);
  if (size <= 0 || size == (ssize_t)sizeof real) return NULL;
  real[size] = '\0';
  return file_part_below(target, real);
}

/* Puts the target of a link, an O_PATH descriptor, before the rest. 0 or a fault. */
static int file_follow(walk *w, int link) {
  char target[PATH_MAX];
  ssize_t size = readlinkat(link, "", target, sizeof target);
  if (size < 0) return errno;
  if (++w->links > FILE_LINKS) return ELOOP;
  if (size == (ssize_t)sizeof target) return ENAMETOOLONG;
  target[size] = '\0';
  const char *next = target;
  if (*target == '/') {
    next = file_below_root(w->dirs[0], target);
    if (next == NULL) return FILE_LINK_OUT;
    file_go_back(w, 0);
  }
  file_put_before(&w->rest, next);
  return 0;
}

/* Opens the last name of the path, whose stat(2) is `about`, with `flags` of open. 0 or a fault. */
static int file_open_last(const walk *w, const char *name, int flags, const struct stat *about, int *fd) {
  struct stat now;
  if (!(flags & O_PATH) && file_kind_fault(about->st_mode) != 0) return file_kind_fault(about->st_mode);
  *fd = openat(w->dirs[w->depth], name, flags | O_NOFOLLOW | O_CLOEXEC);
  if (*fd < 0) return errno;
  if (fstat(*fd, &now) == 0 && now.st_dev == about->st_dev && now.st_ino == about->st_ino) return 0;
  close(*fd);
  return EAGAIN; /* another process replaced it meanwhile */
}

/* Walks one name. 0, a fault, or WALK at the end of the path; `*fd` is then the open file. */
static int file_step(walk *w, int flags, int *fd) {
  char name[NAME_MAX + 1];
  struct stat about;
  if (!file_take_name(&w->rest, name)) return ENAMETOOLONG;
  bool last = w->rest.size == 0 || w->rest.data[strspn(w->rest.data, "/")] == '\0';
  if (strcmp(name, "..") == 0) {
    if (w->depth == 0) return FILE_LINK_OUT; /* ".." comes only from links here */
    file_go_back(w, w->depth - 1);
    strcpy(name, ".");
  }
  if (file_is_state(name, strlen(name))) return FILE_IN_STATE;
  if (!last && (*name == '\0' || strcmp(name, ".") == 0)) return 0;
  if (w->visit != NULL) w->visit(w->data, w->dirs[w->depth], name);
  int found = openat(w->dirs[w->depth], *name != '\0' ? name : ".", O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (found < 0) return errno;
  int fault = fstat(found, &about) != 0 ? errno : 0;
  if (fault == 0 && S_ISLNK(about.st_mode)) {
    fault = file_follow(w, found);
  } else if (fault == 0 && file_is_root_state(w->dirs[0], &about)) {
    fault = FILE_IN_STATE;
  } else if (fault == 0 && last) {
    fault = file_open_last(w, *name != '\0' ? name : ".", flags, &about, fd);
    if (fault == 0) fault = WALK;
  } else if (fault == 0) {
    fault = !S_ISDIR(about.st_mode) ? ENOTDIR : w->depth == FILE_DEEPEST - 1 ? ENAMETOOLONG : 0;
    if (fault == 0) {
      w->dirs[++w->depth] = found;
      return 0;
    }
  }
  close(found);
  return fault;
}

/* Walks a path from a root, which it closes. 0 with `*fd`, or a fault. */
static int file_walk_path(int root, const char *path, int flags, file_visitor *visit, void *data, int *fd) {
  walk w = {.dirs = {root}, .visit = visit, .data = data};
  int fault = 0;
  text_add_string(&w.rest, path);
  while (fault == 0) fault = file_step(&w, flags, fd);
  file_go_back(&w, 0);
  text_free(&w.rest);
  close(root);
  return fault == WALK ? 0 : fault;
}

/* Opens the root of a place and makes the path relative to it. 0 or a fault. */
static int file_open_root(const file_place *place, const char *path, int *root, text *full) {
  int fault = file_join(place, path, full);
  if (fault != 0) return fault;
  *root = open(place->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return *root >= 0 ? 0 : errno;
}

/* Opens a path of a place with `flags` of open. 0 or a fault. */
static int file_open_below(const file_place *place, const char *path, int flags, int *fd) {
  text full = {0};
  int root, fault = file_open_root(place, path, &root, &full);
  if (fault == 0) {
    fault = file_open_at_once(root, full.data, flags, fd);
    if (fault == WALK) {
      fault = file_walk_path(root, full.data, flags, NULL, NULL, fd);
    } else {
      close(root);
    }
  }
  text_free(&full);
  return fault;
}

int file_look_below(const file_place *place, const char *path) {
  int fd, fault = file_open_below(place, path, O_PATH, &fd);
  if (fault != 0) return fault;
  fault = file_fault_of(fd);
  close(fd);
  return fault;
}

int file_read_below(const file_place *place, const char *path, size_t most, text *out) {
  int fd, fault = file_look_below(place, path); /* opening a pipe or a device may have side effects */
  if (fault == 0) fault = file_open_below(place, path, FILE_READ, &fd);
  if (fault != 0) return fault;
  fault = file_fault_of(fd);
  if (fault == 0) return file_read_and_close(fd, most, out);
  close(fd);
  return fault;
}

int file_open_folder_below(const file_place *place, const char *path, int *fd) {
  int found, fault = file_open_below(place, path, O_PATH, &found);
  if (fault != 0) return fault;
  *fd = openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (*fd < 0) fault = errno;
  close(found);
  return fault;
}

void file_visit(const file_place *place, const char *path, file_visitor *visit, void *data) {
  text full = {0};
  int fd, root;
  if (file_open_root(place, path, &root, &full) == 0 &&
      file_walk_path(root, full.data, O_PATH, visit, data, &fd) == 0)
    close(fd);
  text_free(&full);
}
