/*
 * import_crypto.c - the imports of `crypto`: hashes, HMAC, JWT, AES-GCM, random bytes, all by OpenSSL.
 *
 * Owns nothing between calls. Keys are secrets, found by name (import_secrets.c) and never in an answer or an
 * error. There are no error messages either: a wrong JSON argument, an unknown algorithm, a key that is
 * missing or of the wrong kind, and a wrong tag all give no answer.
 */
#include <jansson.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "host/host.h"
#include "base/json_fast.h"

enum { AES_KEY_SIZE = 32, AES_NONCE_SIZE = 12, AES_TAG_SIZE = 16 };
enum { RANDOM_BYTES = 32, RANDOM_MAX_BYTES = 256, RSA_MIN_BITS = 2048 };

typedef const EVP_MD *digest_function(void);

typedef struct named_digest {
  const char *name;
  digest_function *digest;
  unsigned lack; /* of host_config.manners: the host does not have it */
} named_digest;

static const named_digest digests[] = {
    {"md5", EVP_md5, 1u << HOST_DOES_LACK_MD5},
    {"sha1", EVP_sha1, 1u << HOST_DOES_LACK_SHA1},
    {"sha256", EVP_sha256, 0},
    {"sha384", EVP_sha384, 1u << HOST_DOES_LACK_SHA384},
    {"sha512", EVP_sha512, 0},
    {"blake2b", EVP_blake2b512, 1u << HOST_DOES_LACK_BLAKE2B},
};

/* An algorithm that signs a JWT: HMAC with a digest, or a private key of some kind, which may need a
 * digest. */
typedef struct jwt_algorithm {
  const char *name;
  digest_function *digest; /* NULL: the algorithm has its own */
  int key_kind;            /* an EVP_PKEY_ constant, EVP_PKEY_NONE = HMAC */
} jwt_algorithm;

static const jwt_algorithm jwt_algorithms[] = {
    {"HS256", EVP_sha256, EVP_PKEY_NONE}, {"HS384", EVP_sha384, EVP_PKEY_NONE},
    {"HS512", EVP_sha512, EVP_PKEY_NONE}, {"RS256", EVP_sha256, EVP_PKEY_RSA},
    {"EdDSA", NULL, EVP_PKEY_ED25519},
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
static const EVP_MD *crypto_find_digest(const host *h, bytes name) {
  for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
    bool lacks = (h->config.manners & digests[i].lack) != 0;
    if (!lacks && bytes_are(name, digests[i].name)) return digests[i].digest();
  }
  return NULL;
}

/* crypto_hash({"algorithm", "input"}) -> lower-case hex; OpenSSL has no blake3, so neither do we */
void host_crypto_hash(host *h, const host_arguments *arguments, host_answer *answer) {
  json_t *args = crypto_read_arguments(arguments);
  bytes algorithm, input;
  uint8_t hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  text_clear(&h->answer);
  if (crypto_get_string(args, "algorithm", &algorithm) && crypto_get_string(args, "input", &input)) {
    const EVP_MD *digest = crypto_find_digest(h, algorithm);
    if (digest != NULL && EVP_Digest(input.data, input.size, hash, &size, digest, NULL) == 1) {
      hex_encode(&h->answer, (bytes){hash, size});
    }
  }
  json_decref(args);
  host_answer_text(h, answer);
}

/* Writes the HMAC of a message to `mac`; false if OpenSSL fails. */
static bool crypto_make_hmac(const EVP_MD *digest, const host_secret *key, bytes message, uint8_t *mac,
                             unsigned *size) {
  return key->size <= INT_MAX &&
         HMAC(digest, key->value, (int)key->size, message.data, message.size, mac, size) != NULL;
}

/* The digest of crypto_hmac: that of SHA-256, unless the host is known to have another. */
static const EVP_MD *crypto_hmac_digest(const host *h) {
  if (host_does(h, HOST_DOES_HMAC_SHA1)) return EVP_sha1();
  if (host_does(h, HOST_DOES_HMAC_SHA384)) return EVP_sha384();
  return host_does(h, HOST_DOES_HMAC_SHA512) ? EVP_sha512() : EVP_sha256();
}

/* crypto_hmac({"secret_key", "input"}) -> HMAC-SHA-256 in lower-case hex */
void host_crypto_hmac(host *h, const host_arguments *arguments, host_answer *answer) {
  json_t *args = crypto_read_arguments(arguments);
  const host_secret *key;
  bytes input;
  uint8_t mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  text_clear(&h->answer);
  if (crypto_get_secret_and_input(h, args, &key, &input) &&
      crypto_make_hmac(crypto_hmac_digest(h), key, input, mac, &size)) {
    hex_encode(&h->answer, (bytes){mac, size});
  }
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

/* OpenSSL's password callback: there is no password, and no user to ask. */
static int crypto_no_password(char *to, int size, int writing, void *data) {
  (void)to, (void)size, (void)writing, (void)data;
  return -1;
}

/* Reads the private key in a secret; NULL if it is of another kind, or an RSA key that is too short. The
 * caller frees it. */
static EVP_PKEY *crypto_read_private_key(const host_secret *secret, int kind) {
  BIO *in = secret->size <= INT_MAX ? BIO_new_mem_buf(secret->value, (int)secret->size) : NULL;
  EVP_PKEY *key = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, crypto_no_password, NULL) : NULL;
  BIO_free(in);
  if (key == NULL) return NULL;
  bool fits = EVP_PKEY_base_id(key) == kind && (kind != EVP_PKEY_RSA || EVP_PKEY_bits(key) >= RSA_MIN_BITS);
  if (fits) return key;
  EVP_PKEY_free(key);
  return NULL;
}

