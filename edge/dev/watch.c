/*
 * watch.c - see watch.h.
 */
#include "dev/watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "base/text.h"

enum { MAX_FOLDERS = 1000, DEEPEST = 64 };

/* A folder that inotify watches, by its number there. */
typedef struct watched {
  int number;
  char *path; /* what it was when that began */
} watched;

struct watch {
  int inotify;
  const file_place *place; /* of the project */
  watched *watched;
  size_t watched_count;
  char **names; /* that is_passed_over, and that files depend on */
  size_t name_count;
};

/* A tree of folders that is walked. */
typedef struct tree {
  watch *watch;
  const file_place *place;
  int count; /* of folders and links so far */
  text path; /* of the folder it is at, from the place */
} tree;

/* Where a folder is among those that are watched; watched_count: it is not. */
static size_t find_watched(const watch *w, int number) {
  size_t i = 0;
  while (i < w->watched_count && w->watched[i].number != number) i++;
  return i;
}

int watch_path(watch *w, const char *folder) {
  int number = inotify_add_watch(
      w->inotify, folder, IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
  if (number < 0 || find_watched(w, number) < w->watched_count) return number;
  char *path = realpath(folder, NULL);
  if (path == NULL) return number;
  LIST_ROOM(w->watched, w->watched_count);
  w->watched[w->watched_count++] = (watched){number, path};
  return number;
}

/* A folder is gone, and with it its number. */
static void forget(watch *w, int number) {
  size_t i = find_watched(w, number);
  if (i == w->watched_count) return;
  free(w->watched[i].path);
  w->watched[i] = w->watched[--w->watched_count];
}

/* Watches an open folder. */
static int watch_folder(watch *w, int folder) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
  return watch_path(w, path);
}

/* Whether a name is one that editors use for files of their own, or is hidden. */
static bool is_passed_over(const char *name) {
  size_t size = strlen(name);
  return size == 0 || name[0] == '.' || name[size - 1] == '~';
}

/* Whether a file depends on such a name all the same: a link leads to it. */
static bool is_needed(const watch *w, const char *name) {
  for (size_t i = 0; i < w->name_count; i++) {
    if (strcmp(w->names[i], name) == 0) return true;
  }
  return false;
}

/* file_visitor: watches a folder, and notes a name in it that a file depends on. */
static void visit(void *data, int folder, const char *name) {
  watch *w = data;
  watch_folder(w, folder);
  if (*name == '\0' || strcmp(name, ".") == 0 || !is_passed_over(name) || is_needed(w, name)) return;
  LIST_ROOM(w->names, w->name_count);
  w->names[w->name_count++] = memory_copy(bytes_of(name));
}

void watch_file(watch *w, const char *file) { file_visit(w->place, file, visit, w); }

/*
 * Watches an open folder, which it closes, and all below it, but for hidden ones; and where links lead
 * through, also when there is nothing yet.
 */
static void watch_tree(tree *t, int folder, int depth) {
  DIR *dir = NULL;
  if (t->count++ < MAX_FOLDERS && watch_folder(t->watch, folder) >= 0 && depth < DEEPEST)
    dir = fdopendir(folder);
  if (dir == NULL) {
    close(folder);
    return;
  }
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    int type = entry->d_type;
    if (entry->d_name[0] == '.' || (type != DT_DIR && type != DT_LNK && type != DT_UNKNOWN)) continue;
    size_t end = t->path.size;
    text_printf(&t->path, "%s/", entry->d_name);
    int inner = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner >= 0) {
      watch_tree(t, inner, depth + 1);
    } else if (t->count++ < MAX_FOLDERS) {
      text_add_string(&t->path, "."); /* a link may lead to a folder: that too */
      file_visit(t->place, t->path.data, visit, t->watch);
    }
    t->path.size = end;
    t->path.data[end] = '\0';
  }
  closedir(dir);
}

void watch_project(watch *w, const file_place *place) {
  tree t = {.watch = w, .place = place};
  int folder;
  if (file_open_folder_below(place, ".", &folder) == 0) watch_tree(&t, folder, 0);
  text_free(&t.path);
}

watch *watch_open(const file_place *place) {
  int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify < 0) return NULL;
  watch *w = memory_get(sizeof *w);
  w->inotify = inotify;
  w->place = place;
  watch_project(w, place);
  return w;
}

int watch_descriptor(const watch *w) { return w->inotify; }

/* Whether what came into a folder is a link, of either kind: a file is written next, a link is all there. */
static bool is_link(const watch *w, int number, const char *name) {
  struct stat about;
  size_t i = find_watched(w, number);
  if (i == w->watched_count) return false;
  text path = {0};
  text_printf(&path, "%s/%s", w->watched[i].path, name);
  bool is = lstat(path.data, &about) == 0 && (S_ISLNK(about.st_mode) || about.st_nlink > 1);
  text_free(&path);
  return is;
}

/* Hands an event over. Whether something came that is to be watched. */
static bool judge(const watch *w, const struct inotify_event *e, watch_function *changed, void *data) {
  const char *name = e->len > 0 ? e->name : "";
  if (e->mask & IN_Q_OVERFLOW) {
    changed(data, -1, NULL);
    return true;
  }
  if (is_passed_over(name) && !is_needed(w, name)) return false;
  bool came = e->mask & (IN_CREATE | IN_MOVED_TO) && (e->mask & IN_ISDIR || is_link(w, e->wd, name));
  if (came || !(e->mask & IN_CREATE)) changed(data, e->wd, name);
  return came;
}

void watch_read(watch *w, watch_function *changed, void *data) {
  char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)] __attribute__((aligned(8)));
  bool came = false;
  for (ssize_t n; (n = read(w->inotify, events, sizeof events)) > 0;) {
    for (char *at = events; at < events + n;) {
      const struct inotify_event *e = (const struct inotify_event *)at;
      if (e->mask & IN_IGNORED) forget(w, e->wd);
      came = judge(w, e, changed, data) || came;
      at += sizeof *e + e->len;
    }
  }
  if (came) watch_project(w, w->place);
}

void watch_close(watch *w) {
  if (w == NULL) return;
  close(w->inotify);
  for (size_t i = 0; i < w->watched_count; i++) free(w->watched[i].path);
  for (size_t i = 0; i < w->name_count; i++) free(w->names[i]);
  free(w->watched);
  free(w->names);
  free(w);
}
