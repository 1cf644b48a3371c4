/*
 * pool_private.h - what pool.c (threads and jobs that wait) and pool_flare.c (flares, and a job run on one)
 * share. Nobody else includes it.
 */
#ifndef FLARON_EDGE_POOL_PRIVATE_H
#define FLARON_EDGE_POOL_PRIVATE_H

#include "server/pool.h"

/* Whether the job of this thread is wanted, or why not. */
typedef enum pool_why { POOL_WANTED, POOL_CANCELLED, POOL_ENDING } pool_why;
pool_why pool_unwanted(void);

/* A host_wait_function: the flare of this thread is about to wait for something, or has waited. */
bool pool_wait(host_wait_kind kind);

/* Runs a job on this thread, up to its `finish`. */
void pool_run_job(pool_job *job);

/* What a job is expected to cost, by what those of its kind did. Nothing is known: {0}. */
typedef struct pool_cost {
  bool known;
  bool slow;       /* it computes for long: `cpu_us` says so */
  bool waits;      /* it waits in the host */
  unsigned cpu_us; /* CPU time, up to 16 ms */
  size_t bytes;    /* of linear memory and of its answer, at most at once */
} pool_cost;

uint32_t pool_kind_of(const pool_job *job);
pool_cost pool_cost_of(const pool_job *job);

/* Note that a job of this kind has computed for `cpu_us` and goes on, or that it waits. On any thread. */
void pool_note_computing(pool_flare *f, uint32_t kind, int64_t cpu_us);
void pool_note_waits(pool_flare *f, uint32_t kind);

/* The job's own last step, and the end of its reference to the flare. For a job that is not begun, too. */
void pool_finish_job(pool_job *job);

#endif
