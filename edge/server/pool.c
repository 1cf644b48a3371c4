/*
 * pool.c - see pool.h. One lock guards the queue, who leads and what each thread does.
 *
 * A thread leads, works at a job, waits in the host, or rests. Those at work are bounded (`max`), since they
 * share the processors; those that wait are not counted among them, and one whose wait is over works on when
 * its turn comes. Before the leader lets go of the lead there is a thread that can take it.
 *
 * A thread of its own, the watch, looks every millisecond whether the thread that leads is still at the job
 * it was at, and whether jobs wait longer than that. It also has jobs of SLOW_TICKS and more computed with
 * less priority, so that short ones need not wait for them, interrupts jobs that are cancelled, and joins
 * threads that have ended. It rests while there is nothing to see.
 */
#include "server/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/system.h"
#include "server/pool_private.h"
#include "base/wait.h"
#include "engine/watchdog.h"

/* Threads that rest longer than REST_S end, but for a few. */
enum { RESTING = 4, REST_S = 3 };

/* The watch: its period, when it rests, what it does less often, and which job is slow. */
enum { TICK_NS = CLOCK_NS_PER_MS, IDLE_TICKS = 50, NUDGE_TICKS = 4, SLOW_TICKS = 10, SLOW_NICE = 10 };

/* Threads that are interrupted in a tick, at most: each wakes. */
enum { NUDGES = 16 };

/* The leader looks at the loop at least so often, in ticks, however many jobs wait. */
enum { ROUND_TICKS = 2 };

/*
 * Jobs that compute for long are not counted against `max`, up to MOST_SLOW of them; those that are known to
 * do so begin only while fewer than `max` do. Jobs that take more than SMALL bytes begin only while all that
 * they are expected to take, and what is kept for clients, is not more than MOST_BYTES.
 */
enum { MOST_SLOW = 64, SMALL = 4 << 20, MOST_BYTES = 128 << 20, MOST_HELD = 48 << 20 };

/* Stages of a job. */
enum { QUEUED = 1, RUNNING, OVER };

typedef enum state { RESTS, LOOKS, WORKS, WAITS, RETURNS, ENDED } state;

typedef struct worker {
  pool *pool;
  pthread_t thread;
  pid_t id;          /* the kernel's */
  state state;       /* RETURNS: its wait is over, its turn has not come */
  pool_job *job;     /* from WORKS to its end; NULL = none */
  pool_flare *flare; /* of the job, with a reference, and what kind it is */
  uint32_t kind;
  size_t bytes;       /* that it is expected to take */
  bool is_main;       /* the one of pool_run, which does not end */
  bool slow;          /* it has less priority, and ends after its job */
  bool uncounted;     /* it works, but is not counted against `max` */
  uint64_t since;     /* the tick at which it began to work */
  uint64_t looked_at; /* `since` of the job at which `cpu`, in ns, was its CPU clock */
  int64_t cpu;
  uint64_t nudged;              /* the tick at which it was interrupted last */
  atomic_int unwanted;          /* a pool_why: the flag of wait.h */
  pthread_cond_t turn;          /* its state was changed by another thread */
  struct worker *next, *before; /* of the row it is in by its state */
  struct worker *of_all, *of_all_before;
} worker;

/* Threads in a row, linked by `next` and `before`. */
typedef struct row {
  worker *first, *last;
  int count;
} row;

typedef struct pool_queue {
  pool_job *first, *last;
} pool_queue;

struct pool {
  pool_round *round;
  void *data;
  pthread_mutex_t lock; /* of all that follows */
  pthread_cond_t begun; /* there is something to see again: for the watch */
  pthread_t watch;
  pool_queue jobs;
  pool_queue waiting_jobs; /* that wait in the host: in turn with `jobs` */
  bool waiting_turn;
  bool jobs_turn;         /* a thread that returned began last: a job that may begin is next */
  pool_queue slow_jobs;   /* that wait for others to have computed */
  pool_queue large_jobs;  /* that wait for memory */
  size_t bytes, held;     /* that jobs are expected to take, those that run; that are kept for clients */
  pool_job *dropped;      /* that were cancelled before they began: for the leader */
  worker *all;            /* every thread */
  row resting, returning; /* the last that came to rest is woken first; the first that returned works first */
  row ended;              /* for the watch, which joins them */
  int count, working, waiting, with_job;
  int slow;       /* of those that work, as many as are not counted against `max`: they compute for long */
  int unwanted;   /* threads whose job is to end: the watch nudges them */
  int nudges;     /* in this tick */
  int max;        /* threads at work that are not slow, the leader included; and slow ones */
  worker *leader; /* NULL: whoever comes first */
  uint64_t ticks; /* of the watch */
  uint64_t round_tick;    /* at which the last round ended */
  uint64_t steps, rounds; /* that the leader began: rounds and jobs, rounds alone */
  uint64_t backlog;       /* the round at the last tick, when jobs waited then */
  bool in_job;            /* the leader is */
  bool helping;           /* jobs have piled up: others take them too */
  bool full;              /* jobs waited when the leader went to the loop: as many as may were at work */
  bool watching, closing;
};

