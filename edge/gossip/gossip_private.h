/*
 * gossip_private.h - what the files of gossip share. No other file includes it.
 */
#ifndef FLARON_EDGE_GOSSIP_PRIVATE_H
#define FLARON_EDGE_GOSSIP_PRIVATE_H

#include <pthread.h>

#include "gossip/gossip.h"
#include "gossip/gossip_wire.h"

#define GOSSIP_MS INT64_C(1000000) /* nanoseconds */

/* A queued frame, sent when it is due. */
typedef struct gossip_sending {
  text bytes;
  int64_t due_ns;
  struct gossip_sending *next;
} gossip_sending;

/*
 * One end of a connection. A link has its own connection in each direction: the opener sends deltas, the
 * accepting end acknowledges them. Each pull has its own connection, opened by a thread in gossip_pull.c.
 */
typedef struct gossip_conn {
  int fd;                         /* -1: it has ended */
  int from, to;                   /* edges; `from` opened it, GOSSIP_ANY until it has said its name */
  bool accepted, greeted, ending; /* this end accepted it; HELLO or WELCOME came; it ends when all is sent */
  bool vouched;                   /* of an accepted connection: it began with the token */
  int64_t since_ns;               /* when it began */
  text in;
  gossip_sending *first, **last;
  size_t sent, waiting; /* bytes sent of the first frame; number of frames */
  text node;            /* at the accepting end: the node name of `from` */
  int64_t upto;         /* the last change that is queued or sent */
  struct gossip_conn *next;
} gossip_conn;

/* One direction of a link, at its opener. */
typedef struct gossip_link {
  bool cut;
  gossip_conn *conn;    /* NULL = not connected */
  int64_t retry_ns;     /* time of the next attempt to connect */
  int64_t acknowledged; /* the last change that the other edge has acknowledged */
} gossip_link;

typedef struct gossip_edge {
  gossip *gossip; /* for gossip_pull */
  int index;
  char name[sizeof "edge-9"];
  struct store *store;
  int listener, gossip_port; /* listens for other edges, on this port */
  int port;                  /* the HTTP port, for gossip_control; 0 = not known */
  text error;                /* the store's message when it last failed */
} gossip_edge;

struct gossip {
  gossip_options options;
  gossip_edge edges[GOSSIP_EDGES_MAX];
  gossip_link links[GOSSIP_EDGES_MAX][GOSSIP_EDGES_MAX]; /* [from][to] */
  gossip_conn *conns;
  uint8_t token[GOSSIP_TOKEN_SIZE];
  int wake;         /* an eventfd: something changed */
  int strangers;    /* number of accepted connections that are not vouched */
  int64_t pause_ns; /* no connection is accepted before this time, since no descriptor was left */
  bool said_full;   /* that was reported */
  bool closing;
  int only_a, only_b; /* deltas are sent only over the links between these */
  pthread_t thread;
  pthread_mutex_t mutex; /* guards all above that changes; the thread holds it except while it waits */
};

/* The clock that latency and time limits are measured with: CLOCK_MONOTONIC in nanoseconds. */
int64_t gossip_clock(void);

/* The clock of an edge, nanoseconds since 1970. */
int64_t gossip_now(const gossip *g, int edge);

/* Reads the value of a key in an edge's Spark into `value`, which is emptied first. OK, ABSENT, FAILED. */
store_result gossip_read_spark(gossip *g, int edge, bytes key, text *value, uint32_t *ttl_s);

/* A non-blocking socket that is connecting to the port of another edge. -1 on failure. */
int gossip_connect(int port);

/* Of gossip_link.c. Returns whether `result` is not a failure; if it is one, keeps the store's message in
 * `e`. */
bool gossip_note(gossip_edge *e, store_result result);

/* Adds a connection on `fd`, which it takes over. */
gossip_conn *gossip_conn_add(gossip *g, int fd, int from, int to, bool accepted);

/* Ends a connection; gossip_conns_sweep frees it. */
void gossip_conn_end(gossip *g, gossip_conn *c);

/* Ends the strangers' connections that have not sent the token in time. Returns the time at which the next
 * one must be ended, or INT64_MAX. */
int64_t gossip_strangers_end(gossip *g, int64_t now);

/* Whether so many frames are queued that nothing must be read from the other end until it has taken some. */
bool gossip_conn_is_full(const gossip_conn *c);

void gossip_conns_sweep(gossip *g);

/* Greets the edge that a link leads to. */
void gossip_conn_greet(gossip *g, gossip_conn *c);

/* Receives bytes and handles the complete frames. */
void gossip_conn_read(gossip *g, gossip_conn *c);

/* Queues the changes of the opener's store after those already queued, up to change `last`. */
void gossip_conn_fill(gossip *g, gossip_conn *c, int64_t last);

/* Sends the frames that are due at `now`. */
void gossip_conn_write(gossip *g, gossip_conn *c, int64_t now);

#endif
