/*
 * fuzz_digest.c - the part digest: keys and signatures from outside, in a native Lua.
 *
 * An input is a byte for the algorithm, the sizes of two numbers of the key in 16 bits each, the numbers, and
 * the signature.
 */
#include "part.h"

int luaopen_digest(lua_State *L);

static const char program[] =
    "local digest = require 'digest'\n"
    "local names = { 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384' }\n"
    "return function(data)\n"
    "  if #data < 5 then return end\n"
    "  local which, first, second = string.unpack('<BI2I2', data)\n"
    "  local a, b = data:sub(6, 5 + first), data:sub(6 + first, 5 + first + second)\n"
    "  local name = names[which % #names + 1]\n"
    "  local curve = name == 'ES256' and 'P-256' or 'P-384'\n"
    "  local key = { n = a, e = b, x = a, y = b, curve = curve }\n"
    "  local right, why = digest.verify(name, key, 'x', data:sub(6 + first + second))\n"
    "  assert(right == nil and why or right == false, 'a forged signature')\n"
    "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (lua == NULL) part_open("digest", luaopen_digest, program);
  lua_pushvalue(lua, -1);
  lua_pushlstring(lua, (const char *)data, size);
  lua_call(lua, 1, 0);
  lua_gc(lua, LUA_GCCOLLECT);
  return 0;
}