static _Thread_local worker *this_worker;

/* ---- rows ---- */

static void pool_row_add(row *r, worker *w) {
  w->next = NULL;
  w->before = r->last;
  *(r->last != NULL ? &r->last->next : &r->first) = w;
  r->last = w;
  r->count++;
}

static void pool_row_remove(row *r, worker *w) {
  *(w->before != NULL ? &w->before->next : &r->first) = w->next;
  *(w->next != NULL ? &w->next->before : &r->last) = w->before;
  w->next = w->before = NULL;
  r->count--;
}

/* ---- threads: all of it with the lock ---- */

static void *pool_work(void *data);

static worker *pool_add_worker(pool *p) {
  worker *w = memory_get(sizeof *w);
  w->pool = p;
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&w->turn, &clock);
  pthread_condattr_destroy(&clock);
  w->of_all = p->all;
  if (w->of_all != NULL) w->of_all->of_all_before = w;
  p->all = w;
  p->count++;
  return w;
}

/* Frees a worker whose thread is no more, or never was. */
static void pool_remove_worker(pool *p, worker *w) {
  *(w->of_all_before != NULL ? &w->of_all_before->of_all : &p->all) = w->of_all;
  if (w->of_all != NULL) w->of_all->of_all_before = w->of_all_before;
  p->count--;
  pthread_cond_destroy(&w->turn);
  free(w);
}

/* Starts a thread, which rests. False: there can be none. */
static bool pool_start_worker(pool *p) {
  pthread_attr_t attributes;
  if (p->closing || p->count > p->max + MOST_SLOW + POOL_WAITING) return false;
  worker *w = pool_add_worker(p);
  w->state = RESTS;
  pool_row_add(&p->resting, w);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, POOL_STACK);
  bool good = pthread_create(&w->thread, &attributes, pool_work, w) == 0;
  pthread_attr_destroy(&attributes);
  if (good) return true;
  pool_row_remove(&p->resting, w);
  pool_remove_worker(p, w);
  return false;
}

/* Whether there is a thread that can lead in the leader's place, started if need be. */
static bool pool_has_relief(pool *p) { return p->resting.count > 0 || pool_start_worker(p); }

/* Wakes a thread that rests, or starts one. */
static void pool_call_one(pool *p) {
  if (!pool_has_relief(p)) return;
  worker *w = p->resting.last;
  pool_row_remove(&p->resting, w);
  w->state = LOOKS;
  pthread_cond_signal(&w->turn);
}

/* Whether jobs wait that may begin as soon as there is room. */
static bool pool_has_jobs(const pool *p) { return p->jobs.first != NULL || p->waiting_jobs.first != NULL; }

/* Whether one more may work, beside the leader. */
static bool pool_has_room(const pool *p) { return p->working - p->slow < p->max - 1; }

static void pool_begin_work(pool *p, worker *w) {
  w->state = WORKS;
  w->since = p->ticks;
  p->working++;
  if (!p->watching) pthread_cond_signal(&p->begun);
}

/*
 * The first that returns works on, if there is room. In turn with jobs: when a thousand return at once,
 * whoever asks next need not wait for all. Jobs that give up their turn say so by another call.
 */
static void pool_let_return(pool *p) {
  worker *w = p->returning.first;
  if (w == NULL || !pool_has_room(p) || (p->jobs_turn && pool_has_jobs(p))) return;
  pool_row_remove(&p->returning, w);
  p->waiting--;
  p->jobs_turn = true;
  pool_begin_work(p, w);
  pthread_cond_signal(&w->turn);
}

