/*
 * server.h - the local edge's front: HTTP and WebSockets, served by h2o, answered by flares in a pool.
 *
 * One thread runs the event loop and never waits: for a flare, a fetch or a client. It knows what HTTP and
 * a WebSocket are; what a flare is allowed is the pool's configuration, where flares come from is told to it.
 */
#ifndef FLARON_EDGE_SERVER_H
#define FLARON_EDGE_SERVER_H

#include "pool.h"

typedef struct server server;

/* What a server tells of an invocation that is over: for the log. Borrowed during the call. */
typedef struct server_record {
  const char *event; /* NULL for a request, else "open", "message", "close" */
  const pool_job *job;
  int status; /* sent to the client; 0 for events */
} server_record;

typedef struct server_options {
  const char *host;   /* address to listen on */
  int port;           /* 0: any that is free (server_port) */
  int threads;        /* of the pool */
  const char *origin; /* URL that PASS_THROUGH and TRANSFORM go to; NULL = none */
  /* The flare for a request, with a reference for the server; NULL: there is none, `page` is shown. */
  pool_flare *(*find_flare)(void *data, const char *path, size_t size);
  /* When there is no flare: adds what to say to `page`, as HTML or as text; returns the status. */
  int (*say_why)(void *data, const char *path, size_t size, bool html, text *page);
  void (*record)(void *data, const server_record *record); /* on the loop's thread */
  void *data;
} server_options;

/* Listens. NULL, with one line in `error`, when it cannot. Options are borrowed until server_close. */
server *server_open(const server_options *options, text *error);

/* The port it listens on. */
int server_port(const server *s);

/* Serves until server_stop. */
void server_run(server *s);

/* Ends server_run when open requests are answered, or after 5 s. May be called in a signal handler. */
void server_stop(server *s);

void server_close(server *s);

#endif
