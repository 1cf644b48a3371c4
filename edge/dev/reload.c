/*
 * reload.c - see reload.h. One thread waits for files to change (watch.h) and packs; a pack that gives what
 * is being served changes nothing.
 */
#include "dev/reload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/embedded.h"
#include "base/clock.h"
#include "dev/excerpt.h"
#include "dev/watch.h"
#include "project/state.h"

enum { SETTLE_MS = 5 };

struct reload {
  const reload_options *options;
  char *root, *below; /* of `place` */
  file_place place;   /* the project's folder */
  modules_source source;
  watch *watch;
  int wake[2]; /* a byte has it packed again, the end of it ends the thread */
  int state;   /* the number of the state's folder in `watch`, -1 = none */
  pthread_t thread;
  pthread_mutex_t lock; /* of what is below */
  pool_flare **flares;  /* one for each edge; NULL: there were none yet */
  text error, excerpt;  /* of the last packing */
};

static double reload_now_ms(void) { return (double)clock_ns(CLOCK_MONOTONIC) / CLOCK_NS_PER_MS; }

/* Watches the folder of a packed flare, which may be a link to elsewhere. */
static void reload_watch_packed(const reload *r) {
  char *real = realpath(r->options->path, NULL);
  if (real != NULL) {
    *strrchr(real, '/') = '\0';
    watch_path(r->watch, *real != '\0' ? real : "/");
  }
  free(real);
}

/* The Lua that a flare was packed of, for the flares of all edges. */
typedef struct sources {
  modules files;
  atomic_int references;
} sources;

static void reload_release_sources(sources *s) {
  if (s == NULL || atomic_fetch_sub(&s->references, 1) != 1) return;
  modules_free(&s->files);
  free(s);
}

/* Whether what is served was packed before: there are no sources. */
static bool reload_is_packed(const reload *r) {
  const char *dot = strrchr(r->options->path, '.');
  return dot != NULL && strcmp(dot, ".wasm") == 0;
}

/*
 * Watches all that a flare is packed of, as far as that came, and the folders of further places for modules,
 * which may be hidden: what is missing may come into them.
 */
static void reload_watch_files(reload *r, const modules *files) {
  watch_file(r->watch, "flare.lua");
  for (size_t i = 0; i < files->count; i++) watch_file(r->watch, files->items[i].file);
  for (size_t i = 0; i < files->asset_count; i++) watch_file(r->watch, files->assets[i].file);
  for (size_t i = 0; i < files->path_count; i++) {
    const char *place = files->paths[i];
    text folder = {0};
    text_add(&folder, place, strcspn(place, "?"));
    while (folder.size > 0 && folder.data[folder.size - 1] != '/') folder.size--;
    text_add_string(&folder, "."); /* the last name is that of no folder */
    watch_file(r->watch, folder.data);
    text_free(&folder);
  }
}

/* What a flare borrows, and what is known of it. */
typedef struct loans {
  manifest_grants grants;
  state secrets;
  sources *sources; /* NULL: it was packed before */
} loans;

static void reload_free_loans(void *data) {
  loans *l = data;
  manifest_grants_free(&l->grants);
  state_close(&l->secrets);
  reload_release_sources(l->sources);
  free(l);
}

/* pool_maker.add_excerpt */
static void reload_add_excerpt(const void *data, bytes message, text *excerpt) {
  const loans *l = data;
  modules_source source = {modules_read_kept, &l->sources->files, NULL};
  excerpt_add(excerpt, &source, message);
}

/* pool_maker.read_source: also of ready-made modules, which lie in the executable. */
static bool reload_read_source(const void *data, const char *file, text *source) {
  const loans *l = data;
  text path = {0};
  if (modules_read_kept(&l->sources->files, file, source) == 0) return true;
  text_printf(&path, "scripts/modules/%s", file);
  const bytes *ready_made = embedded_find(path.data);
  text_free(&path);
  if (ready_made != NULL) text_add(source, ready_made->data, ready_made->size);
  return ready_made != NULL;
}

/* Makes a flare of packed bytes, ready for an edge's pool; NULL with a sentence in `error`. `from`: its
 * sources, or NULL. */
