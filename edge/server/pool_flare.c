/*
 * pool_flare.c - flares that are shared and their idle instances, and one job run on one of them. Who runs
 * it, and when, is pool.c's.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/http.h"
#include "server/pool_private.h"

/* An edge at rest. */
typedef struct idle_edge {
  edge edge;
  size_t bytes; /* of its memory */
  struct idle_edge *next;
} idle_edge;

enum { COSTS = 64 };

struct pool_flare {
  flare flare;
  host_config config;
  int cpu_ms;
  pool_maker maker;
  atomic_int references;
  pthread_mutex_t lock; /* of the next three */
  idle_edge *idle;
  int idle_count;
  char hash[POOL_HASH_SIZE];         /* "" = nobody has asked for it */
  atomic_uint_fast64_t costs[COSTS]; /* of kinds of jobs, by kind; one takes the place of another */
};

/* Bytes of the memory of all edges at rest. */
static atomic_size_t idle_bytes;

pool_flare *pool_flare_new(flare *f, const host_config *config, int cpu_ms, const pool_maker *maker) {
  pool_flare *shared = memory_get(sizeof *shared);
  shared->flare = *f;
  *f = (flare){0};
  shared->config = *config;
  shared->cpu_ms = cpu_ms;
  shared->maker = *maker;
  atomic_init(&shared->references, 1);
  pthread_mutex_init(&shared->lock, NULL);
  return shared;
}

const flare *pool_flare_get(const pool_flare *f) { return &f->flare; }

const host_config *pool_flare_config(const pool_flare *f) { return &f->config; }

bool pool_flare_read_source(const pool_flare *f, const char *file, text *source) {
  return f->maker.read_source != NULL && f->maker.read_source(f->maker.data, file, source);
}

void pool_flare_hash(pool_flare *f, char hash[POOL_HASH_SIZE]) {
  pthread_mutex_lock(&f->lock);
  if (f->hash[0] == '\0') {
    text hex = {0};
    digest_add_hex(&hex, text_bytes(&f->flare.wasm));
    memcpy(f->hash, hex.data, POOL_HASH_SIZE);
    text_free(&hex);
  }
  memcpy(hash, f->hash, POOL_HASH_SIZE);
  pthread_mutex_unlock(&f->lock);
}

pool_flare *pool_flare_retain(pool_flare *f) {
  atomic_fetch_add(&f->references, 1);
  return f;
}

void pool_flare_release(pool_flare *f) {
  if (atomic_fetch_sub(&f->references, 1) != 1) return;
  while (f->idle != NULL) {
    idle_edge *e = f->idle;
    f->idle = e->next;
    atomic_fetch_sub(&idle_bytes, e->bytes);
    edge_close(&e->edge);
    free(e);
  }
  flare_free(&f->flare);
  pthread_mutex_destroy(&f->lock);
  if (f->maker.release != NULL) f->maker.release(f->maker.data);
  free(f);
}

/* An edge that nobody uses, made when there is none. Each has a machine id of its own, for its snowflakes. */
static idle_edge *take_edge(pool_flare *f) {
  static atomic_uint machines;
  pthread_mutex_lock(&f->lock);
  idle_edge *e = f->idle;
  if (e != NULL) {
    f->idle = e->next;
    f->idle_count--;
    atomic_fetch_sub(&idle_bytes, e->bytes);
  }
  pthread_mutex_unlock(&f->lock);
  if (e == NULL) {
    enum { MACHINE_MASK = 1023 };
    e = memory_get(sizeof *e);
    e->edge.flare = &f->flare;
    e->edge.host.config = f->config;
    e->edge.host.config.machine_id = (uint16_t)(atomic_fetch_add(&machines, 1) & MACHINE_MASK);
    e->edge.cpu_ms = f->cpu_ms;
    e->edge.host.config.wait = pool_wait;
  }
  return e;
}

/* Keeps an edge for the next job, unless there are many, or large ones: they keep the memory they grew to. */
static void give_edge(pool_flare *f, idle_edge *e, size_t bytes) {
  enum { MAX_IDLE = 8, MAX_IDLE_BYTES = 48 << 20 };
  e->bytes = bytes;
  pthread_mutex_lock(&f->lock);
  bool keep = f->idle_count < MAX_IDLE && atomic_load(&idle_bytes) + bytes <= MAX_IDLE_BYTES;
  if (keep) {
    atomic_fetch_add(&idle_bytes, bytes);
    e->next = f->idle;
    f->idle = e;
    f->idle_count++;
  }
  pthread_mutex_unlock(&f->lock);
  if (keep) return;
  edge_close(&e->edge);
  free(e);
}

