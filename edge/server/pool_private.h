/*
 * pool_inside.h - what pool.c (threads and jobs that wait) and pool_flare.c (flares, and a job run on one)
 * share. Nobody else includes it.
 */
#ifndef FLARON_EDGE_POOL_INSIDE_H
#define FLARON_EDGE_POOL_INSIDE_H

#include "server/pool.h"

/* Whether the job of this thread is wanted, or why not. */
typedef enum pool_why { POOL_WANTED, POOL_CANCELLED, POOL_ENDING } pool_why;
pool_why pool_unwanted(void);

/* A host_wait_function: the flare of this thread is about to wait for something, or has waited. */
bool pool_wait(host_wait_kind kind);

/* Runs a job on this thread, up to its `finish`. */
void pool_run_job(pool_job *job);

/* The job's own last step, and the end of its reference to the flare. For a job that is not begun, too. */
void pool_finish_job(pool_job *job);

#endif
