/*
 * spark.c - flaron.spark: the key-value store of this edge, with expiry.
 */
#include <string.h>

#include "binding.h"
#include "json.h"
#include "modules.h"

/* The store's error codes, from 1 on. */
static const char *const messages[] = {
#define FLARON_SPARK_CODE(number, name, text) [number - 1] = text,
#include "abi/codes.def"
#undef FLARON_SPARK_CODE
};

static int answer_code(lua_State *L, int code) {
  return binding_code(L, code, messages, sizeof messages / sizeof *messages);
}

/* get(key) -> value, seconds left (nil: it never expires), or nil */
static int get(lua_State *L) {
  size_t size;
  uint32_t ttl;
  const char *key = binding_check_key(L, 1, &size);
  binding_need_host(L);
  if (!binding_push_behind(L, spark_get(key, size), &ttl, sizeof ttl)) {
    lua_pushnil(L);
    return 1;
  }
  if (ttl == 0) return 1;
  lua_pushinteger(L, ttl);
  return 2;
}

/* set(key, value [, ttl = 0]) -> true or nil, message, code; ttl in seconds, 0: it never expires */
static int set(lua_State *L) {
  size_t key_size, value_size;
  const char *key = binding_check_key(L, 1, &key_size);
  const char *value = binding_check_bytes(L, 2, &value_size);
  lua_Integer ttl = binding_opt_integer(L, 3, 0, INT32_MIN, INT32_MAX);
  binding_need_host(L);
  return answer_code(L, spark_set(key, key_size, value, value_size, (int32_t)ttl));
}

/* delete(key) */
static int delete (lua_State *L) {
  size_t size;
  const char *key = binding_check_key(L, 1, &size);
  binding_need_host(L);
  spark_delete(key, size);
  return 0;
}

/* list() -> keys */
static int list(lua_State *L) {
  binding_need_host(L);
  if (!binding_push_packed(L, spark_list()) || !json_decode(L)) return binding_fail(L, "not available", 0);
  return 1;
}

/* pull(origin, keys) -> how many keys were moved here, or nil, message, code */
static int pull(lua_State *L) {
  size_t origin_size, keys_size;
  const char *origin = binding_check_key(L, 1, &origin_size);
  binding_check_table(L, 2);
  lua_Integer count = luaL_len(L, 2);
  lua_createtable(L, (int)(count < 1000 ? count : 1000), 0);
  for (lua_Integer i = 1; i <= count; i++) {
    if (lua_geti(L, 2, i) != LUA_TSTRING) {
      return binding_argument_error(
          L, 2, lua_pushfstring(L, "key %I is a %s, not a string", i, luaL_typename(L, -1)));
    }
    const char *key = lua_tolstring(L, -1, &keys_size);
    if (memchr(key, '\0', keys_size) != NULL) {
      return binding_argument_error(L, 2, lua_pushfstring(L, "key %I contains a NUL", i));
    }
    lua_rawseti(L, -2, i);
  }
  if (count == 0) {
    lua_pop(L, 1);
    lua_pushliteral(L, "[]");
  } else if (!json_encode(L)) {
    return binding_argument_error(L, 2, lua_tostring(L, -1));
  }
  const char *keys = lua_tolstring(L, -1, &keys_size);
  binding_need_host(L);
  int32_t moved = spark_pull(origin, origin_size, keys, keys_size);
  if (moved < 0) return answer_code(L, -moved);
  lua_pushinteger(L, moved);
  return 1;
}

static const luaL_Reg functions[] = {
    {"get", get}, {"set", set}, {"delete", delete}, {"list", list}, {"pull", pull}, {NULL, NULL},
};

void spark_open(lua_State *L) { binding_module(L, "spark", functions); }
