/*
 * server_private.h - what the files of the server share: the server itself, and how its parts call each
 * other.
 *
 *   server.c            listens, and runs the rounds of the loop
 *   connection.c        a socket, its TLS, what waits to be sent
 *   server_http1.c      HTTP/1.1 on a connection, read by http1.c    -+
 *   server_http2.c      HTTP/2 on a connection, by nghttp2            +-> exchanges
 *   server_exchange.c   a request and its answer, whatever brought it
 *   server_task.c       the flare's part of it: a job of the pool
 *   server_origin.c     answers of the origin, by libcurl
 *   server_socket.c     WebSockets, by wslay
 *   server_control.c    the page's port
 *   port_holder.c       which process has a port that is taken
 */
#ifndef FLARON_EDGE_SERVER_PRIVATE_H
#define FLARON_EDGE_SERVER_PRIVATE_H

#include <stdatomic.h>

#include "server/connection.h"
#include "server/http1.h"
#include "server/server.h"

enum { MAX_ENTITY = 64 << 20 }; /* bytes of a request's body, of a message */

/* A socket that listens. */
typedef struct listener {
  loop_watch watch;
  struct server *server;
  int port;
  bool of_page;
} listener;

struct server {
  const server_options *options;
  loop *loop;
  pool *pool;
  SSL_CTX *tls;          /* NULL = plain HTTP */
  listener flares, page; /* a `watch.fd` of -1: there is none */
  bool full, said_full;  /* no descriptor is left: nothing is accepted; it was said */
  int64_t accept_ms;     /* when it is tried again */
  connection_set clients;
  size_t open;     /* exchanges and sockets that are not over */
  size_t bodies;   /* bytes of requests' bodies and of messages */
  int64_t trim_ms; /* when memory is given back; 0 = there was not much */
  atomic_bool stopping;
  int64_t end_ms;     /* when it ends, whatever is open; 0 = not told to end */
  struct task *spare; /* tasks with nothing in them, linked by job.next */
  size_t spares;
  struct socket *sockets;     /* those that are not over */
  struct audience *audiences; /* who listens at /__flaron/events */
  struct origin *origin;      /* NULL = there is none */
  int64_t date_s;             /* the second that the next says */
  char date[32];
  text scratch; /* for whoever makes an answer, and is done with it then */
};

/*
 * A job with what it is for: a request (`exchange`), or an event of `socket`. It outlives its client: the job
 * may come back when nobody listens any more. `call` is how it comes back to the loop.
 */
typedef struct task {
  pool_job job;
  loop_call call;
  server *server;
  struct exchange *exchange; /* NULL: the client has gone, or it is an event */
  struct socket *socket;
  bool started;     /* the pool has it */
  int64_t asked_ns; /* when it was started, by CLOCK_MONOTONIC */
  int event;        /* of a socket: index of server_event_names */
  size_t body;      /* bytes of its body that count among the server's */
} task;

extern const char *const server_event_names[]; /* "open", "message", "close" */

/* The head of an answer. */
typedef struct reply {
  int status;
  int64_t length;            /* of the body; -1: nobody knows before it ends */
  const char *type;          /* its content type, static; NULL = `headers` may have one */
  const host_pairs *headers; /* of the flare or the origin; NULL = none */
  const char *const (*more)[2];
  size_t more_count;
} reply;

/* How a request is answered: by the connection that brought it. */
typedef struct exchange_way {
  void (*begin)(struct exchange *x, const reply *r);
  /* Part of the body; takes the text over. */
  void (*add)(struct exchange *x, text *part);
  /* It is over. Not `whole`: what was begun cannot be ended, which the client is to see. May free x. */
  void (*end)(struct exchange *x, bool whole);
  size_t (*unsent)(const struct exchange *x);
} exchange_way;

/* A request and its answer. Part of what its connection knows of it. */
typedef struct exchange {
  server *server;
  connection *connection; /* NULL: of the page's own (server_control.c) */
  const exchange_way *way;
  task *task;                       /* its request, until a flare has answered */
  uint64_t id;                      /* of the job that a flare was given; 0 = none was */
  struct transfer *transfer;        /* the origin answers it */
  bool asked;                       /* it counts among what is open */
  bool head, bodiless;              /* the answer has no body, by the method or the status as well */
  bool may_upgrade;                 /* it may become a WebSocket */
  bool local;                       /* the client is on this machine */
  bool begun;                       /* the answer has */
  void (*gone)(struct exchange *x); /* told when the client goes before the answer ends; NULL = nobody is */
  void *data;                       /* whoever answers */
} exchange;

