/*
 * pool.h - flares at work in many threads: jobs are queued, worker threads run them on idle instances.
 *
 * Whoever adds a job never waits for a flare: a job that is done is handed to its `done` function on the
 * worker's thread. Jobs start in the order they were added.
 */
#ifndef FLARON_EDGE_POOL_H
#define FLARON_EDGE_POOL_H

#include "edge.h"

typedef struct pool pool;

/*
 * A flare that jobs run on, shared by them and counted. Its instances are kept as long as it is: replace it
 * to load another version, and the old one goes with its last job.
 */
typedef struct pool_flare pool_flare;

/*
 * Takes a flare over, with the configuration that its hosts get and the CPU time an invocation may take
 * (ms, 0 = no limit). What the configuration borrows must outlive it; `release(data)` is called when it is
 * gone. The caller has one reference.
 */
pool_flare *pool_flare_new(flare *f, const host_config *config, int cpu_ms, void (*release)(void *),
                           void *data);

/* What an invocation may use. */
typedef struct pool_limits {
  int cpu_ms;    /* 0 = no limit */
  size_t memory; /* bytes of linear memory */
  size_t fetches;
} pool_limits;

const flare *pool_flare_get(const pool_flare *f);
pool_flare *pool_flare_retain(pool_flare *f);
void pool_flare_release(pool_flare *f);

/* One invocation. Whoever adds it owns it; the pool writes what stands behind `finish` before calling that.
 */
typedef struct pool_job {
  pool_flare *flare; /* a reference that the pool takes over */
  flare_handler handler;
  host_request request;
  uint64_t id;                        /* whatever the owner calls it */
  host_tape *tape;                    /* borrowed; NULL = none */
  void (*done)(struct pool_job *job); /* on the worker's thread, at last: the job is its owner's again */
  void (*finish)(
      struct pool_job *job); /* on the worker's thread, before `done` and with the flare; NULL = none */

  host_response response; /* the owner's to free: host_response_free */
  edge_result result;
  host_usage usage[HOST_IMPORTS];
  host_recent recent[HOST_RECENT]; /* the last calls, the oldest first */
  size_t recent_count;
  int64_t begin_ns, wall_us, cpu_us; /* when it began, since 1970; how long it took; the CPU time it took */
  pool_limits limits;

  struct pool_job *next; /* the pool's */
} pool_job;

/* Makes a pool of at most `threads` worker threads, which are started as they are needed. */
pool *pool_open(int threads);

void pool_add(pool *p, pool_job *job);

/* Waits for all jobs, ends the threads and frees the pool. */
void pool_close(pool *p);

#endif
