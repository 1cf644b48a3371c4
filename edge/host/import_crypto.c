/*
 * import_crypto.c - the imports of `crypto`: hashes, HMAC, JWT, AES-GCM, random bytes, as crypto.h computes
 * them.
 *
 * Owns nothing between calls. Keys are secrets, found by name (import_secrets.c) and never in an answer or an
 * error. There are no error messages either: a wrong JSON argument, an unknown algorithm, a key that is
 * missing or of the wrong kind, and a wrong tag all give no answer.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "host/crypto.h"
#include "host/host.h"
#include "base/json_fast.h"

enum { RANDOM_BYTES = 32, RANDOM_MAX_BYTES = 256 };

typedef struct named_digest {
  const char *name;
  crypto_digest digest;
  unsigned lack; /* of host_config.manners: the host does not have it */
} named_digest;

static const named_digest digests[] = {
    {"md5", CRYPTO_MD5, 1u << HOST_DOES_LACK_MD5},
    {"sha1", CRYPTO_SHA1, 1u << HOST_DOES_LACK_SHA1},
    {"sha256", CRYPTO_SHA256, 0},
    {"sha384", CRYPTO_SHA384, 1u << HOST_DOES_LACK_SHA384},
    {"sha512", CRYPTO_SHA512, 0},
    {"blake2b", CRYPTO_BLAKE2B, 1u << HOST_DOES_LACK_BLAKE2B},
};

/* An algorithm that signs a JWT: HMAC with a digest, or a private key. */
typedef struct jwt_algorithm {
  const char *name;
  bool is_hmac;
  crypto_digest digest;  /* of HMAC */
  crypto_signature kind; /* of a private key's */
} jwt_algorithm;

static const jwt_algorithm jwt_algorithms[] = {
    {"HS256", .is_hmac = true, .digest = CRYPTO_SHA256},
    {"HS384", .is_hmac = true, .digest = CRYPTO_SHA384},
    {"HS512", .is_hmac = true, .digest = CRYPTO_SHA512},
    {"RS256", .kind = CRYPTO_RS256},
    {"EdDSA", .kind = CRYPTO_EDDSA},
};

/* Parses the argument; NULL if it is not JSON. The caller frees it with json_decref. */
static json_t *crypto_read_arguments(const host_arguments *arguments) {
  return json_load_object(arguments->a, NULL);
}

/* Finds a string in the argument, borrowed from it; false if it is missing or not a string. */
static bool crypto_get_string(const json_t *args, const char *name, bytes *found) {
  const json_t *value = json_object_get(args, name);
  if (!json_is_string(value)) return false;
  *found = (bytes){(const uint8_t *)json_string_value(value), json_string_length(value)};
  return true;
}

/* Finds the secret that "secret_key" names; NULL if it is missing or not allowed. */
static const host_secret *crypto_get_secret(host *h, const json_t *args) {
  bytes name;
  return crypto_get_string(args, "secret_key", &name) ? host_find_secret(h, name) : NULL;
}

/* Finds the secret and the input, which all but two imports take; false if one is missing. */
static bool crypto_get_secret_and_input(host *h, const json_t *args, const host_secret **key, bytes *input) {
  *key = crypto_get_secret(h, args);
  return *key != NULL && crypto_get_string(args, "input", input);
}

/* The digest of a name; NULL if there is none. */
static const named_digest *crypto_find_digest(const host *h, bytes name) {
  for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
    bool lacks = (h->config.manners & digests[i].lack) != 0;
    if (!lacks && bytes_are(name, digests[i].name)) return &digests[i];
  }
  return NULL;
}

/* crypto_hash({"algorithm", "input"}) -> lower-case hex; OpenSSL has no blake3, so neither do we */
void host_crypto_hash(host *h, const host_arguments *arguments, host_answer *answer) {
  json_t *args = crypto_read_arguments(arguments);
  bytes algorithm, input;
  text hash = {0};
  text_clear(&h->answer);
  if (crypto_get_string(args, "algorithm", &algorithm) && crypto_get_string(args, "input", &input)) {
    const named_digest *digest = crypto_find_digest(h, algorithm);
    if (digest != NULL && crypto_hash(digest->digest, input, &hash))
      hex_encode(&h->answer, text_bytes(&hash));
  }
  text_free(&hash);
  json_decref(args);
  host_answer_text(h, answer);
}