/* Adds the signature of a message by a private key; false if OpenSSL fails. */
static bool crypto_add_signature(text *to, EVP_PKEY *key, const EVP_MD *digest, bytes message) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  size_t size = 0;
  bool made = context != NULL && EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1 &&
              EVP_DigestSign(context, NULL, &size, message.data, message.size) == 1;
  uint8_t *signature = memory_get(size);
  made = made && EVP_DigestSign(context, signature, &size, message.data, message.size) == 1;
  if (made) base64url_encode(to, (bytes){signature, size});
  free(signature);
  EVP_MD_CTX_free(context);
  return made;
}

/* Adds a JWT's signature of `message`; false if the secret is not a key for the algorithm. */
static bool crypto_add_jwt_signature(text *to, const jwt_algorithm *by, const host_secret *secret,
                                     bytes message) {
  if (by->key_kind == EVP_PKEY_NONE) {
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (crypto_is_pem(secret) || !crypto_make_hmac(by->digest(), secret, message, mac, &size)) return false;
    base64url_encode(to, (bytes){mac, size});
    return true;
  }
  EVP_PKEY *key = crypto_read_private_key(secret, by->key_kind);
  bool made = key != NULL && crypto_add_signature(to, key, by->digest != NULL ? by->digest() : NULL, message);
  EVP_PKEY_free(key);
  ERR_clear_error();
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
static bool crypto_read_aes_key(const host_secret *secret, uint8_t key[AES_KEY_SIZE]) {
  bytes from = {secret->value, secret->size};
  text decoded = {0};
  if (from.size == AES_KEY_SIZE) {
    text_add(&decoded, from.data, from.size);
  } else if (from.size != 2 * AES_KEY_SIZE || !hex_decode(&decoded, from)) {
    base64_decode(&decoded, from);
  }
  bool fits = decoded.size == AES_KEY_SIZE;
  if (fits) memcpy(key, decoded.data, AES_KEY_SIZE);
  if (decoded.data != NULL) OPENSSL_cleanse(decoded.data, decoded.capacity);
  text_free(&decoded);
  return fits;
}

/* Encrypts `in` to nonce, ciphertext and tag in `out`, which must have room for all three. False: OpenSSL
 * failed. */
static bool crypto_seal(const uint8_t *key, bytes in, uint8_t *out) {
  int size = 0;
  uint8_t *ciphertext = out + AES_NONCE_SIZE;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  /* Not host_random: a seed would repeat nonces, and a nonce that is used twice breaks the encryption. */
  bool done = context != NULL && in.size <= INT_MAX && RAND_bytes(out, AES_NONCE_SIZE) == 1 &&
              EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, out) == 1 &&
              EVP_EncryptUpdate(context, ciphertext, &size, in.data, (int)in.size) == 1 &&
              EVP_EncryptFinal_ex(context, ciphertext + size, &size) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, AES_TAG_SIZE, ciphertext + in.size) == 1;
  EVP_CIPHER_CTX_free(context);
  return done;
}

/* Decrypts the output of seal; `in` must be at least as long as nonce and tag. False if it is not valid. */
static bool crypto_open_sealed(const uint8_t *key, bytes in, uint8_t *out) {
  int size = 0;
  size_t length = in.size - AES_NONCE_SIZE - AES_TAG_SIZE;
  const uint8_t *ciphertext = in.data + AES_NONCE_SIZE;
  uint8_t tag[AES_TAG_SIZE];
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

/* Encrypts, to base64. */
static void crypto_encrypt(text *to, const uint8_t *key, bytes input) {
  text sealed = {0};
  uint8_t *room = (uint8_t *)text_room(&sealed, AES_NONCE_SIZE + input.size + AES_TAG_SIZE);
  if (crypto_seal(key, input, room)) base64_encode(to, text_bytes(&sealed));
  text_free(&sealed);
}

/* Decrypts; empty if the input is not valid ciphertext. */
static void crypto_decrypt(text *to, const uint8_t *key, bytes input) {
  text sealed = {0};
  if (base64_decode(&sealed, input) && sealed.size >= AES_NONCE_SIZE + AES_TAG_SIZE) {
    uint8_t *room = (uint8_t *)text_room(to, sealed.size - AES_NONCE_SIZE - AES_TAG_SIZE);
    if (!crypto_open_sealed(key, text_bytes(&sealed), room)) {
      OPENSSL_cleanse(to->data, to->size); /* plaintext with a wrong tag must not be seen */
      text_clear(to);
    }
  }
  text_free(&sealed);
}

/* The common part of both AES imports: reads key and input, and calls the cipher. */
static void crypto_use_aes(host *h, const host_arguments *arguments, host_answer *answer,
                           void (*cipher)(text *, const uint8_t *, bytes)) {
  json_t *args = crypto_read_arguments(arguments);
  const host_secret *secret;
  bytes input;
  uint8_t key[AES_KEY_SIZE];
  text_clear(&h->answer);
  if (crypto_get_secret_and_input(h, args, &secret, &input) && crypto_read_aes_key(secret, key)) {
    cipher(&h->answer, key, input);
    ERR_clear_error();
  }
  OPENSSL_cleanse(key, sizeof key);
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
