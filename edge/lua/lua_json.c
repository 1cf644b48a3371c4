/*
 * lua_json.c - see lua_json.h.
 */
#include "lua/lua_json.h"

#include <jansson.h>
#include <lauxlib.h>

#include "base/utf8.h"

static void push(lua_State *L, const json_t *value) {
  luaL_checkstack(L, 4, "JSON is nested too deeply");
  switch (json_typeof(value)) {
    case JSON_OBJECT: {
      const char *key;
      json_t *field;
      lua_createtable(L, 0, (int)json_object_size(value));
      json_object_foreach((json_t *)value, key, field) {
        lua_pushstring(L, key);
        push(L, field);
        lua_rawset(L, -3);
      }
      break;
    }
    case JSON_ARRAY:
      lua_createtable(L, (int)json_array_size(value), 0);
      for (size_t i = 0; i < json_array_size(value); i++) {
        push(L, json_array_get(value, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
      }
      break;
    case JSON_STRING: lua_pushlstring(L, json_string_value(value), json_string_length(value)); break;
    case JSON_INTEGER: lua_pushinteger(L, json_integer_value(value)); break;
    case JSON_REAL: lua_pushnumber(L, json_real_value(value)); break;
    case JSON_TRUE:
    case JSON_FALSE: lua_pushboolean(L, json_is_true(value)); break;
    case JSON_NULL: lua_pushlightuserdata(L, NULL); break;
  }
}

static int push_protected(lua_State *L) {
  push(L, lua_touserdata(L, 1));
  return 1;
}

int lua_json_decode(lua_State *L) {
  size_t size;
  json_error_t where;
  const char *text = luaL_checklstring(L, 1, &size);
  size_t mark = utf8_mark(text, size); /* as json.decode in a flare */
  json_t *value = json_loadb(text + mark, size - mark, JSON_DECODE_ANY | JSON_ALLOW_NUL, &where);
  if (value == NULL) {
    lua_pushnil(L);
    lua_pushfstring(L, "line %d: %s", where.line, where.text);
    return 2;
  }
  lua_pushcfunction(L, push_protected);
  lua_pushlightuserdata(L, value);
  int status = lua_pcall(L, 1, 1, 0);
  json_decref(value);
  if (status != LUA_OK) return lua_error(L);
  lua_pushnil(L);
  return 2;
}
