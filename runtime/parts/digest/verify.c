/*
 * verify.c - flaron.digest.verify: RSA signatures (RFC 8017: PKCS#1 v1.5 and PSS) and ECDSA on P-256 and
 * P-384, under the names of RFC 7518. BearSSL and curves.c do the arithmetic; what a key and a signature must
 * be like is checked here.
 *
 * Only public values come here, so nothing needs to take the same time for all. Every size is bounded: the
 * stack holds all, and no key makes a call take longer than some milliseconds.
 */
#include <stdbool.h>
#include <string.h>

#include "bearssl_ec.h"
#include "inner.h"
#include "lauxlib.h"
#include "parts/digest/digest_names.h"

enum {
  RSA_SMALLEST = 2048,  /* bits of a modulus: what RFC 7518 (3.3, 3.5) demands of these algorithms */
  RSA_LARGEST = 4096,   /* bits: what BearSSL takes; a key of 16,384 bits would take 16 times as long */
  EXPONENT_LARGEST = 8, /* bytes: 65537 has three; the time grows with its length */
  COORDINATE_LARGEST = 48,
};

typedef enum kind { PKCS1, PSS, ECDSA } kind;

typedef struct algorithm {
  const char *name;
  kind kind;
  const br_hash_class *hash;
  const char *curve; /* of ECDSA */
} algorithm;

static const algorithm algorithms[] = {
    {"RS256", PKCS1, &br_sha256_vtable, NULL},    {"RS384", PKCS1, &br_sha384_vtable, NULL},
    {"RS512", PKCS1, &br_sha512_vtable, NULL},    {"PS256", PSS, &br_sha256_vtable, NULL},
    {"PS384", PSS, &br_sha384_vtable, NULL},      {"PS512", PSS, &br_sha512_vtable, NULL},
    {"ES256", ECDSA, &br_sha256_vtable, "P-256"}, {"ES384", ECDSA, &br_sha384_vtable, "P-384"},
};

/* The algorithm that argument `arg` names; raises otherwise. */
static const algorithm *check_algorithm(lua_State *L, int arg) {
  const char *name = luaL_checkstring(L, arg);
  for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
    if (strcmp(name, algorithms[i].name) == 0) return &algorithms[i];
  }
  luaL_argerror(L, arg, lua_pushfstring(L, "invalid option '%s'", name));
  return NULL;
}

/* A number without a sign, most significant byte first. */
typedef struct number {
  const unsigned char *bytes; /* NULL: there is none */
  size_t size;
} number;

/* Field `name` of the key at index 2. Leaves its value on the stack, which keeps the bytes alive. */
static number get_number(lua_State *L, const char *name) {
  number n = {NULL, 0};
  if (lua_getfield(L, 2, name) == LUA_TSTRING) n.bytes = (const unsigned char *)lua_tolstring(L, -1, &n.size);
  return n;
}

/* The same without zeros in front. */
static number get_trimmed(lua_State *L, const char *name) {
  number n = get_number(L, name);
  for (; n.size > 0 && *n.bytes == 0; n.size--) n.bytes++;
  return n;
}

/* ---- RSA ---- */

static unsigned bits_of(number n) {
  return n.size == 0 ? 0 : 8 * (unsigned)(n.size - 1) + BIT_LENGTH(*n.bytes);
}

/* NULL, or why it is no key. */
static const char *refuse_rsa(number n, number e) {
  if (n.bytes == NULL || e.bytes == NULL) return "not an RSA key";
  if (bits_of(n) < RSA_SMALLEST) return "modulus too small";
  if (bits_of(n) > RSA_LARGEST) return "modulus too large";
  if ((n.bytes[n.size - 1] & 1) == 0) return "modulus even";
  if (e.size == 0 || (e.size == 1 && *e.bytes < 3)) return "exponent too small";
  if (e.size > EXPONENT_LARGEST) return "exponent too large";
  if ((e.bytes[e.size - 1] & 1) == 0) return "exponent even";
  return NULL;
}

/*
 * RFC 8017, 9.2: makes what the signature of a digest must be when it is decrypted, and compares. So there is
 * one right encoding, and nothing is parsed.
 */
