/*
 * crypto.h - what the imports of `crypto` compute: hashes, HMAC, signatures by a private key, AES-GCM. It
 * knows no host, no secret by name and no JSON: import_crypto.c does.
 *
 * crypto_openssl.c has it by OpenSSL; another build has another file (packages/npm/wasi).
 */
#ifndef FLARON_EDGE_CRYPTO_H
#define FLARON_EDGE_CRYPTO_H

#include "base/text.h"

typedef enum crypto_digest {
  CRYPTO_MD5,
  CRYPTO_SHA1,
  CRYPTO_SHA256,
  CRYPTO_SHA384,
  CRYPTO_SHA512,
  CRYPTO_BLAKE2B /* of 64 bytes */
} crypto_digest;

/* Kinds of signatures: RSA PKCS #1 v1.5 with SHA-256, by a key of 2048 bits at least; Ed25519. */
typedef enum crypto_signature { CRYPTO_RS256, CRYPTO_EDDSA } crypto_signature;

enum { CRYPTO_DIGEST_MAX = 64, CRYPTO_AES_KEY = 32, CRYPTO_AES_NONCE = 12, CRYPTO_AES_TAG = 16 };

/* Adds the digest of bytes; false, and adds nothing, if it cannot be made. */
bool crypto_hash(crypto_digest digest, bytes of, text *to);

/* Adds the HMAC of a message; false, and adds nothing, if it cannot be made. */
bool crypto_hmac(crypto_digest digest, bytes key, bytes message, text *to);

/* Adds the signature of a message by a private key in PEM without a password; false, and adds nothing, if it
 * is none of this kind. */
bool crypto_sign(crypto_signature kind, bytes pem, bytes message, text *to);

/* Encrypts by AES-256-GCM: adds a random nonce, the ciphertext and the tag. False, and adds nothing, if it
 * cannot. */
bool crypto_seal(const uint8_t key[CRYPTO_AES_KEY], bytes in, text *to);

/* Decrypts what crypto_seal made, at least a nonce and a tag; false, and adds nothing, if it is not valid. */
bool crypto_unseal(const uint8_t key[CRYPTO_AES_KEY], bytes in, text *to);

/* Overwrites memory, which a compiler must not leave out. */
void crypto_wipe(void *memory, size_t size);

#endif
