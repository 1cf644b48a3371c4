/*
 * verify.c - flaron.digest.verify: RSA signatures (RFC 8017: PKCS#1 v1.5 and PSS) and ECDSA on P-256 and
 * P-384, under the names of RFC 7518. What a signature must be like is checked here; rsa.c, curves.c and
 * BearSSL do the arithmetic.
 *
 * Only public values come here, so nothing needs to take the same time for all. Every size is bounded: the
 * stack holds all, and no key makes a call take longer than some milliseconds.
 */
#include <string.h>

#include "lauxlib.h"
#include "parts/digest/digest_names.h"
#include "parts/digest/signature.h"

/*
 * Makes what the signature of a digest must be when it is decrypted, and compares. So there is one right
 * encoding, and nothing is parsed.
 */
static bool fits_pkcs1(const br_hash_class *hash, const unsigned char *digest, size_t size,
                       const unsigned char *decrypted, size_t decrypted_size) {
  unsigned char expected[RSA_LARGEST / 8];
  rsa_encode_pkcs1(hash, digest, size, expected, decrypted_size);
  return memcmp(expected, decrypted, decrypted_size) == 0;
}

/* NULL and whether a signature is right, or why there is no key. */
static const char *verify_rsa(lua_State *L, const signature_algorithm *a, number signature,
                              const unsigned char *digest, size_t size, bool *right) {
  unsigned char decrypted[RSA_LARGEST / 8];
  number n = signature_get_trimmed(L, "n"), e = signature_get_trimmed(L, "e");
  const char *refused = rsa_refuse(n, e);
  if (refused != NULL || signature.size != n.size) return refused;
  memcpy(decrypted, signature.bytes, n.size);
  *right =
      rsa_public(decrypted, n, e) &&
      (a->kind == SIGNATURE_PKCS1 ? fits_pkcs1(a->hash, digest, size, decrypted, n.size)
                                  : rsa_fits_pss(a->hash, digest, size, decrypted, n.size, number_bits(n)));
  return NULL;
}

static const char *verify_ecdsa(lua_State *L, const signature_algorithm *a, number signature,
                                const unsigned char *digest, size_t size, bool *right) {
  unsigned char point[1 + 2 * COORDINATE_LARGEST] = {4}; /* uncompressed */
  number x = signature_get(L, "x"), y = signature_get(L, "y");
  if (x.bytes == NULL || y.bytes == NULL) return "not an EC key";
  const char *refused = signature_refuse_curve(L, a);
  if (refused != NULL) return refused;
  size_t half = a->curve->order_len; /* a coordinate has as many bytes */
  if (x.size != half || y.size != half) return "coordinate of a wrong size";
  memcpy(point + 1, x.bytes, half);
  memcpy(point + 1 + half, y.bytes, half);
  br_ec_public_key key = {a->curve->curve, point, 1 + 2 * half};
  *right = signature.size == 2 * half && number_in_range(signature.bytes, a->curve->order, half) &&
           number_in_range(signature.bytes + half, a->curve->order, half) &&
           br_ecdsa_i31_vrfy_raw(&digest_curves, digest, size, &key, signature.bytes, 2 * half) != 0;
  return *right || digest_on_curve(&key) ? NULL : "point not on the curve"; /* costs only what is refused */
}

/*
 * verify(algorithm, key, message, signature) -> whether the signature is right; or nil and why the key is
 * none: a stable sentence, without anything of the key
 */
int digest_verify(lua_State *L) {
  unsigned char digest[DIGEST_LARGEST];
  const signature_algorithm *a = signature_check_algorithm(L, 1);
  number signature;
  size_t message_size;
  bool right = false;
  luaL_checktype(L, 2, LUA_TTABLE);
  const char *message = luaL_checklstring(L, 3, &message_size);
  signature.bytes = (const unsigned char *)luaL_checklstring(L, 4, &signature.size);
  size_t size = digest_compute(a->hash, message, message_size, digest);
  const char *refused = a->kind == SIGNATURE_ECDSA ? verify_ecdsa(L, a, signature, digest, size, &right)
                                                   : verify_rsa(L, a, signature, digest, size, &right);
  if (refused != NULL) {
    lua_pushnil(L);
    lua_pushstring(L, refused);
    return 2;
  }
  lua_pushboolean(L, right);
  return 1;
}