static bool fits_pkcs1(const br_hash_class *hash, const unsigned char *digest, size_t size,
                       const unsigned char *decrypted, size_t decrypted_size) {
  /* DigestInfo: SEQUENCE { SEQUENCE { OID 2.16.840.1.101.3.4.2.x, NULL }, OCTET STRING } */
  unsigned char info[] = {0x30, 0,    0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                          0x65, 0x03, 0x04, 0x02, 0,    0x05, 0x00, 0x04, 0};
  unsigned char expected[RSA_LARGEST / 8];
  size_t padding = decrypted_size - size - sizeof info - 3;
  info[1] = (unsigned char)(sizeof info - 2 + size);
  info[14] = hash == &br_sha256_vtable ? 1 : hash == &br_sha384_vtable ? 2 : 3;
  info[18] = (unsigned char)size;
  expected[0] = 0;
  expected[1] = 1;
  memset(expected + 2, 0xff, padding);
  expected[2 + padding] = 0;
  memcpy(expected + 3 + padding, info, sizeof info);
  memcpy(expected + 3 + padding + sizeof info, digest, size);
  return memcmp(expected, decrypted, decrypted_size) == 0;
}

/* XORs the mask that MGF1 makes of `seed` (RFC 8017, B.2.1) into `data`. */
static void mask(const br_hash_class *hash, const unsigned char *seed, size_t seed_size, unsigned char *data,
                 size_t size) {
  unsigned char block[DIGEST_LARGEST];
  size_t block_size = seed_size; /* both are the size of a digest */
  for (uint32_t counter = 0; size > 0; counter++) {
    br_hash_compat_context context;
    size_t part = size < block_size ? size : block_size;
    br_enc32be(block, counter);
    hash->init(&context.vtable);
    hash->update(&context.vtable, seed, seed_size);
    hash->update(&context.vtable, block, sizeof counter);
    hash->out(&context.vtable, block);
    for (size_t i = 0; i < part; i++) data[i] ^= block[i];
    data += part;
    size -= part;
  }
}

/*
 * RFC 8017, 9.1.2, with a salt of the digest's size, as RFC 7518 demands. `bits`: the modulus' length.
 * Changes `encoded`.
 */
static bool fits_pss(const br_hash_class *hash, const unsigned char *digest, size_t size,
                     unsigned char *encoded, size_t encoded_size, unsigned bits) {
  static const unsigned char zeros[8];
  unsigned char found[DIGEST_LARGEST];
  br_hash_compat_context context;
  if (bits % 8 == 1) { /* the encoded message is a byte shorter than the modulus */
    if (*encoded++ != 0) return false;
    encoded_size--;
  }
  unsigned unused = 8 * (unsigned)encoded_size - (bits - 1);
  size_t masked_size = encoded_size - size - 1, padding = masked_size - size - 1;
  unsigned char *h = encoded + masked_size, *salt = encoded + padding + 1, wrong = 0;
  if (encoded[encoded_size - 1] != 0xbc || (*encoded & ~(0xff >> unused)) != 0) return false;
  mask(hash, h, size, encoded, masked_size);
  *encoded &= 0xff >> unused;
  for (size_t i = 0; i < padding; i++) wrong |= encoded[i];
  if (wrong != 0 || encoded[padding] != 1) return false;
  hash->init(&context.vtable);
  hash->update(&context.vtable, zeros, sizeof zeros);
  hash->update(&context.vtable, digest, size);
  hash->update(&context.vtable, salt, size);
  hash->out(&context.vtable, found);
  return memcmp(found, h, size) == 0;
}

enum { WORDS = 2 + (RSA_LARGEST + 30) / 31 }; /* of a number of BearSSL's: its length, then 31 bits each */

/*
 * Raises a signature to the power of e, modulo n, in place; false if it is not below n. BearSSL's own
 * function hides the exponent, which is public here: this one takes half the time.
 */