/* ---- what jobs cost ---- */

/* A cost in 64 bits: the kind, whether it waits, CPU time in units of 64 us, KiB. The last two end at their
 * highest. */
enum {
  KIND_BIT = 32,
  WAITS_BIT = 31,
  CPU_BIT = 23,
  CPU_UNIT_US = 64,
  CPU_MAX = 255,
  KIB_BIT = 10,
  KIB_MAX = (1 << CPU_BIT) - 1
};

enum { SLOW_US = 5000, SHARE = 4 };

uint32_t pool_kind_of(const pool_job *job) {
  enum { LONGEST = 256, FNV_BASIS = 2166136261, FNV_PRIME = 16777619 };
  uint32_t hash = (uint32_t)FNV_BASIS ^ (uint32_t)job->handler;
  const char *path = job->request.url.size != 0 ? http_path(job->request.url.data) : "";
  for (int i = 0; i < LONGEST && path[i] != '\0' && path[i] != '?'; i++)
    hash = (hash ^ (uint8_t)path[i]) * FNV_PRIME;
  return hash;
}

static pool_cost cost_of(const pool_flare *f, uint32_t kind) {
  uint64_t cost = atomic_load_explicit(&f->costs[kind % COSTS], memory_order_relaxed);
  if (cost >> KIND_BIT != kind || cost == 0) return (pool_cost){0};
  unsigned cpu_us = (cost >> CPU_BIT & CPU_MAX) * CPU_UNIT_US;
  return (pool_cost){true, cpu_us > SLOW_US, cost >> WAITS_BIT & 1, cpu_us,
                     (size_t)(cost & KIB_MAX) << KIB_BIT};
}

pool_cost pool_cost_of(const pool_job *job) { return cost_of(job->flare, job->kind); }

static uint64_t at_most(uint64_t n, uint64_t most) { return n < most ? n : most; }

static void note(pool_flare *f, uint32_t kind, pool_cost c) {
  atomic_uint_fast64_t *at = &f->costs[kind % COSTS];
  uint64_t cost = (uint64_t)kind << KIND_BIT | (uint64_t)c.waits << WAITS_BIT |
                  at_most(c.cpu_us / CPU_UNIT_US, CPU_MAX) << CPU_BIT | at_most(c.bytes >> KIB_BIT, KIB_MAX);
  if (atomic_load_explicit(at, memory_order_relaxed) != cost)
    atomic_store_explicit(at, cost, memory_order_relaxed);
}

/*
 * What is expected of a kind when a job of it has taken so much CPU time: a mean in which the last one counts
 * for a quarter. So one that was slow for once, since the machine was busy, does not have all of its kind
 * wait.
 */
static unsigned expected_us(pool_cost before, int64_t cpu_us) {
  int64_t most = (int64_t)CPU_MAX * CPU_UNIT_US * SHARE;
  if (cpu_us > most) cpu_us = most;
  if (!before.known) return (unsigned)cpu_us;
  return before.cpu_us + (unsigned)((cpu_us - (int64_t)before.cpu_us) / SHARE);
}

void pool_note_computing(pool_flare *f, uint32_t kind, int64_t cpu_us) {
  pool_cost cost = cost_of(f, kind);
  unsigned expected = expected_us(cost, cpu_us);
  if (cost.known && expected <= cost.cpu_us) return;
  cost.cpu_us = expected;
  note(f, kind, cost);
}

void pool_note_waits(pool_flare *f, uint32_t kind) {
  pool_cost cost = cost_of(f, kind);
  cost.waits = true;
  note(f, kind, cost);
}

/* Notes what a job has cost that is over. One that was cheap for once makes its kind cheaper by and by. */
static void note_cost(const pool_job *job) {
  pool_cost cost = pool_cost_of(job);
  const host_response *r = &job->response;
  size_t bytes = job->result.peak + r->body.size;
  for (size_t i = 0; i < r->frame_count; i++) bytes += r->frames[i].size;
  cost.bytes = bytes > cost.bytes / 2 ? bytes : cost.bytes / 2;
  if (!job->result.cancelled) cost.cpu_us = expected_us(cost, job->cpu_us);
  if (!job->result.cancelled && job->wall_us - job->cpu_us <= SLOW_US) cost.waits = false;
  note(job->flare, job->kind, cost);
}

