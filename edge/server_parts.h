/*
 * server_parts.h - what the files server*.c share: the server itself, and how its parts call each other.
 *
 * server.c listens and sends each request to one of them: server_exchange.c (requests that a flare answers),
 * server_socket.c (WebSockets), server_control.c (what lies under /__flaron/).
 */
#ifndef FLARON_EDGE_SERVER_PARTS_H
#define FLARON_EDGE_SERVER_PARTS_H

#define H2O_USE_EPOLL 1
#include <h2o.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "server.h"

enum { MAX_ENTITY = 64 << 20 }; /* bytes of a request's body, of a message */

struct server {
  const server_options *options;
  h2o_globalconf_t config;
  h2o_context_t context;
  h2o_accept_ctx_t accept;
  h2o_socket_t *listener;
  int fd;           /* that the listener takes over */
  pthread_t keeper; /* the thread that h2o's own sockets are made on (server.c) */
  sem_t made, over;
  h2o_multithread_receiver_t receiver, posts; /* of tasks that are done; of server_post */
  pool *pool;
  size_t open; /* tasks and sockets that are not over */
  int port;
  atomic_bool stopping;
  int64_t end_ms; /* when it ends, whatever is open; 0 = not told to end */
  h2o_url_t origin;
  bool has_origin;
  bool written;       /* between two rounds of the loop */
  bool started;       /* a task, since it was last made false */
  struct task *spare; /* tasks with nothing in them, linked by job.next */
  size_t spares;
  uint64_t connections;       /* WebSockets so far, for their ids */
  struct socket *sockets;     /* those that are not over */
  struct audience *audiences; /* who listens at /__flaron/events */
};

/*
 * A job with what it is for: an event of `socket`, or with none a request. It outlives its client: the job
 * may come back when nobody listens any more. `link` is how it comes back to the loop.
 */
typedef struct task {
  pool_job job;
  h2o_multithread_message_t link;
  server *server;
  struct socket *socket;
  int event;           /* of a socket: index of server_event_names */
  h2o_req_t *req;      /* NULL when the client has gone */
  struct task **known; /* where the request's pool knows the task */
} task;

extern const char *const server_event_names[]; /* "open", "message", "close" */

/* ---- server.c ---- */

/* Copies what a flare may see of a request. */
void server_copy_request(host_request *to, const h2o_req_t *req);

/* A task with nothing in it; it is the server's again with server_end. */
task *server_task(server *s);

/* Queues a task; the reference to the flare is taken over. It comes back to the part that it is for. */
void server_start(task *t, server *s, pool_flare *flare, flare_handler handler);

/* The end of a task that came back. */
void server_end(task *t);

/* Tells the options of a task that came back; `status` is what the client got, 0 = the origin decides. */
void server_record_task(task *t, int status);

/* Whether a browser asks: its `Accept` names text/html. */
bool server_accepts_html(const h2o_req_t *req);

/* Sends an answer whose body is small or lives in the request's pool. */
void server_send(h2o_req_t *req, int status, h2o_iovec_t body);

/* The same with a content type; copies the body. */
void server_send_text(h2o_req_t *req, int status, const char *type, const text *body);

/* Answers in place of a flare with a status and a sentence, as plain text. */
__attribute__((format(printf, 3, 4))) void server_refuse(h2o_req_t *req, int status, const char *format, ...);

/* Sends a page of dev itself, HTML or plain text. */
void server_send_page(h2o_req_t *req, int status, bool html, const text *page);

/* ---- the parts ---- */

void server_exchange_start(server *s, h2o_req_t *req, pool_flare *flare);
void server_exchange_done(task *t);

void server_socket_start(server *s, h2o_req_t *req, const char *key, pool_flare *flare);
void server_socket_done(struct socket *c, task *t);

/* Begins to close all connections: 1001, going away. */
void server_sockets_end(server *s);

/* Answers a request whose path is `path` behind /__flaron/, its query included. */
void server_control(server *s, h2o_req_t *req, bytes path);

/* Ends the streams of /__flaron/events. */
void server_control_end(server *s);

#endif
