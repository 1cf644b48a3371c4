/*
 * gossip.h - several edges in one process that tell each other of their Plasma, over TCP on loopback.
 *
 * Each edge has a store of its own and a link to each other edge. What changes in a store goes to the others,
 * which merge it (store.h); a link that was cut goes on where it stood when it is mended. Links can be slow.
 * Where requests come from is not known here.
 *
 * Nobody else on the machine can take part: the edges know each other by a token made at the start.
 */
#ifndef FLARON_EDGE_GOSSIP_H
#define FLARON_EDGE_GOSSIP_H

#include "host/host.h"

typedef struct gossip gossip;

enum { GOSSIP_EDGES_MAX = 9, GOSSIP_ANY = -1 };

typedef struct gossip_options {
  struct store *stores[GOSSIP_EDGES_MAX]; /* borrowed until gossip_close */
  int count;                              /* of edges, at least 2 */
  int64_t latency_ns;                     /* how long a message is on its way */
  int64_t skew_ns;                        /* each edge's clock is that much ahead of the one before */
  /* Nothing goes out but by gossip_settle, and only the caller's thread works. */
  bool by_hand;
  int64_t (*now_ns)(void *data, int edge); /* the clocks of the edges, with `data`; NULL = the machine's */
  void *data;
} gossip_options;

/* Begins to gossip, in a thread of its own unless it is by hand. NULL, with one line in `error`, when it
 * cannot. */
gossip *gossip_open(const gossip_options *options, text *error);

/* Ends it; no pull may be under way, and the stores must still be there. NULL is fine. */
void gossip_close(gossip *g);

/* The name of an edge, counted from 0: "edge-1"... Borrowed. */
const char *gossip_name(const gossip *g, int edge);

/* How far an edge's clock is ahead, nanoseconds. */
int64_t gossip_skew_ns(const gossip *g, int edge);

/* Notes where an edge serves, for gossip_control alone. */
void gossip_set_port(gossip *g, int edge, int port);

/* For the host_config of an edge: `pull` is gossip_pull, with this as `pull_data`. Borrowed. */
void *gossip_pull_data(gossip *g, int edge);

/* A host_pull_function. It waits: a message there, one back, at most some seconds. */
bool gossip_pull(void *data, bytes origin, const bytes *keys, size_t count, host_pulled_function *pulled,
                 void *taker);

/* Cuts the links between edges `a` and `b`, or mends them; GOSSIP_ANY stands for all. At once. */
void gossip_cut(gossip *g, int a, int b, bool cut);

/*
 * Of a gossip by hand: has what edges know go over the links between `a` and `b` (GOSSIP_ANY: all) that are
 * not cut, until nothing is left to be said. False, with one line in `error`, when a store fails or it takes
 * seconds.
 */
bool gossip_settle(gossip *g, int a, int b, text *error);

struct control_answer;

/*
 * A server_control_function, but for its `data`:
 *
 *   GET edges                     {edges: [{name, port, skew_ms, node, error?}], latency_ms,
 *                                  links: [{from, to, state: "up"|"cut"|"down", pending}]}
 *   POST partition[?a=NAME[&b=NAME]]   cuts the link between two, all of one, or all; answers as edges does
 *   POST heal[?a=NAME[&b=NAME]]        mends them
 *
 * `pending`: keys that changed and that the other has not yet confirmed. All 0: all edges have the same.
 */
bool gossip_control(gossip *g, bytes method, bytes path, bytes query, bytes body,
                    struct control_answer *answer);

#endif