static pool_flare *reload_make_flare(reload *r, const text *wasm, sources *from, int edge, text *error) {
  flare f;
  text own = {0};
  text_add(&own, wasm->data, wasm->size);
  bool read = flare_read(&f, &own, error);
  text_free(&own);
  if (!read) return NULL;
  host_config config = r->options->configs[edge];
  loans *l = memory_get(sizeof *l);
  if (!flare_runs_here(&f, error) || !manifest_configure(f.config, &config, &l->grants, error) ||
      (r->options->state != NULL && !state_read_folder(&l->secrets, r->options->state, error))) {
    flare_free(&f);
    reload_free_loans(l);
    return NULL;
  }
  if (r->options->state != NULL) {
    config.secrets = l->secrets.secrets;
    config.secret_count = l->secrets.secret_count;
  }
  pool_maker maker = {.release = reload_free_loans,
                      .data = l,
                      .prepare = r->options->prepare,
                      .prepare_data = r->options->prepare_data};
  if (from != NULL) {
    atomic_fetch_add(&from->references, 1);
    l->sources = from;
    maker.add_excerpt = reload_add_excerpt;
    maker.read_source = reload_read_source;
  }
  return pool_flare_new(&f, &config, r->options->cpu_ms, &maker);
}

static void reload_free_flares(const reload *r, pool_flare **flares) {
  for (int i = 0; flares != NULL && i < r->options->edges; i++) {
    if (flares[i] != NULL) pool_flare_release(flares[i]);
  }
  free(flares);
}

/* Makes the flares of all edges; NULL with a sentence in `error`. */
static pool_flare **reload_make_flares(reload *r, const text *wasm, sources *from, text *error) {
  pool_flare **flares = memory_get((size_t)r->options->edges * sizeof *flares);
  for (int i = 0; i < r->options->edges; i++) {
    flares[i] = reload_make_flare(r, wasm, from, i, error);
    if (flares[i] != NULL) continue;
    reload_free_flares(r, flares);
    return NULL;
  }
  return flares;
}

/* Whether the packed bytes are those of the flare that is served. */
static bool reload_is_served(const reload *r, const text *wasm) {
  const text *served = r->flares != NULL ? &pool_flare_get(r->flares[0])->wasm : NULL;
  return served != NULL && served->size == wasm->size && memcmp(served->data, wasm->data, wasm->size) == 0;
}

/*
 * Packs; new flares take the old ones' place when they are good. With `secrets` also one that is the same.
 * False: nothing is other than it was. Only this thread changes what it reads here without the lock.
 */
static bool reload_pack(reload *r, bool secrets) {
  text wasm = {0}, error = {0}, excerpt = {0};
  pool_flare **fresh = NULL, **old = NULL;
  sources *from = reload_is_packed(r) ? NULL : memory_get(sizeof *from);
  const reload_options *o = r->options;
  pack_options how = o->pack;
  if (from != NULL) {
    atomic_init(&from->references, 1);
    how.files = &from->files;
  }
  bool good = o->root != NULL ? pack_path_below(o->root, o->below, &how, &wasm, &error)
                              : pack_path(o->path, &how, &wasm, &error);
  bool same = good && !secrets && r->error.size == 0 && reload_is_served(r, &wasm);
  if (from != NULL) reload_watch_files(r, &from->files);
  if (from != NULL) modules_keep_sources(&from->files);
  if (good && !same) fresh = reload_make_flares(r, &wasm, from, &error);
  reload_release_sources(from);
  if (error.size != 0 && from != NULL) excerpt_add(&excerpt, &r->source, text_bytes(&error));
  if (fresh == NULL && error.size == r->error.size &&
      strcmp(text_string(&error), text_string(&r->error)) == 0)
    same = true;
  pthread_mutex_lock(&r->lock);
  if (fresh != NULL) {
    old = r->flares;
    r->flares = fresh;
  }
  text_free(&r->error);
  text_free(&r->excerpt);
  r->error = error;
  r->excerpt = excerpt;
  pthread_mutex_unlock(&r->lock);
  reload_free_flares(r, old);
  text_free(&wasm);
  return !same;
}

enum { CHANGED = 1, SECRETS_CHANGED = 2, ASKED = 4 };

/* What drain found. */
typedef struct drained {
  const reload *reload;
  int changes;
} drained;

