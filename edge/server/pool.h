/*
 * pool.h - an event loop and flares at work, in one crew of threads.
 *
 * One thread at a time leads: it runs the event loop, and between two rounds of it the jobs that the round
 * brought, itself, which costs no switch to another thread. A flare that takes longer than a moment, or that
 * waits for something, loses it the lead: another thread goes on with the loop and the jobs that wait, so
 * that nothing waits for a flare. While jobs pile up other threads take some too. When as many as may are at
 * a job, one thread only leads, and jobs wait.
 *
 * Jobs start in the order they were added, but for those that are known to cost much, by what jobs with the
 * same handler and path did last: while as many as processors can serve compute for long, another such one
 * waits, and one that takes much memory while much is taken already. Others go past them. Those that wait in
 * the host begin in turn with others.
 */
#ifndef FLARON_EDGE_POOL_H
#define FLARON_EDGE_POOL_H

#include "engine/runner.h"

typedef struct pool pool;

/*
 * A flare that jobs run on, shared by them and counted. Its instances are kept as long as it is: replace it
 * to load another version, and the old one goes with its last job.
 */
typedef struct pool_flare pool_flare;

/* Who made a flare: what it borrows from him, and what he knows of it. */
typedef struct pool_maker {
  void (*release)(void *data); /* called when the flare is gone; NULL = nothing is lent to it */
  /* Adds the lines of the script around the place that an error's message names. On any thread, at several
   * jobs at once; NULL = there are no sources. */
  void (*add_excerpt)(const void *data, bytes message, text *excerpt);
  /* Adds the source of a file of the flare, by its name there; false if it is not known. As add_excerpt. */
  bool (*read_source)(const void *data, const char *file, text *source);
  void *data;
  /* Called with the edge of each job before it is invoked, on its thread; NULL = none. */
  void (*prepare)(void *data, edge *e);
  void *prepare_data;
} pool_maker;

/*
 * Takes a flare over, with the configuration that its hosts get and the CPU time an invocation may take
 * (ms, 0 = no limit). What the configuration borrows must live until `maker` is told that the flare is gone.
 * The caller has one reference.
 */
pool_flare *pool_flare_new(flare *f, const host_config *config, int cpu_ms, const pool_maker *maker);

/* What an invocation may use. */
typedef struct pool_limits {
  int cpu_ms;    /* 0 = no limit */
  size_t memory; /* bytes of linear memory */
  size_t fetches;
} pool_limits;

const flare *pool_flare_get(const pool_flare *f);

/* What its hosts are given; borrowed. */
const host_config *pool_flare_config(const pool_flare *f);

/* Adds the source of a file that the flare was packed of; false if it is not known. On any thread. */
bool pool_flare_read_source(const pool_flare *f, const char *file, text *source);

enum { POOL_HASH_SIZE = 65 };

/* Writes the SHA-256 of its .wasm, as lower-case hex with a NUL; it is computed once. */
void pool_flare_hash(pool_flare *f, char hash[POOL_HASH_SIZE]);
pool_flare *pool_flare_retain(pool_flare *f);
void pool_flare_release(pool_flare *f);

/* An import that an invocation called. */
typedef struct pool_use {
  host_import import;
  host_usage usage;
} pool_use;

/*
 * One invocation. Whoever adds it owns it; the pool writes what stands behind `finish` before calling that.
 * The memory of `response` serves it: begin with {0}.
 */
typedef struct pool_job {
  pool_flare *flare; /* a reference that the pool takes over */
  flare_handler handler;
  host_request request;
  uint64_t id;     /* whatever the owner calls it */
  host_tape *tape; /* borrowed; NULL = none */
  /* At last: the job is its owner's again. `leading`: on the thread that leads, between two rounds. */
  void (*done)(struct pool_job *job, bool leading);
  void (*finish)(struct pool_job *job); /* before that, while there is the flare; NULL = none */
  bool finish_waits;                    /* it may wait, such as for a disk */

  host_response response; /* the owner's to free: host_response_free */
  text excerpt; /* the script where it failed, of the flare that ran; empty = not known. The owner's */
  edge_result result;
  int64_t begin_ns, wall_us; /* when it began, since 1970; how long it took */
  int64_t cpu_us;            /* the CPU time it took, within CLOCK_ABOUT_NS */
  pool_limits limits;
  size_t used_count, recent_count; /* of the two lists at the end, which are long and mostly empty */

  struct pool_job *next, *before; /* the pool's, as the next four */
  struct pool_queue *queue;
  struct worker *worker;
  int stage;
  uint32_t kind; /* of handler and path, by a hash */

  pool_use used[HOST_IMPORTS];
  host_recent recent[HOST_RECENT]; /* the last calls, the oldest first */
} pool_job;

/*
 * One round of the event loop, on the thread that leads: waits for what comes, unless it is `busy`, and adds
 * the jobs it brings. False: the pool is to end.
 */
typedef bool pool_round(void *data, bool busy);

/* The most jobs that may wait in the host at once, for a fetch or another edge: the next one is refused it.
 */
enum { POOL_WAITING = 4096 };

/* Bytes of stack of a thread: the deepest calls that Lua and JSON allow take less than half (tests/unit).
 */
enum { POOL_STACK = 1 << 20 };

/*
 * Makes a pool in which at most `threads` threads, 2 or more, compute at once; those that have computed for
 * long, and those whose flares wait for a fetch or for another edge, come on top. They are started as they
 * are needed, and end when they are not.
 */
pool *pool_open(int threads, pool_round *round, void *data);

/* Adds a job. On the thread that leads: in a round, or in a `done` that says so. */
void pool_add(pool *p, pool_job *job);

/*
 * On the thread that leads: bytes of answers are kept for clients. While that is much, jobs that add much to
 * it wait.
 */
void pool_hold(pool *p, size_t bytes);

/*
 * On the thread that leads, for a job that was added and has not come back: nobody wants its answer. If it
 * has not begun it is dropped. If it runs, what it waits for in the host (a fetch, a lock of a store) ends,
 * and its script gets an error as by the CPU time limit, again and again until it gives up. Either way `done`
 * is called once, as always: on this thread only after this has returned, on another perhaps just before.
 * result.cancelled is set, unless the job was over by then. `finish` is called as well; begin_ns is 0 if the
 * job was dropped.
 */
void pool_cancel(pool *p, pool_job *job);

/* On the thread that leads: interrupts all jobs that run, as pool_cancel does; but they have failed. */
void pool_end_jobs(pool *p);

/* Makes the caller one of the threads, until the pool has ended. */
void pool_run(pool *p);

/* Waits for the other threads, and frees the pool. */
void pool_close(pool *p);

#endif
