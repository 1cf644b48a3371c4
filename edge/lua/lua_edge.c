/*
 * lua_edge.c - the Lua module `flaron.edge`: flares in native Lua 5.4, for specs.
 *
 *   local edge = require "flaron.edge"
 *   local flare = assert(edge.load("main.lua"))
 *   local response = flare:request{url = "https://example.com/"}
 *
 * It turns tables into what runner.h takes and back; what a flare does is not known here. What can be said in
 * Lua is in scripts/testing/edge.lua: connections, busted's assertions and what happens between two tests.
 */
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/embedded.h"
#include "base/http.h"
#include "base/nearest.h"
#include "gossip/gossip.h"
#include "lua/lua_cluster.h"
#include "lua/lua_cover.h"
#include "lua/lua_debug.h"
#include "lua/lua_flare.h"
#include "lua/lua_json.h"
#include "lua/lua_options.h"
#include "pack/manifest.h"
#include "pack/pack.h"
#include "project/conform.h"
#include "store/store.h"

#define RESPONSE "flaron.edge.response"
#define STATE \
  "flaron.edge.state" /* registry: a table of edge.lua that outlives the module being loaded again */

/* ---- loading ---- */

/* modules_source.read from the table of files that is argument 1 of a lua_State. */
static int lua_edge_read_table(void *data, const char *path, text *out) {
  lua_State *L = data;
  size_t size;
  int fault = ENOENT;
  lua_pushstring(L, path);
  lua_rawget(L, 1); /* raw: no metamethod may raise an error through the packer */
  const char *content = lua_tolstring(L, -1, &size);
  if (content != NULL) {
    text_add(out, content, size);
    fault = 0;
  }
  lua_pop(L, 1);
  return fault;
}

/* modules_source.list of the same. */
static void lua_edge_list_table(void *data, void (*take)(void *to, const char *path), void *to) {
  lua_State *L = data;
  for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) == LUA_TSTRING) take(to, lua_tostring(L, -2));
  }
}

/* Makes the bytes of a flare from argument 1: a table of files, a .wasm, a main script or its folder. */
static bool lua_edge_get_wasm(lua_State *L, const pack_options *options, text *wasm, text *error) {
  if (lua_istable(L, 1)) {
    modules_source source = {lua_edge_read_table, L, lua_edge_list_table};
    return pack_project(&source, NULL, options, wasm, error);
  }
  const char *path = luaL_checkstring(L, 1);
  return pack_path(path, options, wasm, error);
}

static int lua_edge_fail(lua_State *L, text *error) {
  text shown = {0}; /* it names what a project has, and is printed by whoever asserts that there is none */
  text_add_harmless(&shown, text_bytes(error), "");
  lua_pushnil(L);
  lua_pushlstring(L, text_string(&shown), shown.size);
  text_free(&shown);
  text_free(error);
  return 2;
}

/* Opens the flare's store and fills it, unless option `store` is false. */
static void lua_edge_open_store(lua_State *L, lua_flare *f) {
  text error = {0};
  if (!lua_options_boolean(L, 2, "store", true)) return;
  f->store = store_open(NULL, &error);
  if (f->store == NULL) {
    lua_pushstring(L, text_string(&error));
    text_free(&error);
    lua_error(L);
  }
  char node[STORE_NODE_MAX + 1]; /* not random: of two writes at one time that of the greater name wins */
  snprintf(node, sizeof node, "edge-%d", f->edge.host.config.machine_id);
  store_name_node(f->store, node);
  f->edge.host.config.store = f->store;
  lua_options_fill(L, 2, f->store, f->edge.host.config.max_kv_value_bytes, host_now_ns(&f->edge.host));
  store_snapshot(f->store);
}

/* host_pull_function: the other edges of option `edges`. */
static bool lua_edge_pull(void *data, bytes origin, const bytes *keys, size_t count,
                          host_pulled_function *pulled, void *taker) {
  lua_flare *f = data;
  lua_State *L = f->L;
  if (!lua_checkstack(L, 4)) return false;
  lua_rawgeti(L, LUA_REGISTRYINDEX, f->edges);
  lua_pushlstring(L, (const char *)origin.data, origin.size);
  bool there = lua_rawget(L, -2) == LUA_TTABLE;
  for (size_t i = 0; there && i < count; i++) {
    size_t size;
    lua_pushlstring(L, (const char *)keys[i].data, keys[i].size);
    if (lua_rawget(L, -2) == LUA_TSTRING) {
      const char *value = lua_tolstring(L, -1, &size);
      pulled(taker, keys[i], (bytes){(const uint8_t *)value, size}, 0);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 2);
  return there;
}

/* Keeps option `edges`, what other edges have in Spark, for spark.pull. */
static void lua_edge_keep_edges(lua_State *L, lua_flare *f) {
  int type = lua_getfield(L, 2, "edges");
  if (type != LUA_TNIL && type != LUA_TTABLE) {
    luaL_error(L, "option 'edges' is a %s, not a table", lua_typename(L, type));
  }
  if (type == LUA_TTABLE) {
    lua_pushvalue(L, -1);
    f->edges = luaL_ref(L, LUA_REGISTRYINDEX);
    f->edge.host.config.pull = lua_edge_pull;
    f->edge.host.config.pull_data = f;
  }
  lua_pop(L, 1);
}

static bool lua_edge_answer_fetch(void *data, const host_request *request, host_fetched *fetched);

/* Tells edge.lua of `event` of the flare at `index`, if it wants to know. */
static void lua_edge_tell(lua_State *L, int index, const char *event) {
  index = lua_absindex(L, index);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, STATE);
  if (lua_getfield(L, -1, event) == LUA_TFUNCTION) {
    lua_pushvalue(L, index);
    lua_call(L, 1, 0);
    lua_pop(L, 1);
  } else {
    lua_pop(L, 2);
  }
}

