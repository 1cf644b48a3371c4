/*
 * file.c - files that the user named, and what is wrong with a file or a path: see file.h. Files of a project
 * are in file_below.c.
 */
#include "base/file_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- faults ---- */

/* The predicate of a fault (file_add_predicate); NULL for an errno value. */
static const char *file_predicate(int fault) {
  switch (fault) {
    case FILE_OUTSIDE: return "leaves the project";
    case FILE_DOTS: return "has '..' in it, which paths in a project do not";
    case FILE_LINK_OUT:
      return "leaves the project by a link: copy what it leads to into the project, or run the command on a "
             "folder that has both";
    case FILE_IN_STATE: return "is in " FILE_STATE ", which has secrets and stores and is not for flares";
    case FILE_LINK: return "is a symbolic link: it must be here itself";
    case FILE_PIPE: return "is a pipe, not a regular file";
    case FILE_SOCKET: return "is a socket, not a regular file";
    case FILE_DEVICE: return "is a device, not a regular file";
    default: return NULL;
  }
}

bool file_is_refused(int fault) {
  return fault == EFBIG || fault == FILE_ALL || file_predicate(fault) != NULL;
}

void file_add_predicate(text *to, int fault, size_t most) {
  if (fault == EFBIG) {
    text_printf(to, "is larger than %zu MiB", most >> 20);
  } else if (fault == FILE_ALL) {
    text_printf(to, "makes all files of the project together larger than %zu MiB", FILE_PROJECT_ALL >> 20);
  } else {
    text_add_string(to, file_predicate(fault));
  }
}

void file_explain(text *to, const char *name, int fault, size_t most) {
  text_printf(to, "%s: ", name);
  if (file_is_refused(fault)) {
    text_add_string(to, "it ");
    file_add_predicate(to, fault, most);
  } else {
    text_add_string(to, strerror(fault));
  }
}

int file_kind_fault(unsigned mode) {
  if (S_ISREG(mode)) return 0;
  if (S_ISDIR(mode)) return EISDIR;
  if (S_ISLNK(mode)) return FILE_LINK;
  if (S_ISFIFO(mode)) return FILE_PIPE;
  return S_ISSOCK(mode) ? FILE_SOCKET : FILE_DEVICE;
}

int file_fault_of(int fd) {
  struct stat about;
  return fstat(fd, &about) != 0 ? errno : file_kind_fault(about.st_mode);
}

int file_read_and_close(int fd, size_t most, text *out) {
  int fault = text_read(out, fd, most);
  close(fd);
  return fault;
}

/* Opens a file in a folder (AT_FDCWD: a path) after checking that it is a regular file. `flags`: O_NOFOLLOW
 * or 0. */
static int file_open_regular(int folder, const char *name, int flags, int *fd) {
  struct stat about;
  int at = flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
  int fault = fstatat(folder, name, &about, at) != 0 ? errno : file_kind_fault(about.st_mode);
  if (fault != 0) return fault; /* opening a pipe or a device may have side effects */
  *fd = openat(folder, name, FILE_READ | flags);
  if (*fd < 0) return errno == ELOOP && flags != 0 ? FILE_LINK : errno;
  fault = file_fault_of(*fd); /* another file may have taken its place */
  if (fault != 0) close(*fd);
  return fault;
}

int file_open(const char *path, int *fd) { return file_open_regular(AT_FDCWD, path, 0, fd); }

int file_read(const char *path, size_t most, text *out) {
  int fd, fault = file_open(path, &fd);
  return fault != 0 ? fault : file_read_and_close(fd, most, out);
}

int file_read_any(const char *path, size_t most, text *out) {
  struct stat about;
  if (stat(path, &about) != 0 || !S_ISCHR(about.st_mode)) return file_read(path, most, out);
  int fd = open(path, FILE_READ);
  if (fd < 0) return errno;
  bool is_device = fstat(fd, &about) == 0 && S_ISCHR(about.st_mode) && !isatty(fd);
  if (is_device) return file_read_and_close(fd, most, out);
  close(fd);
  return FILE_DEVICE;
}

int file_open_at(int folder, const char *name, int *fd) {
  return file_open_regular(folder, name, O_NOFOLLOW, fd);
}

/* ---- paths ---- */

bool file_is_state(const char *name, size_t size) {
  return size == sizeof FILE_STATE - 1 && strncasecmp(name, FILE_STATE, size) == 0;
}

/* Whether a name of `size` bytes equals `other`. */
static bool file_is_name(const char *name, size_t size, const char *other) {
  return strlen(other) == size && memcmp(name, other, size) == 0;
}

int file_check_path(const char *path) {
  int depth = 0;
  bool dots = false, out = *path == '/', state = false;
  if (*path == '\0') return ENOENT;
  if (strlen(path) >= PATH_MAX) return ENAMETOOLONG;
  for (size_t size; *path != '\0'; path += size) {
    path += strspn(path, "/");
    size = strcspn(path, "/");
    if (file_is_name(path, size, "..")) {
      dots = true;
      if (--depth < 0) out = true;
    } else if (size != 0 && !file_is_name(path, size, ".")) {
      depth++;
      state = state || file_is_state(path, size);
    }
  }
  return out ? FILE_OUTSIDE : dots ? FILE_DOTS : state ? FILE_IN_STATE : 0;
}

int file_join(const file_place *place, const char *path, text *full) {
  int fault = file_check_path(path);
  if (fault != 0) return fault;
  text_printf(full, "%s%s%s", place->below, *place->below != '\0' ? "/" : "", path);
  return file_check_path(full->data);
}

bool file_take_name(text *rest, char name[NAME_MAX + 1]) {
  const char *at = text_string(rest);
  at += strspn(at, "/");
  size_t size = strcspn(at, "/");
  if (size > NAME_MAX) return false;
  memcpy(name, at, size);
  name[size] = '\0';
  text left = {0};
  text_add_string(&left, at + size);
  text_free(rest);
  *rest = left;
  return true;
}

void file_put_before(text *rest, const char *target) {
  text next = {0};
  text_printf(&next, "%s/%s", target, text_string(rest));
  text_free(rest);
  *rest = next;
}

const char *file_part_below(const char *path, const char *real) {
  size_t size = strlen(real);
  if (size == 0 || strncmp(path, real, size) != 0) return NULL;
  const char *rest = path + size;
  return *rest == '\0' || *rest == '/' || real[size - 1] == '/' ? rest : NULL;
}

bool file_is_root_state(int root, const struct stat *about) {
  struct stat state;
  return S_ISDIR(about->st_mode) && fstatat(root, FILE_STATE, &state, AT_SYMLINK_NOFOLLOW) == 0 &&
         state.st_dev == about->st_dev && state.st_ino == about->st_ino;
}
