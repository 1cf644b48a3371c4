/*
 * rsa.c - RSA without a secret: what a public key must be like, its power of a number, and the encodings of
 * PKCS#1 v1.5 and PSS (RFC 8017). BearSSL does the arithmetic. The private power is in sign.c.
 */
#include <stdint.h>
#include <string.h>

#include "parts/digest/digest_names.h"
#include "parts/digest/signature.h"

enum {
  RSA_SMALLEST = 2048,  /* bits of a modulus: what RFC 7518 (3.3, 3.5) demands of these algorithms */
  EXPONENT_LARGEST = 8, /* bytes: 65537 has three; the time grows with its length */
};

const char *rsa_refuse(number n, number e) {
  if (n.bytes == NULL || e.bytes == NULL) return "not an RSA key";
  if (number_bits(n) < RSA_SMALLEST) return "modulus too small";
  if (number_bits(n) > RSA_LARGEST) return "modulus too large";
  if ((n.bytes[n.size - 1] & 1) == 0) return "modulus even";
  if (e.size == 0 || (e.size == 1 && *e.bytes < 3)) return "exponent too small";
  if (e.size > EXPONENT_LARGEST) return "exponent too large";
  if ((e.bytes[e.size - 1] & 1) == 0) return "exponent even";
  return NULL;
}

void rsa_encode_pkcs1(const br_hash_class *hash, const unsigned char *digest, size_t size, unsigned char *to,
                      size_t to_size) {
  /* DigestInfo: SEQUENCE { SEQUENCE { OID 2.16.840.1.101.3.4.2.x, NULL }, OCTET STRING } */
  unsigned char info[] = {0x30, 0,    0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                          0x65, 0x03, 0x04, 0x02, 0,    0x05, 0x00, 0x04, 0};
  size_t padding = to_size - size - sizeof info - 3;
  info[1] = (unsigned char)(sizeof info - 2 + size);
  info[14] = hash == &br_sha256_vtable ? 1 : hash == &br_sha384_vtable ? 2 : 3;
  info[18] = (unsigned char)size;
  to[0] = 0;
  to[1] = 1;
  memset(to + 2, 0xff, padding);
  to[2 + padding] = 0;
  memcpy(to + 3 + padding, info, sizeof info);
  memcpy(to + 3 + padding + sizeof info, digest, size);
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

/* H of RFC 8017, 9.1: the digest of eight zeros, a message's digest and a salt, all three of `size` bytes. */
static void hash_salted(const br_hash_class *hash, const unsigned char *digest, size_t size,
                        const unsigned char *salt, unsigned char *h) {
  static const unsigned char zeros[8];
  br_hash_compat_context context;
  hash->init(&context.vtable);
  hash->update(&context.vtable, zeros, sizeof zeros);
  hash->update(&context.vtable, digest, size);
  hash->update(&context.vtable, salt, size);
  hash->out(&context.vtable, h);
}

/* The bits of an encoded message's first byte that count: it has a bit less than the modulus. */
static unsigned char first_byte(size_t encoded_size, unsigned bits) {
  return (unsigned char)(0xff >> (8 * (unsigned)encoded_size - (bits - 1)));
}

void rsa_encode_pss(const br_hash_class *hash, const unsigned char *digest, size_t size,
                    const unsigned char *salt, unsigned char *to, size_t to_size, unsigned bits) {
  if (bits % 8 == 1) { /* the encoded message is a byte shorter than the modulus */
    *to++ = 0;
    to_size--;
  }
  size_t masked_size = to_size - size - 1, padding = masked_size - size - 1;
  unsigned char *h = to + masked_size;
  memset(to, 0, padding);
  to[padding] = 1;
  memcpy(to + padding + 1, salt, size);
  hash_salted(hash, digest, size, salt, h);
  mask(hash, h, size, to, masked_size);
  *to &= first_byte(to_size, bits);
  to[to_size - 1] = 0xbc;
}

bool rsa_fits_pss(const br_hash_class *hash, const unsigned char *digest, size_t size, unsigned char *encoded,
                  size_t encoded_size, unsigned bits) {
  unsigned char found[DIGEST_LARGEST];
  if (bits % 8 == 1) {
    if (*encoded++ != 0) return false;
    encoded_size--;
  }
  size_t masked_size = encoded_size - size - 1, padding = masked_size - size - 1;
  unsigned char *h = encoded + masked_size, *salt = encoded + padding + 1, wrong = 0;
  if (encoded[encoded_size - 1] != 0xbc || (*encoded & ~first_byte(encoded_size, bits)) != 0) return false;
  mask(hash, h, size, encoded, masked_size);
  *encoded &= first_byte(encoded_size, bits);
  for (size_t i = 0; i < padding; i++) wrong |= encoded[i];
  if (wrong != 0 || encoded[padding] != 1) return false;
  hash_salted(hash, digest, size, salt, found);
  return memcmp(found, h, size) == 0;
}

enum { WORDS = 2 + (RSA_LARGEST + 30) / 31 }; /* of a number of BearSSL's: its length, then 31 bits each */

/* BearSSL's own function hides the exponent, which is public here: this one takes half the time. */
bool rsa_public(unsigned char *x, number n, number e) {
  uint32_t m[WORDS], base[WORDS], base_monty[WORDS], numbers[2][WORDS], *from = numbers[0], *to = numbers[1];
  br_i31_decode(m, n.bytes, n.size);
  if (br_i31_decode_mod(base, x, n.size, m) == 0) return false;
  uint32_t m0i = br_i31_ninv31(m[1]);
  memcpy(base_monty, base, sizeof base);
  br_i31_to_monty(base_monty, m);
  memcpy(from, base_monty, sizeof base_monty);
  for (int bit = (int)number_bits(e) - 2; bit >= 0; bit--) {
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
