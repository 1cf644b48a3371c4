/*
 * server_task.c - tasks: jobs of the pool with what they are for. See server_private.h.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "server/server_private.h"

static void task_done(task *t) {
  if (t->socket != NULL) {
    server_socket_done(t->socket, t);
  } else {
    server_exchange_done(t);
  }
}

static void on_call(loop_call *call) {
  task *t = (task *)((char *)call - offsetof(task, call));
  task_done(t);
}

/* The job is done; on a thread that does not lead it is sent back to the loop. */
static void come_back(pool_job *job, bool leading) {
  task *t = (task *)job;
  if (leading) {
    task_done(t);
  } else {
    loop_post(t->server->loop, &t->call);
  }
}

/* Of all servers: several edges may share a log. */
static atomic_uint_fast64_t last_id;

task *server_task(server *s) {
  task *t = s->spare;
  if (t == NULL) {
    t = memory_get(sizeof *t);
    t->server = s;
    return t;
  }
  s->spare = (task *)t->job.next;
  s->spares--;
  t->job.next = NULL;
  t->job.tape = NULL;
  t->job.finish = NULL;
  t->job.finish_waits = false;
  t->socket = NULL;
  t->exchange = NULL;
  return t;
}

static void free_task(task *t) {
  host_response_free(&t->job.response);
  text_free(&t->job.excerpt);
  host_request_free(&t->job.request);
  free(t);
}

void server_start(task *t, pool_flare *flare, flare_handler handler) {
  server *s = t->server;
  t->call.call = on_call;
  t->started = true;
  t->asked_ns = clock_ns(CLOCK_MONOTONIC);
  t->job.flare = flare;
  t->job.handler = handler;
  t->job.done = come_back;
  t->job.id = atomic_fetch_add(&last_id, 1) + 1;
  if (t->exchange != NULL) t->exchange->id = t->job.id;
  if (s->options->prepare != NULL) s->options->prepare(s->options->data, &t->job);
  pool_add(s->pool, &t->job);
}

bool server_hold_body(server *s, ptrdiff_t bytes) {
  enum { MOST_BODIES = 96 << 20 };
  s->bodies += (size_t)bytes;
  if (bytes <= 0 || s->bodies <= MOST_BODIES) return true;
  s->bodies -= (size_t)bytes;
  return false;
}

void server_end(task *t) {
  enum { MAX_SPARE = 64 };
  server *s = t->server;
  server_hold_body(s, -(ptrdiff_t)t->body);
  t->body = 0;
  if (s->spares == MAX_SPARE) {
    free_task(t);
    return;
  }
  host_response_clear(&t->job.response);
  text_reuse(&t->job.excerpt);
  host_request_clear(&t->job.request);
  t->job.next = (pool_job *)s->spare;
  s->spare = t;
  s->spares++;
}

text *server_add_line(host_response *r, host_level level) {
  LIST_ROOM(r->lines, r->line_count);
  r->lines[r->line_count] = (host_line){.level = level};
  return &r->lines[r->line_count++].line;
}

void server_record_task(task *t, int status, bool origin, const server_answer *answer) {
  int64_t wall_ns = clock_ns(CLOCK_MONOTONIC) - t->asked_ns;
  server_record r = {.event = t->socket != NULL ? server_event_names[t->event] : NULL,
                     .job = &t->job,
                     .status = status,
                     .origin = origin,
                     .answer = answer,
                     .asked_ns = clock_ns(CLOCK_REALTIME) - wall_ns,
                     .wall_us = wall_ns / CLOCK_NS_PER_US};
  t->server->options->record(t->server->options->data, &r);
}

void server_free_tasks(server *s) {
  while (s->spare != NULL) {
    task *t = s->spare;
    s->spare = (task *)t->job.next;
    free_task(t);
  }
}
