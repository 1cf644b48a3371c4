/*
 * programs_soak.c - random programs (programs.lua) do the same, byte for byte, in native Lua of the same
 * version and in a flare, both with Lua's assertions on. Each second flare has been used before.
 *
 * To be started in the folder of the sources. SECONDS, SEED as in soak.h: the seed is the program's.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "soak.h"

enum { MEMORY = 64 << 20 };

static void end(lua_State *L) {
  text error = {0};
  text_add_string(&error, lua_tostring(L, -1));
  kept_end(&error);
}

/* Puts a field of the module programs.lua, which is at index 1, on top. */
static const char *field(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  return lua_tostring(L, -1);
}

/* What native Lua says to a program, in a state of its own. */
static void run_native(const char *runner, const char *source, size_t size, text *said) {
  lua_State *L = luaL_newstate();
  size_t length;
  luaL_openlibs(L);
  if (luaL_loadstring(L, runner) != LUA_OK || lua_pcall(L, 0, 1, 0) != LUA_OK) end(L);
  lua_pushlstring(L, source, size);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) end(L);
  const char *answer = lua_tolstring(L, -1, &length);
  text_add(said, answer, length);
  lua_close(L);
}

/* Prints the first line that differs. */
static void tell(const text *native, bytes flare) {
  size_t at = 0, line = 0;
  for (; at < native->size && at < flare.size && native->data[at] == (char)flare.data[at]; at++) {
    if (native->data[at] == '\n') line = at + 1;
  }
  printf("native: %.200s\nflare:  %.*s\n", native->size > line ? native->data + line : "",
         (int)(flare.size - line < 200 ? flare.size - line : 200), (const char *)flare.data + line);
}

int main(int argc, char **argv) {
  kept k;
  text script = {0};
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  if (luaL_dofile(L, "tests/soak/programs.lua") != LUA_OK) end(L);
  const char *runner = field(L, "runner");
  text_printf(&script,
              "local flaron = require 'flaron'\n"
              "local run = (function() %s end)()\n"
              "return function() return { body = run(flaron.request.body()) } end\n",
              runner);
  soak_start(argc, argv);
  kept_open(&k, text_string(&script), MEMORY);
  k.host.config.requires_body = true;
  while (soak_next()) {
    size_t size;
    text said = {0};
    lua_settop(L, 2);
    lua_getfield(L, 1, "generate");
    lua_pushinteger(L, (lua_Integer)soak_seed - 1);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) end(L);
    const char *source = lua_tolstring(L, -1, &size);
    run_native(runner, source, size, &said);
    if (soak_seed % 2 == 0) kept_renew(&k);
    text_clear(&k.request.body);
    text_add(&k.request.body, source, size);
    bool same = kept_call(&k, "POST") && k.host.response.status == 200 &&
                k.host.response.body.size == said.size &&
                memcmp(k.host.response.body.data, said.data, said.size) == 0;
    if (!same) tell(&said, text_bytes(&k.host.response.body));
    soak_check(same, &k, "the flare says something else than native Lua");
    text_free(&said);
  }
  lua_close(L);
  kept_close(&k);
  text_free(&script);
  return soak_end();
}
