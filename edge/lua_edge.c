/*
 * lua_edge.c - the Lua module `flaron.edge`: flares in native Lua 5.4, for specs.
 *
 *   local edge = require "flaron.edge"
 *   local flare = assert(edge.load("main.lua"))
 *   local response = flare:request{url = "https://example.com/"}
 *
 * It turns tables into what edge.h takes and back; what a flare does is not known here.
 */
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>
#include <string.h>

#include "edge.h"
#include "pack.h"

#define FLARE "flaron.edge.flare"

typedef struct lua_flare {
  edge edge;
  char **command; /* the engine's words, ended by NULL; owned; NULL = none */
  bool open;
} lua_flare;

/* ---- options ---- */

static bool field_boolean(lua_State *L, int index, const char *name, bool fallback) {
  int type = lua_getfield(L, index, name);
  if (type != LUA_TNIL && type != LUA_TBOOLEAN) luaL_error(L, "option '%s' is a %s, not a boolean", name, lua_typename(L, type));
  bool value = type == LUA_TNIL ? fallback : lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

static lua_Integer field_integer(lua_State *L, int index, const char *name, lua_Integer fallback, lua_Integer low, lua_Integer high) {
  int is_integer = 1;
  lua_Integer value = lua_getfield(L, index, name) == LUA_TNIL ? fallback : lua_tointegerx(L, -1, &is_integer);
  if (!is_integer || value < low || value > high) {
    luaL_error(L, "option '%s' is %s, not an integer from %I to %I", name, luaL_tolstring(L, -1, NULL), low, high);
  }
  lua_pop(L, 1);
  return value;
}

/* The names of options, so that a misspelt one is not passed over. */
static const char *const option_names[] = {"engine",        "memory",       "strip",        "now",          "cpu_ms",
                                           "requires_body", "requires_raw_auth", "max_body", "max_log_lines", "max_log_line",
                                           NULL};

static void check_options(lua_State *L, int index) {
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
    const char *const *known = option_names;
    while (*known != NULL && strcmp(*known, name) != 0) known++;
    if (*known == NULL) luaL_error(L, "unknown option '%s' of edge.load", name);
  }
}

/* Sets what an invocation runs under; the table is at `index`. */
static void read_config(lua_State *L, int index, edge *e) {
  host_config *c = &e->host.config;
  *c = host_config_default();
  c->requires_body = field_boolean(L, index, "requires_body", c->requires_body);
  c->requires_raw_auth = field_boolean(L, index, "requires_raw_auth", c->requires_raw_auth);
  c->max_body = (size_t)field_integer(L, index, "max_body", (lua_Integer)c->max_body, 0, UINT32_MAX);
  c->max_log_lines = (size_t)field_integer(L, index, "max_log_lines", (lua_Integer)c->max_log_lines, 0, UINT32_MAX);
  c->max_log_line = (size_t)field_integer(L, index, "max_log_line", (lua_Integer)c->max_log_line, 0, UINT32_MAX);
  e->cpu_ms = (int)field_integer(L, index, "cpu_ms", 0, 0, INT32_MAX);
  if (lua_getfield(L, index, "now") != LUA_TNIL) c->now_ns = (int64_t)(luaL_checknumber(L, -1) * 1e9);
  lua_pop(L, 1);
}

static void read_command(lua_State *L, int index, lua_flare *f) {
  if (lua_getfield(L, index, "engine") != LUA_TNIL) {
    if (!lua_istable(L, -1)) luaL_error(L, "option 'engine' is a %s, not a list of words", luaL_typename(L, -1));
    size_t count = lua_rawlen(L, -1);
    f->command = memory_get((count + 1) * sizeof *f->command);
    for (size_t i = 0; i < count; i++) {
      lua_rawgeti(L, -1, (lua_Integer)i + 1);
      const char *word = lua_tostring(L, -1);
      f->command[i] = memory_copy(bytes_of(word != NULL ? word : ""));
      lua_pop(L, 1);
    }
    f->edge.command = (const char *const *)f->command;
  }
  lua_pop(L, 1);
}

/* ---- loading ---- */