/* Makes the list of stubs, and has every fetch pass by it. */
static void lua_edge_open_stubs(lua_State *L, lua_flare *f) {
  lua_newtable(L);
  f->stubs = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_newtable(L);
  f->answers = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_newtable(L);
  f->fetches = luaL_ref(L, LUA_REGISTRYINDEX);
  f->edge.host.config.stub = lua_edge_answer_fetch;
  f->edge.host.config.stub_data = f;
}

/*
 * Has the host follow the report of `flaron-lua conform` that option `conform` or the environment variable
 * FLARON_CONFORM names. Tells on standard error, once in this process, what it cannot follow. False with a
 * sentence in `error` when the report cannot be read.
 */
static bool lua_edge_follow(lua_State *L, host_config *config, text *error) {
  static bool told;
  int type = lua_getfield(L, 2, "conform");
  if (type != LUA_TNIL && type != LUA_TSTRING)
    luaL_error(L, "option 'conform' is a %s, not a string", lua_typename(L, type));
  const char *path = type == LUA_TSTRING ? lua_tostring(L, -1) : getenv("FLARON_CONFORM");
  text notes = {0}, shown = {0};
  bool good = path == NULL || conform_follow(path, config, &notes, error);
  if (notes.size != 0 && !told) {
    told = true;
    text_add_harmless(&shown, text_bytes(&notes), "");
    fwrite(shown.data, 1, shown.size, stderr);
  }
  text_free(&notes);
  text_free(&shown);
  lua_pop(L, 1);
  return good;
}

/*
 * edge.load(what [, options]) -> flare, or nil and a message. `what` is the path of a main script, of its
 * folder or of a packed .wasm, or a table from paths to contents with "main.lua" in it. The manifest, where
 * there is one, says what is allowed; options (lua_options.c) come after it.
 */
static int lua_edge_load(lua_State *L) {
  if (lua_istable(L, 1)) {
    lua_pushliteral(L, "load");
    lua_rawget(L, 1);
    if (lua_tocfunction(L, -1) == lua_edge_load) luaL_error(L, "call it edge.load(...), with a dot");
  }
  lua_settop(L, 2);
  if (lua_isnil(L, 2)) {
    lua_newtable(L);
    lua_replace(L, 2);
  }
  if (!lua_istable(L, 1)) luaL_checkstring(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_options_check(L, 2);
  lua_flare *f = lua_newuserdatauv(L, sizeof *f, 1);
  memset(f, 0, sizeof *f);
  f->stubs = f->answers = f->fetches = f->edges = f->fault = LUA_NOREF;
  luaL_setmetatable(L, LUA_FLARE);
  pack_options options = {
      .memory = (uint32_t)lua_options_integer(L, 2, "memory", 0, 1 << 20, UINT32_MAX),
      .strip = lua_options_boolean(L, 2, "strip", false),
  };
  edge *e = &f->edge;
  text wasm = {0}, error = {0};
  e->watcher = lua_cover_begin(lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : NULL, &options);
  if (!lua_edge_get_wasm(L, &options, &wasm, &error) || !flare_read(&f->flare, &wasm, &error))
    return lua_edge_fail(L, &error);
  e->flare = &f->flare;
  e->host.config = host_config_default();
  e->host.config.shows_locals = true;
  if (!lua_edge_follow(L, &e->host.config, &error)) return lua_edge_fail(L, &error);
  if (!manifest_configure(f->flare.config, &e->host.config, &f->grants, &error))
    return lua_edge_fail(L, &error);
  lua_options_read(L, 2, &f->options, &e->host.config);
  e->cpu_ms = (int)lua_options_integer(L, 2, "cpu_ms", 0, 0, INT32_MAX);
  e->command = (const char *const *)f->options.command;
  if (e->command == NULL && !flare_runs_here(&f->flare, &error)) return lua_edge_fail(L, &error);
  lua_edge_open_store(L, f);
  lua_edge_keep_edges(L, f);
  lua_edge_open_stubs(L, f);
  f->kept.now_ns = e->host.config.now_ns;
  f->open = true;
  lua_debug_load(&f->flare);
  lua_edge_tell(L, -1, "loaded");
  return 1;
}

/* ---- invoking ---- */

static lua_flare *lua_edge_check_flare(lua_State *L) {
  lua_flare *f = luaL_checkudata(L, 1, LUA_FLARE);
  luaL_argcheck(L, f->open, 1, "flare is closed");
  return f;
}

/* Adds the string field `name` of the table at `index`, or `fallback`, to `to`. */
static void lua_edge_take_string(lua_State *L, int index, const char *name, const char *fallback, text *to) {
  size_t size;
  if (lua_getfield(L, index, name) == LUA_TNIL) {
    text_add_string(to, fallback);
  } else {
    const char *value = lua_tolstring(L, -1, &size);
    if (value == NULL) luaL_error(L, "field '%s' is a %s, not a string", name, luaL_typename(L, -1));
    text_add(to, value, size);
  }
  lua_pop(L, 1);
}

/* Adds the field `url` of the table at `index`, as a server sees it, to `to`. */
static void lua_edge_take_url(lua_State *L, int index, text *to) {
  size_t size;
  lua_getfield(L, index, "url"); /* edge.lua made it */
  const char *url = luaL_checklstring(L, -1, &size);
  http_add_sent_url((bytes){(const uint8_t *)url, size}, to);
  lua_pop(L, 1);
}

static void lua_edge_take_headers(lua_State *L, int index, host_pairs *headers) {
  if (lua_getfield(L, index, "headers") != LUA_TNIL) {
    if (!lua_istable(L, -1)) luaL_error(L, "field 'headers' is a %s, not a table", luaL_typename(L, -1));
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
      size_t name_size, value_size;
      if (lua_type(L, -2) != LUA_TSTRING || !lua_isstring(L, -1)) {
        luaL_error(L, "field 'headers' is not a table from names to strings");
      }
      const char *name = lua_tolstring(L, -2, &name_size);
      const char *value = lua_tolstring(L, -1, &value_size);
      if (!http_is_token((bytes){(const uint8_t *)name, name_size}))
        luaL_error(L, "field 'headers': '%s' is no name of a header", name);
      host_pairs_set(headers, (bytes){(const uint8_t *)name, name_size},
                     (bytes){(const uint8_t *)value, value_size}, false);
    }
  }
  lua_pop(L, 1);
}

