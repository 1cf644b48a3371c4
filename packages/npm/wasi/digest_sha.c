/*
 * digest_sha.c - the digests of base/digest.h, by BearSSL; base/digest_sha.c has them by OpenSSL.
 */
#include <bearssl_hash.h>

#include "base/digest.h"

void digest_sha256(const bytes *pieces, size_t count, uint8_t digest[DIGEST_SHA256_SIZE]) {
  br_sha256_context context;
  br_sha256_init(&context);
  for (size_t i = 0; i < count; i++) br_sha256_update(&context, pieces[i].data, pieces[i].size);
  br_sha256_out(&context, digest);
}

void digest_sha512(bytes of, uint8_t digest[DIGEST_SHA512_SIZE]) {
  br_sha512_context context;
  br_sha512_init(&context);
  br_sha512_update(&context, of.data, of.size);
  br_sha512_out(&context, digest);
}
