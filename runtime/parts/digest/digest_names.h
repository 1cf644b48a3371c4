/*
 * digest_names.h - the hash functions by their names, and the forms of a result. What digest.c and verify.c
 * share; no other part includes it.
 */
#ifndef FLARON_DIGEST_NAMES_H
#define FLARON_DIGEST_NAMES_H

#include <stddef.h>

#include "bearssl_hash.h"
#include "lua.h"

enum { DIGEST_LARGEST = 64 }; /* bytes of a digest */

/* Computes the digest of `size` bytes; `digest` has DIGEST_LARGEST bytes. Returns the digest's size. */
size_t digest_compute(const br_hash_class *hash, const void *bytes, size_t size, unsigned char *digest);

/* verify(algorithm, key, message, signature): see verify.c. */
int digest_verify(lua_State *L);

#endif
