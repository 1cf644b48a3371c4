/*
 * lua_flare.h - a flare of the Lua module flaron.edge, as lua_edge.c and lua_cluster.c know it.
 */
#ifndef FLARON_EDGE_LUA_FLARE_H
#define FLARON_EDGE_LUA_FLARE_H

#include <lua.h>

#include "engine/runner.h"
#include "lua/lua_options.h"
#include "pack/manifest.h"
#include "store/store.h"

#define LUA_FLARE "flaron.edge.flare" /* the name of its metatable */

/* What stubs, failures and the clock are set to. */
typedef struct settings {
  lua_Integer stubs;                 /* the first ones of the list */
  lua_Integer answers[HOST_IMPORTS]; /* the first ones of each list */
  host_failure failures[HOST_IMPORTS];
  int64_t now_ns;
} settings;

typedef struct lua_flare {
  flare flare;
  edge edge;
  lua_options options;
  manifest_grants grants;
  store *store;
  lua_State *L; /* who is asking: stubs run there */
  int stubs;    /* registry reference: list of {pattern, answer} */
  int answers;  /* registry reference: lists of what imports answer next, by import */
  int fetches;  /* registry reference: list of what this invocation fetched */
  int edges;    /* registry reference: option `edges`, {origin = {key = value}} */
  int fault;    /* registry reference: the error that a stub raised, LUA_NOREF = none */
  lua_Integer given[HOST_IMPORTS], taken[HOST_IMPORTS]; /* how long each list is, and how far it is done */
  host_tape tape;                                       /* answers from them */
  settings kept;                                        /* what flare:reset brings back */
  struct lua_cluster *cluster;                          /* that it is an edge of; NULL = none */
  bool open;
  bool busy; /* an invocation runs: a stub may not come back in */
} lua_flare;

#endif
