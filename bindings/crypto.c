/*
 * crypto.c - flaron.crypto: the host's cryptography. Keys are named secrets and never come here.
 *
 * The ABI passes the input inside JSON, so it must be text; bytes that are not UTF-8 are refused.
 */
#include <string.h>

#include "binding.h"
#include "json.h"
#include "modules.h"

/* An import that takes one JSON object. */
typedef abi_packed json_import(const char *, size_t);

/* Calls `import` with the table on top of the stack as JSON; an error in it is reported for argument
 * `arg`. */
static abi_packed call(lua_State *L, json_import *import, int arg) {
  size_t size;
  if (!json_encode(L)) binding_argument_error(L, arg, lua_tostring(L, -1));
  const char *json = lua_tolstring(L, -1, &size);
  binding_need_host(L);
  return import(json, size);
}

/* Pushes a table with arguments 1 and 2, both text, under these names. */
static void push_arguments(lua_State *L, const char *first, const char *second) {
  size_t size;
  binding_check_text(L, 1, &size);
  binding_check_text(L, 2, &size);
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, first);
  lua_pushvalue(L, 2);
  lua_setfield(L, -2, second);
}

/* hash(algorithm, input) -> lower-case hex, or nil, message */
static int hash(lua_State *L) {
  push_arguments(L, "algorithm", "input");
  return binding_answer(L, call(L, crypto_hash, 2), "algorithm not supported");
}

/* hmac(secret_name, input) -> lower-case hex of HMAC-SHA-256, or nil, message */
static int hmac(lua_State *L) {
  push_arguments(L, "secret_key", "input");
  return binding_answer(L, call(L, crypto_hmac, 2), "no such secret");
}

/* sign_jwt(algorithm, secret_name, claims) -> token, or nil, message */
static int sign_jwt(lua_State *L) {
  lua_settop(L, 3); /* else, without claims, the table pushed below would be at index 3 */
  push_arguments(L, "algorithm", "secret_key");
  binding_check_table(L, 3);
  lua_pushvalue(L, 3);
  if (!json_encode(L)) return binding_argument_error(L, 3, lua_tostring(L, -1));
  if (*lua_tostring(L, -1) != '{') return binding_argument_error(L, 3, "claims are a list, not named");
  lua_pop(L, 1);
  lua_pushvalue(L, 3);
  lua_setfield(L, -2, "claims");
  return binding_answer(L, call(L, crypto_sign_jwt, 3), "algorithm not supported or no such secret");
}

/* encrypt_aes(secret_name, plaintext) -> base64, or nil, message */
static int encrypt_aes(lua_State *L) {
  push_arguments(L, "secret_key", "input");
  return binding_answer(L, call(L, crypto_encrypt_aes, 2), "no such secret, or no AES key");
}

/* decrypt_aes(secret_name, base64) -> bytes, or nil, message */
static int decrypt_aes(lua_State *L) {
  push_arguments(L, "secret_key", "input");
  return binding_answer(L, call(L, crypto_decrypt_aes, 2), "cannot be decrypted");
}

enum { RANDOM_AT_ONCE = 256, RANDOM_MAX = 16 << 20 };

static unsigned digit(char c) {
  return c <= '9' ? (unsigned)(c - '0') & 15 : (unsigned)((c | 32) - 'a' + 10) & 15;
}

/* random_bytes(n) -> n bytes, or nil, message; the host gives them as hex, 256 at a time */
static int random_bytes(lua_State *L) {
  luaL_Buffer buffer;
  size_t n = (size_t)binding_check_integer(L, 1, 0, RANDOM_MAX), size;
  binding_need_host(L);
  char *to = luaL_buffinitsize(L, &buffer, n);
  for (size_t done = 0; done < n;) {
    size_t part = n - done < RANDOM_AT_ONCE ? n - done : RANDOM_AT_ONCE;
    if (!binding_push_packed(L, crypto_random_bytes((int32_t)part)))
      return binding_fail(L, "not available", 0);
    const char *hex = lua_tolstring(L, -1, &size);
    if (size < 2 * part) return binding_fail(L, "not available", 0);
    for (size_t i = 0; i < part; i++) to[done + i] = (char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    lua_pop(L, 1);
    done += part;
  }
  luaL_pushresultsize(&buffer, n);
  return 1;
}

static const luaL_Reg functions[] = {
    {"hash", hash},
    {"hmac", hmac},
    {"sign_jwt", sign_jwt},
    {"encrypt_aes", encrypt_aes},
    {"decrypt_aes", decrypt_aes},
    {"random_bytes", random_bytes},
    {NULL, NULL},
};

void crypto_open(lua_State *L) { binding_module(L, "crypto", functions); }