static bool raise_to_power(unsigned char *x, number n, number e) {
  uint32_t m[WORDS], base[WORDS], base_monty[WORDS], numbers[2][WORDS], *from = numbers[0], *to = numbers[1];
  br_i31_decode(m, n.bytes, n.size);
  if (br_i31_decode_mod(base, x, n.size, m) == 0) return false;
  uint32_t m0i = br_i31_ninv31(m[1]);
  memcpy(base_monty, base, sizeof base);
  br_i31_to_monty(base_monty, m);
  memcpy(from, base_monty, sizeof base_monty);
  for (int bit = (int)bits_of(e) - 2; bit >= 0; bit--) {
    bool set = e.bytes[e.size - 1 - (size_t)bit / 8] >> (bit % 8) & 1;
    for (int step = 0; step < 1 + set; step++) {
      /* the last multiplication, since e is odd, is by the base itself: that leaves Montgomery's form */
      br_i31_montymul(to, from, step == 0 ? from : bit == 0 ? base : base_monty, m, m0i);
      uint32_t *swap = from;
      from = to;
      to = swap;
    }
  }
  br_i31_encode(x, n.size, from);
  return true;
}

/* NULL and whether a signature is right, or why there is no key. */
static const char *verify_rsa(lua_State *L, const algorithm *a, number signature, const unsigned char *digest,
                              size_t size, bool *right) {
  unsigned char decrypted[RSA_LARGEST / 8];
  number n = get_trimmed(L, "n"), e = get_trimmed(L, "e");
  const char *refused = refuse_rsa(n, e);
  if (refused != NULL || signature.size != n.size) return refused;
  memcpy(decrypted, signature.bytes, n.size);
  *right = raise_to_power(decrypted, n, e) &&
           (a->kind == PKCS1 ? fits_pkcs1(a->hash, digest, size, decrypted, n.size)
                             : fits_pss(a->hash, digest, size, decrypted, n.size, bits_of(n)));
  return NULL;
}

/* ---- ECDSA ---- */

/* Whether a number is from 1 to `order` - 1; both have `size` bytes. */
static bool in_range(const unsigned char *n, const unsigned char *order, size_t size) {
  unsigned char any = 0;
  for (size_t i = 0; i < size; i++) any |= n[i];
  return any != 0 && memcmp(n, order, size) < 0;
}

static const char *verify_ecdsa(lua_State *L, const algorithm *a, number signature,
                                const unsigned char *digest, size_t size, bool *right) {
  bool small = a->hash == &br_sha256_vtable;
  const br_ec_curve_def *curve = small ? &br_secp256r1 : &br_secp384r1;
  unsigned char point[1 + 2 * COORDINATE_LARGEST] = {4}; /* uncompressed */
  number name = get_number(L, "curve"), x = get_number(L, "x"), y = get_number(L, "y");
  if (name.bytes == NULL || x.bytes == NULL || y.bytes == NULL) return "not an EC key";
  if (name.size != strlen(a->curve) || memcmp(name.bytes, a->curve, name.size) != 0)
    return "another curve than the algorithm's";
  size_t half = curve->order_len; /* a coordinate has as many bytes */
  if (x.size != half || y.size != half) return "coordinate of a wrong size";
  memcpy(point + 1, x.bytes, half);
  memcpy(point + 1 + half, y.bytes, half);
  br_ec_public_key key = {curve->curve, point, 1 + 2 * half};
  *right = signature.size == 2 * half && in_range(signature.bytes, curve->order, half) &&
           in_range(signature.bytes + half, curve->order, half) &&
           br_ecdsa_i31_vrfy_raw(&digest_curves, digest, size, &key, signature.bytes, 2 * half) != 0;
  return *right || digest_on_curve(&key) ? NULL : "point not on the curve"; /* costs only what is refused */
}

/*
 * verify(algorithm, key, message, signature) -> whether the signature is right; or nil and why the key is
 * none: a stable sentence, without anything of the key
 */
int digest_verify(lua_State *L) {
  unsigned char digest[DIGEST_LARGEST];
  const algorithm *a = check_algorithm(L, 1);
  number signature;
  size_t message_size;
  bool right = false;
  luaL_checktype(L, 2, LUA_TTABLE);
  const char *message = luaL_checklstring(L, 3, &message_size);
  signature.bytes = (const unsigned char *)luaL_checklstring(L, 4, &signature.size);
  size_t size = digest_compute(a->hash, message, message_size, digest);
  const char *refused = a->kind == ECDSA ? verify_ecdsa(L, a, signature, digest, size, &right)
                                         : verify_rsa(L, a, signature, digest, size, &right);
  if (refused != NULL) {
    lua_pushnil(L);
    lua_pushstring(L, refused);
    return 2;
  }
  lua_pushboolean(L, right);
  return 1;
}
