/*
 * signature.c - the algorithms of signatures under the names of RFC 7518, and the numbers of their keys, as
 * Lua's tables have them. It computes nothing.
 */
#include "parts/digest/signature.h"

#include <string.h>

#include "lauxlib.h"
#include "parts/digest/digest_names.h"

static const signature_algorithm algorithms[] = {
    {"RS256", SIGNATURE_PKCS1, &br_sha256_vtable, NULL, NULL, NULL},
    {"RS384", SIGNATURE_PKCS1, &br_sha384_vtable, NULL, NULL, NULL},
    {"RS512", SIGNATURE_PKCS1, &br_sha512_vtable, NULL, NULL, NULL},
    {"PS256", SIGNATURE_PSS, &br_sha256_vtable, NULL, NULL, NULL},
    {"PS384", SIGNATURE_PSS, &br_sha384_vtable, NULL, NULL, NULL},
    {"PS512", SIGNATURE_PSS, &br_sha512_vtable, NULL, NULL, NULL},
    {"ES256", SIGNATURE_ECDSA, &br_sha256_vtable, "P-256", &br_secp256r1, &br_ec_p256_m31},
    {"ES384", SIGNATURE_ECDSA, &br_sha384_vtable, "P-384", &br_secp384r1, &br_ec_prime_i31},
};

const signature_algorithm *signature_check_algorithm(lua_State *L, int arg) {
  const char *name = luaL_checkstring(L, arg);
  for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
    if (strcmp(name, algorithms[i].name) == 0) return &algorithms[i];
  }
  luaL_argerror(L, arg, lua_pushfstring(L, "invalid option '%s'", name));
  return NULL;
}

number signature_get(lua_State *L, const char *name) {
  number n = {NULL, 0};
  if (lua_getfield(L, 2, name) == LUA_TSTRING) n.bytes = (const unsigned char *)lua_tolstring(L, -1, &n.size);
  return n;
}

number signature_get_trimmed(lua_State *L, const char *name) {
  number n = signature_get(L, name);
  for (; n.size > 0 && *n.bytes == 0; n.size--) n.bytes++;
  return n;
}

const char *signature_refuse_curve(lua_State *L, const signature_algorithm *a) {
  number name = signature_get(L, "curve");
  if (name.bytes == NULL) return "not an EC key";
  if (name.size != strlen(a->curve_name) || memcmp(name.bytes, a->curve_name, name.size) != 0)
    return "another curve than the algorithm's";
  return NULL;
}

unsigned number_bits(number n) { return n.size == 0 ? 0 : 8 * (unsigned)(n.size - 1) + BIT_LENGTH(*n.bytes); }

bool number_in_range(const unsigned char *n, const unsigned char *order, size_t size) {
  unsigned any = 0, borrow = 0; /* of n - order */
  for (size_t i = size; i-- > 0;) {
    any |= n[i];
    borrow = ((unsigned)n[i] - order[i] - borrow) >> 8 & 1;
  }
  return any != 0 && borrow == 1;
}
