/*
 * platform.c - see include/platform.h; and the working folder, which WASI does not have: the host names it in
 * PWD.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { LINKS = 40 };

/* Before main: paths begin where the user is. */
__attribute__((constructor)) static void enter_working_folder(void) {
  const char *folder = getenv("PWD");
  if (folder != NULL) chdir(folder);
}

/* Takes the last name off an absolute path. */
static void go_up(text *path) {
  while (path->size > 0 && path->data[path->size - 1] != '/') path->size--;
  if (path->size > 0) path->size--;
  if (path->data != NULL) path->data[path->size] = '\0';
}

/* Sets `rest` to the target of a link and what follows it. False if it is none. */
static bool follow(text *done, text *rest) {
  char target[PATH_MAX];
  ssize_t size = readlink(done->data, target, sizeof target);
  if (size < 0 || size == (ssize_t)sizeof target) return false;
  text next = {0};
  text_printf(&next, "%.*s/%s", (int)size, target, text_string(rest));
  if (target[0] == '/') {
    text_clear(done);
  } else {
    go_up(done);
  }
  text_free(rest);
  *rest = next;
  return true;
}

/* Appends the first name of `rest` to `done`, or goes up. */
static void take_name(text *done, text *rest) {
  const char *at = text_string(rest) + strspn(text_string(rest), "/");
  size_t size = strcspn(at, "/");
  if (size == 2 && memcmp(at, "..", 2) == 0) {
    go_up(done);
  } else if (size > 1 || (size == 1 && *at != '.')) {
    text_printf(done, "/%.*s", (int)size, at);
  }
  text left = {0};
  text_add_string(&left, at + size);
  text_free(rest);
  *rest = left;
}

char *realpath(const char *path, char *to) {
  text done = {0}, rest = {0};
  struct stat about;
  int links = 0, fault = *path == '\0' ? ENOENT : 0;
  (void)to;
  if (*path != '/') {
    char *folder = getcwd(NULL, 0);
    text_printf(&rest, "%s/%s", folder != NULL ? folder : "", path);
    free(folder);
  } else {
    text_add_string(&rest, path);
  }
  while (fault == 0 && rest.size > 0) {
    take_name(&done, &rest);
    if (done.size == 0) continue;
    if (lstat(done.data, &about) != 0) fault = errno;
    if (fault != 0 || !S_ISLNK(about.st_mode)) continue;
    if (links++ == LINKS || !follow(&done, &rest)) fault = ELOOP;
  }
  if (done.size == 0) text_add_string(&done, "/");
  text_free(&rest);
  if (fault == 0) return done.data;
  text_free(&done);
  errno = fault;
  return NULL;
}

int fchmod(int fd, mode_t mode) {
  (void)fd, (void)mode;
  return 0;
}

int flock(int fd, int operation) {
  (void)fd, (void)operation;
  return 0;
}

int socket(int domain, int type, int protocol) {
  (void)domain, (void)type, (void)protocol;
  errno = ENOSYS;
  return -1;
}
