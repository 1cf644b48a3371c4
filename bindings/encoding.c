/*
 * encoding.c - flaron.encoding: base64, hexadecimal and URL encoding, done by the host.
 *
 * The host cannot pass an empty value, so the empty string is handled here.
 */
#include "binding.h"
#include "modules.h"

static int convert(lua_State *L, abi_packed (*import)(const char *, size_t), const char *message) {
  size_t size;
  const char *bytes = binding_check_bytes(L, 1, &size);
  binding_need_host(L);
  if (size == 0) {
    lua_pushliteral(L, "");
    return 1;
  }
  return binding_answer(L, import(bytes, size), message);
}

/* X_encode(bytes) -> text; X_decode(text) -> bytes, or nil, message when it is not X */
static int base64_encode(lua_State *L) { return convert(L, encoding_base64_encode, "not available"); }
static int base64_decode(lua_State *L) { return convert(L, encoding_base64_decode, "not base64"); }
static int hex_encode(lua_State *L) { return convert(L, encoding_hex_encode, "not available"); }
static int hex_decode(lua_State *L) { return convert(L, encoding_hex_decode, "not hexadecimal"); }
static int url_encode(lua_State *L) { return convert(L, encoding_url_encode, "not available"); }
static int url_decode(lua_State *L) { return convert(L, encoding_url_decode, "not URL-encoded"); }

static const luaL_Reg functions[] = {
    {"base64_encode", base64_encode},
    {"base64_decode", base64_decode},
    {"hex_encode", hex_encode},
    {"hex_decode", hex_decode},
    {"url_encode", url_encode},
    {"url_decode", url_decode},
    {NULL, NULL},
};

void encoding_open(lua_State *L) { binding_module(L, "encoding", functions); }
