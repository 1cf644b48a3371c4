/*
 * loop.h - an event loop on epoll(7): descriptors that become ready, calls from other threads.
 *
 * It belongs to no thread: whoever leads the pool (pool.h) runs the next round, one thread at a time, and
 * only that thread may call what is here, except loop_wake and loop_post. It has no timers: who runs a round
 * says how long it may wait.
 */
#ifndef FLARON_EDGE_LOOP_H
#define FLARON_EDGE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

typedef struct loop loop;

/* LOOP_EDGE: `ready` is called once for each change, not as long as the state lasts. */
enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_EDGE = 4 };

/* What a descriptor is ready for. LOOP_FIN: the peer sends no more; LOOP_GONE: it is not there any more. */
enum { LOOP_FIN = 4, LOOP_GONE = 8 };

/* A descriptor that is watched. Part of its owner, which closes the descriptor after loop_unwatch. */
typedef struct loop_watch {
  int fd;
  void (*ready)(struct loop_watch *watch, unsigned what); /* NULL = watched no more */
} loop_watch;

/* A call from another thread: part of its owner. */
typedef struct loop_call {
  void (*call)(struct loop_call *call);
  struct loop_call *next;
} loop_call;

/* NULL, with errno, when there is no descriptor left for it. */
loop *loop_open(void);
void loop_close(loop *l);

/* Watches `watch->fd` for `events`, or changes what it is watched for. False, with errno. */
bool loop_watch_for(loop *l, loop_watch *watch, unsigned events);

/* Ends that; `ready` is called no more. Its memory must outlive the round: loop_free. */
void loop_unwatch(loop *l, loop_watch *watch);

/* Frees memory of malloc at the end of the round, or of the next one. */
void loop_free(loop *l, void *memory);

/* One round: waits at most `most_ms` (0: not at all) for descriptors and calls, and answers them. */
void loop_round(loop *l, int most_ms);

/* Ends the wait of the round. On any thread and in signal handlers. */
void loop_wake(loop *l);

/* Has `call` called in the next round. On any thread. */
void loop_post(loop *l, loop_call *call);

#endif
