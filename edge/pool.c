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
#include "wait.h"
#include "watchdog.h"

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

/* Stages of a job. */
enum { QUEUED = 1, RUNNING, OVER };

/* Why a thread's waits are ended, and its flare interrupted. */
enum { WANTED, CANCELLED, ENDING };

typedef struct worker {
  pool *pool;
  pthread_t thread;
  bool busy;           /* with a job */
  atomic_int unwanted; /* WANTED, or why its job is to end: the flag of wait.h */
} worker;

struct pool {
  pool_round *round;
  void *data;
  pthread_mutex_t lock; /* of all that follows */
  pthread_cond_t work;  /* there is something to do for a thread at rest */
  pthread_cond_t begun; /* there are jobs again: for the watch */
  pthread_t watch;
  pool_job *first, *last;
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
  pool_job *dropped; /* that were cancelled before they began: for the leader */
  int busy;          /* threads with a job */
  int unwanted;      /* those of them whose job is to end: the watch nudges them */
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

/* The runtime knows one reason for a stop. Says the true one in the log of a job that was cancelled. */
static void correct_reason(host_response *response) {
  static const char said[] = "stopped: CPU time limit reached";
  for (size_t i = 0; i < response->line_count; i++) {
    text *line = &response->lines[i].line, next = {0};
    const char *at = line->size != 0 ? memmem(line->data, line->size, said, sizeof said - 1) : NULL;
    if (at == NULL) continue;
    const char *rest = at + sizeof said - 1;
    text_add(&next, line->data, (size_t)(at - line->data));
    text_add_string(&next, "stopped: nobody waits for the answer");
    text_add(&next, rest, (size_t)(line->data + line->size - rest));
    text_free(line);
    *line = next;
  }
}

/* What comes after the flare: the job's own last step, and the reference to the flare. */
static void finish_job(pool_job *job) {
  pool_flare *f = job->flare;
  if (job->finish != NULL) job->finish(job);
  job->flare = NULL;
  pool_flare_release(f);
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
  job->result.cancelled = atomic_load(&this_worker->unwanted) != WANTED;
  if (job->result.cancelled) correct_reason(&job->response);
  if (job->finish != NULL) give_way(); /* it writes a file */
  finish_job(job);
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

/* With the lock: takes a job out of the queue. */
static void unqueue(pool *p, pool_job *job) {
  *(job->before != NULL ? &job->before->next : &p->first) = job->next;
  if (job->next != NULL) {
    job->next->before = job->before;
  } else {
    p->last = job->before;
  }
  job->next = job->before = NULL;
}

/* With the lock: the job of a thread is to end. */
static void end_job_of(pool *p, worker *w, int why) {
  if (atomic_exchange(&w->unwanted, why) == WANTED) p->unwanted++;
  watchdog_nudge(w->thread);
  pthread_cond_signal(&p->begun);
}

/* With the lock: whether a thread has a job, `job`, from now on. */
static void set_busy(pool *p, worker *w, pool_job *job) {
  w->busy = job != NULL;
  p->busy += w->busy ? 1 : -1;
  if (atomic_exchange(&w->unwanted, WANTED) != WANTED) p->unwanted--;
}

/* With the lock, which it gives up meanwhile: runs the first job. */
static void run_first(pool *p, worker *w) {
  pool_job *job = p->first;
  unqueue(p, job);
  job->stage = RUNNING;
  job->worker = w;
  set_busy(p, w, job);
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
  job->stage = OVER;
  job->worker = NULL;
  set_busy(p, w, NULL);
  pthread_mutex_unlock(&p->lock);
  job->done(job, leading);
  pthread_mutex_lock(&p->lock);
}

/* With the lock, which it gives up meanwhile: ends the jobs that were dropped. By the leader. */
static void end_dropped(pool *p) {
  while (p->dropped != NULL) {
    pool_job *job = p->dropped;
    p->dropped = job->next;
    job->next = NULL;
    pthread_mutex_unlock(&p->lock);
    job->result = (edge_result){.cancelled = true};
    job->begin_ns = job->wall_us = job->cpu_us = 0;
    job->limits = (pool_limits){0};
    job->used_count = job->recent_count = 0;
    finish_job(job);
    job->done(job, true);
    pthread_mutex_lock(&p->lock);
  }
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
  wait_set_flag(&w->unwanted);
  pthread_mutex_lock(&p->lock);
  w->thread = pthread_self();
  while (!p->closing) {
    if (p->leader == NULL) p->leader = w;
    if (p->leader == w && p->dropped != NULL) {
      end_dropped(p);
    } else if (may_run(p, w)) {
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
  for (int i = 0; i < p->count; i++) {
    if (p->workers[i].busy) end_job_of(p, &p->workers[i], ENDING);
  }
  pthread_cond_broadcast(&p->work);
  pthread_cond_signal(&p->begun);
  pthread_mutex_unlock(&p->lock);
  wait_set_flag(NULL);
  this_worker = NULL;
}

static void *work(void *data) {
  worker *w = data;
  serve(w->pool, w);
  return NULL;
}

/* With the lock: interrupts those again that have not heard it, or began another wait. */
static void nudge_unwanted(pool *p) {
  for (int i = 0; p->unwanted > 0 && i < p->count; i++) {
    worker *w = &p->workers[i];
    if (w->busy && atomic_load(&w->unwanted) != WANTED) watchdog_nudge(w->thread);
  }
}

/* The watch. It sees to it that all jobs end before it does. */
static void *watch(void *data) {
  enum { TICK_NS = 1000000, IDLE_TICKS = 50 };
  static const struct timespec tick = {.tv_nsec = TICK_NS};
  pool *p = data;
  uint64_t seen = 0;
  int idle = 0;
  pthread_mutex_lock(&p->lock);
  while (!p->closing || p->busy > 0) {
    if (idle >= IDLE_TICKS && !p->closing) {
      p->watching = false;
      pthread_cond_wait(&p->begun, &p->lock);
      idle = 0;
      seen = p->steps - 1;
    }
    p->watching = true;
    pthread_mutex_unlock(&p->lock);
    nanosleep(&tick, NULL);
    pthread_mutex_lock(&p->lock);
    idle = p->in_job || p->first != NULL || p->unwanted > 0 ? 0 : idle + 1;
    nudge_unwanted(p);
    if (p->closing) continue;
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
  p->workers = memory_get((size_t)threads * sizeof *p->workers);
  p->max = threads;
  p->count = 1;
  p->workers[0].pool = p;
  if (pthread_create(&p->watch, NULL, watch, p) != 0) memory_get(SIZE_MAX);
  return p;
}

void pool_add(pool *p, pool_job *job) {
  pthread_mutex_lock(&p->lock);
  job->next = NULL;
  job->before = p->last;
  job->stage = QUEUED;
  job->worker = NULL;
  *(p->last != NULL ? &p->last->next : &p->first) = job;
  p->last = job;
  pthread_mutex_unlock(&p->lock);
}

void pool_cancel(pool *p, pool_job *job) {
  pthread_mutex_lock(&p->lock);
  if (job->stage == QUEUED) {
    unqueue(p, job);
    job->stage = OVER;
    job->next = p->dropped;
    p->dropped = job;
  } else if (job->stage == RUNNING) {
    end_job_of(p, job->worker, CANCELLED);
  }
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
