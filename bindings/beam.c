/*
 * beam.c - flaron.beam: requests to other servers.
 *
 * The ABI passes options and response as JSON; here they are tables. Header names of a response are in lower
 * case, and a look-up ignores case.
 */
#include <ctype.h>
#include <string.h>

#include "binding.h"
#include "json.h"
#include "modules.h"

static int headers_metatable;

/* __index of a response's headers: looks the name up in lower case. */
static int find_header(lua_State *L) {
  size_t size;
  luaL_Buffer lower;
  const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tolstring(L, 2, &size) : NULL;
  if (name == NULL) return 0;
  char *to = luaL_buffinitsize(L, &lower, size);
  for (size_t i = 0; i < size; i++) to[i] = (char)tolower((unsigned char)name[i]);
  luaL_pushresultsize(&lower, size);
  lua_rawget(L, 1);
  return 1;
}

static int option_error(lua_State *L, const char *option, const char *what) {
  return binding_argument_error(L, 2, lua_pushfstring(L, "%s: %s", option, what));
}

/* Checks the headers on top of the stack, and replaces them by a copy whose values are all strings. */
static void copy_headers(lua_State *L) {
  if (!lua_istable(L, -1)) option_error(L, "headers", "not a table");
  int from = lua_gettop(L);
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, from) != 0;) {
    if (lua_type(L, -2) != LUA_TSTRING) option_error(L, "headers", "a name is not a string");
    if (!lua_isstring(L, -1))
      option_error(L, "headers", lua_pushfstring(L, "'%s' is not a string", lua_tostring(L, -2)));
    lua_tostring(L, -1);
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, from + 1);
  }
  lua_replace(L, from);
}

/* Pushes the options of argument 2 as JSON. */
static void push_options(lua_State *L) {
  binding_check_table(L, 2);
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, 2) != 0;) {
    lua_pushvalue(L, -2); /* the key twice, once for lua_next */
    lua_insert(L, -2);
    if (binding_is_string(L, -2, "headers")) {
      copy_headers(L);
    } else if (binding_is_string(L, -2, "method") || binding_is_string(L, -2, "body")) {
      if (!lua_isstring(L, -1)) option_error(L, lua_tostring(L, -2), "not a string");
      lua_tostring(L, -1);
    } else {
      option_error(L, luaL_tolstring(L, -2, NULL), "unknown option: method, headers and body are known");
    }
    lua_rawset(L, -4);
  }
  if (!json_encode(L)) binding_argument_error(L, 2, lua_tostring(L, -1));
}

/* Replaces the headers of the decoded response on top of the stack by a table with lower-case names and
 * case-insensitive look-up. */
static void fit_headers(lua_State *L) {
  int from = lua_gettop(L) + 1;
  if (lua_getfield(L, -1, "headers") != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
  }
  lua_newtable(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, headers_metatable);
  lua_setmetatable(L, -2);
  for (lua_pushnil(L); lua_next(L, from) != 0;) {
    luaL_Buffer lower;
    size_t size;
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &size) : "";
    if (*name != '\0' && lua_type(L, -1) == LUA_TSTRING) {
      char *to = luaL_buffinitsize(L, &lower, size);
      for (size_t i = 0; i < size; i++) to[i] = (char)tolower((unsigned char)name[i]);
      luaL_pushresultsize(&lower, size);
      lua_pushvalue(L, -2);
      lua_rawset(L, from + 1);
    }
    lua_pop(L, 1);
  }
  lua_setfield(L, from - 1, "headers");
  lua_pop(L, 1);
}

/* Replaces the JSON of a response on top of the stack by its table; returns the number of values to return to
 * Lua. */
static int read_response(lua_State *L) {
  if (!json_decode(L) || !lua_istable(L, -1)) return binding_fail(L, "the host's answer is no response", 0);
  if (lua_getfield(L, -1, "status") != LUA_TNUMBER) {
    if (lua_getfield(L, -2, "error") == LUA_TSTRING) return binding_fail(L, lua_tostring(L, -1), 0);
    return binding_fail(L, "the host's answer is no response", 0);
  }
  lua_pop(L, 1);
  fit_headers(L);
  if (lua_getfield(L, -1, "body") != LUA_TSTRING) {
    lua_pushliteral(L, "");
    lua_setfield(L, -3, "body");
  }
  lua_pop(L, 1);
  return 1;
}

/* fetch(url [, {method=, headers=, body=}]) -> {status=, headers=, body=} or nil, message */
static int fetch(lua_State *L) {
  size_t url_size, options_size = 0;
  const char *options = NULL;
  lua_settop(L, 2);
  const char *url = binding_check_key(L, 1, &url_size);
  if (!lua_isnil(L, 2)) {
    push_options(L);
    options = lua_tolstring(L, -1, &options_size);
  }
  binding_need_host(L);
  if (!binding_push_packed(L, beam_fetch(url, url_size, options, options_size))) {
    return binding_fail(L, "fetch failed", 0);
  }
  return read_response(L);
}

static const luaL_Reg functions[] = {
    {"fetch", fetch},
    {NULL, NULL},
};

void beam_open(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, find_header);
  lua_setfield(L, -2, "__index");
  headers_metatable = luaL_ref(L, LUA_REGISTRYINDEX);
  binding_module(L, "beam", functions);
}