/* A thread works no more, or waits. */
static void pool_end_work(pool *p, worker *w, state next) {
  w->state = next;
  p->working--;
  if (w->uncounted) p->slow--;
  w->uncounted = false;
  pool_let_return(p);
}

/* The leader, which is in a job and not in the loop, leads no more; another is to come. */
static void pool_take_lead_away(pool *p) {
  p->leader = NULL;
  p->in_job = false;
  pool_call_one(p);
}

/* Waits until something else is to be done. False: this thread is to end. */
static bool pool_rest(pool *p, worker *w) {
  w->state = RESTS;
  pool_row_add(&p->resting, w);
  while (w->state == RESTS && !p->closing) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += REST_S;
    bool idle = pthread_cond_timedwait(&w->turn, &p->lock, &until) != 0;
    if (idle && w->state == RESTS && !w->is_main && p->resting.count > RESTING) break;
  }
  if (w->state != RESTS) return true;
  pool_row_remove(&p->resting, w);
  w->state = LOOKS;
  return p->closing;
}

/* ---- waiting ---- */

/* The job of a thread begins to wait. False: too many do, or there is nobody who could lead. */
static bool pool_begin_wait(pool *p, worker *w) {
  if (p->waiting >= POOL_WAITING || (p->leader == w && !pool_has_relief(p))) return false;
  pool_note_waits(w->flare, w->kind);
  if (p->leader == w) pool_take_lead_away(p);
  p->waiting++;
  pool_end_work(p, w, WAITS);
  if (p->full && pool_has_jobs(p) && pool_has_room(p)) pool_call_one(p);
  return true;
}

/* Its wait is over: it works on when there is room, or at once if the pool ends. */
static void pool_end_wait(pool *p, worker *w) {
  if (p->returning.first != NULL || !pool_has_room(p)) {
    w->state = RETURNS;
    pool_row_add(&p->returning, w);
    while (w->state == RETURNS && atomic_load(&w->unwanted) != POOL_ENDING)
      pthread_cond_wait(&w->turn, &p->lock);
    if (w->state != RETURNS) return;
    pool_row_remove(&p->returning, w);
  }
  p->waiting--;
  pool_begin_work(p, w);
}

pool_why pool_unwanted(void) {
  return this_worker != NULL ? (pool_why)atomic_load(&this_worker->unwanted) : POOL_WANTED;
}

bool pool_wait(host_wait_kind kind) {
  worker *w = this_worker;
  bool good = true;
  if (w == NULL) return true;
  pthread_mutex_lock(&w->pool->lock);
  switch (kind) {
    case HOST_WAITS_BRIEFLY:
      if (w->pool->leader == w && pool_has_relief(w->pool)) pool_take_lead_away(w->pool);
      break;
    case HOST_WAITS: good = pool_begin_wait(w->pool, w); break;
    case HOST_WAITED: pool_end_wait(w->pool, w); break;
  }
  pthread_mutex_unlock(&w->pool->lock);
  return good;
}

/* ---- jobs: with the lock, which some of it gives up meanwhile ---- */

static void pool_enqueue(pool_queue *q, pool_job *job) {
  job->queue = q;
  job->next = NULL;
  job->before = q->last;
  *(q->last != NULL ? &q->last->next : &q->first) = job;
  q->last = job;
}

static void pool_unqueue(pool_job *job) {
  pool_queue *q = job->queue;
  *(job->before != NULL ? &job->before->next : &q->first) = job->next;
  *(job->next != NULL ? &job->next->before : &q->last) = job->before;
  job->next = job->before = NULL;
}

/* The queue in which a job is to wait, by what it costs; NULL: it may begin. */
static pool_queue *pool_put_off(pool *p, const pool_job *job) {
  pool_cost cost = pool_cost_of(job);
  bool first = p->bytes == 0 && p->held <= MOST_HELD;
  if (cost.slow && p->slow >= p->max) return &p->slow_jobs;
  if (cost.bytes > SMALL && p->bytes + p->held + cost.bytes > MOST_BYTES && !first) return &p->large_jobs;
  return cost.waits ? &p->waiting_jobs : NULL;
}

/* Whether a job that was put off may begin now. */
static bool pool_may_begin(pool *p, const pool_job *job) {
  if (job == NULL) return false;
  pool_queue *q = pool_put_off(p, job);
  return q == NULL || q == &p->waiting_jobs;
}

