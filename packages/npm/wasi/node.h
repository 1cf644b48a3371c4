/*
 * node.h - what Node computes and does for the packer: lib/node.js gives these functions.
 */
#ifndef FLARON_WASI_NODE_H
#define FLARON_WASI_NODE_H

#include "base/text.h"

#define NODE_GIVES(name) __attribute__((import_module("node"), import_name(#name)))

/* Each writes its result to `to`, which has room for `most` bytes, and returns its size; a negative number:
 * there is none. */

/* The digest of this name of Node's crypto. */
NODE_GIVES(hash)
int32_t node_hash(const char *digest, const uint8_t *of, uint32_t size, uint8_t *to, uint32_t most);

NODE_GIVES(hmac)
int32_t node_hmac(const char *digest, const uint8_t *key, uint32_t key_size, const uint8_t *message,
                  uint32_t size, uint8_t *to, uint32_t most);

/* A signature by a private key in PEM: `kind` is "RS256" or "EdDSA". */
NODE_GIVES(sign)
int32_t node_sign(const char *kind, const uint8_t *pem, uint32_t pem_size, const uint8_t *message,
                  uint32_t size, uint8_t *to, uint32_t most);

/* AES-256-GCM: nonce of 12 bytes, ciphertext and tag of 16 bytes; and back. */
NODE_GIVES(seal)
int32_t node_seal(const uint8_t *key, const uint8_t *in, uint32_t size, uint8_t *to, uint32_t most);
NODE_GIVES(unseal)
int32_t node_unseal(const uint8_t *key, const uint8_t *in, uint32_t size, uint8_t *to, uint32_t most);

/*
 * Makes one request of HTTP and waits for its answer. `request` has a line each: method, URL, milliseconds it
 * may take, bytes of the body it may have, then "Name: value"; then comes an empty line and the body. The
 * result is the size of what node_take gives: a byte that says what it is, 'A' an answer: its head as in
 * HTTP/1.1, an empty line and the body; or a sentence, 'E' the transfer failed, 'N' no such host, 'T' out of
 * time, 'L' the body is too large.
 */
NODE_GIVES(fetch) uint32_t node_fetch(const char *request, uint32_t size);
NODE_GIVES(take) void node_take(char *to);

#endif
