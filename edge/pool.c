/*
 * pool.c - see pool.h. One lock guards the queue and who leads; each flare has one for its idle instances.
 *
 * A thread of its own, the watch, looks every millisecond whether the thread that leads is still at the job
 * it was at, and whether jobs wait longer than that. It rests while there are no jobs.
 */
#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"

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
  int idle_count;
};

typedef struct worker {
  pool *pool;
  pthread_t thread;
} worker;

struct pool {
  pool_round *round;
  void *data;
  pthread_mutex_t lock; /* of all that follows */
  pthread_cond_t work;  /* there is something to do for a thread at rest */
  pthread_cond_t begun; /* there are jobs again: for the watch */
  pthread_t watch;
  pool_job *first, **last;
  worker *workers;
  int count, max;         /* threads, the one of pool_run included */
  int resting;            /* threads that wait for work */
  int calls;              /* that were sent to threads at rest and not yet heard */
  worker *leader;         /* NULL: whoever comes first */
  uint64_t steps, rounds; /* that the leader began: rounds and jobs, rounds alone */
  uint64_t backlog;       /* the round at the last tick, when jobs waited then */
  bool in_job;            /* the leader is */
  bool helping;           /* jobs have piled up: others take them too */
  bool watching, closing;
  volatile sig_atomic_t ending; /* closing, for hosts */
};

static _Thread_local worker *this_worker;

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

static void give_way(void);

/* An edge that nobody uses, made when there is none. Each has a machine id of its own, for its snowflakes. */
static idle_edge *take_edge(pool_flare *f) {
  static atomic_uint machines;
  pthread_mutex_lock(&f->lock);
  idle_edge *e = f->idle;
  if (e != NULL) {
    f->idle = e->next;
    f->idle_count--;
  }
  pthread_mutex_unlock(&f->lock);
  if (e == NULL) {
    enum { MACHINE_MASK = 1023 };
    e = memory_get(sizeof *e);
    e->edge.flare = &f->flare;
    e->edge.host.config = f->config;
    e->edge.host.config.machine_id = (uint16_t)(atomic_fetch_add(&machines, 1) & MACHINE_MASK);
    e->edge.cpu_ms = f->cpu_ms;
    e->edge.host.config.block = give_way;
    e->edge.host.config.ending = &this_worker->pool->ending;
  }
  return e;
}

