/*
 * lua_cluster.c - see lua_cluster.h. A cluster borrows its flares; each holds it (as its user value), and it
 * holds all of them, so none goes before the others do.
 */
#include "lua/lua_cluster.h"

#include <lauxlib.h>

#include "gossip/gossip.h"
#include "lua/lua_flare.h"

#define CLUSTER "flaron.edge.cluster"

struct lua_cluster {
  lua_flare *flares[GOSSIP_EDGES_MAX];
  int count;      /* 0: it has ended */
  gossip *gossip; /* NULL: a flare was reset since */
};

/* gossip_options.now_ns */
static int64_t clock_of(void *data, int edge) {
  const lua_cluster *c = data;
  return host_now_ns(&c->flares[edge]->edge.host);
}

/* Sees that there is a gossip. False with a line in `error`. */
static bool begin(lua_cluster *c, text *error) {
  if (c->gossip != NULL) return true;
  gossip_options options = {.count = c->count, .by_hand = true, .now_ns = clock_of, .data = c};
  for (int i = 0; i < c->count; i++) options.stores[i] = c->flares[i]->store;
  c->gossip = gossip_open(&options, error);
  return c->gossip != NULL;
}

/* host_pull_function, `data` being a flare. */
static bool pull(void *data, bytes origin, const bytes *keys, size_t count, host_pulled_function *pulled,
                 void *taker) {
  const lua_flare *f = data;
  lua_cluster *c = f->cluster;
  text error = {0};
  int i = 0;
  while (c->flares[i] != f) i++;
  bool good =
      begin(c, &error) && gossip_pull(gossip_pull_data(c->gossip, i), origin, keys, count, pulled, taker);
  text_free(&error);
  return good;
}

void lua_cluster_forget(lua_cluster *c) {
  if (c == NULL) return;
  gossip_close(c->gossip);
  c->gossip = NULL;
}

void lua_cluster_end(lua_cluster *c) {
  if (c == NULL) return;
  lua_cluster_forget(c);
  for (int i = 0; i < c->count; i++) {
    c->flares[i]->cluster = NULL;
    c->flares[i]->edge.host.config.pull = NULL;
  }
  c->count = 0;
}

/* Raises what is in `error`, without a place, which cluster.lua gives it. */
static int raise_error(lua_State *L, text *error) {
  lua_pushstring(L, text_string(error));
  text_free(error);
  return lua_error(L);
}

/* The cluster at argument 1, with a gossip. */
static lua_cluster *check(lua_State *L) {
  lua_cluster *c = luaL_checkudata(L, 1, CLUSTER);
  text error = {0};
  if (c->count == 0) text_add_string(&error, "the cluster is closed");
  if (c->count == 0 || !begin(c, &error)) raise_error(L, &error);
  return c;
}

/* The edge that argument `index` counts from 1. */
static int edge_at(lua_State *L, int index) {
  return lua_isnoneornil(L, index) ? GOSSIP_ANY : (int)luaL_checkinteger(L, index) - 1;
}

int lua_cluster_cut(lua_State *L) {
  lua_cluster *c = check(L);
  gossip_cut(c->gossip, edge_at(L, 2), edge_at(L, 3), lua_toboolean(L, 4));
  return 0;
}

int lua_cluster_settle(lua_State *L) {
  lua_cluster *c = check(L);
  text error = {0};
  if (gossip_settle(c->gossip, edge_at(L, 2), edge_at(L, 3), &error)) return 0;
  return raise_error(L, &error);
}

int lua_cluster_close(lua_State *L) {
  lua_cluster_end(luaL_checkudata(L, 1, CLUSTER));
  return 0;
}

int lua_cluster_link(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_cluster *c = lua_newuserdatauv(L, sizeof *c, 1);
  *c = (lua_cluster){0};
  if (luaL_newmetatable(L, CLUSTER)) {
    lua_pushcfunction(L, lua_cluster_close);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, 2);
  for (int i = 0; i < GOSSIP_EDGES_MAX && lua_rawgeti(L, 1, i + 1) == LUA_TUSERDATA; i++) {
    lua_flare *f = luaL_checkudata(L, -1, LUA_FLARE);
    luaL_argcheck(L, f->open && f->store != NULL && f->cluster == NULL, 1, "flares with a store expected");
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, 1);
    c->flares[c->count++] = f;
    f->cluster = c;
    f->edge.host.config.pull = pull;
    f->edge.host.config.pull_data = f;
    lua_settop(L, 2);
  }
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 2, 1);
  lua_pushcfunction(L, lua_cluster_settle);
  lua_pushvalue(L, 2);
  lua_call(L, 1, 0);
  for (int i = 0; i < c->count; i++) store_snapshot(c->flares[i]->store);
  lua_settop(L, 2);
  return 1;
}
