/*
 * crypto_node.c - host/crypto.h by Node's crypto (lib/node.js), which has no key that C does not give it.
 */
#include <string.h>

#include "host/crypto.h"
#include "node.h"

static const char *const digests[] = {"md5", "sha1", "sha256", "sha384", "sha512", "blake2b512"};

/* Takes back what was made room for but is not used. */
static bool keep(text *to, uint32_t most, int32_t size) {
  uint32_t used = size > 0 && (uint32_t)size <= most ? (uint32_t)size : 0;
  to->size -= most - used;
  crypto_wipe(to->data + to->size, most - used);
  return size >= 0;
}

bool crypto_hash(crypto_digest digest, bytes of, text *to) {
  uint8_t *room = (uint8_t *)text_room(to, CRYPTO_DIGEST_MAX);
  return keep(to, CRYPTO_DIGEST_MAX,
              node_hash(digests[digest], of.data, (uint32_t)of.size, room, CRYPTO_DIGEST_MAX));
}

bool crypto_hmac(crypto_digest digest, bytes key, bytes message, text *to) {
  uint8_t *room = (uint8_t *)text_room(to, CRYPTO_DIGEST_MAX);
  return keep(to, CRYPTO_DIGEST_MAX,
              node_hmac(digests[digest], key.data, (uint32_t)key.size, message.data, (uint32_t)message.size,
                        room, CRYPTO_DIGEST_MAX));
}

bool crypto_sign(crypto_signature kind, bytes pem, bytes message, text *to) {
  enum { MOST = 16384 / 8 }; /* of a key of 16384 bits, OpenSSL's largest */
  uint8_t *room = (uint8_t *)text_room(to, MOST);
  return keep(to, MOST,
              node_sign(kind == CRYPTO_RS256 ? "RS256" : "EdDSA", pem.data, (uint32_t)pem.size, message.data,
                        (uint32_t)message.size, room, MOST));
}

bool crypto_seal(const uint8_t key[CRYPTO_AES_KEY], bytes in, text *to) {
  uint32_t most = CRYPTO_AES_NONCE + (uint32_t)in.size + CRYPTO_AES_TAG;
  uint8_t *room = (uint8_t *)text_room(to, most);
  return keep(to, most, node_seal(key, in.data, (uint32_t)in.size, room, most));
}

bool crypto_unseal(const uint8_t key[CRYPTO_AES_KEY], bytes in, text *to) {
  if (in.size < CRYPTO_AES_NONCE + CRYPTO_AES_TAG) return false;
  uint32_t most = (uint32_t)in.size - CRYPTO_AES_NONCE - CRYPTO_AES_TAG;
  uint8_t *room = (uint8_t *)text_room(to, most);
  return keep(to, most, node_unseal(key, in.data, (uint32_t)in.size, room, most));
}

void crypto_wipe(void *memory, size_t size) {
  for (volatile uint8_t *at = memory; size > 0; size--) *at++ = 0;
}
