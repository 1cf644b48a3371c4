/*
 * lua_cluster.h - flares that are the edges of a cluster: their stores gossip when the spec says so.
 *
 * What edges say to each other, and how they merge it, is edge/gossip's. The functions for Lua are called by
 * scripts/testing/cluster.lua, which checks their arguments.
 */
#ifndef FLARON_EDGE_LUA_CLUSTER_H
#define FLARON_EDGE_LUA_CLUSTER_H

#include <lua.h>

typedef struct lua_cluster lua_cluster;

/*
 * lua_CFunction: (list of 2 to 9 flares with a store) -> cluster, a userdata. spark.pull of each reads from
 * the others, by the names "edge-1" and so on. What all know then is what flare:reset brings back.
 */
int lua_cluster_link(lua_State *L);

/* lua_CFunction: (cluster, a, b, cut); cuts or mends the links between two edges, counted from 1, or with nil
 * all. */
int lua_cluster_cut(lua_State *L);

/* lua_CFunction: (cluster, a, b); has edges tell each other what they know. */
int lua_cluster_settle(lua_State *L);

/* lua_CFunction: (cluster); its flares are none of a cluster any more. */
int lua_cluster_close(lua_State *L);

/* A flare of it was reset: no link is cut, and none knows how far it came. NULL is fine. */
void lua_cluster_forget(lua_cluster *c);

/* As lua_cluster_close; NULL is fine. */
void lua_cluster_end(lua_cluster *c);

#endif
