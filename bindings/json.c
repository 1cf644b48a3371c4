/*
 * json.c - flaron.json, cjson and cjson.safe: lua-cjson (runtime/json/patches say what we changed).
 *
 * The bindings use their own instance of it, which a script cannot configure.
 */
#include "json.h"

#include <stdlib.h>

#include "binding.h"
#include "life/life.h"
#include "modules.h"

int luaopen_cjson(lua_State *L);
int luaopen_cjson_safe(lua_State *L);

static int encode_ref, decode_ref;

/* Calls a function of the registry with the value on top of the stack, and replaces the value by the result
 * or the error message. */
static bool convert(lua_State *L, int ref) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, ref);
  lua_insert(L, -2);
  int status = lua_pcall(L, 1, 1, 0);
  if (status == LUA_ERRMEM) lua_error(L);
  return status == LUA_OK;
}

bool json_encode(lua_State *L) {
  size_t size;
  if (!convert(L, encode_ref)) return false;
  const char *text = lua_tolstring(L, -1, &size);
  if (binding_is_utf8(text, size)) return true;
  lua_pop(L, 1);
  lua_pushliteral(L, "not UTF-8: the host takes text here");
  return false;
}

bool json_decode(lua_State *L) {
  if (convert(L, decode_ref)) return true;
  lua_pop(L, 1);
  return false;
}

/* Memory for lua-cjson's buffers (runtime/json/cjson_config.h): raises Lua's error if there is none. */
static void *there(void *memory) {
  if (memory == NULL) life_raise_memory();
  return memory;
}

void *json_malloc(size_t size) { return there(malloc(size)); }

void *json_realloc(void *memory, size_t size) { return there(realloc(memory, size)); }

void json_open(lua_State *L) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE); /* opened when a script requires it */
  lua_pushcfunction(L, luaopen_cjson_safe);
  lua_setfield(L, -2, "cjson.safe");
  lua_pop(L, 1);
  luaL_requiref(L, "cjson", luaopen_cjson, 0);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "flaron.json");
  lua_pop(L, 1);
  lua_setfield(L, -2, "json");
  json_open_alone(L);
}

void json_open_alone(lua_State *L) {
  luaopen_cjson(L);
  lua_getfield(L, -1, "encode");
  encode_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_getfield(L, -1, "decode");
  decode_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pop(L, 1);
}
