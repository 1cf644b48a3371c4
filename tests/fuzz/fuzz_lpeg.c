/*
 * fuzz_lpeg.c - the part lpeg: grammars from outside, as `re` reads them, and subjects, in a native Lua.
 *
 * An input is a grammar, a NUL and a subject. A grammar may take exponential time by its nature, which a hook
 * cannot see in C; so subjects are short.
 */
#include <string.h>

#include "part.h"

int luaopen_lpeg(lua_State *L);

static const char program[] =
    "package.path = 'build/src/lpeg/?.lua'\n"
    "local re = require 're'\n"
    "local definitions = setmetatable({}, { __index = function(_, name) return function(...) return ... end "
    "end })\n"
    "return function(grammar, subject)\n"
    "  re.updatelocale()\n"
    "  return re.compile(grammar, definitions):match(subject)\n"
    "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { SUBJECT_MOST = 24 };
  if (lua == NULL) part_open("lpeg", luaopen_lpeg, program);
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
