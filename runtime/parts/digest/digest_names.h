/*
 * digest_names.h - what the files of this part share; no other part
 * includes it.
 */
#ifndef FLARON_DIGEST_NAMES_H
#define FLARON_DIGEST_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "bearssl_ec.h"
#include "bearssl_hash.h"
#include "lua.h"

enum { DIGEST_LARGEST = 64 }; /* bytes of a digest */

/* Computes the digest of `size` bytes; `digest` has DIGEST_LARGEST bytes. Returns the digest's size. */
size_t digest_compute(const br_hash_class *hash, const void *bytes, size_t size, unsigned char *digest);

/* P-256 and P-384 for verifying alone: all but muladd is missing (curves.c). */
extern const br_ec_impl digest_curves;

/* Whether a point that is as long as its curve demands is on it (curves.c). */
bool digest_on_curve(const br_ec_public_key *key);

/* verify(algorithm, key, message, signature): see verify.c. */
int digest_verify(lua_State *L);

/* sign(algorithm, key, message [, salt]): see sign.c. */
int digest_sign(lua_State *L);

#endif
