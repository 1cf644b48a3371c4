/*
 * pool.c - see pool.h. One lock guards the queue; each flare has one for its idle instances.
 */
#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* An edge at rest. */
typedef struct idle_edge {
  edge edge;
  struct idle_edge *next;
} idle_edge;

struct pool_flare {
  flare flare;
  host_config config;
  int cpu_ms;
  void (*release)(void *);
  void *data;
  atomic_int references;
  pthread_mutex_t lock;
  idle_edge *idle;
};

struct pool {
  pthread_mutex_t lock;
  pthread_cond_t work;
  pool_job *first, **last;
  pthread_t *threads;
  int thread_count, thread_max;
  int waiting, queued; /* threads at rest; jobs that none has taken */
  bool closing;
};

/* ---- flares ---- */

pool_flare *pool_flare_new(flare *f, const host_config *config, int cpu_ms, void (*release)(void *),
                           void *data) {
  pool_flare *shared = memory_get(sizeof *shared);
  shared->flare = *f;
  *f = (flare){0};
  shared->config = *config;
  shared->cpu_ms = cpu_ms;
  shared->release = release;
  shared->data = data;
  atomic_init(&shared->references, 1);
  pthread_mutex_init(&shared->lock, NULL);
  return shared;
}

const flare *pool_flare_get(const pool_flare *f) { return &f->flare; }

pool_flare *pool_flare_retain(pool_flare *f) {
  atomic_fetch_add(&f->references, 1);
  return f;
}

void pool_flare_release(pool_flare *f) {
  if (atomic_fetch_sub(&f->references, 1) != 1) return;
  while (f->idle != NULL) {
    idle_edge *e = f->idle;
    f->idle = e->next;
    edge_close(&e->edge);
    free(e);
  }
  flare_free(&f->flare);
  pthread_mutex_destroy(&f->lock);
  if (f->release != NULL) f->release(f->data);
  free(f);
}

/* An edge that nobody uses, made when there is none. Each has a machine id of its own, for its snowflakes. */
static idle_edge *take_edge(pool_flare *f) {
  static atomic_uint machines;
  pthread_mutex_lock(&f->lock);
  idle_edge *e = f->idle;
  if (e != NULL) f->idle = e->next;
  pthread_mutex_unlock(&f->lock);
  if (e == NULL) {
    enum { MACHINE_MASK = 1023 };
    e = memory_get(sizeof *e);
    e->edge.flare = &f->flare;
    e->edge.host.config = f->config;
    e->edge.host.config.machine_id = (uint16_t)(atomic_fetch_add(&machines, 1) & MACHINE_MASK);
    e->edge.cpu_ms = f->cpu_ms;
  }
  return e;
}

static void give_edge(pool_flare *f, idle_edge *e) {
  pthread_mutex_lock(&f->lock);
  e->next = f->idle;
  f->idle = e;
  pthread_mutex_unlock(&f->lock);
}

/* ---- jobs ---- */

static int64_t clock_ns(clockid_t clock) {
  enum { NS_PER_S = 1000000000 };
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Copies what the host knows of the invocation. */
static void take_figures(pool_job *job, const host *h) {
  memcpy(job->usage, h->usage, sizeof job->usage);
  job->recent_count = h->call_count < HOST_RECENT ? h->call_count : HOST_RECENT;
  for (size_t i = 0; i < job->recent_count; i++)
    job->recent[i] = h->recent[(h->call_count - job->recent_count + i) % HOST_RECENT];
}

static void run_job(pool_job *job) {
  enum { NS_PER_US = 1000, PAGE = 65536 };
  pool_flare *f = job->flare;
  idle_edge *e = take_edge(f);
  host *h = &e->edge.host;
  text error = {0};
  job->limits =
      (pool_limits){f->cpu_ms, (size_t)f->flare.memory_max_pages * PAGE, f->config.max_fetch_requests};
  job->begin_ns = clock_ns(CLOCK_REALTIME);
  int64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID), wall = clock_ns(CLOCK_MONOTONIC);
  h->tape = job->tape;
  if (!edge_invoke(&e->edge, job->handler, &job->request, &job->result, &error)) {
    host_fail(h);
    host_log(h, HOST_ERROR, text_string(&error), error.size);
    job->result.failed = true;
  }
  h->tape = NULL;
  job->cpu_us = (clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu) / NS_PER_US;
  job->wall_us = (clock_ns(CLOCK_MONOTONIC) - wall) / NS_PER_US;
  text_free(&error);
  take_figures(job, h);
  job->response = host_take_response(h);
  give_edge(f, e);
  if (job->finish != NULL) job->finish(job);
  job->flare = NULL;
  pool_flare_release(f);
  job->done(job);
}

static void *work(void *data) {
  pool *p = data;
  pthread_mutex_lock(&p->lock);
  for (;;) {
    while (p->first == NULL && !p->closing) {
      p->waiting++;
      pthread_cond_wait(&p->work, &p->lock);
      p->waiting--;
    }
    pool_job *job = p->first;
    if (job == NULL) break;
    p->first = job->next;
    if (p->first == NULL) p->last = &p->first;
    p->queued--;
    pthread_mutex_unlock(&p->lock);
    run_job(job);
    pthread_mutex_lock(&p->lock);
  }
  pthread_mutex_unlock(&p->lock);
  return NULL;
}

pool *pool_open(int threads) {
  pool *p = memory_get(sizeof *p);
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->work, NULL);
  p->last = &p->first;
  p->threads = memory_get((size_t)threads * sizeof *p->threads);
  p->thread_max = threads;
  return p;
}

void pool_add(pool *p, pool_job *job) {
  job->next = NULL;
  pthread_mutex_lock(&p->lock);
  *p->last = job;
  p->last = &job->next;
  p->queued++; /* a thread at rest may already be on its way to an earlier job */
  if (p->queued > p->waiting && p->thread_count < p->thread_max &&
      pthread_create(&p->threads[p->thread_count], NULL, work, p) == 0) {
    p->thread_count++;
  }
  pthread_cond_signal(&p->work);
  pthread_mutex_unlock(&p->lock);
}

void pool_close(pool *p) {
  pthread_mutex_lock(&p->lock);
  p->closing = true;
  pthread_cond_broadcast(&p->work);
  pthread_mutex_unlock(&p->lock);
  for (int i = 0; i < p->thread_count; i++) pthread_join(p->threads[i], NULL);
  pthread_mutex_destroy(&p->lock);
  pthread_cond_destroy(&p->work);
  free(p->threads);
  free(p);
}