static void give_edge(pool_flare *f, idle_edge *e) {
  enum { MAX_IDLE = 8 }; /* a burst's instances keep the memory they grew to */
  pthread_mutex_lock(&f->lock);
  bool keep = f->idle_count < MAX_IDLE;
  if (keep) {
    e->next = f->idle;
    f->idle = e;
    f->idle_count++;
  }
  pthread_mutex_unlock(&f->lock);
  if (keep) return;
  edge_close(&e->edge);
  free(e);
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

static void run_job(pool_job *job) {
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
  if (!edge_invoke(&e->edge, job->handler, &job->request, &job->result, &error)) {
    host_fail(h);
    host_log(h, HOST_ERROR, text_string(&error), error.size);
    job->result.failed = true;
  }
  h->tape = NULL;
  wall = clock_ns(CLOCK_MONOTONIC) - wall;
  job->cpu_us = clock_cpu_since_ns(cpu, wall) / CLOCK_NS_PER_US;
  job->wall_us = wall / CLOCK_NS_PER_US;
  text_free(&error);
  take_figures(job, h);
  host_take_response(h, &job->response);
  give_edge(f, e);
  if (job->finish != NULL) {
    give_way(); /* it writes a file */
    job->finish(job);
  }
  job->flare = NULL;
  pool_flare_release(f);
}

/* ---- the crew ---- */

static void *work(void *data);

/* With the lock: sees to it that a thread comes that has nothing to do, when there can be one. */
static void call_one(pool *p) {
  if (p->resting > p->calls) {
    p->calls++;
    pthread_cond_signal(&p->work);
  } else if (p->count < p->max) {
    worker *w = &p->workers[p->count];
    w->pool = p;
    if (pthread_create(&w->thread, NULL, work, w) == 0) p->count++;
  }
}

/* With the lock: whether there is a thread that can come and lead while the leader runs a job. */
static bool has_relief(const pool *p) { return p->resting > p->calls || p->count < p->max; }

/* With the lock: whether a thread is to run the first job. The last thread that is free keeps to the loop. */
static bool may_run(const pool *p, const worker *w) {
  return p->first != NULL && (p->leader == w ? has_relief(p) : p->helping || !has_relief(p));
}

/* With the lock: the leader leads no more, another is to come. */
static void take_lead_away(pool *p) {
  p->leader = NULL;
  p->in_job = false;
  call_one(p);
}

/* The flare of this thread is about to wait for something. */
static void give_way(void) {
  worker *w = this_worker;
  if (w == NULL) return;
  pthread_mutex_lock(&w->pool->lock);
  if (w->pool->leader == w) take_lead_away(w->pool);
  pthread_mutex_unlock(&w->pool->lock);
}

/* With the lock, which it gives up meanwhile: runs the first job. */
static void run_first(pool *p, worker *w) {
  pool_job *job = p->first;
  p->first = job->next;
  if (p->first == NULL) p->last = &p->first;
  if (p->leader == w) {
    p->in_job = true;
    p->steps++;
    if (!p->watching) pthread_cond_signal(&p->begun);
  }
  pthread_mutex_unlock(&p->lock);
  run_job(job);
  pthread_mutex_lock(&p->lock);
  bool leading = p->leader == w;
  if (leading) p->in_job = false;
  pthread_mutex_unlock(&p->lock);
  job->done(job, leading);
  pthread_mutex_lock(&p->lock);
}

/* With the lock, which it gives up meanwhile: one round of the loop. */
static void run_round(pool *p) {
  p->helping = false;
  p->steps++;
  p->rounds++;
  pthread_mutex_unlock(&p->lock);
  bool more = p->round(p->data);
  pthread_mutex_lock(&p->lock);
  if (!more) p->closing = true;
}

static void serve(pool *p, worker *w) {
  this_worker = w;
  pthread_mutex_lock(&p->lock);
  while (!p->closing) {
    if (p->leader == NULL) p->leader = w;
    if (may_run(p, w)) {
      run_first(p, w);
    } else if (p->leader == w) {
      run_round(p);
    } else {
      p->resting++;
      pthread_cond_wait(&p->work, &p->lock);
      p->resting--;
      if (p->calls > 0) p->calls--;
    }
  }
  p->ending = 1;
  pthread_cond_broadcast(&p->work);
  pthread_cond_signal(&p->begun);
  pthread_mutex_unlock(&p->lock);
  this_worker = NULL;
}

static void *work(void *data) {
  worker *w = data;
  serve(w->pool, w);
  return NULL;
}

/* The watch. */
static void *watch(void *data) {
  enum { TICK_NS = 1000000, IDLE_TICKS = 50 };
  static const struct timespec tick = {.tv_nsec = TICK_NS};
  pool *p = data;
  uint64_t seen = 0;
  int idle = 0;
  pthread_mutex_lock(&p->lock);
  while (!p->closing) {
    if (idle >= IDLE_TICKS) {
      p->watching = false;
      pthread_cond_wait(&p->begun, &p->lock);
      idle = 0;
      seen = p->steps - 1;
    }
    p->watching = true;
    pthread_mutex_unlock(&p->lock);
    nanosleep(&tick, NULL);
    pthread_mutex_lock(&p->lock);
    idle = p->in_job || p->first != NULL ? 0 : idle + 1;
    if (p->in_job && p->steps == seen) take_lead_away(p);
    if (p->first != NULL && p->backlog == p->rounds) {
      p->helping = true;
      call_one(p);
    }
    seen = p->steps;
    p->backlog = p->first != NULL ? p->rounds : p->rounds - 1;
  }
  pthread_mutex_unlock(&p->lock);
  return NULL;
}

pool *pool_open(int threads, pool_round *round, void *data) {
  pool *p = memory_get(sizeof *p);
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->work, NULL);
  pthread_cond_init(&p->begun, NULL);
  p->round = round;
  p->data = data;
  p->last = &p->first;
  p->workers = memory_get((size_t)threads * sizeof *p->workers);
  p->max = threads;
  p->count = 1;
  p->workers[0].pool = p;
  if (pthread_create(&p->watch, NULL, watch, p) != 0) memory_get(SIZE_MAX);
  return p;
}

void pool_add(pool *p, pool_job *job) {
  job->next = NULL;
  pthread_mutex_lock(&p->lock);
  *p->last = job;
  p->last = &job->next;
  pthread_mutex_unlock(&p->lock);
}

void pool_run(pool *p) { serve(p, &p->workers[0]); }

void pool_close(pool *p) {
  pthread_mutex_lock(&p->lock);
  p->closing = true; /* it may never have run */
  pthread_cond_signal(&p->begun);
  pthread_mutex_unlock(&p->lock);
  pthread_join(p->watch, NULL); /* first: it makes threads */
  for (int i = 1; i < p->count; i++) pthread_join(p->workers[i].thread, NULL);
  pthread_mutex_destroy(&p->lock);
  pthread_cond_destroy(&p->work);
  pthread_cond_destroy(&p->begun);
  free(p->workers);
  free(p);
}