static void lua_edge_set_integer(lua_State *L, const char *name, lua_Integer value) {
  lua_pushinteger(L, value);
  lua_setfield(L, -2, name);
}

/* Pushes pairs as a table. */
static void lua_edge_push_pairs(lua_State *L, const host_pairs *pairs) {
  lua_newtable(L);
  for (size_t i = 0; i < pairs->count; i++) {
    lua_pushlstring(L, pairs->items[i].name, pairs->items[i].name_size);
    lua_pushlstring(L, pairs->items[i].value, pairs->items[i].value_size);
    lua_settable(L, -3);
  }
}

/* response.json(), response:json() -> the body as a value; raises when it is no JSON. Upvalue: the response
 */
static int lua_edge_json(lua_State *L) {
  lua_pushcfunction(L, lua_json_decode);
  lua_getfield(L, lua_upvalueindex(1), "body");
  lua_call(L, 1, 2);
  if (!lua_isnil(L, -1)) return luaL_error(L, "the body is no JSON: %s", lua_tostring(L, -1));
  lua_pop(L, 1);
  return 1;
}

/* Pushes what came of an invocation as a table. */
static void lua_edge_push_response(lua_State *L, const lua_flare *f, const edge_result *result,
                                   lua_Integer cpu_us) {
  const host *h = &f->edge.host;
  const host_response *r = &h->response;
  static const char *const actions[] = {"", "respond", "transform", "pass_through"};
  lua_newtable(L);
  luaL_setmetatable(L, RESPONSE);
  lua_newtable(L);
  for (int i = 0; i < HOST_IMPORTS; i++) {
    if (h->usage[i].calls != 0)
      lua_edge_set_integer(L, host_signatures[i].name, (lua_Integer)h->usage[i].calls);
  }
  lua_setfield(L, -2, "calls");
  lua_edge_set_integer(L, "status", r->status);
  lua_edge_set_integer(L, "memory", (lua_Integer)result->memory);
  lua_edge_set_integer(L, "peak", result->peak == 0 ? 0 : (lua_Integer)(result->peak - f->flare.arena_start));
  lua_edge_set_integer(L, "cpu_us", cpu_us);
  lua_rawgeti(L, LUA_REGISTRYINDEX, f->fetches);
  lua_setfield(L, -2, "fetches");
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, lua_edge_json, 1);
  lua_setfield(L, -2, "json");
  lua_pushstring(L, actions[r->action]);
  lua_setfield(L, -2, "action");
  lua_pushboolean(L, result->failed);
  lua_setfield(L, -2, "failed");
  if (result->failed || result->raised) {
    lua_pushlstring(L, text_string(&r->error), r->error.size);
    lua_setfield(L, -2, "error");
  }
  if (r->locals.size != 0) {
    lua_pushlstring(L, r->locals.data, r->locals.size);
    lua_setfield(L, -2, "locals");
  }
  lua_pushlstring(L, text_string(&r->body), r->body.size);
  lua_setfield(L, -2, "body");
  if (r->close_code != 0) lua_edge_set_integer(L, "close_code", r->close_code);
  lua_edge_push_pairs(L, &r->headers);
  lua_setfield(L, -2, "headers");
  lua_newtable(L);
  for (size_t i = 0; i < r->frame_count; i++) {
    lua_pushlstring(L, text_string(&r->frames[i]), r->frames[i].size);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, "frames");
  lua_newtable(L);
  for (size_t i = 0; i < r->line_count; i++) {
    lua_newtable(L);
    lua_pushstring(L, host_level_name(r->lines[i].level));
    lua_setfield(L, -2, "level");
    lua_pushlstring(L, text_string(&r->lines[i].line), r->lines[i].line.size);
    lua_setfield(L, -2, "text");
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, "logs");
}

