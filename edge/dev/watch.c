/*
 * watch.c - see watch.h.
 */
#include "dev/watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { MAX_FOLDERS = 1000, DEEPEST = 64 };

int watch_path(int inotify, const char *folder) {
  return inotify_add_watch(inotify, folder,
                           IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
}

/* Watches an open folder. */
static int watch_folder(int inotify, int folder) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
  return watch_path(inotify, path);
}

/* Watches an open folder, which it closes, and all below it, but for hidden ones and links. */
static void watch_tree(int inotify, int folder, int depth, int *folders) {
  DIR *dir = NULL;
  if ((*folders)++ < MAX_FOLDERS && watch_folder(inotify, folder) >= 0 && depth < DEEPEST)
    dir = fdopendir(folder);
  if (dir == NULL) {
    close(folder);
    return;
  }
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)) continue;
    int inner = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner >= 0) watch_tree(inotify, inner, depth + 1, folders);
  }
  closedir(dir);
}

void watch_project(int inotify, const file_place *place) {
  int folder, folders = 0;
  if (file_open_folder_below(place, ".", &folder) == 0) watch_tree(inotify, folder, 0, &folders);
}

/* file_visit_folders */
static void visit_folder(void *data, int folder) { watch_folder(*(int *)data, folder); }

void watch_file(int inotify, const file_place *place, const char *file) {
  file_visit_folders(place, file, visit_folder, &inotify);
}

/* Hands an event over. */
static void judge(int inotify, const file_place *place, const struct inotify_event *e,
                  watch_function *changed, void *data) {
  const char *name = e->len > 0 ? e->name : "";
  size_t size = strlen(name);
  if (e->mask & IN_Q_OVERFLOW) {
    changed(data, -1, NULL);
    return;
  }
  if (size == 0 || name[0] == '.' || name[size - 1] == '~') return;
  if (e->mask & IN_CREATE) {
    if (!(e->mask & IN_ISDIR)) return; /* it is written next */
    watch_project(inotify, place);
  }
  changed(data, e->wd, name);
}

void watch_read(int inotify, const file_place *place, watch_function *changed, void *data) {
  char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)] __attribute__((aligned(8)));
  for (ssize_t n; (n = read(inotify, events, sizeof events)) > 0;) {
    for (char *at = events; at < events + n;) {
      const struct inotify_event *e = (const struct inotify_event *)at;
      judge(inotify, place, e, changed, data);
      at += sizeof *e + e->len;
    }
  }
}
