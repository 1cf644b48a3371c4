/*
 * manifest.c - evaluates flare.lua or edge.lua in an instance of its own, where it has no globals and can do
 * no harm.
 */
#include <stdint.h>
#include <string.h>

#include "abi/start_report.h"
#include "json.h"
#include "lauxlib.h"
#include "life/life.h"

static manifest_report result;

/* The file to evaluate: its name and text. */
typedef struct source {
  const char *name, *text;
  size_t size;
} source;

/* Protected: runs the file and leaves its table as JSON. */
static int evaluate(lua_State *L) {
  const source *s = lua_touserdata(L, 1);
  json_open_alone(L);
  if (luaL_loadbufferx(L, s->text, s->size, lua_pushfstring(L, "@%s", s->name), "t") != LUA_OK) {
    return lua_error(L);
  }
  lua_newtable(L);
  lua_setupvalue(L, -2, 1); /* it has no globals */
  lua_call(L, 0, 1);
  if (!lua_istable(L, -1))
    return luaL_error(L, "%s: it returns a %s, not a table", s->name, luaL_typename(L, -1));
  if (!json_encode(L)) return luaL_error(L, "%s: %s", s->name, lua_tostring(L, -1));
  return 1;
}

/*
 * Export: evaluates a file into JSON. `text` is its name, a NUL and its text, `size` bytes in all, at `limit`
 * or above. The instance must not be used after it.
 */
__attribute__((export_name("manifest"))) const manifest_report *manifest(const char *text, size_t size,
                                                                         char *limit) {
  static const char no_memory[] = "not enough memory";
  size_t name_size = strlen(text) + 1;
  source s = {text, text + name_size, size - name_size};
  lua_State *L = life_create(limit);
  size_t length = sizeof no_memory - 1;
  const char *answer = no_memory;
  if (L != NULL) {
    lua_pushcfunction(L, evaluate);
    lua_pushlightuserdata(L, &s);
    result.good = lua_pcall(L, 1, 1, 0) == LUA_OK;
    answer = luaL_tolstring(L, -1, &length);
  }
  result.text = (uint32_t)(uintptr_t)answer;
  result.size = (uint32_t)length;
  return &result;
}