/* The CPU time of this thread; for an engine in another process, the time. In microseconds. */
static lua_Integer lua_edge_clock_us(const lua_flare *f) {
  return clock_ns(f->edge.command == NULL ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC) / CLOCK_NS_PER_US;
}

static int lua_edge_invoke(lua_State *L, flare_handler handler, const host_request *request) {
  lua_flare *f = lua_edge_check_flare(L);
  edge_result result;
  text error = {0};
  if (f->busy) return luaL_error(L, "the flare is busy: a stub cannot call the flare that fetches");
  lua_edge_tell(L, 1, "used");
  f->L = L;
  lua_newtable(L);
  lua_rawseti(L, LUA_REGISTRYINDEX, f->fetches);
  f->busy = true;
  lua_debug_prepare(&f->edge);
  bool good = edge_open(&f->edge, &error); /* in front, since its time is not the flare's */
  lua_Integer begin = lua_edge_clock_us(f);
  good = good && edge_invoke(&f->edge, handler, request, &result, &error);
  lua_Integer cpu_us = lua_edge_clock_us(f) - begin;
  f->busy = false;
  if (!good) return lua_edge_fail(L, &error);
  if (f->fault != LUA_NOREF) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, f->fault);
    luaL_unref(L, LUA_REGISTRYINDEX, f->fault);
    f->fault = LUA_NOREF;
    return lua_error(L);
  }
  lua_edge_push_response(L, f, &result, cpu_us);
  return 1;
}

/* The body of flare:request, protected so that the request is freed: (flare, table, request). */
static int lua_edge_request_protected(lua_State *L) {
  host_request *request = lua_touserdata(L, 3);
  if (!(lua_edge_check_flare(L)->flare.handlers & 1u << FLARE_HANDLE_REQUEST)) {
    return luaL_error(L, "the flare has no handle_request");
  }
  lua_edge_take_string(L, 2, "method", "GET", &request->method);
  lua_edge_take_url(L, 2, &request->url);
  lua_edge_take_string(L, 2, "body", "", &request->body);
  lua_edge_take_headers(L, 2, &request->headers);
  return lua_edge_invoke(L, FLARE_HANDLE_REQUEST, request);
}

/*
 * Calls `function` with the arguments, `fixed` of them before the optional table, and a request, which it
 * frees whatever happens.
 */
static int lua_edge_with_request(lua_State *L, lua_CFunction function, int fixed) {
  host_request r = {0};
  lua_edge_check_flare(L);
  lua_settop(L, fixed + 1);
  if (lua_isnil(L, fixed + 1)) {
    lua_newtable(L);
    lua_replace(L, fixed + 1);
  }
  luaL_checktype(L, fixed + 1, LUA_TTABLE);
  lua_pushcfunction(L, function);
  lua_insert(L, 1);
  lua_pushlightuserdata(L, &r);
  int status = lua_pcall(L, fixed + 2, LUA_MULTRET, 0);
  host_request_free(&r);
  return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/*
 * flare:request([{method=, url=, headers=, body=}]) -> {status=, headers=, body=, logs={{level=, text=}},
 * action=, failed=...}; nil and a message when there is no engine.
 */
static int lua_edge_request(lua_State *L) { return lua_edge_with_request(L, lua_edge_request_protected, 1); }

/* The body of flare:event, protected so that the request is freed: (flare, name, table, request). */
static int lua_edge_event_protected(lua_State *L) {
  static const char *const types[] = {"open", "message", "close", NULL};
  host_request *request = lua_touserdata(L, 4);
  int type = luaL_checkoption(L, 2, NULL, types);
  flare_handler handler = (flare_handler)(FLARE_WS_OPEN + type);
  if (!(lua_edge_check_flare(L)->flare.handlers & 1u << handler)) {
    return luaL_error(L, "the flare has no %s", flare_handler_names[handler]);
  }
  request->event.type = types[type];
  lua_edge_take_string(L, 3, "conn_id", "connection-1", &request->event.conn_id);
  lua_edge_take_string(L, 3, "data", "", &request->event.data);
  request->event.close_code = (int)lua_options_integer(L, 3, "close_code", 0, 0, UINT16_MAX);
  lua_edge_take_url(L, 3, &request->url);
  text_add_string(&request->method, "GET");
  lua_edge_take_headers(L, 3, &request->headers);
  return lua_edge_invoke(L, handler, request);
}

/*
 * flare:event(type [, {conn_id=, data=, close_code=, url=, headers=}]) -> as flare:request, with the frames
 * sent and close_code; `type` is "open", "message" or "close".
 */
static int lua_edge_event(lua_State *L) {
  static const char *const types[] = {"open", "message", "close", NULL};
  luaL_checkoption(L, 2, NULL, types); /* here, where the caller's name for it is known */
  return lua_edge_with_request(L, lua_edge_event_protected, 2);
}

/* ---- stubs, failures, time, stores ---- */

/* Raises an error for a field of the table at `index` that a stub's answer does not have. */
static void lua_edge_check_fetched(lua_State *L, int index) {
  static const char *const known[] = {"body", "headers", "status"};
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : luaL_typename(L, -2);
    nearest n = {.name = name};
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
      found = found || strcmp(known[i], name) == 0;
      nearest_try(&n, known[i]);
    }
    if (found) continue;
    lua_options_push_nearest(L, &n);
    lua_pushfstring(L, "unknown field '%s' of a stub's answer%s", name, lua_tostring(L, -1));
    lua_error(L);
  }
}