/* modules_source.read from the table of files that is argument 1 of a lua_State. */
static int read_table(void *data, const char *path, text *out) {
  lua_State *L = data;
  size_t size;
  int fault = ENOENT;
  lua_getfield(L, 1, path);
  const char *content = lua_tolstring(L, -1, &size);
  if (content != NULL) {
    text_add(out, content, size);
    fault = 0;
  }
  lua_pop(L, 1);
  return fault;
}

/* Makes the bytes of a flare from argument 1: a table of files, a .wasm, a main script or its folder. */
static bool get_wasm(lua_State *L, const pack_options *options, text *wasm, text *error) {
  if (lua_istable(L, 1)) {
    modules_source source = {read_table, L};
    return pack_project(&source, "main.lua", options, wasm, error);
  }
  const char *path = luaL_checkstring(L, 1);
  return pack_path(path, options, wasm, error);
}

static int fail(lua_State *L, text *error) {
  lua_pushnil(L);
  lua_pushlstring(L, text_string(error), error->size);
  text_free(error);
  return 2;
}

/*
 * edge.load(what [, options]) -> flare, or nil and a message. `what` is the path of a main script, of its
 * folder or of a packed .wasm, or a table from paths to contents with "main.lua" in it.
 */
static int load(lua_State *L) {
  lua_settop(L, 2);
  if (lua_isnil(L, 2)) {
    lua_newtable(L);
    lua_replace(L, 2);
  }
  if (!lua_istable(L, 1)) luaL_checkstring(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  check_options(L, 2);
  lua_flare *f = lua_newuserdatauv(L, sizeof *f, 0);
  memset(f, 0, sizeof *f);
  luaL_setmetatable(L, FLARE);
  pack_options options = {
      .memory = (uint32_t)field_integer(L, 2, "memory", 0, 0, UINT32_MAX),
      .strip = field_boolean(L, 2, "strip", false),
  };
  read_config(L, 2, &f->edge);
  read_command(L, 2, f);
  text wasm = {0}, error = {0};
  if (!get_wasm(L, &options, &wasm, &error)) return fail(L, &error);
  if (!flare_read(&f->edge.flare, &wasm, &error)) return fail(L, &error);
  if (f->command == NULL && !flare_runs_here(&f->edge.flare, &error)) return fail(L, &error);
  f->open = true;
  return 1;
}

/* ---- invoking ---- */

static lua_flare *check_flare(lua_State *L) {
  lua_flare *f = luaL_checkudata(L, 1, FLARE);
  luaL_argcheck(L, f->open, 1, "flare is closed");
  return f;
}

/* Adds the string field `name` of the table at `index`, or `fallback`, to `to`. */
static void take_string(lua_State *L, int index, const char *name, const char *fallback, text *to) {
  size_t size;
  if (lua_getfield(L, index, name) == LUA_TNIL) {
    text_add_string(to, fallback);
  } else {
    const char *value = luaL_checklstring(L, -1, &size);
    text_add(to, value, size);
  }
  lua_pop(L, 1);
}

static void take_headers(lua_State *L, int index, host_pairs *headers) {
  if (lua_getfield(L, index, "headers") != LUA_TNIL) {
    luaL_checktype(L, -1, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
      size_t name_size, value_size;
      lua_pushvalue(L, -2);
      const char *name = luaL_checklstring(L, -1, &name_size);
      const char *value = luaL_checklstring(L, -2, &value_size);
      host_pairs_set(headers, (bytes){(const uint8_t *)name, name_size}, (bytes){(const uint8_t *)value, value_size}, false);
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
}

static void set_integer(lua_State *L, const char *name, lua_Integer value) {
  lua_pushinteger(L, value);
  lua_setfield(L, -2, name);
}

/* Pushes what came of an invocation as a table. */
static void push_response(lua_State *L, const host_response *r, const edge_result *result) {
  static const char *const actions[] = {"", "respond", "transform", "pass_through"};
  lua_newtable(L);
  set_integer(L, "status", r->status);
  set_integer(L, "memory", (lua_Integer)result->memory);
  lua_pushstring(L, actions[r->action]);
  lua_setfield(L, -2, "action");
  lua_pushboolean(L, result->failed);
  lua_setfield(L, -2, "failed");
  lua_pushlstring(L, text_string(&r->body), r->body.size);
  lua_setfield(L, -2, "body");
  if (r->close_code != 0) set_integer(L, "close_code", r->close_code);
  lua_newtable(L);
  for (size_t i = 0; i < r->headers.count; i++) {
    const host_pair *h = &r->headers.items[i];
    lua_pushlstring(L, h->name, h->name_size);
    lua_pushlstring(L, h->value, h->value_size);
    lua_settable(L, -3);
  }
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

static int invoke(lua_State *L, flare_handler handler, const host_request *request) {
  lua_flare *f = check_flare(L);
  edge_result result;
  text error = {0};
  if (!edge_invoke(&f->edge, handler, request, &result, &error)) return fail(L, &error);
  push_response(L, &f->edge.host.response, &result);
  return 1;
}

/* The body of flare:request, protected so that the request is freed: (flare, table, request). */
static int request_protected(lua_State *L) {
  host_request *request = lua_touserdata(L, 3);
  if (!(check_flare(L)->edge.flare.handlers & 1u << FLARE_HANDLE_REQUEST)) {
    return luaL_error(L, "the flare has no handle_request");
  }
  take_string(L, 2, "method", "GET", &request->method);
  take_string(L, 2, "url", "http://localhost/", &request->url);
  take_string(L, 2, "body", "", &request->body);
  take_headers(L, 2, &request->headers);
  return invoke(L, FLARE_HANDLE_REQUEST, request);
}

/*
 * Calls `function` with the arguments, `fixed` of them before the optional table, and a request, which it frees
 * whatever happens.
 */
static int with_request(lua_State *L, lua_CFunction function, int fixed) {
  host_request r = {0};
  check_flare(L);
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
 * action=, failed=, memory=}; nil and a message when there is no engine.
 */
static int request(lua_State *L) { return with_request(L, request_protected, 1); }

/* The body of flare:event, protected so that the request is freed: (flare, name, table, request). */
static int event_protected(lua_State *L) {
  static const char *const types[] = {"open", "message", "close", NULL};
  host_request *request = lua_touserdata(L, 4);
  int type = luaL_checkoption(L, 2, NULL, types);
  flare_handler handler = (flare_handler)(FLARE_WS_OPEN + type);
  if (!(check_flare(L)->edge.flare.handlers & 1u << handler)) {
    return luaL_error(L, "the flare has no %s", flare_handler_names[handler]);
  }
  request->event.type = types[type];
  take_string(L, 3, "conn_id", "connection-1", &request->event.conn_id);
  take_string(L, 3, "data", "", &request->event.data);
  request->event.close_code = (int)field_integer(L, 3, "close_code", 0, 0, UINT16_MAX);
  take_string(L, 3, "url", "http://localhost/", &request->url);
  text_add_string(&request->method, "GET");
  take_headers(L, 3, &request->headers);
  return invoke(L, handler, request);
}

/*
 * flare:event(type [, {conn_id=, data=, close_code=, url=, headers=}]) -> as flare:request, with the frames
 * sent and close_code; `type` is "open", "message" or "close".
 */
static int event(lua_State *L) { return with_request(L, event_protected, 2); }

/* flare:wasm() -> the packed flare's bytes */
static int wasm(lua_State *L) {
  lua_flare *f = check_flare(L);
  lua_pushlstring(L, text_string(&f->edge.flare.wasm), f->edge.flare.wasm.size);
  return 1;
}

/* flare:close(): ends the instance; also what the collector does */
static int close_flare(lua_State *L) {
  lua_flare *f = luaL_checkudata(L, 1, FLARE);
  edge_close(&f->edge);
  for (char **word = f->command; word != NULL && *word != NULL; word++) free(*word);
  free(f->command);
  f->command = NULL;
  f->open = false;
  return 0;
}

static const luaL_Reg methods[] = {
    {"request", request},
    {"event", event},
    {"wasm", wasm},
    {"close", close_flare},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"load", load},
    {NULL, NULL},
};

__attribute__((visibility("default"))) int luaopen_flaron_edge(lua_State *L) {
  luaL_newmetatable(L, FLARE);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, close_flare);
  lua_setfield(L, -2, "__gc");
  lua_pushcfunction(L, close_flare);
  lua_setfield(L, -2, "__close");
  luaL_newlib(L, functions);
  lua_pushliteral(L, FLARON_LUA_VERSION);
  lua_setfield(L, -2, "version");
  return 1;
}
