/*
 * sign.c - flaron.digest.sign: RSA (PKCS#1 v1.5 and PSS) and ECDSA with keys that the flare has in its hands.
 * Secrets meet only those functions of BearSSL that take the same time for all values. Nonces of ECDSA are
 * those of RFC 6979; the salt of PSS is the caller's, since nothing here asks the host.
 *
 * A signature of RSA is verified before it is given away: one that is wrong because p, q, dp, dq and qi do
 * not fit one another would tell the factors to whoever sees it. Every size is bounded, as in verify.c.
 */
#include <string.h>

#include "lauxlib.h"
#include "parts/digest/digest_names.h"
#include "parts/digest/signature.h"

/* BearSSL's factors may be longer than half of a modulus by 32 bits; ours by fewer. */
enum { UNEQUAL = 16, FACTOR_LARGEST = RSA_LARGEST / 2 + UNEQUAL, WORDS = 2 + (FACTOR_LARGEST + 30) / 31 };

static const char unfit[] = "the numbers of the key do not fit one another";

/* Whether p times q is n. */
static bool is_product(number n, number p, number q) {
  uint32_t a[WORDS], b[WORDS], product[2 * WORDS];
  unsigned char bytes[2 * (FACTOR_LARGEST / 8 + 1)], differ = 0;
  size_t size = p.size + q.size, more = size - n.size;
  if (size < n.size) return false;
  br_i31_decode(a, p.bytes, p.size);
  br_i31_decode(b, q.bytes, q.size);
  br_i31_zero(product, a[0]);
  br_i31_mulacc(product, a, b);
  br_i31_encode(bytes, size, product);
  for (size_t i = 0; i < size; i++) differ |= bytes[i] ^ (i < more ? 0 : n.bytes[i - more]);
  return differ == 0;
}

/* NULL, or why these are not the private numbers of a modulus. All are trimmed. */
static const char *refuse_private(number n, const br_rsa_private_key *key) {
  number p = {key->p, key->plen}, q = {key->q, key->qlen};
  if (p.bytes == NULL || q.bytes == NULL || key->dp == NULL || key->dq == NULL || key->iq == NULL)
    return "not a private RSA key: n, e, p, q, dp, dq and qi expected";
  unsigned least = key->n_bitlen / 2 - UNEQUAL, most = key->n_bitlen / 2 + UNEQUAL;
  if (number_bits(p) < least || number_bits(p) > most || number_bits(q) < least || number_bits(q) > most)
    return "factor of a wrong size";
  if (key->dplen > p.size || key->dqlen > q.size || key->iqlen > p.size || !is_product(n, p, q)) return unfit;
  return NULL;
}

/* NULL and a signature of as many bytes as the modulus, or why there is no key. `salt`: of PSS. */
static const char *sign_rsa(lua_State *L, const signature_algorithm *a, const unsigned char *salt,
                            const unsigned char *digest, size_t size, unsigned char *signature,
                            size_t *signature_size) {
  unsigned char encoded[RSA_LARGEST / 8], verified[RSA_LARGEST / 8];
  number n = signature_get_trimmed(L, "n"), e = signature_get_trimmed(L, "e"),
         p = signature_get_trimmed(L, "p"), q = signature_get_trimmed(L, "q"),
         dp = signature_get_trimmed(L, "dp"), dq = signature_get_trimmed(L, "dq"),
         qi = signature_get_trimmed(L, "qi");
  const br_rsa_private_key key = {
      number_bits(n), (unsigned char *)p.bytes,  p.size,  (unsigned char *)q.bytes,
      q.size,         (unsigned char *)dp.bytes, dp.size, (unsigned char *)dq.bytes,
      dq.size,        (unsigned char *)qi.bytes, qi.size,
  };
  const char *refused = rsa_refuse(n, e);
  if (refused == NULL) refused = refuse_private(n, &key);
  if (refused != NULL) return refused;
  if (a->kind == SIGNATURE_PKCS1) {
    rsa_encode_pkcs1(a->hash, digest, size, encoded, n.size);
  } else {
    rsa_encode_pss(a->hash, digest, size, salt, encoded, n.size, key.n_bitlen);
  }
  memcpy(signature, encoded, n.size);
  if (br_rsa_i31_private(signature, &key) == 0) return unfit;
  memcpy(verified, signature, n.size);
  if (!rsa_public(verified, n, e) || memcmp(verified, encoded, n.size) != 0) return unfit;
  *signature_size = n.size;
  return NULL;
}

/* NULL and a signature, r and s as a JWS has them, or why there is no key. */
static const char *sign_ecdsa(lua_State *L, const signature_algorithm *a, const unsigned char *digest,
                              unsigned char *signature, size_t *signature_size) {
  number d = signature_get(L, "d");
  const char *refused = signature_refuse_curve(L, a);
  if (refused != NULL) return refused;
  if (d.bytes == NULL) return "not a private EC key: d expected";
  if (d.size != a->curve->order_len) return "private number of a wrong size";
  if (!number_in_range(d.bytes, a->curve->order, d.size)) return "private number out of range";
  const br_ec_private_key key = {a->curve->curve, (unsigned char *)d.bytes, d.size};
  *signature_size = br_ecdsa_i31_sign_raw(a->points, a->hash, digest, &key, signature);
  return NULL;
}

/*
 * sign(algorithm, key, message [, salt]) -> signature; or nil and why the key is none: a stable sentence,
 * without anything of the key
 */
int digest_sign(lua_State *L) {
  unsigned char digest[DIGEST_LARGEST], signature[RSA_LARGEST / 8];
  const signature_algorithm *a = signature_check_algorithm(L, 1);
  size_t message_size, salt_size, signature_size = 0;
  luaL_checktype(L, 2, LUA_TTABLE);
  const char *message = luaL_checklstring(L, 3, &message_size),
             *salt = luaL_optlstring(L, 4, NULL, &salt_size);
  size_t size = digest_compute(a->hash, message, message_size, digest);
  if (a->kind != SIGNATURE_PSS) {
    luaL_argcheck(L, salt == NULL, 4, "only PS256, PS384 and PS512 take a salt");
  } else if (salt == NULL || salt_size != size) {
    return luaL_argerror(L, 4, lua_pushfstring(L, "a salt of %d random bytes expected", (int)size));
  }
  const char *refused = a->kind == SIGNATURE_ECDSA ? sign_ecdsa(L, a, digest, signature, &signature_size)
                                                   : sign_rsa(L, a, (const unsigned char *)salt, digest, size,
                                                              signature, &signature_size);
  if (refused != NULL) {
    lua_pushnil(L);
    lua_pushstring(L, refused);
    return 2;
  }
  lua_pushlstring(L, (const char *)signature, signature_size);
  return 1;
}
