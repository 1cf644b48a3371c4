/*
 * digest_names.h - what the files of this part share; no other part
 * includes it.
 */
#ifndef FLARON_DIGEST_NAMES_H
#define FLARON_DIGEST_NAMES_H

#include <stddef.h>

#include "bearssl_ec.h"
#include "bearssl_hash.h"
#include "lua.h"

enum { DIGEST_LARGEST = 64 }; /* bytes of a digest */

/* Computes the digest of `size` bytes; `digest` has DIGEST_LARGEST bytes. Returns the digest's size. */
size_t digest_compute(const br_hash_class *hash, const void *bytes, size_t size, unsigned char *digest);

/* P-256 for verifying alone: its muladd takes less time for some factors than for others (p256.c). */
extern const br_ec_impl digest_p256;

/* verify(algorithm, key, message, signature): see verify.c. */
int digest_verify(lua_State *L);

#endif