/* watch_function */
static void reload_judge(void *data, int folder, const char *name) {
  drained *d = data;
  bool in_state = name != NULL && folder == d->reload->state;
  if (name == NULL || (in_state && strcmp(name, "secrets.json") == 0)) d->changes |= SECRETS_CHANGED;
  if (!in_state) d->changes |= CHANGED;
}

/* Reads what has changed. */
static int reload_drain(const reload *r) {
  drained d = {r, 0};
  watch_read(r->watch, reload_judge, &d);
  return d.changes;
}

static void *reload_keep_packed(void *data) {
  reload *r = data;
  struct pollfd fds[] = {{watch_descriptor(r->watch), POLLIN, 0}, {r->wake[0], POLLIN, 0}};
  for (;;) {
    int changes = 0;
    char asked;
    if (poll(fds, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return NULL;
    }
    if (fds[1].revents != 0 && read(r->wake[0], &asked, 1) <= 0) return NULL;
    if (fds[1].revents != 0) changes |= ASKED | SECRETS_CHANGED;
    if (fds[0].revents != 0) changes |= reload_drain(r);
    if (changes == 0) continue;
    poll(fds + 1, 1, SETTLE_MS); /* who writes one file often writes two */
    changes |= reload_drain(r);
    double begin = reload_now_ms();
    if (!reload_pack(r, changes & SECRETS_CHANGED) && (changes & ASKED) == 0) continue;
    text error = {0};
    bool bad = reload_error(r, &error, NULL);
    r->options->changed(r->options->data, bad ? text_string(&error) : NULL, reload_now_ms() - begin);
    text_free(&error);
  }
}

/* Finds the project's folder, also when there is nothing yet. */
static void reload_find_place(reload *r) {
  const reload_options *o = r->options;
  const char *file, *path = o->root != NULL ? o->below : o->path;
  text ignored = {0};
  char *folder;
  bool there = o->root != NULL ? pack_split_path_below(o->root, path, &folder, &file) == 0
                               : pack_split_path(path, &folder, &file, &ignored);
  if (!there) folder = pack_parent(path);
  text_free(&ignored);
  r->root = o->root != NULL ? memory_copy(bytes_of(o->root)) : folder;
  r->below = o->root != NULL ? folder : memory_copy(bytes_of(""));
  r->place = (file_place){r->root, r->below};
  r->source = (modules_source){modules_read_place, &r->place, NULL};
}

reload *reload_open(const reload_options *options) {
  reload *r = memory_get(sizeof *r);
  r->options = options;
  reload_find_place(r);
  r->watch = watch_open(&r->place);
  if (r->watch == NULL) memory_get(SIZE_MAX);
  pthread_mutex_init(&r->lock, NULL);
  if (reload_is_packed(r)) reload_watch_packed(r);
  r->state = options->state != NULL ? watch_path(r->watch, options->state) : -1;
  reload_pack(r, false);
  if (pipe2(r->wake, O_CLOEXEC) != 0 || pthread_create(&r->thread, NULL, reload_keep_packed, r) != 0)
    memory_get(SIZE_MAX);
  return r;
}

pool_flare *reload_flare(reload *r, int edge) {
  pthread_mutex_lock(&r->lock);
  pool_flare *f = r->flares != NULL ? pool_flare_retain(r->flares[edge]) : NULL;
  pthread_mutex_unlock(&r->lock);
  return f;
}

bool reload_error(reload *r, text *error, text *excerpt) {
  pthread_mutex_lock(&r->lock);
  text_add(error, text_string(&r->error), r->error.size);
  if (excerpt != NULL) text_add(excerpt, text_string(&r->excerpt), r->excerpt.size);
  pthread_mutex_unlock(&r->lock);
  return error->size != 0;
}

void reload_again(reload *r) {
  if (write(r->wake[1], "", 1) != 1) memory_get(SIZE_MAX); /* a pipe takes it, or we are broken */
}

bool reload_has_sources(const reload *r) { return !reload_is_packed(r); }

void reload_close(reload *r) {
  close(r->wake[1]);
  pthread_join(r->thread, NULL);
  close(r->wake[0]);
  watch_close(r->watch);
  reload_free_flares(r, r->flares);
  pthread_mutex_destroy(&r->lock);
  text_free(&r->error);
  text_free(&r->excerpt);
  free(r->root);
  free(r->below);
  free(r);
}