/* The job that is to begin, in its queue; NULL: there is none. Puts others off. */
static pool_job *pool_next_job(pool *p) {
  pool_queue *q;
  if (pool_may_begin(p, p->slow_jobs.first)) return p->slow_jobs.first;
  if (pool_may_begin(p, p->large_jobs.first)) return p->large_jobs.first;
  while (p->jobs.first != NULL && (q = pool_put_off(p, p->jobs.first)) != NULL) {
    pool_job *job = p->jobs.first;
    pool_unqueue(job);
    pool_enqueue(q, job);
  }
  bool both = p->jobs.first != NULL && p->waiting_jobs.first != NULL;
  if (both) p->waiting_turn = !p->waiting_turn;
  return p->jobs.first == NULL || (both && p->waiting_turn) ? p->waiting_jobs.first : p->jobs.first;
}

/* Interrupts a thread, unless it only waits for its turn. The watch does it again, or later if many are. */
static void pool_nudge(pool *p, worker *w) {
  if (p->nudges >= NUDGES || w->state == RETURNS) return;
  p->nudges++;
  w->nudged = p->ticks;
  watchdog_nudge(w->thread);
}

/* The job of a thread is to end. */
static void pool_end_job_of(pool *p, worker *w, int why) {
  if (atomic_exchange(&w->unwanted, why) == POOL_WANTED) p->unwanted++;
  pool_nudge(p, w);
  pthread_cond_signal(&w->turn); /* it may wait for its turn */
  pthread_cond_signal(&p->begun);
}

/* The job that a thread is to run; NULL = none. */
static pool_job *pool_job_for(pool *p, const worker *w) {
  return pool_has_room(p) && (p->leader == w || p->helping || p->full) ? pool_next_job(p) : NULL;
}

static void pool_work_on(pool *p, worker *w, pool_job *job) {
  pool_cost cost = pool_cost_of(job);
  pool_unqueue(job);
  job->stage = RUNNING;
  job->worker = w;
  w->job = job;
  w->flare = pool_flare_retain(job->flare);
  w->kind = job->kind;
  w->bytes = cost.bytes > SMALL ? cost.bytes : 0;
  p->bytes += w->bytes;
  p->with_job++;
  p->jobs_turn = false;
  pool_begin_work(p, w);
  w->uncounted = cost.slow;
  if (w->uncounted) p->slow++;
  if (p->leader == w) {
    p->in_job = true;
    p->steps++;
  }
  pthread_mutex_unlock(&p->lock);
  pool_run_job(job);
  pthread_mutex_lock(&p->lock);
  bool leading = p->leader == w;
  if (leading) p->in_job = false;
  job->stage = OVER;
  job->worker = NULL;
  w->job = NULL;
  p->with_job--;
  if (atomic_exchange(&w->unwanted, POOL_WANTED) != POOL_WANTED) p->unwanted--;
  pool_end_work(p, w, LOOKS);
  pthread_mutex_unlock(&p->lock);
  pool_flare_release(w->flare);
  job->done(job, leading);
  pthread_mutex_lock(&p->lock);
  p->bytes -= w->bytes;
}

/* Ends the jobs that were dropped. By the leader. */
static void pool_end_dropped(pool *p) {
  while (p->dropped != NULL) {
    pool_job *job = p->dropped;
    p->dropped = job->next;
    job->next = NULL;
    pthread_mutex_unlock(&p->lock);
    job->result = (edge_result){.cancelled = true};
    job->begin_ns = job->wall_us = job->cpu_us = 0;
    job->limits = (pool_limits){0};
    job->used_count = job->recent_count = 0;
    pool_finish_job(job);
    job->done(job, true);
    pthread_mutex_lock(&p->lock);
  }
}

static void pool_finish_jobs(pool *p) {
  for (worker *w = p->all; w != NULL; w = w->of_all) {
    if (w->job != NULL && atomic_load(&w->unwanted) == POOL_WANTED) pool_end_job_of(p, w, POOL_ENDING);
  }
}

/* The pool ends: nobody is to rest or to work on. */
static void pool_end_all(pool *p) {
  p->closing = true;
  pool_finish_jobs(p);
  for (worker *w = p->all; w != NULL; w = w->of_all) pthread_cond_signal(&w->turn);
  pthread_cond_signal(&p->begun);
}

