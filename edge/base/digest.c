/*
 * digest.c - digests as hex: see digest.h.
 */
#include "base/digest.h"

#include "base/encoding.h"

void digest_add_hex(text *to, bytes of) {
  uint8_t digest[DIGEST_SHA256_SIZE];
  digest_sha256(&of, 1, digest);
  hex_encode(to, (bytes){digest, sizeof digest});
}