/* The bytes of a secret. */
static bytes crypto_secret_bytes(const host_secret *secret) { return (bytes){secret->value, secret->size}; }

/* The digest of crypto_hmac: that of SHA-256, unless the host is known to have another. */
static crypto_digest crypto_hmac_digest(const host *h) {
  if (host_does(h, HOST_DOES_HMAC_SHA1)) return CRYPTO_SHA1;
  if (host_does(h, HOST_DOES_HMAC_SHA384)) return CRYPTO_SHA384;
  return host_does(h, HOST_DOES_HMAC_SHA512) ? CRYPTO_SHA512 : CRYPTO_SHA256;
}

/* crypto_hmac({"secret_key", "input"}) -> HMAC-SHA-256 in lower-case hex */
void host_crypto_hmac(host *h, const host_arguments *arguments, host_answer *answer) {
  json_t *args = crypto_read_arguments(arguments);
  const host_secret *key;
  bytes input;
  text mac = {0};
  text_clear(&h->answer);
  if (crypto_get_secret_and_input(h, args, &key, &input) &&
      crypto_hmac(crypto_hmac_digest(h), crypto_secret_bytes(key), input, &mac)) {
    hex_encode(&h->answer, text_bytes(&mac));
  }
  text_free(&mac);
  json_decref(args);
  host_answer_text(h, answer);
}

/* The JWT algorithm of a name; NULL if there is none. */
static const jwt_algorithm *crypto_find_jwt_algorithm(bytes name) {
  for (size_t i = 0; i < sizeof jwt_algorithms / sizeof *jwt_algorithms; i++) {
    if (bytes_are(name, jwt_algorithms[i].name)) return &jwt_algorithms[i];
  }
  return NULL;
}

/* Whether a secret is PEM: a key pair or a certificate, never the key of an HMAC. */
static bool crypto_is_pem(const host_secret *key) {
  static const char begin[] = "-----BEGIN ";
  return memmem(key->value, key->size, begin, sizeof begin - 1) != NULL;
}

/* Adds a JWT's signature of `message`; false if the secret is not a key for the algorithm. */
static bool crypto_add_jwt_signature(text *to, const jwt_algorithm *by, const host_secret *secret,
                                     bytes message) {
  text signature = {0};
  bool made = by->is_hmac ? !crypto_is_pem(secret) &&
                                crypto_hmac(by->digest, crypto_secret_bytes(secret), message, &signature)
                          : crypto_sign(by->kind, crypto_secret_bytes(secret), message, &signature);
  if (made) base64url_encode(to, text_bytes(&signature));
  text_free(&signature);
  return made;
}

/*
 * The claims as compact JSON in their own order; NULL if they are not an object. Every number keeps its
 * value: all are written with the fewest digits (15 to 17) that read back equal. The caller frees it.
 */
static char *crypto_write_claims(const json_t *claims) {
  if (!json_is_object(claims)) return NULL;
  for (size_t digits = 15; digits < 17; digits++) {
    char *written = json_dumps(claims, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(digits));
    json_t *again = written != NULL ? json_loads(written, JSON_ALLOW_NUL, NULL) : NULL;
    bool same = again != NULL && json_equal(claims, again);
    json_decref(again);
    if (same) return written;
    free(written);
  }
  return json_dumps(claims, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(17));
}

