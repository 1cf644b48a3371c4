/*
 * gossip.h - several edges in one process that exchange their Plasma over TCP on loopback.
 *
 * Each edge has its own store and a link to each other edge. Changes in a store are sent to the other edges,
 * which merge them (store.h). A link that was cut resumes where it stopped once it is healed. Links can be
 * delayed. Requests are not handled here.
 *
 * No other process on the machine can take part: the edges authenticate each other by a token made at the
 * start.
 */
#ifndef FLARON_EDGE_GOSSIP_H
#define FLARON_EDGE_GOSSIP_H

#include "host/host.h"

typedef struct gossip gossip;

enum { GOSSIP_EDGES_MAX = 9, GOSSIP_ANY = -1 };

typedef struct gossip_options {
  struct store *stores[GOSSIP_EDGES_MAX]; /* borrowed until gossip_close */
  int count;                              /* of edges, at least 2 */
  int64_t latency_ns;                     /* the delay of each message */
  int64_t skew_ns;                        /* each edge's clock is this much ahead of the previous edge's */
  /* Only gossip_settle sends anything, on the caller's thread. */
  bool by_hand;
  int64_t (*now_ns)(void *data,
                    int edge); /* the clocks of the edges, called with `data`; NULL = the machine's */
  void *data;
} gossip_options;

/* Starts the gossip, in its own thread unless it is by hand. NULL, with one line in `error`, if that
 * fails. */
gossip *gossip_open(const gossip_options *options, text *error);

/* Stops and frees it; no pull may be running, and the stores must still be open. NULL is ignored. */
void gossip_close(gossip *g);

/* The name of an edge, counted from 0: "edge-1"... Borrowed. */
const char *gossip_name(const gossip *g, int edge);

/* How far an edge's clock is ahead, nanoseconds. */
int64_t gossip_skew_ns(const gossip *g, int edge);

/* Sets the HTTP port of an edge, only for the answers of gossip_control. */
void gossip_set_port(gossip *g, int edge, int port);

/* For the host_config of an edge: `pull` is gossip_pull, with this as `pull_data`. Borrowed. */
void *gossip_pull_data(gossip *g, int edge);

/* A host_pull_function. It waits for a message in each direction, at most some seconds. */
bool gossip_pull(void *data, bytes origin, const bytes *keys, size_t count, host_pulled_function *pulled,
                 void *taker);

/* Cuts the links between edges `a` and `b`, or heals them, at once; GOSSIP_ANY stands for all edges. */
void gossip_cut(gossip *g, int a, int b, bool cut);

/*
 * For a gossip by hand: sends changes over the links between `a` and `b` (GOSSIP_ANY: all) that are not cut,
 * until nothing is left to send. False, with one line in `error`, if a store fails or it takes seconds.
 */
bool gossip_settle(gossip *g, int a, int b, text *error);

struct control_answer;

/*
 * A server_control_function, except for its `data`:
 *
 *   GET edges                     {edges: [{name, port, skew_ms, node, error?}], latency_ms,
 *                                  links: [{from, to, state: "up"|"cut"|"down", pending}]}
 *   POST partition[?a=NAME[&b=NAME]]   cuts the link between two, all of one, or all; answers as edges does
 *   POST heal[?a=NAME[&b=NAME]]        heals them
 *
 * `pending`: number of changed keys that the other edge has not confirmed yet. If all are 0, all edges have
 * the same Plasma.
 */
bool gossip_control(gossip *g, bytes method, bytes path, bytes query, bytes body,
                    struct control_answer *answer);

#endif
