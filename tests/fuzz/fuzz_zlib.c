/*
 * fuzz_zlib.c - the part zlib: data from outside in each format, whole and in two pieces, in a native Lua.
 *
 * What is unpacked must be packed and unpacked to the same.
 */
#include "part.h"

int luaopen_zlib(lua_State *L);

static const char program[] =
    "local zlib = require 'zlib'\n"
    "return function(data)\n"
    "  local text = zlib.gunzip(data, 65536) or zlib.inflate(data, 65536)\n"
    "  if text then assert(zlib.inflate(zlib.deflate(text)) == text) end\n"
    "  for _, window in ipairs { -15, 15, 31, 47 } do\n"
    "    local feed = zlib.inflate(window, 65536)\n"
    "    pcall(feed, data:sub(1, #data // 2))\n"
    "    pcall(feed, data:sub(#data // 2 + 1))\n"
    "  end\n"
    "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (lua == NULL) part_open("zlib", luaopen_zlib, program);
  lua_pushvalue(lua, -1);
  lua_pushlstring(lua, (const char *)data, size);
  lua_call(lua, 1, 0);
  lua_gc(lua, LUA_GCCOLLECT);
  return 0;
}
