/*
 * fuzz_digest.c - the part digest: keys and signatures from outside, and private keys that are none, in a
 * native Lua.
 *
 * The first byte of an input says what it is by its upper two bits, and which algorithm by the others. To
 * verify: the sizes of two numbers of the key in 16 bits each, the numbers, and the signature. To sign: the
 * seven numbers of a private key, each after its size in 16 bits. Else a key in DER or, with a 3, in PEM or
 * as a JWK, which is read by flaron.internal.jose and signs.
 */
#include "part.h"

int luaopen_digest(lua_State *L);

static const char program[] =
    "package.path = 'scripts/modules/?.lua'\n"
    "package.preload['flaron.internal.json'] = function()\n"
    "  return { decode = function(text) return pcall(function() return { kty = 'EC', crv = 'P-256', d = "
    "text:sub(2) } end) end }\n"
    "end\n"
    "local digest, jose = require 'digest', require 'flaron.internal.jose'\n"
    "local names = { 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384' }\n"
    "\n"
    "local function verify(name, data)\n"
    "  if #data < 4 then return end\n"
    "  local first, second = string.unpack('<I2I2', data)\n"
    "  local a, b = data:sub(5, 4 + first), data:sub(5 + first, 4 + first + second)\n"
    "  local curve = name == 'ES256' and 'P-256' or 'P-384'\n"
    "  local key = { n = a, e = b, x = a, y = b, curve = curve }\n"
    "  local right, why = digest.verify(name, key, 'x', data:sub(5 + first + second))\n"
    "  assert(right == nil and why or right == false, 'a forged signature')\n"
    "end\n"
    "\n"
    "local function sign_with(name, key)\n"
    "  local salt = name:find '^PS' and ('s'):rep(tonumber(name:sub(3)) // 8) or nil\n"
    "  local signature, why = digest.sign(name, key, 'x', salt)\n"
    "  assert(signature or why, 'neither a signature nor a reason')\n"
    "  assert(not signature or name:find '^E' or digest.verify(name, key, 'x', signature), 'a wrong "
    "signature')\n"
    "end\n"
    "\n"
    "local function sign(name, data)\n"
    "  local good, n, e, p, q, dp, dq, qi = pcall(string.unpack, '<s2s2s2s2s2s2s2', data)\n"
    "  if not good then return end\n"
    "  local curve = name == 'ES256' and 'P-256' or 'P-384'\n"
    "  sign_with(name, { n = n, e = e, p = p, q = q, dp = dp, dq = dq, qi = qi, curve = curve, d = n })\n"
    "end\n"
    "\n"
    "local function read(_, data)\n"
    "  jose.keys(data)\n"
    "  local key = jose.private_keys(data)[1]\n"
    "  if not key or key.kty == 'oct' then return end\n"
    "  sign_with(key.n and 'RS256' or key.curve == 'P-384' and 'ES384' or 'ES256', key)\n"
    "end\n"
    "\n"
    "local kinds = { [0] = verify, sign, read, read }\n"
    "return function(data)\n"
    "  if data == '' then return end\n"
    "  kinds[data:byte() >> 6](names[data:byte() % #names + 1], data:sub(2))\n"
    "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (lua == NULL) part_open("digest", luaopen_digest, program);
  lua_pushvalue(lua, -1);
  lua_pushlstring(lua, (const char *)data, size);
  lua_call(lua, 1, 0);
  lua_gc(lua, LUA_GCCOLLECT);
  return 0;
}
