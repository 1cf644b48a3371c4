/*
 * digest_sha.c - the digests of digest.h, by OpenSSL.
 */
#include <openssl/evp.h>

#include "base/digest.h"

void digest_sha256(const bytes *pieces, size_t count, uint8_t digest[DIGEST_SHA256_SIZE]) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(context, EVP_sha256(), NULL);
  for (size_t i = 0; i < count; i++) EVP_DigestUpdate(context, pieces[i].data, pieces[i].size);
  EVP_DigestFinal_ex(context, digest, NULL);
  EVP_MD_CTX_free(context);
}

void digest_sha512(bytes of, uint8_t digest[DIGEST_SHA512_SIZE]) {
  EVP_Digest(of.data, of.size, digest, NULL, EVP_sha512(), NULL);
}