/* Adds the fields of the table on top of the stack, a stub's answer, to what was fetched. */
static void lua_edge_take_fetched(lua_State *L, host_fetched *fetched) {
  int index = lua_gettop(L);
  fetched->status = (int)lua_options_integer(L, index, "status", 200, 100, 599);
  lua_edge_take_string(L, index, "body", "", &fetched->body);
  lua_edge_take_headers(L, index, &fetched->headers);
}

/* Pushes a request of the flare as a table. */
static void lua_edge_push_fetch(lua_State *L, const host_request *request) {
  lua_newtable(L);
  lua_pushlstring(L, text_string(&request->method), request->method.size);
  lua_setfield(L, -2, "method");
  lua_pushlstring(L, text_string(&request->url), request->url.size);
  lua_setfield(L, -2, "url");
  lua_pushlstring(L, text_string(&request->body), request->body.size);
  lua_setfield(L, -2, "body");
  lua_edge_push_pairs(L, &request->headers);
  lua_setfield(L, -2, "headers");
}

/*
 * The body of lua_edge_answer_fetch, protected: (flare's stubs, request, fetched, flare's fetches) -> whether
 * a stub matched.
 */
static int lua_edge_answer_protected(lua_State *L) {
  const host_request *request = lua_touserdata(L, 2);
  host_fetched *fetched = lua_touserdata(L, 3);
  lua_edge_push_fetch(L, request);
  lua_rawseti(L, 4, (lua_Integer)lua_rawlen(L, 4) + 1);
  lua_getglobal(L, "string");
  lua_getfield(L, -1, "find");
  lua_replace(L, 4);
  for (lua_Integer i = luaL_len(L, 1); i >= 1; i--) { /* the latest first */
    lua_settop(L, 4);
    lua_geti(L, 1, i);
    lua_pushvalue(L, 4);
    lua_pushlstring(L, text_string(&request->url), request->url.size);
    lua_geti(L, 5, 1);
    lua_call(L, 2, 1);
    if (!lua_toboolean(L, -1)) continue;
    if (lua_geti(L, 5, 2) == LUA_TFUNCTION) {
      lua_edge_push_fetch(L, request);
      lua_call(L, 1, 2);
      if (lua_isnil(L, -2)) {
        fetched->status = 0;
        if (lua_isstring(L, -1)) text_add_string(&fetched->body, lua_tostring(L, -1));
        lua_pushboolean(L, 1);
        return 1;
      }
      lua_pop(L, 1);
    }
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_edge_check_fetched(L, lua_gettop(L));
    lua_edge_take_fetched(L, fetched);
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushboolean(L, 0);
  return 1;
}

/* host_fetch_function: asks the stubs. An error in one is kept, and raised when the invocation is over. */
static bool lua_edge_answer_fetch(void *data, const host_request *request, host_fetched *fetched) {
  lua_flare *f = data;
  lua_State *L = f->L;
  lua_pushcfunction(L, lua_edge_answer_protected);
  lua_rawgeti(L, LUA_REGISTRYINDEX, f->stubs);
  lua_pushlightuserdata(L, (void *)request);
  lua_pushlightuserdata(L, fetched);
  lua_rawgeti(L, LUA_REGISTRYINDEX, f->fetches);
  if (lua_pcall(L, 4, 1, 0) != LUA_OK) {
    if (f->fault == LUA_NOREF) {
      f->fault = luaL_ref(L, LUA_REGISTRYINDEX); /* the first one is told */
    } else {
      lua_pop(L, 1);
    }
    return true; /* with no answer */
  }
  bool answered = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return answered;
}

/*
 * flare:stub_fetch(pattern, answer): answers fetches of URLs that match the Lua pattern, the latest stub
 * first. `answer` is {status=200, headers=, body=} or a function of {method=, url=, headers=, body=} that
 * returns one, or nil and a message: the fetch failed.
 */
static int lua_edge_stub_fetch(lua_State *L) {
  lua_flare *f = lua_edge_check_flare(L);
  luaL_checkstring(L, 2);
  if (!lua_isfunction(L, 3)) {
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_edge_check_fetched(L, 3); /* here, where the spec's line is known */
  }
  lua_settop(L, 3);
  lua_createtable(L, 2, 0);
  lua_insert(L, 2);
  lua_rawseti(L, 2, 2);
  lua_rawseti(L, 2, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, f->stubs);
  lua_insert(L, 2);
  lua_rawseti(L, 2, luaL_len(L, 2) + 1);
  lua_edge_tell(L, 1, "changed");
  return 0;
}

/* The import of the name that is argument 2. */
static host_import lua_edge_check_import(lua_State *L) {
  const char *name = luaL_checkstring(L, 2);
  for (int i = 0; i < HOST_IMPORTS; i++) {
    if (strcmp(host_signatures[i].name, name) == 0) return (host_import)i;
  }
  luaL_error(L, "there is no import '%s'", name);
  return HOST_IMPORTS;
}

/* host_tape.before: answers what flare:answer gave and was not taken yet. */
static bool lua_edge_answer_call(host_tape *tape, host_import import, const host_arguments *arguments,
                                 host_answer *answer) {
  lua_flare *f = (lua_flare *)((char *)tape - offsetof(lua_flare, tape));
  lua_State *L = f->L;
  size_t size;
  (void)arguments;
  if (f->taken[import] >= f->given[import] || !lua_checkstack(L, 3)) return false;
  lua_rawgeti(L, LUA_REGISTRYINDEX, f->answers);
  lua_rawgeti(L, -1, import);
  lua_rawgeti(L, -1, ++f->taken[import]);
  answer->number = lua_isinteger(L, -1) ? (int32_t)lua_tointeger(L, -1) : 0;
  answer->present = lua_type(L, -1) == LUA_TSTRING;
  if (answer->present) { /* the list has it as long as the flare is there */
    answer->data.data = (const uint8_t *)lua_tolstring(L, -1, &size);
    answer->data.size = size;
  }
  lua_pop(L, 3);
  return true;
}

/*
 * flare:answer(import, list): the next calls of the import answer these, in order: strings, or false for no
 * answer, and numbers where it answers with one.
 */
static int lua_edge_answer_import(lua_State *L) {
  lua_flare *f = lua_edge_check_flare(L);
  host_import import = lua_edge_check_import(L);
  const host_signature *signature = &host_signatures[import];
  bool number = *signature->result == 'I';
  luaL_checktype(L, 3, LUA_TTABLE);
  if (*signature->result == 'V') return luaL_error(L, "import '%s' answers nothing", signature->name);
  lua_Integer count = luaL_len(L, 3);
  for (lua_Integer i = 1; i <= count; i++) {
    int type = lua_geti(L, 3, i);
    bool good = number ? lua_isinteger(L, -1)
                       : type == LUA_TSTRING || (type == LUA_TBOOLEAN && !lua_toboolean(L, -1));
    if (!good) {
      return luaL_error(L, "answer %d of import '%s' is %s, not %s", (int)i, signature->name,
                        luaL_tolstring(L, -1, NULL), number ? "an integer" : "a string or false");
    }
    lua_pop(L, 1);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, f->answers);
  if (lua_rawgeti(L, 4, import) != LUA_TTABLE) {
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawseti(L, 4, import);
    lua_replace(L, 5);
  }
  lua_settop(L, 5);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_geti(L, 3, i);
    lua_rawseti(L, 5, ++f->given[import]);
  }
  f->tape.before = lua_edge_answer_call;
  f->edge.host.tape = &f->tape;
  lua_edge_tell(L, 1, "changed");
  return 0;
}

