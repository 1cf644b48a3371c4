/*
 * signature.h - what signing and verifying share: the algorithms, numbers of keys, and RSA without a secret.
 * No other part includes it.
 */
#ifndef FLARON_SIGNATURE_H
#define FLARON_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "inner.h"
#include "lua.h"

enum {
  RSA_LARGEST = 4096,      /* bits: what BearSSL takes; a key of 16,384 bits would take 16 times as long */
  COORDINATE_LARGEST = 48, /* bytes; a private number of the curve has as many */
};

typedef enum signature_kind { SIGNATURE_PKCS1, SIGNATURE_PSS, SIGNATURE_ECDSA } signature_kind;

typedef struct signature_algorithm {
  const char *name; /* as RFC 7518 has it */
  signature_kind kind;
  const br_hash_class *hash;
  const char *curve_name; /* of ECDSA; else NULL, as the next two */
  const br_ec_curve_def *curve;
  const br_ec_impl *points; /* for signing: they hide the number */
} signature_algorithm;

/* The algorithm that argument `arg` names; raises otherwise. */
const signature_algorithm *signature_check_algorithm(lua_State *L, int arg);

/* A number without a sign, most significant byte first. */
typedef struct number {
  const unsigned char *bytes; /* NULL: there is none */
  size_t size;
} number;

/* Field `name` of the key at index 2. Leaves its value on the stack, which keeps the bytes alive. */
number signature_get(lua_State *L, const char *name);

/* The same without zeros in front. */
number signature_get_trimmed(lua_State *L, const char *name);

/* NULL if the key at index 2 is of the algorithm's curve, or why it is not. Leaves a value on the stack. */
const char *signature_refuse_curve(lua_State *L, const signature_algorithm *a);

/* The length of a trimmed number in bits. */
unsigned number_bits(number n);

/* Whether a number is from 1 to `order` - 1, in a time that depends on `size` only: the bytes of both. */
bool number_in_range(const unsigned char *n, const unsigned char *order, size_t size);

/* Of trimmed numbers: NULL, or why they are no modulus and no public exponent. */
const char *rsa_refuse(number n, number e);

/*
 * Raises `x`, of n.size bytes, to the power of e, modulo n, in place; false if it is not below n. It is fast
 * because it hides nothing: never give it a secret.
 */
bool rsa_public(unsigned char *x, number n, number e);

/* RFC 8017, 9.2: encodes a digest of `size` bytes into `to_size` bytes, those of a modulus. */
void rsa_encode_pkcs1(const br_hash_class *hash, const unsigned char *digest, size_t size, unsigned char *to,
                      size_t to_size);

/*
 * RFC 8017, 9.1.1, with a salt of the digest's size. Encodes into `to_size` bytes, those of a modulus of
 * `bits` bits.
 */
void rsa_encode_pss(const br_hash_class *hash, const unsigned char *digest, size_t size,
                    const unsigned char *salt, unsigned char *to, size_t to_size, unsigned bits);

/* RFC 8017, 9.1.2: whether that encodes the digest, with some salt of its size. Changes `encoded`. */
bool rsa_fits_pss(const br_hash_class *hash, const unsigned char *digest, size_t size, unsigned char *encoded,
                  size_t encoded_size, unsigned bits);

#endif