/* ---- jobs ---- */

/* Copies what the host knows of the invocation. */
static void take_figures(pool_job *job, const host *h) {
  job->used_count = 0;
  for (int i = 0; i < HOST_IMPORTS; i++) {
    if (h->usage[i].calls != 0) job->used[job->used_count++] = (pool_use){(host_import)i, h->usage[i]};
  }
  job->recent_count = h->call_count < HOST_RECENT ? h->call_count : HOST_RECENT;
  for (size_t i = 0; i < job->recent_count; i++)
    job->recent[i] = h->recent[(h->call_count - job->recent_count + i) % HOST_RECENT];
}

/* The runtime knows one reason for a stop. Says the true one in a message. */
static void correct_reason(text *message, pool_why why) {
  static const char said[] = "stopped: CPU time limit reached";
  text next = {0};
  const char *at = message->size != 0 ? memmem(message->data, message->size, said, sizeof said - 1) : NULL;
  if (at == NULL) return;
  const char *rest = at + sizeof said - 1;
  text_add(&next, message->data, (size_t)(at - message->data));
  text_add_string(&next,
                  why == POOL_CANCELLED ? "stopped: nobody waits for the answer" : "stopped: the edge ends");
  text_add(&next, rest, (size_t)(message->data + message->size - rest));
  text_free(message);
  *message = next;
}

/* The same in all that is told of a job that was to end. */
static void correct_reasons(host_response *response, pool_why why) {
  for (size_t i = 0; i < response->line_count; i++) correct_reason(&response->lines[i].line, why);
  correct_reason(&response->error, why);
}

/* Shows '*' for the secrets that a flare read, in what it logged and raised. */
static void hide_secrets(const host *h, text *t) {
  text whole = {0};
  if (t->size == 0 || h->usage[HOST_secret_get].calls == 0) return;
  text_add(&whole, t->data, t->size);
  host_hide_secrets(h, text_bytes(&whole), t->data, t->size);
  text_free(&whole);
}

void pool_finish_job(pool_job *job) {
  pool_flare *f = job->flare;
  if (job->finish != NULL) job->finish(job);
  job->flare = NULL;
  pool_flare_release(f);
}

void pool_run_job(pool_job *job) {
  enum { PAGE = 65536 };
  pool_flare *f = job->flare;
  idle_edge *e = take_edge(f);
  host *h = &e->edge.host;
  text error = {0};
  job->result = (edge_result){0};
  job->limits =
      (pool_limits){f->cpu_ms, (size_t)f->flare.memory_max_pages * PAGE, f->config.max_fetch_requests};
  job->begin_ns = clock_ns(CLOCK_REALTIME);
  int64_t cpu = clock_cpu_about_ns(), wall = clock_ns(CLOCK_MONOTONIC);
  h->tape = job->tape;
  if (f->maker.prepare != NULL) f->maker.prepare(f->maker.prepare_data, &e->edge);
  if (!edge_invoke(&e->edge, job->handler, &job->request, &job->result, &error)) {
    host_fail(h);
    host_log(h, HOST_ERROR, text_string(&error), error.size);
    text_add(&h->response.error, error.data, error.size);
    job->result.failed = true;
  }
  h->tape = NULL;
  wall = clock_ns(CLOCK_MONOTONIC) - wall;
  job->cpu_us = clock_cpu_since_ns(cpu, wall) / CLOCK_NS_PER_US;
  job->wall_us = wall / CLOCK_NS_PER_US;
  text_free(&error);
  take_figures(job, h);
  for (size_t i = 0; i < h->response.line_count; i++) hide_secrets(h, &h->response.lines[i].line);
  hide_secrets(h, &h->response.error);
  host_take_response(h, &job->response);
  give_edge(f, e, job->result.memory);
  pool_why why = pool_unwanted();
  job->result.cancelled = why == POOL_CANCELLED;
  note_cost(job);
  if (why != POOL_WANTED) correct_reasons(&job->response, why);
  text_clear(&job->excerpt);
  if (edge_result_is_bad(&job->result) && f->maker.add_excerpt != NULL)
    f->maker.add_excerpt(f->maker.data, text_bytes(&job->response.error), &job->excerpt);
  if (job->finish != NULL && job->finish_waits) pool_wait(HOST_WAITS_BRIEFLY);
  pool_finish_job(job);
}