/* Writes a JWT into the answer, or leaves it empty. */
static void crypto_write_jwt(text *to, const jwt_algorithm *by, const host_secret *secret,
                             const char *claims) {
  text header = {0}, signature = {0};
  text_printf(&header, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", by->name);
  base64url_encode(to, text_bytes(&header));
  text_add_string(to, ".");
  base64url_encode(to, bytes_of(claims));
  if (crypto_add_jwt_signature(&signature, by, secret, text_bytes(to))) {
    text_add_string(to, ".");
    text_add(to, signature.data, signature.size);
  } else {
    text_clear(to);
  }
  text_free(&header);
  text_free(&signature);
}

/* crypto_sign_jwt({"algorithm", "secret_key", "claims": {...}}) -> compact JWT */
void host_crypto_sign_jwt(host *h, const host_arguments *arguments, host_answer *answer) {
  json_t *args = crypto_read_arguments(arguments);
  const host_secret *secret = crypto_get_secret(h, args);
  char *claims = crypto_write_claims(json_object_get(args, "claims"));
  bytes name;
  text_clear(&h->answer);
  if (secret != NULL && claims != NULL && crypto_get_string(args, "algorithm", &name)) {
    const jwt_algorithm *by = crypto_find_jwt_algorithm(name);
    if (by != NULL) crypto_write_jwt(&h->answer, by, secret, claims);
  }
  free(claims);
  json_decref(args);
  host_answer_text(h, answer);
}

/* Reads an AES-256 key from a secret: its 32 bytes, else its 64 hex digits, else base64 of 32 bytes. */
static bool crypto_read_aes_key(const host_secret *secret, uint8_t key[CRYPTO_AES_KEY]) {
  bytes from = crypto_secret_bytes(secret);
  text decoded = {0};
  if (from.size == CRYPTO_AES_KEY) {
    text_add(&decoded, from.data, from.size);
  } else if (from.size != 2 * CRYPTO_AES_KEY || !hex_decode(&decoded, from)) {
    base64_decode(&decoded, from);
  }
  bool fits = decoded.size == CRYPTO_AES_KEY;
  if (fits) memcpy(key, decoded.data, CRYPTO_AES_KEY);
  if (decoded.data != NULL) crypto_wipe(decoded.data, decoded.capacity);
  text_free(&decoded);
  return fits;
}

/* Encrypts, to base64. */
static void crypto_encrypt(text *to, const uint8_t *key, bytes input) {
  text sealed = {0};
  if (crypto_seal(key, input, &sealed)) base64_encode(to, text_bytes(&sealed));
  text_free(&sealed);
}

/* Decrypts; empty if the input is not valid ciphertext. */
static void crypto_decrypt(text *to, const uint8_t *key, bytes input) {
  text sealed = {0};
  if (base64_decode(&sealed, input)) crypto_unseal(key, text_bytes(&sealed), to);
  text_free(&sealed);
}

/* The common part of both AES imports: reads key and input, and calls the cipher. */
static void crypto_use_aes(host *h, const host_arguments *arguments, host_answer *answer,
                           void (*cipher)(text *, const uint8_t *, bytes)) {
  json_t *args = crypto_read_arguments(arguments);
  const host_secret *secret;
  bytes input;
  uint8_t key[CRYPTO_AES_KEY];
  text_clear(&h->answer);
  if (crypto_get_secret_and_input(h, args, &secret, &input) && crypto_read_aes_key(secret, key)) {
    cipher(&h->answer, key, input);
  }
  crypto_wipe(key, sizeof key);
  json_decref(args);
  host_answer_text(h, answer);
}

/* crypto_encrypt_aes({"secret_key", "input"}) -> base64 of nonce, ciphertext and tag (AES-256-GCM) */
void host_crypto_encrypt_aes(host *h, const host_arguments *arguments, host_answer *answer) {
  crypto_use_aes(h, arguments, answer, crypto_encrypt);
}

/* crypto_decrypt_aes({"secret_key", "input": base64}) -> plaintext */
void host_crypto_decrypt_aes(host *h, const host_arguments *arguments, host_answer *answer) {
  crypto_use_aes(h, arguments, answer, crypto_decrypt);
}

/* crypto_random_bytes(count) -> lower-case hex of that many bytes: at most 256, 32 for none or fewer */
void host_crypto_random_bytes(host *h, const host_arguments *arguments, host_answer *answer) {
  uint8_t random[RANDOM_MAX_BYTES];
  int64_t size = arguments->n > 0 ? arguments->n : RANDOM_BYTES;
  if (size > RANDOM_MAX_BYTES) size = RANDOM_MAX_BYTES;
  host_random(h, random, (size_t)size);
  text_clear(&h->answer);
  hex_encode(&h->answer, (bytes){random, (size_t)size});
  host_answer_text(h, answer);
}
