/*
 * server.h - the local edge's front: HTTP and WebSockets, answered by flares in a pool.
 *
 * One thread at a time runs the event loop and never waits: for a flare, a fetch or a client. It knows what
 * HTTP and a WebSocket are; what a flare is allowed is the pool's configuration, where flares come from is
 * told to it.
 */
#ifndef FLARON_EDGE_SERVER_H
#define FLARON_EDGE_SERVER_H

#include "server/pool.h"

typedef struct server server;

/* What the origin answered, as the client got it. */
typedef struct server_answer {
  const host_pairs *headers;
  bytes body;  /* the first SERVER_ANSWER bytes of it, SERVER_ANSWER_UNSEEN when nobody listens to events */
  size_t left; /* how many more there were */
} server_answer;

enum { SERVER_ANSWER = 1 << 20, SERVER_ANSWER_UNSEEN = 4 << 10 };

/* What a server tells of an invocation that is over: for the log. Borrowed during the call. */
typedef struct server_record {
  const char *event; /* NULL for a request, else "open", "message", "close" */
  pool_job *job;
  int status;  /* sent to the client; 0 for events, and when the client went before it was sent */
  bool origin; /* PASS_THROUGH or TRANSFORM: the origin was asked, and `status` is what it answered, or why
                  it did not (502, 504; a line of the log says more) */
  const server_answer *answer; /* of the origin; NULL = none came */
  int64_t asked_ns;            /* when the request was there, since 1970 */
  int64_t wall_us;             /* from then until the last of the answer was handed to the connection */
} server_record;

/* An answer to what was asked under /__flaron/. Given as {200, "application/json"}; the server frees `body`.
 */
typedef struct control_answer {
  int status;
  const char *type; /* static */
  text body;
} control_answer;

/*
 * Answers what is asked at the page's port under /__flaron/: `path` is what follows that, `query` what
 * follows
 * '?'. Called for clients on this machine only, whose Host names it and whose Origin, if any, is that port's.
 * False: there is nothing of that name.
 */
typedef bool server_control_function(void *data, bytes method, bytes path, bytes query, bytes body,
                                     control_answer *answer);

typedef struct server_options {
  const char *host;   /* address to listen on */
  int port;           /* 0: any that is free (server_port) */
  int page_port;      /* of 127.0.0.1, plain HTTP, for `control`; 0: a thousand above, or any that is free */
  int threads;        /* of the pool */
  const char *origin; /* that PASS_THROUGH and TRANSFORM go to (server_is_origin); NULL = none */
  int timeout_ms; /* how long a client may take to send a request, not to read on, or an origin not to answer
                   */
  const char *certificate; /* file for HTTPS (certificate.h); NULL = plain HTTP */
  /* The flare for a request, with a reference for the server; NULL: there is none, `page` is shown. */
  pool_flare *(*find_flare)(void *data, const char *path, size_t size);
  /* When there is no flare: adds what to say to `page`, as HTML or as text, for clients on this machine;
   * returns the status. */
  int (*say_why)(void *data, const char *path, size_t size, bool html, text *page);
  /* For a browser on this machine that shows the answer as a page, when a flare answered 500: adds what is
   * known of it as HTML; false: the answer stays. */
  bool (*explain)(void *data, const pool_job *job, text *page);
  /* Before a job is queued: may set its tape and finish. NULL = nothing to do. */
  void (*prepare)(void *data, pool_job *job);
  void (*record)(void *data, const server_record *record); /* on the loop's thread, as all of them are */
  /* Before the loop may wait for something: what `record` kept back is due. NULL = nothing is. */
  void (*rest)(void *data);
  server_control_function *control; /* NULL = the page has no port */
  void *data;
} server_options;

/* Whether an origin may be said so: a URL of http or https without a path, which would be lost. */
bool server_is_origin(const char *url);

/* Listens. NULL, with one line in `error`, when it cannot. Options are borrowed until server_close. */
server *server_open(const server_options *options, text *error);

/* The port it listens on. */
int server_port(const server *s);

/* The page's port. */
int server_page_port(const server *s);

/* Serves until server_stop. */
void server_run(server *s);

/* Ends server_run when open requests are answered, or after 5 s. May be called in a signal handler. */
void server_stop(server *s);

/* Sends an event (server-sent events: WHATWG HTML, 9.2), one line of text, to all at /__flaron/events. On
 * the loop's thread. */
void server_broadcast(server *s, const char *event, bytes line);

/* Has `call(data)` called on the loop's thread, soon, unless server_run ends before. On any thread. */
void server_post(server *s, void (*call)(void *data), void *data);

/* Whether anybody does. */
bool server_has_audience(const server *s);

void server_close(server *s);

/* A socket that listens, or -1 with one line in `error`. `advice`: what to do when the port is in use. */
int server_listen_on(const char *host, int port, const char *advice, text *error);

/* The port of a socket that listens. */
int server_port_of(int fd);

#endif