/* One round of the loop. */
static void pool_run_round(pool *p, bool busy) {
  p->helping = false;
  p->full = pool_has_jobs(p);
  p->steps++;
  p->rounds++;
  p->jobs_turn = p->jobs_turn && pool_has_jobs(p);
  pool_let_return(p);
  pthread_mutex_unlock(&p->lock);
  bool more = p->round(p->data, busy);
  pthread_mutex_lock(&p->lock);
  p->full = false;
  p->round_tick = p->ticks;
  if (!more) pool_end_all(p);
}

/* What a thread does until the pool ends, or until it has nothing to do for long. */
static void pool_serve(pool *p, worker *w) {
  this_worker = w;
  wait_set_flag(&w->unwanted);
  while (!p->closing) {
    if (w->slow) break;
    if (p->leader == NULL) p->leader = w;
    pool_job *job;
    if (p->leader == w && p->dropped != NULL) {
      pool_end_dropped(p);
    } else if (p->leader == w && p->ticks - p->round_tick >= ROUND_TICKS && pool_has_room(p) &&
               pool_has_jobs(p)) {
      pool_run_round(p, true);
    } else if ((job = pool_job_for(p, w)) != NULL) {
      pool_work_on(p, w, job);
    } else if (p->leader == w) {
      pool_run_round(p, false);
    } else if (!pool_rest(p, w)) {
      break;
    }
  }
  wait_set_flag(NULL);
  this_worker = NULL;
}

static void *pool_work(void *data) {
  worker *w = data;
  pool *p = w->pool;
  pthread_mutex_lock(&p->lock);
  w->id = gettid();
  bool wanted = true;
  if (w->state == RESTS) { /* as it was made */
    pool_row_remove(&p->resting, w);
    wanted = pool_rest(p, w);
  }
  if (wanted) pool_serve(p, w);
  w->state = ENDED;
  pool_row_add(&p->ended, w);
  pthread_cond_signal(&p->begun);
  pthread_mutex_unlock(&p->lock);
  return NULL;
}

/* ---- the watch: with the lock ---- */

/* Interrupts those again that have not heard it, or have begun another wait. */
static void pool_nudge_unwanted(pool *p) {
  p->nudges = 0;
  for (worker *w = p->all; p->unwanted > 0 && p->nudges < NUDGES && w != NULL; w = w->of_all) {
    bool due = w->nudged + NUDGE_TICKS <= p->ticks;
    if (due && w->job != NULL && atomic_load(&w->unwanted) != POOL_WANTED) pool_nudge(p, w);
  }
}

/* CPU time in ns that a thread, which is at its job, has used; 0 when the kernel does not tell. */
static int64_t pool_cpu_of(const worker *w) {
  clockid_t clock;
  return pthread_getcpuclockid(w->thread, &clock) == 0 ? clock_ns(clock) : 0;
}

/* Gives less priority to a thread that has computed for long. It cannot be taken back without rights. */
static void pool_slow_down(worker *w) {
  int64_t cpu = pool_cpu_of(w);
  if (w->looked_at != w->since) { /* its job was not seen before */
    w->looked_at = w->since;
    w->cpu = cpu;
    return;
  }
  if (cpu - w->cpu < (int64_t)SLOW_TICKS * TICK_NS) return;
  w->slow = setpriority(PRIO_PROCESS, (id_t)w->id, getpriority(PRIO_PROCESS, 0) + SLOW_NICE) == 0;
  pool_note_computing(w->flare, w->kind, (cpu - w->cpu) / CLOCK_NS_PER_US);
}

/* Looks at threads that have been at one job for long: computing, or waiting for a processor. */
static void pool_look_at_slow(pool *p) {
  for (worker *w = p->all; w != NULL; w = w->of_all) {
    if (w->state != WORKS || w->is_main || p->leader == w || p->ticks - w->since < SLOW_TICKS) continue;
    if (!w->slow) pool_slow_down(w);
    if (w->uncounted || p->slow >= MOST_SLOW) continue;
    w->uncounted = true;
    p->slow++;
    pool_let_return(p);
  }
}

/* Joins threads that have ended, giving up the lock meanwhile. */
static void pool_join_ended(pool *p) {
  while (p->ended.first != NULL) {
    worker *w = p->ended.first;
    pthread_t thread = w->thread;
    pool_row_remove(&p->ended, w);
    pool_remove_worker(p, w);
    pthread_mutex_unlock(&p->lock);
    pthread_join(thread, NULL);
    pthread_mutex_lock(&p->lock);
  }
}

