/*
 * digest.h - SHA-256 and SHA-512, and SHA-256 as hex, which names flares and runtimes. Not the hashes of
 * flares: those are in host/import_crypto.c.
 *
 * digest_sha.c has the first two by OpenSSL, and another build another file in its place (packages/npm/wasi).
 */
#ifndef FLARON_EDGE_DIGEST_H
#define FLARON_EDGE_DIGEST_H

#include "base/text.h"

enum { DIGEST_SHA256_SIZE = 32, DIGEST_SHA512_SIZE = 64, DIGEST_HEX_SIZE = 64 };

/* Makes the SHA-256 of `count` pieces of bytes, one after the other. */
void digest_sha256(const bytes *pieces, size_t count, uint8_t digest[DIGEST_SHA256_SIZE]);

/* Makes the SHA-512 of bytes. */
void digest_sha512(bytes of, uint8_t digest[DIGEST_SHA512_SIZE]);

/* Adds the SHA-256 of bytes, as 64 lower-case hex digits. */
void digest_add_hex(text *to, bytes of);

#endif