/* The code that `message` stands for, argument 3 of flare:fail, in what import `name` answers. */
static int32_t lua_edge_code_of(lua_State *L, const char *name, const char *message) {
  static const struct {
    const char *prefix, *text;
    int32_t number;
  } codes[] = {
#define FLARON_SPARK_CODE(number, name, text) {"spark_", text, number},
#define FLARON_PLASMA_CODE(number, name, text) {"plasma_", text, number},
#define FLARON_WS_CODE(number, name, text) {"ws_", text, number},
#include "abi/codes.def"
#undef FLARON_SPARK_CODE
#undef FLARON_PLASMA_CODE
#undef FLARON_WS_CODE
  };
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    if (strncmp(name, codes[i].prefix, strlen(codes[i].prefix)) == 0 && strcmp(codes[i].text, message) == 0)
      return codes[i].number;
  }
  return (int32_t)luaL_error(L, "import '%s' does not fail with '%s'", name, message);
}

/*
 * flare:fail(import [, code]): from now on the import fails: with the code, or the one that a message stands
 * for, where it answers with one, with no answer where it hands bytes over. Without a code, or with false, it
 * works again. `true` is code 0.
 */
static int lua_edge_fail_import(lua_State *L) {
  lua_flare *f = lua_edge_check_flare(L);
  host_import import = lua_edge_check_import(L);
  int32_t code = lua_isnoneornil(L, 3) || lua_isboolean(L, 3) ? 0
                 : lua_type(L, 3) == LUA_TSTRING
                     ? lua_edge_code_of(L, host_signatures[import].name, lua_tostring(L, 3))
                     : (int32_t)luaL_checkinteger(L, 3);
  f->edge.host.failures[import].on = lua_toboolean(L, 3);
  f->edge.host.failures[import].code = code;
  lua_edge_tell(L, 1, "changed");
  return 0;
}

/* flare:set_time(seconds since 1970): the clock stands there; nil: the machine's clock again */
static int lua_edge_set_time(lua_State *L) {
  lua_flare *f = lua_edge_check_flare(L);
  f->edge.host.config.now_ns =
      lua_isnoneornil(L, 2) ? 0 : lua_options_clock(L, lua_options_nanoseconds(L, 2));
  lua_edge_tell(L, 1, "changed");
  return 0;
}

/* flare:advance(seconds): moves a clock that stands */
static int lua_edge_advance(lua_State *L) {
  lua_flare *f = lua_edge_check_flare(L);
  if (f->edge.host.config.now_ns == 0)
    return luaL_error(L, "the clock does not stand: use option `now` or set_time");
  f->edge.host.config.now_ns =
      lua_options_clock(L, f->edge.host.config.now_ns + lua_options_nanoseconds(L, 2));
  lua_edge_tell(L, 1, "changed");
  return 0;
}

