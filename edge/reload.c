/*
 * reload.c - see reload.h. inotify watches the folders of all files that went into the pack, since editors
 * replace files; one thread waits for it and packs.
 */
#include "reload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SETTLE_MS = 5 };

struct reload {
  const reload_options *options;
  char *folder;
  int inotify, stop[2];
  pthread_t thread;
  pthread_mutex_t lock; /* of the two below */
  pool_flare *flare;
  text error;
};

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void watch_folder(reload *r, const char *folder) {
  inotify_add_watch(r->inotify, folder,
                    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
}

/* Watches the folder of a file of the project. */
static void watch_file(reload *r, const char *file) {
  text path = {0};
  text_printf(&path, "%s/%s", r->folder, file);
  char *slash = strrchr(path.data, '/');
  *slash = '\0';
  watch_folder(r, path.data);
  text_free(&path);
}

static void free_grants(void *data) {
  manifest_grants_free(data);
  free(data);
}

/* Makes a flare of packed bytes, ready for the pool; NULL with a sentence in `error`. */
static pool_flare *make_flare(reload *r, text *wasm, text *error) {
  flare f;
  if (!flare_read(&f, wasm, error)) return NULL;
  host_config config = r->options->config;
  manifest_grants *grants = memory_get(sizeof *grants);
  if (!flare_runs_here(&f, error) || !manifest_configure(f.config, &config, grants, error)) {
    flare_free(&f);
    free_grants(grants);
    return NULL;
  }
  for (size_t i = 0; i < f.module_count; i++) watch_file(r, f.modules[i].file);
  for (size_t i = 0; i < f.asset_count; i++) watch_file(r, f.assets[i].file);
  return pool_flare_new(&f, &config, r->options->cpu_ms, free_grants, grants);
}

/* Packs; the new flare takes the old one's place when it is good. */
static void pack(reload *r) {
  text wasm = {0}, error = {0};
  pool_flare *fresh = NULL, *old = NULL;
  if (pack_path(r->options->path, &r->options->pack, &wasm, &error)) fresh = make_flare(r, &wasm, &error);
  pthread_mutex_lock(&r->lock);
  if (fresh != NULL) {
    old = r->flare;
    r->flare = fresh;
  }
  text_free(&r->error);
  r->error = error;
  pthread_mutex_unlock(&r->lock);
  if (old != NULL) pool_flare_release(old);
  text_free(&wasm);
}

/* Reads what inotify has; true when one of it may concern us: editors' own files do not. */
static bool drain(reload *r) {
  char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)] __attribute__((aligned(8)));
  bool concerns = false;
  for (ssize_t n; (n = read(r->inotify, events, sizeof events)) > 0;) {
    for (char *at = events; at < events + n;) {
      const struct inotify_event *e = (const struct inotify_event *)at;
      size_t size = e->len > 0 ? strlen(e->name) : 0;
      if (size > 0 && e->name[0] != '.' && e->name[size - 1] != '~') concerns = true;
      at += sizeof *e + e->len;
    }
  }
  return concerns;
}

static void *watch(void *data) {
  reload *r = data;
  struct pollfd fds[] = {{r->inotify, POLLIN, 0}, {r->stop[0], POLLIN, 0}};
  for (;;) {
    if (poll(fds, 2, -1) < 0 && errno != EINTR) return NULL;
    if (fds[1].revents != 0) return NULL;
    if (fds[0].revents == 0 || !drain(r)) continue;
    poll(fds + 1, 1, SETTLE_MS); /* who writes one file often writes two */
    drain(r);
    double begin = now_ms();
    pack(r);
    text error = {0};
    bool bad = reload_error(r, &error);
    r->options->changed(r->options->data, bad ? text_string(&error) : NULL, now_ms() - begin);
    text_free(&error);
  }
}

/* The folder of a path: itself, when it is one. */
static char *folder_of(const char *path) {
  struct stat about;
  const char *slash = strrchr(path, '/');
  if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) return memory_copy(bytes_of(path));
  if (slash == NULL) return memory_copy(bytes_of("."));
  return memory_copy((bytes){(const uint8_t *)path, slash == path ? 1 : (size_t)(slash - path)});
}

reload *reload_open(const reload_options *options) {
  reload *r = memory_get(sizeof *r);
  r->options = options;
  r->folder = folder_of(options->path);
  r->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  pthread_mutex_init(&r->lock, NULL);
  watch_folder(r, r->folder);
  pack(r);
  if (pipe2(r->stop, O_CLOEXEC) != 0 || pthread_create(&r->thread, NULL, watch, r) != 0) memory_get(SIZE_MAX);
  return r;
}

pool_flare *reload_flare(reload *r) {
  pthread_mutex_lock(&r->lock);
  pool_flare *f = r->flare != NULL ? pool_flare_retain(r->flare) : NULL;
  pthread_mutex_unlock(&r->lock);
  return f;
}

bool reload_error(reload *r, text *error) {
  pthread_mutex_lock(&r->lock);
  text_add(error, text_string(&r->error), r->error.size);
  pthread_mutex_unlock(&r->lock);
  return error->size != 0;
}

const char *reload_folder(const reload *r) {
  const char *dot = strrchr(r->options->path, '.');
  return dot != NULL && strcmp(dot, ".wasm") == 0 ? NULL : r->folder;
}

void reload_close(reload *r) {
  close(r->stop[1]);
  pthread_join(r->thread, NULL);
  close(r->stop[0]);
  close(r->inotify);
  if (r->flare != NULL) pool_flare_release(r->flare);
  pthread_mutex_destroy(&r->lock);
  text_free(&r->error);
  free(r->folder);
  free(r);
}
