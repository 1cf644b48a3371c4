/*
 * plasma.c - flaron.plasma: the key-value store that is shared between edges: registers and counters.
 */
#include "binding.h"
#include "json.h"
#include "modules.h"

/* The store's error codes, from 1 on. */
static const char *const messages[] = {
#define FLARON_PLASMA_CODE(number, name, text) [number - 1] = text,
#include "abi/codes.def"
#undef FLARON_PLASMA_CODE
};

static int answer_code(lua_State *L, int code) {
  return binding_code(L, code, messages, sizeof messages / sizeof *messages);
}

/* get(key) -> value or nil */
static int get(lua_State *L) {
  size_t size;
  const char *key = binding_check_key(L, 1, &size);
  binding_need_host(L);
  return binding_answer_or_nil(L, plasma_get(key, size));
}

/* set(key, value) -> true or nil, message, code */
static int set(lua_State *L) {
  size_t key_size, value_size;
  const char *key = binding_check_key(L, 1, &key_size);
  const char *value = binding_check_bytes(L, 2, &value_size);
  binding_need_host(L);
  return answer_code(L, plasma_set(key, key_size, value, value_size));
}

/* delete(key) -> true or nil, message, code */
static int delete (lua_State *L) {
  size_t size;
  const char *key = binding_check_key(L, 1, &size);
  binding_need_host(L);
  return answer_code(L, plasma_delete(key, size));
}

/* Changes a counter by `import`; the host answers the new value as 8 bytes, or nothing on any failure. */
static int count(lua_State *L, abi_packed (*import)(const char *, size_t, int64_t)) {
  size_t size;
  int64_t value;
  const char *key = binding_check_key(L, 1, &size);
  lua_Integer delta = binding_opt_integer(L, 2, 1, LUA_MININTEGER, LUA_MAXINTEGER);
  binding_need_host(L);
  if (!binding_push_behind(L, import(key, size, delta), &value, sizeof value))
    return binding_fail(L, "refused", 0);
  lua_pushinteger(L, value);
  return 1;
}

/* increment(key [, delta = 1]), decrement(key [, delta = 1]) -> new value or nil, message */
static int increment(lua_State *L) { return count(L, plasma_increment); }
static int decrement(lua_State *L) { return count(L, plasma_decrement); }

/* list() -> keys */
static int list(lua_State *L) {
  binding_need_host(L);
  if (!binding_push_packed(L, plasma_list()) || !json_decode(L)) return binding_fail(L, "not available", 0);
  return 1;
}

static const luaL_Reg functions[] = {
    {"get", get},   {"set", set}, {"delete", delete}, {"increment", increment}, {"decrement", decrement},
    {"list", list}, {NULL, NULL},
};

void plasma_open(lua_State *L) { binding_module(L, "plasma", functions); }
