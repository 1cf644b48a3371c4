/*
 * fuzz_regex.c - the part pcre2: patterns, options and subjects from outside, through lrexlib and regex.c, in
 * a native Lua.
 *
 * An input is options in four bytes, which function, the size of the pattern, the pattern, the subject. What
 * takes long is stopped by libFuzzer (-timeout), since every pattern must have an answer within the limits;
 * so is what takes much memory.
 */
#include <string.h>

#include "part.h"

int luaopen_rex_pcre2(lua_State *L);

static const char program[] =
    "local rex = require 'rex_pcre2'\n"
    "return function(which, options, pattern, subject)\n"
    "  if which == 0 then return rex.gsub(subject, pattern, '<%1>', nil, options, options >> 8) end\n"
    "  if which == 1 then return rex.count(subject, pattern, options) end\n"
    "  local n = 0\n"
    "  if which == 2 then for a in rex.gmatch(subject, pattern, options) do n = n + 1 end return n end\n"
    "  if which == 3 then for a in rex.split(subject, pattern, options) do n = n + 1 end return n end\n"
    "  local regex = rex.new(pattern, options)\n"
    "  if which == 4 then return regex:dfa_exec(subject, 1, options >> 4, options & 63, options >> 6 & 1023) "
    "end\n"
    "  regex:patterninfo()\n"
    "  return regex:tfind(subject, options % 7, options >> 8), regex:exec(subject, -2)\n"
    "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { HEAD = 6, FUNCTIONS = 6 };
  if (lua == NULL) part_open("rex_pcre2", luaopen_rex_pcre2, program);
  if (size < HEAD) return 0;
  uint32_t options;
  memcpy(&options, data, sizeof options);
  size_t pattern = data[5] < size - HEAD ? data[5] : size - HEAD;
  const char *text = (const char *)data + HEAD;
  int top = lua_gettop(lua);
  lua_pushvalue(lua, -1);
  lua_pushinteger(lua, data[4] % FUNCTIONS);
  lua_pushinteger(lua, options);
  lua_pushlstring(lua, text, pattern);
  lua_pushlstring(lua, text + pattern, size - HEAD - pattern);
  lua_pcall(lua, 4, 0, 0);
  lua_settop(lua, top);
  lua_gc(lua, LUA_GCCOLLECT);
  return 0;
}
