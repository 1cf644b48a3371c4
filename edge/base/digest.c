/*
 * digest.c - see digest.h. The hashes for flares are in import_crypto.c.
 */
#include "base/digest.h"

#include <openssl/evp.h>

#include "base/encoding.h"

void digest_add_hex(text *to, bytes of) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(of.data, of.size, digest, &size, EVP_sha256(), NULL);
  hex_encode(to, (bytes){digest, size});
}
