/*
 * crypto_openssl.c - crypto.h by OpenSSL.
 */
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "host/crypto.h"

enum { RSA_MIN_BITS = 2048 };

static const EVP_MD *openssl_digest(crypto_digest digest) {
  switch (digest) {
    case CRYPTO_MD5: return EVP_md5();
    case CRYPTO_SHA1: return EVP_sha1();
    case CRYPTO_SHA256: return EVP_sha256();
    case CRYPTO_SHA384: return EVP_sha384();
    case CRYPTO_SHA512: return EVP_sha512();
    case CRYPTO_BLAKE2B: return EVP_blake2b512();
  }
  return NULL;
}

bool crypto_hash(crypto_digest digest, bytes of, text *to) {
  uint8_t hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(of.data, of.size, hash, &size, openssl_digest(digest), NULL) != 1) return false;
  text_add(to, hash, size);
  return true;
}

bool crypto_hmac(crypto_digest digest, bytes key, bytes message, text *to) {
  uint8_t mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (key.size > INT_MAX ||
      HMAC(openssl_digest(digest), key.data, (int)key.size, message.data, message.size, mac, &size) == NULL)
    return false;
  text_add(to, mac, size);
  return true;
}

/* OpenSSL's password callback: there is no password, and no user to ask. */
static int openssl_no_password(char *to, int size, int writing, void *data) {
  (void)to, (void)size, (void)writing, (void)data;
  return -1;
}

/* Reads a private key; NULL if it is of another kind, or an RSA key that is too short. The caller frees it.
 */
static EVP_PKEY *openssl_read_key(bytes pem, int kind) {
  BIO *in = pem.size <= INT_MAX ? BIO_new_mem_buf(pem.data, (int)pem.size) : NULL;
  EVP_PKEY *key = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, openssl_no_password, NULL) : NULL;
  BIO_free(in);
  if (key == NULL) return NULL;
  bool fits = EVP_PKEY_base_id(key) == kind && (kind != EVP_PKEY_RSA || EVP_PKEY_bits(key) >= RSA_MIN_BITS);
  if (fits) return key;
  EVP_PKEY_free(key);
  return NULL;
}

/* Adds the signature of a message by a private key; false if OpenSSL fails. */
static bool openssl_add_signature(text *to, EVP_PKEY *key, const EVP_MD *digest, bytes message) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  size_t size = 0;
  bool made = context != NULL && EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1 &&
              EVP_DigestSign(context, NULL, &size, message.data, message.size) == 1;
  uint8_t *signature = memory_get(size);
  made = made && EVP_DigestSign(context, signature, &size, message.data, message.size) == 1;
  if (made) text_add(to, signature, size);
  free(signature);
  EVP_MD_CTX_free(context);
  return made;
}

bool crypto_sign(crypto_signature kind, bytes pem, bytes message, text *to) {
  EVP_PKEY *key = openssl_read_key(pem, kind == CRYPTO_RS256 ? EVP_PKEY_RSA : EVP_PKEY_ED25519);
  bool made =
      key != NULL && openssl_add_signature(to, key, kind == CRYPTO_RS256 ? EVP_sha256() : NULL, message);
  EVP_PKEY_free(key);
  ERR_clear_error();
  return made;
}

/* Encrypts `in` to nonce, ciphertext and tag in `out`, which must have room for all three. */
static bool openssl_seal(const uint8_t *key, bytes in, uint8_t *out) {
  int size = 0;
  uint8_t *ciphertext = out + CRYPTO_AES_NONCE;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  /* Not host_random: a seed would repeat nonces, and a nonce that is used twice breaks the encryption. */
  bool done = context != NULL && in.size <= INT_MAX && RAND_bytes(out, CRYPTO_AES_NONCE) == 1 &&
              EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, out) == 1 &&
              EVP_EncryptUpdate(context, ciphertext, &size, in.data, (int)in.size) == 1 &&
              EVP_EncryptFinal_ex(context, ciphertext + size, &size) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, CRYPTO_AES_TAG, ciphertext + in.size) == 1;
  EVP_CIPHER_CTX_free(context);
  return done;
}

/* Decrypts nonce, ciphertext and tag. */
static bool openssl_unseal(const uint8_t *key, bytes in, uint8_t *out) {
  int size = 0;
  size_t length = in.size - CRYPTO_AES_NONCE - CRYPTO_AES_TAG;
  const uint8_t *ciphertext = in.data + CRYPTO_AES_NONCE;
  uint8_t tag[CRYPTO_AES_TAG];
  memcpy(tag, ciphertext + length, sizeof tag);
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  bool done = context != NULL && length <= INT_MAX &&
              EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, in.data) == 1 &&
              EVP_DecryptUpdate(context, out, &size, ciphertext, (int)length) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) == 1 &&
              EVP_DecryptFinal_ex(context, out + size, &size) == 1;
  EVP_CIPHER_CTX_free(context);
  return done;
}

/* Takes the last bytes off again: plaintext with a wrong tag must not be seen. */
static void openssl_take_back(text *from, size_t size) {
  from->size -= size;
  OPENSSL_cleanse(from->data + from->size, size);
}

bool crypto_seal(const uint8_t key[CRYPTO_AES_KEY], bytes in, text *to) {
  size_t size = CRYPTO_AES_NONCE + in.size + CRYPTO_AES_TAG;
  bool done = openssl_seal(key, in, (uint8_t *)text_room(to, size));
  if (!done) openssl_take_back(to, size);
  ERR_clear_error();
  return done;
}

bool crypto_unseal(const uint8_t key[CRYPTO_AES_KEY], bytes in, text *to) {
  if (in.size < CRYPTO_AES_NONCE + CRYPTO_AES_TAG) return false;
  size_t size = in.size - CRYPTO_AES_NONCE - CRYPTO_AES_TAG;
  bool done = openssl_unseal(key, in, (uint8_t *)text_room(to, size));
  if (!done) openssl_take_back(to, size);
  ERR_clear_error();
  return done;
}

void crypto_wipe(void *memory, size_t size) { OPENSSL_cleanse(memory, size); }
