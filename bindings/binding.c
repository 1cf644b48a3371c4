/*
 * binding.c - the shared half of the bindings: see binding.h. It calls no import.
 */
#include "binding.h"

#include <string.h>

#include "life/arena.h"
#include "life/life.h"

enum { GROUPS_MAX = 16 };

/* All functions of the bindings, in groups, to find their full names. */
static struct {
  const char *module; /* NULL: they are globals */
  const luaL_Reg *functions;
} groups[GROUPS_MAX];
static size_t group_count;

/* The full name of the running function, which may be pushed. */
static const char *function_name(lua_State *L) {
  lua_Debug ar;
  lua_getstack(L, 0, &ar);
  lua_getinfo(L, "f", &ar);
  lua_CFunction running = lua_tocfunction(L, -1);
  for (size_t i = 0; i < group_count; i++) {
    for (const luaL_Reg *f = groups[i].functions; f->name != NULL; f++) {
      if (f->func != running) continue;
      return groups[i].module != NULL ? lua_pushfstring(L, "%s.%s", groups[i].module, f->name) : f->name;
    }
  }
  return "?";
}

void binding_functions(lua_State *L, const char *name, const luaL_Reg *functions) {
  if (group_count == GROUPS_MAX) luaL_error(L, "GROUPS_MAX");
  groups[group_count].module = name;
  groups[group_count++].functions = functions;
  luaL_setfuncs(L, functions, 0);
}

void binding_module(lua_State *L, const char *name, const luaL_Reg *functions) {
  lua_newtable(L);
  binding_functions(L, name, functions);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, name);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushfstring(L, "flaron.%s", name);
  lua_pushvalue(L, -3);
  lua_settable(L, -3);
  lua_pop(L, 2);
}

bool binding_starting(void) { return life_starting(); }

void binding_need_host_as(lua_State *L, const char *name) {
  if (!life_starting()) return;
  luaL_error(
      L,
      "%s cannot be called here: what stands outside the handlers runs once, when the flare is packed, "
      "and there is no host then; call it in the handler, or require this module there",
      name);
}

void binding_need_host(lua_State *L) {
  if (life_starting()) binding_need_host_as(L, function_name(L));
}

int binding_argument_error(lua_State *L, int arg, const char *message) {
  return luaL_error(L, "bad argument #%d to '%s' (%s)", arg, function_name(L), message);
}

static int type_error(lua_State *L, int arg, const char *expected) {
  const char *got = luaL_getmetafield(L, arg, "__name") == LUA_TSTRING ? lua_tostring(L, -1)
                    : lua_isnone(L, arg)                               ? "no value"
                                                                       : luaL_typename(L, arg);
  return binding_argument_error(L, arg, lua_pushfstring(L, "%s expected, got %s", expected, got));
}

const char *binding_check_bytes(lua_State *L, int arg, size_t *size) {
  const char *bytes = lua_tolstring(L, arg, size);
  if (bytes == NULL) type_error(L, arg, "string");
  return bytes;
}

lua_Integer binding_check_integer(lua_State *L, int arg, lua_Integer low, lua_Integer high) {
  int is_integer;
  lua_Integer n = lua_tointegerx(L, arg, &is_integer);
  if (!is_integer) {
    if (lua_isnumber(L, arg)) binding_argument_error(L, arg, "number has no integer representation");
    type_error(L, arg, "number");
  }
  if (n < low || n > high) {
    binding_argument_error(L, arg, lua_pushfstring(L, "%I is not from %I to %I", n, low, high));
  }
  return n;
}

lua_Integer binding_opt_integer(lua_State *L, int arg, lua_Integer fallback, lua_Integer low,
                                lua_Integer high) {
  return lua_isnoneornil(L, arg) ? fallback : binding_check_integer(L, arg, low, high);
}

bool binding_is_utf8(const char *bytes, size_t size) {
  const uint8_t *at = (const uint8_t *)bytes, *end = at + size;
  while (at < end) {
    uint8_t first = *at++;
    if (first < 0x80) continue;
    int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4 || end - at < more) return false;
    uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (*at < low || *at > high) return false;
    for (at++, more--; more > 0; at++, more--) {
      if (*at < 0x80 || *at > 0xBF) return false;
    }
  }
  return true;
}

const char *binding_check_text(lua_State *L, int arg, size_t *size) {
  const char *text = binding_check_bytes(L, arg, size);
  if (!binding_is_utf8(text, *size)) binding_argument_error(L, arg, "not UTF-8: the host takes text here");
  return text;
}

const char *binding_check_key(lua_State *L, int arg, size_t *size) {
  const char *key = binding_check_bytes(L, arg, size);
  if (memchr(key, '\0', *size) != NULL) binding_argument_error(L, arg, "contains a NUL");
  return key;
}

bool binding_is_string(lua_State *L, int index, const char *string) {
  size_t size;
  const char *value = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &size) : NULL;
  return value != NULL && size == strlen(string) && memcmp(value, string, size) == 0;
}

void binding_check_table(lua_State *L, int arg) {
  if (!lua_istable(L, arg)) type_error(L, arg, "table");
}

bool binding_push_behind(lua_State *L, abi_packed answer, void *prefix, size_t prefix_size) {
  bool refused = life_take_refusal();
  char *block = (char *)(uintptr_t)(answer >> 32);
  size_t size = (size_t)(answer & UINT32_MAX);
  enum { STRING_OVERHEAD = 64 }; /* more than the header and final NUL of a Lua string */
  if (answer == 0) {
    if (refused) luaL_error(L, "not enough memory");
    return false;
  }
  bool room =
      size < prefix_size ||
      life_make_room(
          size +
          STRING_OVERHEAD); /* reserves the memory, else lua_pushlstring could raise and leak the block */
  if (room && size >= prefix_size) {
    if (prefix_size != 0) memcpy(prefix, block, prefix_size);
    lua_pushlstring(L, block + prefix_size, size - prefix_size);
  }
  arena_free(block, size);
  if (!room) luaL_error(L, "not enough memory");
  return size >= prefix_size;
}

bool binding_push_packed(lua_State *L, abi_packed answer) { return binding_push_behind(L, answer, NULL, 0); }

int binding_answer(lua_State *L, abi_packed answer, const char *message) {
  return binding_push_packed(L, answer) ? 1 : binding_fail(L, message, 0);
}

int binding_answer_or_nil(lua_State *L, abi_packed answer) {
  if (!binding_push_packed(L, answer)) lua_pushnil(L);
  return 1;
}

int binding_code(lua_State *L, int code, const char *const *messages, int count) {
  if (code == 0) {
    lua_pushboolean(L, 1);
    return 1;
  }
  if (code >= 1 && code <= count) return binding_fail(L, messages[code - 1], code);
  return binding_fail(L, "unknown error", code);
}

int binding_fail(lua_State *L, const char *message, int code) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  if (code == 0) return 2;
  lua_pushinteger(L, code);
  return 3;
}

void binding_push_joined(lua_State *L) {
  int n = lua_gettop(L);
  if (n == 1) {
    luaL_tolstring(L, 1, NULL);
    return;
  }
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  for (int i = 1; i <= n; i++) {
    if (i > 1) luaL_addchar(&buffer, '\t');
    luaL_tolstring(L, i, NULL);
    luaL_addvalue(&buffer);
  }
  luaL_pushresult(&buffer);
}
