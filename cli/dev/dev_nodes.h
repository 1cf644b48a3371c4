/*
 * dev_nodes.h - the edges that `flaron-lua dev` runs: each with a store, a server on a port of its own and a
 * thread, and the gossip between them. What they serve is dev.c's.
 */
#ifndef FLARON_CLI_DEV_NODES_H
#define FLARON_CLI_DEV_NODES_H

#include <pthread.h>

#include "gossip/gossip.h"
#include "server/server.h"

typedef struct dev_node {
  struct dev *dev;  /* for what the server asks: it is given the node as `data` */
  int index;        /* counted from 0 */
  const char *name; /* "edge-1"...; NULL = there is only one */
  struct store *store;
  server_options options;
  server *server;
  pthread_t thread;
  text log; /* lines that have not been written yet: dev.c's */
} dev_node;

typedef struct dev_nodes {
  int count;
  dev_node items[GOSSIP_EDGES_MAX];
  gossip *gossip; /* NULL = there is only one */
} dev_nodes;

/*
 * Opens the stores of `count` nodes and, when there are several, begins their gossip. The first has `store`,
 * borrowed; the others' are in `edge-2`... in `folder`. False, with one line in `error`; dev_nodes_close
 * frees what was opened.
 */
bool dev_nodes_open(dev_nodes *n, int count, struct store *store, const char *folder,
                    const gossip_options *how, text *error);

/* Sets what a node has of its own in the configuration of its hosts. */
void dev_nodes_configure(const dev_nodes *n, int node, host_config *config);

/*
 * Opens the servers, on ports from that of `options` on, or any when it is 0. Options are copied, with the
 * node as `data`. False, with one line in `error`: then none listens.
 */
bool dev_nodes_listen(dev_nodes *n, const server_options *options, text *error);

/* Serves until dev_nodes_stop. */
void dev_nodes_run(dev_nodes *n);

/* Closes the servers. */
void dev_nodes_unlisten(dev_nodes *n);

/* May be called in a signal handler. */
void dev_nodes_stop(dev_nodes *n);

/* Ends the gossip and closes the stores; no flare may be left. */
void dev_nodes_close(dev_nodes *n);

#endif
