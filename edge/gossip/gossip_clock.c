/*
 * gossip_clock.c - names and clocks of edges. The other files of gossip use it; it uses none of them.
 */
#include "base/clock.h"
#include "gossip/gossip_private.h"

int64_t gossip_clock(void) { return clock_ns(CLOCK_MONOTONIC); }

int64_t gossip_skew_ns(const gossip *g, int edge) { return g->options.skew_ns * edge; }

int64_t gossip_now(const gossip *g, int edge) {
  if (g->options.now_ns != NULL) return g->options.now_ns(g->options.data, edge);
  return clock_ns(CLOCK_REALTIME) + gossip_skew_ns(g, edge);
}

const char *gossip_name(const gossip *g, int edge) { return g->edges[edge].name; }
