/*
 * fuzz_lpeg.c - the part lpeg: grammars from outside, as `re` reads them, and subjects, in a native Lua.
 *
 * An input is a grammar, a NUL and a subject. A grammar may take exponential time by its nature, which a hook
 * cannot see in C; so subjects are short.
 */
#include <stdint.h>
#include <string.h>

#include "lauxlib.h"
#include "life/interrupt.h"
#include "lualib.h"

int luaopen_lpeg(lua_State *L);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static lua_State *lua;

lua_State *interrupt_running(void) { return lua; }

static const char program[] =
    "package.path = 'build/src/lpeg/?.lua'\n"
    "local re = require 're'\n"
    "local definitions = setmetatable({}, { __index = function(_, name) return function(...) return ... end "
    "end })\n"
    "return function(grammar, subject)\n"
    "  re.updatelocale()\n"
    "  return re.compile(grammar, definitions):match(subject)\n"
    "end\n";

static void start(void) {
  lua = luaL_newstate();
  luaL_openlibs(lua);
  luaL_requiref(lua, "lpeg", luaopen_lpeg, 0);
  if (luaL_dostring(lua, program) != LUA_OK) __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { SUBJECT_MOST = 24 };
  if (lua == NULL) start();
  const uint8_t *end = memchr(data, '\0', size);
  size_t grammar = end != NULL ? (size_t)(end - data) : size;
  size_t subject = end != NULL ? size - grammar - 1 : 0;
  int top = lua_gettop(lua);
  lua_pushvalue(lua, -1);
  lua_pushlstring(lua, (const char *)data, grammar);
  lua_pushlstring(lua, (const char *)data + size - subject, subject < SUBJECT_MOST ? subject : SUBJECT_MOST);
  lua_pcall(lua, 2, 0, 0);
  lua_settop(lua, top);
  lua_gc(lua, LUA_GCCOLLECT);
  return 0;
}
