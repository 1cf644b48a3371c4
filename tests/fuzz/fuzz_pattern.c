/*
 * fuzz_pattern.c - string_pattern.c and string_slice.c beside Lua's own: the same call comes to the same
 * results or error.
 *
 * Lua's own is compiled here, so that its matcher counts its steps: what takes it too many is left out, and
 * what takes ours much longer is stopped by libFuzzer (-timeout). An input is how to call, in six bytes, then
 * subject, pattern and replacement.
 */
#include <stdbool.h>
#include <stdint.h>

static void count_step(void);
#define luai_likely(x) (x)
#define luai_unlikely(x) (count_step(), (x))
#include "lstrlib.c"
#include "lua/fast/string_pattern.h"
#include "lua/fast/string_slice.h"

enum { STEPS = 5000 };

static const lua_CFunction functions[][2] = {
    {str_find, pattern_find}, {str_match, pattern_match}, {gmatch, pattern_gmatch},
    {str_gsub, pattern_gsub}, {str_byte, slice_byte},     {str_sub, slice_sub},
};

static lua_State *lua;
static int steps;
static bool ours; /* whose turn it is */

static void count_step(void) {
  if (!ours && ++steps > STEPS) luaL_error(lua, "too many steps");
}

static void push_position(int8_t byte) {
  if (byte == -128) {
    lua_pushnil(lua);
  } else if (byte < -124 || byte > 124) {
    static const lua_Integer far[] = {LUA_MAXINTEGER, (lua_Integer)1 << 32, LUA_MININTEGER};
    lua_pushinteger(lua, far[(uint8_t)byte % 3]);
  } else {
    lua_pushinteger(lua, byte);
  }
}

/* A replacement, or what a table has for a match: what it is tells the last capture. */
static int replace(lua_State *L) {
  int count = lua_gettop(L);
  size_t size;
  luaL_tolstring(L, -1, &size);
  lua_gc(L, LUA_GCCOLLECT);
  switch (size % 8) {
    case 3: lua_newtable(L); return 1;
    case 4: lua_pushinteger(L, count); return 1;
    case 5: return 0;
    case 6: lua_pushboolean(L, false); return 1;
    case 7: return luaL_error(L, "no");
    default: break;
  }
  lua_pushcfunction(L, functions[3][ours]);
  lua_insert(L, -2);
  lua_pushliteral(L, "()(.)");
  lua_pushliteral(L, "%2%1");
  lua_call(L, 3, 1);
  for (int i = lua_istable(L, 1) ? 2 : 1; i <= count; i++) {
    luaL_tolstring(L, i, NULL);
    lua_concat(L, 2);
  }
  return 1;
}

/* All that the iterator of gmatch gives. */
static int all_matches(lua_State *L) {
  lua_pushcfunction(L, functions[2][ours]);
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  for (int before = 0; before != lua_gettop(L);) {
    before = lua_gettop(L);
    luaL_checkstack(L, LUA_MAXCAPTURES + 2, NULL);
    lua_gc(L, LUA_GCCOLLECT);
    lua_pushvalue(L, 1);
    lua_call(L, 0, LUA_MULTRET);
  }
  return lua_gettop(L) - 1;
}

static void push_replacement(unsigned kind, const char *text, size_t size) {
  if (kind == 0) {
    lua_pushcfunction(lua, replace);
  } else if (kind == 1) {
    lua_newtable(lua);
    lua_pushvalue(lua, -1);
    lua_setmetatable(lua, -2);
    lua_pushcfunction(lua, replace);
    lua_setfield(lua, -2, "__index");
  } else if (kind == 2) {
    lua_pushinteger(lua, (lua_Integer)size);
  } else {
    lua_pushlstring(lua, text, size);
  }
}

/* Leaves on the stack whether the call went well, then results or the error. */
static void call(const uint8_t *how, const char *text, size_t size) {
  unsigned which = how[0] % (sizeof functions / sizeof *functions);
  int8_t first = (int8_t)how[1], second = (int8_t)how[2];
  size_t subject = how[4] < size ? how[4] : size, pattern = 2 * (size_t)how[5];
  if (pattern > size - subject) pattern = size - subject;
  int base = lua_gettop(lua);
  lua_pushcfunction(lua, which == 2 ? all_matches : functions[which][ours]);
  lua_pushlstring(lua, text, subject);
  if (which < 4) lua_pushlstring(lua, text + subject, pattern);
  if (which == 3) push_replacement(how[3] >> 4 & 7, text + subject + pattern, size - subject - pattern);
  push_position(first);
  if (which == 0) {
    lua_pushboolean(lua, second & 1);
  } else {
    push_position(second);
  }
  /* Arguments that are missing, and some that are too many. */
  lua_settop(lua, base + 1 + how[3] % 8);
  bool good = lua_pcall(lua, how[3] % 8, LUA_MULTRET, 0) == LUA_OK;
  lua_pushboolean(lua, good);
  lua_insert(lua, base + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 6) return 0;
  if (lua == NULL) lua = luaL_newstate();
  steps = 0;
  ours = false;
  call(data, (const char *)data + 6, size - 6);
  int count = lua_gettop(lua);
  if (steps <= STEPS) {
    ours = true;
    call(data, (const char *)data + 6, size - 6);
    if (lua_gettop(lua) != 2 * count) abort();
    for (int i = 1; i <= count; i++)
      if (!lua_rawequal(lua, i, count + i) || lua_isinteger(lua, i) != lua_isinteger(lua, count + i)) abort();
  }
  lua_settop(lua, 0);
  return 0;
}