/* What is seen at a tick; true: there is something to be seen at the next. */
static bool pool_look(pool *p, uint64_t *seen) {
  pool_join_ended(p); /* first: others go on meanwhile */
  pool_nudge_unwanted(p);
  if (p->ticks % SLOW_TICKS == 0) pool_look_at_slow(p);
  bool late = p->in_job && p->steps == *seen;
  if (!p->closing && late && pool_has_relief(p)) pool_take_lead_away(p);
  if (!p->closing && pool_has_jobs(p) && p->backlog == p->rounds && pool_has_room(p)) {
    p->helping = true;
    pool_call_one(p);
  }
  *seen = p->steps;
  p->backlog = pool_has_jobs(p) ? p->rounds : p->rounds - 1;
  return p->working > 0 || pool_has_jobs(p) || p->unwanted > 0 || p->ended.count > 0;
}

static void *pool_watch(void *data) {
  static const struct timespec tick = {.tv_nsec = TICK_NS};
  pool *p = data;
  uint64_t seen = 0;
  int idle = 0, most = 0;
  pthread_mutex_lock(&p->lock);
  while (!p->closing || p->with_job > 0) {
    if (idle >= IDLE_TICKS && !p->closing) {
      bool fewer = p->count < most / 2;
      most = p->count;
      p->watching = false;
      if (fewer) system_trim_memory(); /* a burst is over */
      pthread_cond_wait(&p->begun, &p->lock);
      idle = 0;
      seen = p->steps - 1;
    }
    p->watching = true;
    pthread_mutex_unlock(&p->lock);
    nanosleep(&tick, NULL);
    pthread_mutex_lock(&p->lock);
    p->ticks++;
    if (p->count > most) most = p->count;
    idle = pool_look(p, &seen) ? 0 : idle + 1;
  }
  pthread_mutex_unlock(&p->lock);
  return NULL;
}

/* ---- what pool.h says ---- */

pool *pool_open(int threads, pool_round *round, void *data) {
  pool *p = memory_get(sizeof *p);
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->begun, NULL);
  p->round = round;
  p->data = data;
  p->max = threads;
  if (pthread_create(&p->watch, NULL, pool_watch, p) != 0) memory_get(SIZE_MAX);
  return p;
}

void pool_add(pool *p, pool_job *job) {
  job->kind = pool_kind_of(job);
  pthread_mutex_lock(&p->lock);
  job->stage = QUEUED;
  job->worker = NULL;
  pool_enqueue(&p->jobs, job);
  pthread_mutex_unlock(&p->lock);
}

void pool_hold(pool *p, size_t bytes) {
  pthread_mutex_lock(&p->lock);
  p->held = bytes;
  pthread_mutex_unlock(&p->lock);
}

void pool_cancel(pool *p, pool_job *job) {
  pthread_mutex_lock(&p->lock);
  if (job->stage == QUEUED) {
    pool_unqueue(job);
    job->stage = OVER;
    job->next = p->dropped;
    p->dropped = job;
  } else if (job->stage == RUNNING) {
    pool_end_job_of(p, job->worker, POOL_CANCELLED);
  }
  pthread_mutex_unlock(&p->lock);
}

void pool_end_jobs(pool *p) {
  pthread_mutex_lock(&p->lock);
  pool_finish_jobs(p);
  pthread_mutex_unlock(&p->lock);
}

void pool_run(pool *p) {
  pthread_mutex_lock(&p->lock);
  worker *w = pool_add_worker(p);
  w->thread = pthread_self();
  w->id = gettid();
  w->is_main = true;
  w->state = LOOKS;
  pool_serve(p, w);
  pool_remove_worker(p, w);
  pthread_mutex_unlock(&p->lock);
}

void pool_close(pool *p) {
  pthread_mutex_lock(&p->lock);
  pool_end_all(p); /* it may never have run */
  pthread_mutex_unlock(&p->lock);
  pthread_join(p->watch, NULL); /* first: it makes and joins threads */
  for (worker *w = p->all; w != NULL; w = w->of_all) pthread_join(w->thread, NULL); /* no more are made */
  while (p->all != NULL) pool_remove_worker(p, p->all);
  pthread_mutex_destroy(&p->lock);
  pthread_cond_destroy(&p->begun);
  free(p);
}