/* ---- server.c ---- */

/* A descriptor is free again. */
void server_accept_again(server *s);

/* Sets the time of this round: clients.now_ms. */
void server_look_at_clock(server *s);

/* ---- server_task.c ---- */

/* A task with nothing in it; it is the server's again with server_end. */
task *server_task(server *s);

/* Queues a task; the reference to the flare is taken over. It comes back to the part that it is for. */
void server_start(task *t, pool_flare *flare, flare_handler handler);

/* The end of a task that came back, or was never started. */
void server_end(task *t);

/* Tells the options of a task that came back: server_record has the meaning of the others. */
void server_record_task(task *t, int status, bool origin, const server_answer *answer);

/* A new line of the log of a task, to be written; borrowed. */
text *server_add_line(host_response *r, host_level level);

void server_free_tasks(server *s);

/* Counts bytes of bodies that are kept, or (negative) no more are. False: that would be too many in all. */
bool server_hold_body(server *s, ptrdiff_t bytes);

/* ---- server_exchange.c ---- */

/* Begins to take a request, in `x`, which is part of its owner. `c` is NULL for a request of the page's own.
 */
void exchange_open(exchange *x, server *s, connection *c, const exchange_way *way);

/*
 * Sets method, target and host, in this order before any field. A whole URL as the target has a host of its
 * own. False: they are none; it says why.
 */
bool exchange_target(exchange *x, bytes method, bytes target, bytes authority, const char **why);

/* Adds a field; those of one name become one list. */
void exchange_field(exchange *x, bytes name, bytes value);

/* Adds to the body. Else the status of the answer: 413, or 503 when there is no room for it. */
int exchange_body(exchange *x, bytes piece);

/* The request is whole: it is answered. */
void exchange_ask(exchange *x);

/* The owner ends it: all of the answer is on its way, or the client has gone. */
void exchange_close(exchange *x);

/* Whether the client has some of the answer, so the origin may go on. Tell it after something was sent. */
void exchange_drained(exchange *x);

/* Why a request cannot be: answers with a status and a sentence, as plain text. */
__attribute__((format(printf, 3, 4))) void exchange_refuse(exchange *x, int status, const char *format, ...);

/* Answers with all of a body, which is taken over. */
void exchange_answer(exchange *x, reply *r, text *body);

/* Answers in parts. What has no body gets none. */
void exchange_begin(exchange *x, const reply *r);
void exchange_add(exchange *x, text *part);
void exchange_end(exchange *x, bool whole);

/* The value of a request header; {0} when there is none. */
bytes exchange_header(const exchange *x, const char *name);

/* Calls `field` for each header of an answer, but Content-Length. */
void reply_fields(server *s, const reply *r, void (*field)(void *to, bytes name, bytes value), void *to);

void server_exchange_done(task *t);

/* ---- the parts ---- */

/* Give a connection its protocol. */
void server_http1_start(connection *c);
void server_http2_start(connection *c);

/* Answers what came so far, which is not a request, and closes the connection. */
void server_http1_refuse(connection *c, int status, const char *why);

/* The connection of an exchange is HTTP/1.1 no more: ends the exchange and frees what it was part of. */
void server_http1_leave(exchange *x);

/* No new requests: connections that wait for one are closed, others after the answer. */
void server_http1_end(connection *c);
void server_http2_end(connection *c);

/* Makes the connection of an exchange a WebSocket; takes the flare over. Or answers why not. */
void server_socket_start(exchange *x, pool_flare *flare);
void server_socket_done(struct socket *c, task *t);

/* Whether a request asks for a WebSocket. */
bool server_socket_asked(const exchange *x);

/* Begins to close all WebSockets: 1001, going away. */
void server_sockets_end(server *s);

/* Opens what speaks to the origin of the options. */
struct origin *server_origin_open(server *s);
void server_origin_close(struct origin *o);

/* Has the origin answer what `t` asks; takes it over, and tells the options of it when that is over. */
void server_origin_ask(exchange *x, task *t);

/* Ends that. */
void server_origin_cancel(struct transfer *t);

/* The client has taken something: the transfer goes on. */
void server_origin_go_on(struct transfer *t);

/* In each round; returns after how many ms the next one must be, at most `most_ms`. */
int server_origin_round(struct origin *o, int most_ms);

/* Whether an authority, such as "localhost:8787", names this machine. In server_exchange.c. */
bool server_names_this_machine(bytes authority);

/* Answers a request at the page's port. */
void server_control(exchange *x);

/* Ends the streams of /__flaron/events. */
void server_control_end(server *s);

#endif