/* store_key_function: adds the key to the list on top of the stack of a lua_State. */
static void lua_edge_add_key(void *data, bytes key) {
  lua_State *L = data;
  lua_pushlstring(L, (const char *)key.data, key.size);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

/* flare:contents("spark" or "plasma") -> table from keys to values, as a flare would get them */
static int lua_edge_contents(lua_State *L) {
  static const char *const names[] = {"spark", "plasma", NULL};
  lua_flare *f = lua_edge_check_flare(L);
  bool plasma = luaL_checkoption(L, 2, NULL, names) == 1;
  int64_t now = host_now_ns(&f->edge.host);
  uint32_t ttl;
  if (f->store == NULL) return luaL_error(L, "the flare has no store");
  lua_settop(L, 2);
  if (!f->busy) lua_edge_tell(L, 1, "used");
  lua_newtable(L);
  lua_newtable(L);
  if (plasma) {
    store_plasma_list(f->store, SIZE_MAX, lua_edge_add_key, L);
  } else {
    store_spark_list(f->store, now, SIZE_MAX, lua_edge_add_key, L);
  }
  for (lua_Integer i = 1; lua_rawgeti(L, 4, i) == LUA_TSTRING; i++) {
    size_t size;
    text value = {0};
    const char *key = lua_tolstring(L, -1, &size);
    bytes b = {(const uint8_t *)key, size};
    if (plasma) {
      store_plasma_get(f->store, b, &value);
    } else {
      store_spark_get(f->store, b, now, &value, &ttl);
    }
    lua_pushlstring(L, text_string(&value), value.size);
    text_free(&value);
    lua_rawset(L, 3);
  }
  lua_settop(L, 3);
  return 1;
}

/* flare:reset(): the next invocation has a fresh instance, and stores, stubs, failures and clock as kept. */
static int lua_edge_reset(lua_State *L) {
  lua_flare *f = lua_edge_check_flare(L);
  host *h = &f->edge.host;
  if (f->busy) return luaL_error(L, "the flare is busy: a stub cannot reset the flare that fetches");
  edge_renew(&f->edge);
  memcpy(h->failures, f->kept.failures, sizeof h->failures);
  h->config.now_ns = f->kept.now_ns;
  h->uuid = h->ulid = h->snowflake = (host_sequence){0};
  h->random_words = 0;
  if (f->store != NULL) store_restore(f->store);
  lua_cluster_forget(f->cluster);
  lua_rawgeti(L, LUA_REGISTRYINDEX, f->stubs);
  for (lua_Integer i = luaL_len(L, -1); i > f->kept.stubs; i--) {
    lua_pushnil(L);
    lua_rawseti(L, -2, i);
  }
  memset(f->taken, 0, sizeof f->taken);
  memcpy(f->given, f->kept.answers, sizeof f->given); /* those beyond are written over */
  return 0;
}

/* keep(flare): what stubs, failures and clock are now is what flare:reset brings back */
static int lua_edge_keep(lua_State *L) {
  lua_flare *f = lua_edge_check_flare(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, f->stubs);
  f->kept.stubs = luaL_len(L, -1);
  memcpy(f->kept.answers, f->given, sizeof f->kept.answers);
  memcpy(f->kept.failures, f->edge.host.failures, sizeof f->kept.failures);
  f->kept.now_ns = f->edge.host.config.now_ns;
  return 0;
}

/* now(flare) -> the seconds since 1970 on its clock */
static int lua_edge_now(lua_State *L) {
  lua_pushnumber(L, (lua_Number)host_now_ns(&lua_edge_check_flare(L)->edge.host) / 1e9);
  return 1;
}

/* is_open(flare) -> whether it was not closed */
static int lua_edge_is_open(lua_State *L) {
  lua_pushboolean(L, ((lua_flare *)luaL_checkudata(L, 1, LUA_FLARE))->open);
  return 1;
}

/* has(flare, handler) -> whether it has that handler, such as "ws_open" */
static int lua_edge_has_handler(lua_State *L) {
  lua_flare *f = lua_edge_check_flare(L);
  const char *name = luaL_checkstring(L, 2);
  bool has = false;
  for (int h = 0; h < FLARE_HANDLERS; h++) {
    has = has || ((f->flare.handlers & 1u << h) && strcmp(flare_handler_names[h], name) == 0);
  }
  lua_pushboolean(L, has);
  return 1;
}

/* is_flare(value) -> whether it is a flare */
static int lua_edge_is_flare(lua_State *L) {
  lua_pushboolean(L, luaL_testudata(L, 1, LUA_FLARE) != NULL);
  return 1;
}

/* nearest(name, list of names) -> ": did you mean 'NAME'?", or "" */
static int lua_edge_find_nearest(lua_State *L) {
  nearest n = {.name = luaL_checkstring(L, 1)};
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  for (lua_Integer i = 1; lua_rawgeti(L, 2, i) == LUA_TSTRING; i++) nearest_try(&n, lua_tostring(L, -1));
  lua_options_push_nearest(L, &n);
  return 1;
}

/* script(name) -> the function of a file of scripts/testing */
static int lua_edge_script(lua_State *L) {
  text path = {0}, chunk = {0};
  text_printf(&path, "scripts/testing/%s.lua", luaL_checkstring(L, 1));
  text_printf(&chunk, "@%s", path.data);
  const bytes *source = embedded_find(path.data);
  int status = source == NULL
                   ? LUA_ERRFILE
                   : luaL_loadbufferx(L, (const char *)source->data, source->size, chunk.data, "t");
  text_free(&path);
  text_free(&chunk);
  return status == LUA_OK ? 1 : luaL_error(L, "flaron.edge: its file '%s' is broken", lua_tostring(L, 1));
}

/* harmless(text) -> the text as it may be shown on a terminal */
static int lua_edge_harmless(lua_State *L) {
  size_t size;
  const char *string = luaL_checklstring(L, 1, &size);
  text shown = {0};
  text_add_harmless(&shown, (bytes){(const uint8_t *)string, size}, "");
  lua_pushlstring(L, text_string(&shown), shown.size);
  text_free(&shown);
  return 1;
}

/* flare:wasm() -> the packed flare's bytes */
static int lua_edge_wasm(lua_State *L) {
  lua_flare *f = lua_edge_check_flare(L);
  lua_pushlstring(L, text_string(&f->flare.wasm), f->flare.wasm.size);
  return 1;
}

/* flare:close(): ends the instance; also what the collector does */
static int lua_edge_close_flare(lua_State *L) {
  lua_flare *f = luaL_checkudata(L, 1, LUA_FLARE);
  if (f->busy) return luaL_error(L, "the flare is busy: a stub cannot close the flare that fetches");
  lua_cluster_end(f->cluster); /* in front of its stores */
  edge_close(&f->edge);
  flare_free(&f->flare);
  store_close(f->store);
  f->store = NULL;
  lua_options_free(&f->options);
  manifest_grants_free(&f->grants);
  luaL_unref(L, LUA_REGISTRYINDEX, f->stubs);
  luaL_unref(L, LUA_REGISTRYINDEX, f->answers);
  luaL_unref(L, LUA_REGISTRYINDEX, f->fetches);
  luaL_unref(L, LUA_REGISTRYINDEX, f->edges);
  luaL_unref(L, LUA_REGISTRYINDEX, f->fault);
  f->stubs = f->answers = f->fetches = f->edges = f->fault = LUA_NOREF;
  f->open = false;
  return 0;
}

static const luaL_Reg methods[] = {
    {"request", lua_edge_request},   {"event", lua_edge_event},          {"stub_fetch", lua_edge_stub_fetch},
    {"fail", lua_edge_fail_import},  {"answer", lua_edge_answer_import}, {"set_time", lua_edge_set_time},
    {"advance", lua_edge_advance},   {"contents", lua_edge_contents},    {"wasm", lua_edge_wasm},
    {"close", lua_edge_close_flare}, {"reset", lua_edge_reset},          {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"load", lua_edge_load},
    {NULL, NULL},
};

/* What edge.lua is given beside them. */
static const luaL_Reg parts[] = {
    {"keep", lua_edge_keep},
    {"is_open", lua_edge_is_open},
    {"now", lua_edge_now},
    {"has", lua_edge_has_handler},
    {"script", lua_edge_script},
    {"decode", lua_json_decode},
    {"harmless", lua_edge_harmless},
    {"cover", lua_cover_on},
    {"coverage", lua_cover_report},
    {"debug", lua_debug_on},
    {"is_flare", lua_edge_is_flare},
    {"nearest", lua_edge_find_nearest},
    {"link", lua_cluster_link},
    {"cut", lua_cluster_cut},
    {"settle", lua_cluster_settle},
    {"end_cluster", lua_cluster_close},
    {NULL, NULL},
};

/* Runs edge.lua, which says what it takes; `metatable` is that of flares, and the module lies at `module`. */
static void lua_edge_extend(lua_State *L, int metatable, int module) {
  lua_pushcfunction(L, lua_edge_script);
  lua_pushliteral(L, "edge");
  lua_call(L, 1, 1);
  lua_getfield(L, metatable, "__index");
  luaL_newmetatable(L, RESPONSE);
  luaL_newlib(L, parts);
  lua_pushinteger(L, GOSSIP_EDGES_MAX);
  lua_setfield(L, -2, "most_edges");
  luaL_getsubtable(L, LUA_REGISTRYINDEX, STATE);
  lua_pushvalue(L, module);
  lua_call(L, 5, 0);
}

__attribute__((visibility("default"))) int luaopen_flaron_edge(lua_State *L) {
  lua_settop(L, 0);
  luaL_newmetatable(L, LUA_FLARE);
  luaL_newlib(L, methods);
  lua_setfield(L, 1, "__index");
  lua_pushcfunction(L, lua_edge_close_flare);
  lua_setfield(L, 1, "__gc");
  lua_pushcfunction(L, lua_edge_close_flare);
  lua_setfield(L, 1, "__close");
  luaL_newlib(L, functions);
  lua_pushliteral(L, FLARON_LUA_VERSION);
  lua_setfield(L, 2, "version");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, 2, "null");
  lua_edge_extend(L, 1, 2);
  lua_settop(L, 2);
  return 1;
}
