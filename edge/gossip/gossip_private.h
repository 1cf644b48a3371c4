/*
 * gossip_private.h - what gossip.c, gossip_link.c, gossip_pull.c and gossip_control.c share. Nobody else
 * includes it.
 */
#ifndef FLARON_EDGE_GOSSIP_PRIVATE_H
#define FLARON_EDGE_GOSSIP_PRIVATE_H

#include <pthread.h>

#include "gossip/gossip.h"
#include "gossip/gossip_wire.h"

#define GOSSIP_MS INT64_C(1000000) /* nanoseconds */

/* A frame that waits until it may go out. */
typedef struct gossip_sending {
  text bytes;
  int64_t due_ns;
  struct gossip_sending *next;
} gossip_sending;

/*
 * One end of a connection. A link has a connection of its own in each direction: its opener sends deltas, who
 * accepted it acknowledges them. A pull has one for itself, whose opener is a thread in gossip_pull.c.
 */
typedef struct gossip_conn {
  int fd;                         /* -1: it is over */
  int from, to;                   /* edges; from is who opened it, GOSSIP_ANY before it said so */
  bool accepted, greeted, ending; /* this end accepted; HELLO or WELCOME came; it is over when all is sent */
  bool vouched;                   /* of an accepted one: it began with the token */
  int64_t since_ns;               /* when it began */
  text in;
  gossip_sending *first, **last;
  size_t sent, waiting; /* bytes of the first; frames in all */
  text node;            /* of the accepting end: the name of from's node */
  int64_t upto;         /* the change up to which deltas are on their way */
  struct gossip_conn *next;
} gossip_conn;

/* A direction of a link, at its opener. */
typedef struct gossip_link {
  bool cut;
  gossip_conn *conn;    /* NULL = there is none now */
  int64_t retry_ns;     /* when a new one may be tried */
  int64_t acknowledged; /* the change up to which the other has all */
} gossip_link;

typedef struct gossip_edge {
  gossip *gossip; /* for gossip_pull */
  int index;
  char name[sizeof "edge-9"];
  struct store *store;
  int listener, gossip_port; /* of other edges */
  int port;                  /* of HTTP, for gossip_control; 0 = not known */
  text error;                /* what the store said when it last failed */
} gossip_edge;

struct gossip {
  gossip_options options;
  gossip_edge edges[GOSSIP_EDGES_MAX];
  gossip_link links[GOSSIP_EDGES_MAX][GOSSIP_EDGES_MAX]; /* [from][to] */
  gossip_conn *conns;
  uint8_t token[GOSSIP_TOKEN_SIZE];
  int wake;         /* an eventfd: something changed */
  int strangers;    /* accepted ones that are not vouched */
  int64_t pause_ns; /* no connection is accepted before: no descriptor was left */
  bool said_full;   /* that it was so */
  bool closing;
  int only_a, only_b; /* deltas go over the links between these alone */
  pthread_t thread;
  pthread_mutex_t mutex; /* of all above that changes; the thread holds it but while it waits */
};

/* The clock that latency and time limits are measured with: CLOCK_MONOTONIC in nanoseconds. */
int64_t gossip_clock(void);

/* The clock of an edge, nanoseconds since 1970. */
int64_t gossip_now(const gossip *g, int edge);

/* What an edge has in Spark of a key, in `value`, which is emptied before. OK, ABSENT, FAILED. */
store_result gossip_read_spark(gossip *g, int edge, bytes key, text *value, uint32_t *ttl_s);

/* A socket that does not block, on its way to the port of another edge. -1: it cannot be. */
int gossip_connect(int port);

/* Of gossip_link.c. Keeps what an edge's store said when it failed; answers whether it did not. */
bool gossip_note(gossip_edge *e, store_result result);

/* Makes a connection part of the gossip, taking `fd` over. */
gossip_conn *gossip_conn_add(gossip *g, int fd, int from, int to, bool accepted);

/* Ends a connection; gossip_conns_sweep frees it. */
void gossip_conn_end(gossip *g, gossip_conn *c);

/* Ends those of strangers that have not said the token in time; the time after which the next is to be ended,
 * or INT64_MAX. */
int64_t gossip_strangers_end(gossip *g, int64_t now);

/* Whether there are frames enough for the other end to take before more is read from it. */
bool gossip_conn_is_full(const gossip_conn *c);

void gossip_conns_sweep(gossip *g);

/* Greets the edge that a link leads to. */
void gossip_conn_greet(gossip *g, gossip_conn *c);

/* Reads what came and acts upon it. */
void gossip_conn_read(gossip *g, gossip_conn *c);

/* Queues what changed in the opener's store, up to change `last`, since what is on its way. */
void gossip_conn_fill(gossip *g, gossip_conn *c, int64_t last);

/* Writes what may go out at `now`. */
void gossip_conn_write(gossip *g, gossip_conn *c, int64_t now);

#endif
