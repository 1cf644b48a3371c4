/*
 * host_crypto_test.c - checks the imports of crypto, encoding, id and secrets natively, through host_call.
 *
 * Vectors: RFC 1321, FIPS 180, RFC 7693, RFC 4231, RFC 4648, RFC 9562, NIST's GCM submission, the KSUID
 * README. What has no vector is recomputed with OpenSSL here. It runs no flare: what a script sees is
 * tested by tests/spec. Prints a line per failed check, then "N passed, N failed".
 */
#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

enum { MAX_SECRETS = 24, IDS = 10000 };

static const int64_t frozen_ns = INT64_C(1700000000123456789); /* 2023-11-14T22:13:20.123456789Z */
static const int64_t frozen_ms = INT64_C(1700000000123);

static int passed, failed;
static host_secret secrets[MAX_SECRETS];
static size_t secret_count;

/* Counts a check, and prints it when it fails. */
__attribute__((format(printf, 2, 3))) static void check(bool ok, const char *format, ...) {
  va_list arguments;
  *(ok ? &passed : &failed) += 1;
  if (ok) return;
  va_start(arguments, format);
  fputs("failed: ", stdout);
  vprintf(format, arguments);
  putchar('\n');
  va_end(arguments);
}

/* Sets a secret; all of them are freed at the end. */
static void set_secret(const char *name, const void *value, size_t size) {
  if (secret_count == MAX_SECRETS) abort();
  host_secret *secret = &secrets[secret_count++];
  secret->name = memory_copy(bytes_of(name));
  secret->value = (uint8_t *)memory_copy((bytes){value, size});
  secret->size = size;
}

/* A host with the secrets set so far and the clock at a time, 0 = the machine's. */
static host new_host(int64_t now_ns) {
  host h = {.config = host_config_default()};
  h.config.secrets = secrets;
  h.config.secret_count = secret_count;
  h.config.now_ns = now_ns;
  return h;
}

/* Calls an import with bytes; an owned copy of the answer, NULL when there is none. */
static char *call(host *h, host_import import, bytes a, size_t *size) {
  host_answer answer;
  host_call(h, import, &(host_arguments){.a = a}, &answer);
  if (size != NULL) *size = answer.data.size;
  return answer.present ? memory_copy(answer.data) : NULL;
}

/* The same with JSON, which it consumes. */
static char *call_json(host *h, host_import import, json_t *args, size_t *size) {
  char *written = json_dumps(args, JSON_COMPACT);
  char *answer = call(h, import, bytes_of(written), size);
  free(written);
  json_decref(args);
  return answer;
}

/* The same with a number. */
static char *call_number(host *h, host_import import, int64_t n) {
  host_answer answer;
  host_call(h, import, &(host_arguments){.n = n}, &answer);
  return answer.present ? memory_copy(answer.data) : NULL;
}

/* Checks that an answer, which it frees, is this text; NULL: that there is none. */
static void expect(char *answer, const char *expected, const char *what) {
  bool same = expected == NULL ? answer == NULL : answer != NULL && strcmp(answer, expected) == 0;
  check(same, "%s: %s expected, found %s", what, expected != NULL ? expected : "no answer",
        answer != NULL ? answer : "no answer");
  free(answer);
}

/* Checks that there is no answer to a text. */
static void refuses(host *h, host_import import, const char *argument) {
  char what[512];
  snprintf(what, sizeof what, "%s(%.400s)", host_signatures[import].name, argument);
  expect(call(h, import, bytes_of(argument), NULL), NULL, what);
}

/* The bytes of lower-case hex, by this file's own reckoning. */
static size_t from_hex(const char *hex, uint8_t *to) {
  size_t size = strlen(hex) / 2;
  for (size_t i = 0; i < size; i++) {
    unsigned byte = 0;
    if (sscanf(hex + 2 * i, "%2x", &byte) != 1) abort();
    to[i] = (uint8_t)byte;
  }
  return size;
}

/* The arguments of crypto_hash. */
static json_t *hash_args(const char *algorithm, const char *input, size_t size) {
  return json_pack("{s:s,s:s%}", "algorithm", algorithm, "input", input, size);
}

/* The arguments of crypto_hmac and of both AES imports. */
static json_t *key_args(const char *secret, const char *input, size_t size) {
  return json_pack("{s:s,s:s%}", "secret_key", secret, "input", input, size);
}

static const struct {
  const char *algorithm, *of_nothing, *of_abc, *of_million;
} hashes[] = {
    {"md5", "d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72",
     "7707d6ae4e027c70eea2a935c2296f21"},
    {"sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "a9993e364706816aba3e25717850c26c9cd0d89d",
     "34aa973cd4c4daa4f61eeb2bdbad27316534016f"},
    {"sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    {"sha384",
     "38b060a751ac96384cd9327eb1b1e36a21fdb71114be0743"
     "4c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
     "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
     "9d0e1809716474cb086e834e310a4a1ced149e9c00f24852"
     "7972cec5704c2a5b07b8b3dc38ecc4ebae97ddd87f3d8985"},
    {"sha512",
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
     "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"},
    {"blake2b",
     "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419"
     "d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce",
     "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
     "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
     "98fb3efb7206fd19ebf69b6f312cf7b64e3b94dbe1a17107913975a793f177e1"
     "d077609d7fba363cbba00d05f7aa4e4fa8715d6428104c0a75643b0ff3fd3eaf"},
};

static void test_hash(void) {
  host h = new_host(0);
  char *million = memory_get(3000001), *answer;
  memset(million, 'a', 3000000);
  for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
    const char *name = hashes[i].algorithm;
    expect(call_json(&h, HOST_crypto_hash, hash_args(name, "", 0), NULL), hashes[i].of_nothing, name);
    expect(call_json(&h, HOST_crypto_hash, hash_args(name, "abc", 3), NULL), hashes[i].of_abc, name);
    expect(call_json(&h, HOST_crypto_hash, hash_args(name, million, 1000000), NULL), hashes[i].of_million,
           name);
  }
  answer = call_json(&h, HOST_crypto_hash, hash_args("md5", million, 3000000), NULL);
  check(answer != NULL && strlen(answer) == 32, "a hash of 3,000,000 bytes has an answer");
  free(answer);
  expect(call_json(&h, HOST_crypto_hash, hash_args("sha256", "a\0b", 3), NULL),
         "59b271ae1bbcb1d31d41929817f4b16fb439eb4f31520b5ad1d5ce98920a7138", "sha256 of a, NUL, b");
  refuses(&h, HOST_crypto_hash, "{\"algorithm\":\"blake3\",\"input\":\"abc\"}");
  refuses(&h, HOST_crypto_hash, "{\"algorithm\":\"SHA256\",\"input\":\"abc\"}");
  refuses(&h, HOST_crypto_hash, "{\"algorithm\":\"sha256\\u0000\",\"input\":\"abc\"}");
  refuses(&h, HOST_crypto_hash, "{\"algorithm\":\"sha256\"}");
  refuses(&h, HOST_crypto_hash, "{\"input\":\"abc\"}");
  refuses(&h, HOST_crypto_hash, "{\"algorithm\":\"sha256\",\"input\":1}");
  refuses(&h, HOST_crypto_hash, "{\"algorithm\":\"sha256\",\"input\":\"\xff\"}");
  refuses(&h, HOST_crypto_hash, "{\"algorithm\":\"sha256\",\"input\":\"abc\"} x");
  refuses(&h, HOST_crypto_hash, "[\"sha256\",\"abc\"]");
  refuses(&h, HOST_crypto_hash, "{\"algorithm\":");
  refuses(&h, HOST_crypto_hash, "");
  free(million);
  host_free(&h);
}

/* RFC 4231; its cases 3 and 4 have data that is not UTF-8, which JSON cannot carry. */
static void test_hmac(void) {
  static const char large[] = "Test Using Larger Than Block-Size Key - Hash Key First";
  static const char larger[] =
      "This is a test using a larger than block-size key and a larger than block-size data. The key needs to "
      "be hashed before being used by the HMAC algorithm.";
  uint8_t key[131];
  set_secret("case1", memset(key, 0x0b, 20), 20);
  set_secret("case2", "Jefe", 4);
  set_secret("case5", memset(key, 0x0c, 20), 20);
  set_secret("case6", memset(key, 0xaa, 131), 131);
  host h = new_host(0);
  expect(call_json(&h, HOST_crypto_hmac, key_args("case1", "Hi There", 8), NULL),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", "RFC 4231 case 1");
  expect(call_json(&h, HOST_crypto_hmac, key_args("case2", "what do ya want for nothing?", 28), NULL),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "RFC 4231 case 2");
  char *answer = call_json(&h, HOST_crypto_hmac, key_args("case5", "Test With Truncation", 20), NULL);
  if (answer != NULL) answer[32] = '\0';
  expect(answer, "a3b6167473100ee06e0c796c2955552b", "RFC 4231 case 5, 128 bits");
  expect(call_json(&h, HOST_crypto_hmac, key_args("case6", large, strlen(large)), NULL),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", "RFC 4231 case 6");
  expect(call_json(&h, HOST_crypto_hmac, key_args("case6", larger, strlen(larger)), NULL),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2", "RFC 4231 case 7");
  expect(call_json(&h, HOST_crypto_hmac, key_args("nobody", "x", 1), NULL), NULL, "hmac with no such secret");
  refuses(&h, HOST_crypto_hmac, "{\"secret_key\":\"case2\"}");
  refuses(&h, HOST_crypto_hmac, "{\"input\":\"x\"}");
  refuses(&h, HOST_crypto_hmac, "{\"secret_key\":\"case2\\u0000\",\"input\":\"x\"}");
  host_free(&h);
}

/* Decodes base64url with OpenSSL; the size, or 0. */
static size_t from_base64url(const char *from, size_t size, uint8_t *to) {
  text padded = {0};
  for (size_t i = 0; i < size; i++) {
    check(from[i] != '+' && from[i] != '/' && from[i] != '=', "%c is not in a JWT", from[i]);
    text_add(&padded, from[i] == '-' ? "+" : from[i] == '_' ? "/" : from + i, 1);
  }
  size_t padding = (4 - size % 4) % 4;
  text_add(&padded, "===", padding);
  int decoded = EVP_DecodeBlock(to, (const uint8_t *)padded.data, (int)padded.size);
  text_free(&padded);
  return decoded < 0 ? 0 : (size_t)decoded - padding;
}

/* A JWT taken apart. */
typedef struct token {
  char *whole;
  size_t signed_size; /* of header, dot and claims, as they are in `whole` */
  char header[256], claims[4096];
  uint8_t signature[1024];
  size_t signature_size;
} token;

/* Asks for a JWT, claims as JSON text, and takes it apart; `whole` is NULL when there is no answer. */
static token sign(host *h, const char *algorithm, const char *secret, const char *claims) {
  char args[8192];
  snprintf(args, sizeof args, "{\"algorithm\":\"%s\",\"secret_key\":\"%s\",\"claims\":%s}", algorithm, secret,
           claims);
  token t = {.whole = call(h, HOST_crypto_sign_jwt, bytes_of(args), NULL)};
  const char *first = t.whole != NULL ? strchr(t.whole, '.') : NULL;
  const char *second = first != NULL ? strchr(first + 1, '.') : NULL;
  if (second == NULL) return t;
  t.signed_size = (size_t)(second - t.whole);
  t.header[from_base64url(t.whole, (size_t)(first - t.whole), (uint8_t *)t.header)] = '\0';
  t.claims[from_base64url(first + 1, (size_t)(second - first - 1), (uint8_t *)t.claims)] = '\0';
  t.signature_size = from_base64url(second + 1, strlen(second + 1), t.signature);
  return t;
}

/* Checks that a JWT is refused. */
static void sign_refuses(host *h, const char *algorithm, const char *secret, const char *claims) {
  token t = sign(h, algorithm, secret, claims);
  check(t.whole == NULL, "sign_jwt(%s, %s, %.80s) has no answer", algorithm, secret, claims);
  free(t.whole);
}

/* Checks that claims, as JSON, come out as this JSON. */
static void claims_become(host *h, const char *claims, const char *expected) {
  token t = sign(h, "HS256", "jwt", claims);
  check(t.whole != NULL && strcmp(t.claims, expected) == 0, "claims %s became %s", claims, t.claims);
  free(t.whole);
}

static void test_jwt_hmac(void) {
  static const struct {
    const char *algorithm, *header;
    const EVP_MD *(*digest)(void);
  } kinds[] = {{"HS256", "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", EVP_sha256},
               {"HS384", "{\"alg\":\"HS384\",\"typ\":\"JWT\"}", EVP_sha384},
               {"HS512", "{\"alg\":\"HS512\",\"typ\":\"JWT\"}", EVP_sha512}};
  static const char claims[] = "{\"iss\":\"joe\",\"exp\":1300819380,\"http://example.com/is_root\":true}";
  uint8_t key[64], mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  for (size_t i = 0; i < sizeof key; i++) key[i] = (uint8_t)(3 * i); /* a NUL at its beginning */
  set_secret("jwt", key, sizeof key);
  set_secret("certificate", "\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 59);
  host h = new_host(0);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    token t = sign(&h, kinds[i].algorithm, "jwt", claims);
    check(strcmp(t.header, kinds[i].header) == 0, "the header is %s", t.header);
    check(strcmp(t.claims, claims) == 0, "the claims are %s", t.claims);
    HMAC(kinds[i].digest(), key, sizeof key, (uint8_t *)t.whole, t.signed_size, mac, &size);
    check(t.signature_size == size && memcmp(t.signature, mac, size) == 0, "%s signs", kinds[i].algorithm);
    free(t.whole);
  }
  claims_become(&h, "{ \"z\" : 1 , \"a\" : [1.5, 2, \"x\"] }", "{\"z\":1,\"a\":[1.5,2,\"x\"]}");
  claims_become(&h, "{\"n\":9007199254740993}", "{\"n\":9007199254740993}");
  claims_become(&h, "{\"n\":-9223372036854775808}", "{\"n\":-9223372036854775808}");
  claims_become(&h, "{\"n\":0.1,\"m\":1e300,\"k\":1.0}", "{\"n\":0.1,\"m\":1e300,\"k\":1.0}");
  claims_become(&h, "{\"n\":0.30000000000000004}", "{\"n\":0.30000000000000004}");
  claims_become(&h, "{\"n\":0.1234567890123456}", "{\"n\":0.1234567890123456}");
  claims_become(&h, "{\"s\":\"\\u0000\\\"\\u00e9/\"}", "{\"s\":\"\\u0000\\\"\xc3\xa9/\"}");
  claims_become(&h, "{\"u\":\"x\\\",\\\"admin\\\":\\\"true\"}", "{\"u\":\"x\\\",\\\"admin\\\":\\\"true\"}");
  claims_become(&h, "{}", "{}");
  sign_refuses(&h, "HS256", "jwt", "{\"n\":99999999999999999999}");
  sign_refuses(&h, "HS256", "jwt", "[1]");
  sign_refuses(&h, "HS256", "jwt", "\"text\"");
  sign_refuses(&h, "HS256", "nobody", "{}");
  sign_refuses(&h, "HS256", "certificate", "{}");
  sign_refuses(&h, "none", "jwt", "{}");
  sign_refuses(&h, "hs256", "jwt", "{}");
  refuses(&h, HOST_crypto_sign_jwt, "{\"algorithm\":\"HS256\",\"secret_key\":\"jwt\"}");
  refuses(&h, HOST_crypto_sign_jwt, "{\"secret_key\":\"jwt\",\"claims\":{}}");
  refuses(&h, HOST_crypto_sign_jwt, "{\"algorithm\":\"HS256\",\"claims\":{}}");
  host_free(&h);
}

/* Sets a secret to the PEM of a private key, encrypted when there is a password. */
static void set_pem(const char *name, EVP_PKEY *key, const char *password) {
  BIO *out = BIO_new(BIO_s_mem());
  char *data;
  const EVP_CIPHER *cipher = password != NULL ? EVP_aes_128_cbc() : NULL;
  PEM_write_bio_PKCS8PrivateKey(out, key, cipher, password, password != NULL ? (int)strlen(password) : 0,
                                NULL, NULL);
  long size = BIO_get_mem_data(out, &data);
  set_secret(name, data, (size_t)size);
  BIO_free(out);
}

/* Whether a JWT's signature is that of a key. */
static bool verifies(const token *t, EVP_PKEY *key, const EVP_MD *digest) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool good =
      t->whole != NULL && EVP_DigestVerifyInit(context, NULL, digest, NULL, key) == 1 &&
      EVP_DigestVerify(context, t->signature, t->signature_size, (uint8_t *)t->whole, t->signed_size) == 1;
  EVP_MD_CTX_free(context);
  return good;
}

static void test_jwt_keys(void) {
  EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
  EVP_PKEY *short_rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
  EVP_PKEY *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
  EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  set_pem("rsa", rsa, NULL);
  set_pem("short", short_rsa, NULL);
  set_pem("locked", rsa, "password");
  set_pem("ec", ec, NULL);
  set_pem("ed", ed, NULL);
  set_secret("broken", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 60);
  BIO *out = BIO_new(BIO_s_mem());
  char *data;
  PEM_write_bio_PrivateKey_traditional(out, rsa, NULL, NULL, 0, NULL, NULL);
  long size = BIO_get_mem_data(out, &data);
  set_secret("pkcs1", data, (size_t)size);
  BIO_free(out);
  host h = new_host(0);
  token t = sign(&h, "RS256", "pkcs1", "{\"sub\":\"x\"}");
  check(verifies(&t, rsa, EVP_sha256()), "RS256 with a PKCS #1 key verifies");
  free(t.whole);
  t = sign(&h, "RS256", "rsa", "{\"sub\":\"x\"}");
  check(strcmp(t.header, "{\"alg\":\"RS256\",\"typ\":\"JWT\"}") == 0, "the header is %s", t.header);
  check(verifies(&t, rsa, EVP_sha256()), "RS256 verifies");
  free(t.whole);
  t = sign(&h, "EdDSA", "ed", "{\"sub\":\"x\"}");
  check(strcmp(t.header, "{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}") == 0, "the header is %s", t.header);
  check(verifies(&t, ed, NULL), "EdDSA verifies");
  free(t.whole);
  sign_refuses(&h, "RS256", "ed", "{}");
  sign_refuses(&h, "RS256", "ec", "{}");
  sign_refuses(&h, "RS256", "short", "{}");
  sign_refuses(&h, "RS256", "locked", "{}");
  sign_refuses(&h, "RS256", "broken", "{}");
  sign_refuses(&h, "RS256", "jwt", "{}");
  sign_refuses(&h, "EdDSA", "rsa", "{}");
  sign_refuses(&h, "EdDSA", "jwt", "{}");
  sign_refuses(&h, "HS256", "rsa", "{}");
  sign_refuses(&h, "HS512", "ed", "{}");
  EVP_PKEY_free(rsa);
  EVP_PKEY_free(short_rsa);
  EVP_PKEY_free(ec);
  EVP_PKEY_free(ed);
  host_free(&h);
}

/* Checks that a text encrypted with one secret is decrypted with another that is the same key. */
static void aes_round_trip(host *h, const char *by, const char *with, const char *plain, size_t size) {
  size_t found_size = 0;
  char *sealed = call_json(h, HOST_crypto_encrypt_aes, key_args(by, plain, size), NULL);
  check(sealed != NULL, "encrypt_aes with %s has an answer for %zu bytes", by, size);
  if (sealed == NULL) return;
  check(strlen(sealed) == (size + 28 + 2) / 3 * 4, "%zu bytes grow by 28 and become base64", size);
  char *found = call_json(h, HOST_crypto_decrypt_aes, key_args(with, sealed, strlen(sealed)), &found_size);
  if (size == 0) {
    check(found == NULL, "no bytes look absent");
  } else {
    check(found != NULL && found_size == size && memcmp(found, plain, size) == 0, "%zu bytes come back",
          size);
  }
  free(found);
  free(sealed);
}

/* Encodes with OpenSSL; owned. */
static char *to_base64(const uint8_t *from, size_t size) {
  char *encoded = memory_get(size / 3 * 4 + 5);
  EVP_EncodeBlock((uint8_t *)encoded, from, (int)size);
  return encoded;
}

/* Checks that no byte of nonce, ciphertext and tag can change, and that nothing can be cut off. */
static void aes_detects_tampering(host *h) {
  char *sealed = call_json(h, HOST_crypto_encrypt_aes, key_args("raw", "attack at dawn!!!", 17), NULL);
  uint8_t bytes_of_it[64];
  int size = EVP_DecodeBlock(bytes_of_it, (uint8_t *)sealed, (int)strlen(sealed));
  check(size == 45, "17 bytes become 45, found %d", size);
  for (int i = 0; i < 45; i++) {
    bytes_of_it[i] ^= 0x40;
    char *changed = to_base64(bytes_of_it, 45);
    expect(call_json(h, HOST_crypto_decrypt_aes, key_args("raw", changed, strlen(changed)), NULL), NULL,
           "decrypt_aes of a changed byte");
    bytes_of_it[i] ^= 0x40;
    free(changed);
  }
  for (size_t left = 0; left < 45; left++) {
    char *cut = to_base64(bytes_of_it, left);
    expect(call_json(h, HOST_crypto_decrypt_aes, key_args("raw", cut, strlen(cut)), NULL), NULL,
           "decrypt_aes of a part");
    free(cut);
  }
  expect(call_json(h, HOST_crypto_decrypt_aes, key_args("other", sealed, strlen(sealed)), NULL), NULL,
         "decrypt_aes with another key");
  free(sealed);
}

/* Checks that NIST's vector, nonce and ciphertext and tag in hex, is decrypted to its plaintext. */
static void aes_vector(host *h, const char *secret, const char *sealed_hex, const char *plain_hex) {
  uint8_t sealed[256], plain[256];
  size_t size = 0, plain_size = from_hex(plain_hex, plain);
  char *input = to_base64(sealed, from_hex(sealed_hex, sealed));
  char *found = call_json(h, HOST_crypto_decrypt_aes, key_args(secret, input, strlen(input)), &size);
  check(found != NULL && size == plain_size && memcmp(found, plain, size) == 0, "vector of %s", secret);
  free(found);
  free(input);
}

static void test_aes(void) {
  static const char raw[] = "0123456789abcdef0123456789ABCDEF";
  static const uint8_t zeros[32];
  set_secret("raw", raw, 32);
  set_secret("hex", "3031323334353637383961626364656630313233343536373839414243444546", 64);
  set_secret("base64", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUY=", 44);
  set_secret("other", "0123456789abcdef0123456789ABCDEf", 32);
  set_secret("sixteen", raw, 16);
  set_secret("case14", zeros, 32);
  set_secret("case15", "feffe9928665731c6d6a8f9467308308FEFFE9928665731C6D6A8F9467308308", 64);
  host h = new_host(0);
  char *large = memory_get(2u << 20);
  memset(large, 'x', 2u << 20);
  large[1000] = '\0';
  aes_round_trip(&h, "raw", "raw", "hello", 5);
  aes_round_trip(&h, "raw", "hex", "a\0\xc3\xa9", 4);
  aes_round_trip(&h, "hex", "base64", "hello", 5);
  aes_round_trip(&h, "base64", "raw", "", 0);
  aes_round_trip(&h, "raw", "raw", large, 2u << 20);
  for (size_t size = 1; size < 50; size++) aes_round_trip(&h, "raw", "raw", raw, size < 32 ? size : 32);
  aes_detects_tampering(&h);
  /* McGrew and Viega, test cases 14 and 15 */
  aes_vector(&h, "case14",
             "000000000000000000000000cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
             "00000000000000000000000000000000");
  aes_vector(
      &h, "case15",
      "cafebabefacedbaddecaf888522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c",
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
      "b16aedf5aa0de657ba637b391aafd255");
  expect(call_json(&h, HOST_crypto_encrypt_aes, key_args("sixteen", "x", 1), NULL), NULL,
         "a key of 16 bytes");
  expect(call_json(&h, HOST_crypto_encrypt_aes, key_args("nobody", "x", 1), NULL), NULL, "no key");
  refuses(&h, HOST_crypto_encrypt_aes, "{\"secret_key\":\"raw\"}");
  refuses(&h, HOST_crypto_decrypt_aes, "{\"secret_key\":\"raw\",\"input\":\"not base64\"}");
  refuses(&h, HOST_crypto_decrypt_aes, "{\"secret_key\":\"raw\",\"input\":\"\"}");
  free(large);
  host_free(&h);
}

/* The sixteen first characters after encryption, which hold the nonce. */
static void nonce_of(host *h, char nonce[17]) {
  char *sealed = call_json(h, HOST_crypto_encrypt_aes, key_args("raw", "x", 1), NULL);
  snprintf(nonce, 17, "%.16s", sealed != NULL ? sealed : "");
  free(sealed);
}

static void test_random(void) {
  static const int64_t sizes[][2] = {{0, 32},    {-5, 32},   {1, 1},          {32, 32},
                                     {256, 256}, {257, 256}, {INT32_MAX, 256}};
  host h = new_host(0), one = new_host(0), two = new_host(0), three = new_host(0);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char *hex = call_number(&h, HOST_crypto_random_bytes, sizes[i][0]);
    check(hex != NULL && strlen(hex) == 2 * (size_t)sizes[i][1] &&
              strspn(hex, "0123456789abcdef") == strlen(hex),
          "random_bytes(%" PRId64 ") is %" PRId64 " bytes in hex", sizes[i][0], sizes[i][1]);
    free(hex);
  }
  one.config.random_seed = two.config.random_seed = 42;
  three.config.random_seed = 43;
  char *a = call_number(&one, HOST_crypto_random_bytes, 32),
       *b = call_number(&two, HOST_crypto_random_bytes, 32);
  char *c = call_number(&three, HOST_crypto_random_bytes, 32);
  char *d = call_number(&one, HOST_crypto_random_bytes, 32),
       *e = call_number(&h, HOST_crypto_random_bytes, 32);
  char *f = call_number(&h, HOST_crypto_random_bytes, 32);
  check(strcmp(a, b) == 0, "the same seed makes the same bytes");
  check(strcmp(a, c) != 0, "another seed makes others");
  check(strcmp(a, d) != 0, "the next call makes others");
  check(strcmp(e, f) != 0, "without a seed no bytes are the same");
  char nonce[17], other[17];
  nonce_of(&one, nonce);
  nonce_of(&two, other);
  check(strlen(nonce) == 16 && strcmp(nonce, other) != 0, "a seed does not make nonces the same");
  free(a), free(b), free(c), free(d), free(e), free(f);
  host_free(&h), host_free(&one), host_free(&two), host_free(&three);
}

/* Checks that one import turns `plain` into `coded` and another turns it back. */
static void round_trip(host *h, host_import to, host_import from, const char *plain, const char *coded) {
  expect(call(h, to, bytes_of(plain), NULL), *coded != '\0' ? coded : NULL, host_signatures[to].name);
  expect(call(h, from, bytes_of(coded), NULL), *plain != '\0' ? plain : NULL, host_signatures[from].name);
}

/* Checks that bytes come back through two imports. */
static void bytes_come_back(host *h, host_import to, host_import from, bytes b) {
  size_t coded_size = 0, size = 0;
  char *coded = call(h, to, b, &coded_size);
  char *found = call(h, from, (bytes){(uint8_t *)coded, coded_size}, &size);
  check(found != NULL && size == b.size && memcmp(found, b.data, size) == 0, "%zu bytes come back through %s",
        b.size, host_signatures[to].name);
  free(found);
  free(coded);
}

/* Checks base64 and hex against OpenSSL for every size below 256, with all bytes in the longest. */
static void test_against_openssl(host *h) {
  uint8_t all[256];
  for (int i = 0; i < 256; i++) all[i] = (uint8_t)(255 - i);
  for (size_t size = 1; size <= 256; size++) {
    char *expected = to_base64(all, size);
    expect(call(h, HOST_encoding_base64_encode, (bytes){all, size}, NULL), expected, "base64_encode");
    free(expected);
    bytes_come_back(h, HOST_encoding_base64_encode, HOST_encoding_base64_decode, (bytes){all, size});
    bytes_come_back(h, HOST_encoding_hex_encode, HOST_encoding_hex_decode, (bytes){all, size});
    bytes_come_back(h, HOST_encoding_url_encode, HOST_encoding_url_decode, (bytes){all, size});
  }
}

/* Checks that base64_decode takes exactly one spelling of each last group, out of all pairs of bytes. */
static void test_base64_is_strict(host *h) {
  uint8_t last[4] = {0, 0, '=', '='};
  int taken = 0, taken_three = 0;
  for (int i = 0; i < 65536; i++) {
    host_answer answer;
    last[0] = (uint8_t)(i >> 8), last[1] = (uint8_t)i, last[2] = last[3] = '=';
    host_call(h, HOST_encoding_base64_decode, &(host_arguments){.a = {last, 4}}, &answer);
    taken += answer.present;
    last[0] = 'A', last[1] = (uint8_t)(i >> 8), last[2] = (uint8_t)i;
    host_call(h, HOST_encoding_base64_decode, &(host_arguments){.a = {last, 4}}, &answer);
    taken_three += answer.present && answer.data.size == 2;
  }
  check(taken == 256, "256 spellings of one byte, found %d", taken);
  check(taken_three == 64 * 16, "1024 spellings of two bytes that begin with six zeros, found %d",
        taken_three);
}

static void test_encoding(void) {
  static const char *const base64[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
  static const char *const bad_base64[] = {
      "Z",      "Zg",    "Zg=",      "Zg=a",  "Z===", "====",     "Zh==", "Zm9=",
      "Zm9v\n", "Zm 9v", "Zg==Zg==", "Zm9v=", "-_-_", "Zm9v====", "Z=g=", "=Zg="};
  static const char *const bad_url[] = {"%", "%4", "%4g", "%g4", "abc%", "abc%4", "%%41", "% 41", "%-1"};
  host h = new_host(0);
  for (size_t i = 0; i < sizeof base64 / sizeof *base64; i++) {
    round_trip(&h, HOST_encoding_base64_encode, HOST_encoding_base64_decode, base64[i][0], base64[i][1]);
  }
  round_trip(&h, HOST_encoding_hex_encode, HOST_encoding_hex_decode, "foobar", "666f6f626172");
  round_trip(&h, HOST_encoding_url_encode, HOST_encoding_url_decode, "A-z0_9.~ +&=/\xc3\xa9",
             "A-z0_9.~+%2B%26%3D%2F%C3%A9");
  expect(call(&h, HOST_encoding_hex_decode, bytes_of("666F6f"), NULL), "foo", "hex_decode of both cases");
  expect(call(&h, HOST_encoding_url_decode, bytes_of("a%20b%c3%A9\xc3\xa9/?"), NULL), "a b\xc3\xa9\xc3\xa9/?",
         "url_decode of %20, both cases and bytes as they are");
  for (size_t i = 0; i < sizeof bad_base64 / sizeof *bad_base64; i++) {
    refuses(&h, HOST_encoding_base64_decode, bad_base64[i]);
  }
  for (size_t i = 0; i < sizeof bad_url / sizeof *bad_url; i++)
    refuses(&h, HOST_encoding_url_decode, bad_url[i]);
  for (size_t size = 1; size < 3; size++) {
    bytes begun = {(const uint8_t *)"%41", size};
    expect(call(&h, HOST_encoding_url_decode, begun, NULL), NULL, "url_decode of %41, cut off");
  }
  refuses(&h, HOST_encoding_hex_decode, "666");
  refuses(&h, HOST_encoding_hex_decode, "6g");
  refuses(&h, HOST_encoding_hex_decode, "g6");
  refuses(&h, HOST_encoding_hex_decode, " 66 ");
  test_against_openssl(&h);
  test_base64_is_strict(&h);
  uint8_t *large = memory_get(10u << 20);
  for (size_t i = 0; i < 10u << 20; i++) large[i] = (uint8_t)(i * 7 >> 3);
  bytes_come_back(&h, HOST_encoding_base64_encode, HOST_encoding_base64_decode, (bytes){large, 10u << 20});
  bytes_come_back(&h, HOST_encoding_hex_encode, HOST_encoding_hex_decode, (bytes){large, 10u << 20});
  bytes_come_back(&h, HOST_encoding_url_encode, HOST_encoding_url_decode, (bytes){large, 10u << 20});
  free(large);
  host_free(&h);
}

/* A UUID of a version; owned. */
static char *uuid(host *h, const char *version) {
  return call_json(h, HOST_id_uuid, json_pack("{s:s}", "version", version), NULL);
}

/* Checks what all UUIDs of RFC 9562 have in common. */
static void check_uuid(const char *id, char version) {
  bool shaped = id != NULL && strlen(id) == 36;
  for (size_t i = 0; shaped && i < 36; i++) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    shaped = dash ? id[i] == '-' : strchr("0123456789abcdef", id[i]) != NULL;
  }
  check(shaped && id[14] == version && strchr("89ab", id[19]) != NULL, "%s is a UUID v%c", id, version);
}

/* Checks that 10,000 ids of `make` strictly increase; shorter decimal text counts as smaller. */
static void check_increasing(host *h, char *(*make)(host *), const char *what) {
  char *before = make(h);
  int wrong = 0;
  for (int i = 1; i < IDS; i++) {
    char *id = make(h);
    size_t size = strlen(id), size_before = strlen(before);
    wrong += size < size_before || (size == size_before && strcmp(id, before) <= 0);
    free(before);
    before = id;
  }
  check(wrong == 0, "%s: %d of %d do not increase", what, wrong, IDS);
  free(before);
}

static char *make_uuid(host *h) { return uuid(h, "v7"); }
static char *make_ulid(host *h) { return call_number(h, HOST_id_ulid, 0); }
static char *make_snowflake(host *h) { return call_number(h, HOST_id_snowflake, 0); }

/* Takes from both imports in turn. */
static char *make_either_snowflake(host *h) {
  static int turn;
  return call_number(h, turn++ % 2 != 0 ? HOST_id_snowflake : HOST_snowflake_id, 0);
}

/* Checks everything that increases on a frozen clock, one that goes back, and the machine's. */
static void test_increasing(void) {
  static char *(*const makers[])(host *) = {make_uuid, make_ulid, make_snowflake, make_either_snowflake};
  static const char *const names[] = {"uuid v7", "ulid", "snowflake", "both snowflakes"};
  for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
    host frozen = new_host(frozen_ns), running = new_host(0), early = new_host(1),
         seeded = new_host(frozen_ns);
    seeded.config.random_seed = 7;
    check_increasing(&frozen, makers[i], names[i]);
    char *before = makers[i](&frozen);
    frozen.config.now_ns -= INT64_C(3600000000000);
    host_begin(&frozen, NULL);
    char *after = makers[i](&frozen);
    check(strcmp(before, after) < 0, "%s increases when the clock goes back", names[i]);
    check_increasing(&running, makers[i], names[i]);
    check_increasing(&early, makers[i], names[i]);
    check_increasing(&seeded, makers[i], names[i]);
    free(before), free(after);
    host_free(&frozen), host_free(&running), host_free(&early), host_free(&seeded);
  }
}

/* Checks that the sequence overflows into the next millisecond, for both kinds of it. */
static void test_overflow(void) {
  host h = new_host(frozen_ns);
  free(make_ulid(&h));
  h.ulid.high = 0xffff;
  h.ulid.low = UINT64_MAX - 1;
  char *last = make_ulid(&h), *next = make_ulid(&h);
  check(strcmp(last + 10, "ZZZZZZZZZZZZZZZZ") == 0, "the last ULID of a millisecond is %s", last);
  check(strcmp(last, next) < 0 && h.ulid.ms == (uint64_t)frozen_ms + 1, "the next is of the next: %s", next);
  free(last), free(next);
  free(make_uuid(&h));
  h.uuid.high = 0xfff;
  h.uuid.low = UINT64_MAX >> 2;
  char *late = make_uuid(&h);
  check_uuid(late, '7');
  check(h.uuid.ms == (uint64_t)frozen_ms + 1, "a UUID v7 overflows into the next millisecond: %s", late);
  free(late);
  host_free(&h);
}

static void test_uuid(void) {
  host h = new_host(frozen_ns);
  char digits[16];
  for (int i = 0; i < 1000; i++) {
    char *four = uuid(&h, "v4"), *seven = uuid(&h, "v7");
    check_uuid(four, '4');
    check_uuid(seven, '7');
    free(four), free(seven);
  }
  char *seven = uuid(&h, "v7");
  snprintf(digits, sizeof digits, "%012" PRIx64, (uint64_t)frozen_ms);
  check(memcmp(seven, digits, 8) == 0 && memcmp(seven + 9, digits + 8, 4) == 0, "%s is of %s", seven, digits);
  free(seven);
  char *one = uuid(&h, "v4"), *two = uuid(&h, "v4");
  check(strcmp(one, two) != 0, "two UUIDs v4 differ");
  free(one), free(two);
  refuses(&h, HOST_id_uuid, "{\"version\":\"v1\"}");
  refuses(&h, HOST_id_uuid, "{\"version\":4}");
  refuses(&h, HOST_id_uuid, "{}");
  refuses(&h, HOST_id_uuid, "v4");
  refuses(&h, HOST_id_uuid, "");
  host_free(&h);
}

static void test_ulid(void) {
  static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  host h = new_host(frozen_ns);
  char *id = make_ulid(&h);
  int64_t ms = 0;
  check(strlen(id) == 26 && strspn(id, alphabet) == 26, "%s has 26 characters of Crockford's", id);
  for (int i = 0; i < 10; i++) ms = ms * 32 + (strchr(alphabet, id[i]) - alphabet);
  check(ms == frozen_ms, "%s is of %" PRId64, id, ms);
  char *next = make_ulid(&h);
  check(next[25] == alphabet[(strchr(alphabet, id[25]) - alphabet + 1) % 32], "%s then %s: one more", id,
        next);
  free(id), free(next);
  host_free(&h);
}

/* The 20 bytes of a KSUID; false when it is none. */
static bool ksuid_bytes(const char *id, uint8_t to[20]) {
  static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  memset(to, 0, 20);
  if (strlen(id) != 27 || strspn(id, alphabet) != 27) return false;
  for (size_t i = 0; i < 27; i++) {
    unsigned carry = (unsigned)(strchr(alphabet, id[i]) - alphabet);
    for (int k = 19; k >= 0; k--) {
      carry += to[k] * 62u;
      to[k] = (uint8_t)carry;
      carry >>= 8;
    }
    if (carry != 0) return false;
  }
  return true;
}

/* The seconds in a KSUID's bytes, since 1970. */
static int64_t ksuid_seconds(const uint8_t b[20]) {
  return 1400000000 + ((int64_t)b[0] << 24 | (int64_t)b[1] << 16 | (int64_t)b[2] << 8 | b[3]);
}

static void test_ksuid(void) {
  uint8_t found[20], expected[20], before[20] = {0};
  from_hex("0669f7efb5a1cd34b5f99d1154fb6853345c9735", expected);
  check(ksuid_bytes("0ujtsYcgvSTl8PAuAdqWYSMnLOv", found) && ksuid_seconds(found) == 1507608047 &&
            memcmp(found, expected, 20) == 0,
        "the test reads KSUIDs");
  host h = new_host(frozen_ns), old = new_host(1), zero = new_host(INT64_C(1400000000000000000));
  for (int i = 0; i < 1000; i++) {
    char *id = call_number(&h, HOST_id_ksuid, 0);
    check(ksuid_bytes(id, found) && ksuid_seconds(found) == frozen_ms / 1000, "%s is a KSUID of now", id);
    check(memcmp(found, before, 20) != 0, "%s is new", id);
    memcpy(before, found, 20);
    free(id);
  }
  for (int i = 0; i < 2; i++) {
    char *id = call_number(i == 0 ? &old : &zero, HOST_id_ksuid, 0);
    check(ksuid_bytes(id, found) && ksuid_seconds(found) == 1400000000, "%s is of the first second", id);
    check(id[0] == '0' && id[1] == '0', "%s is filled up with zeros", id);
    free(id);
  }
  host_free(&h), host_free(&old), host_free(&zero);
}

static void test_nanoid(void) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  static const int64_t lengths[][2] = {{0, 21}, {-1, 21}, {1, 1}, {21, 21}, {1024, 1024}};
  host h = new_host(0);
  unsigned seen[256] = {0}, missing = 0;
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    char *id = call_number(&h, HOST_id_nanoid, lengths[i][0]);
    check(id != NULL && strlen(id) == (size_t)lengths[i][1], "nanoid(%" PRId64 ")", lengths[i][0]);
    free(id);
  }
  for (int i = 0; i < 100; i++) {
    char *id = call_number(&h, HOST_id_nanoid, 1024);
    for (size_t k = 0; k < 1024; k++) seen[(uint8_t)id[k]]++;
    check(strspn(id, alphabet) == 1024, "%s needs no escape", id);
    free(id);
  }
  for (size_t i = 0; i < 64; i++) missing += seen[(uint8_t)alphabet[i]] < 1000; /* 1600 expected */
  check(missing == 0, "%u characters are rare", missing);
  expect(call_number(&h, HOST_id_nanoid, 1025), NULL, "nanoid(1025)");
  host_free(&h);
}

static void test_snowflake(void) {
  host h = new_host(frozen_ns);
  for (uint64_t i = 0; i < 5000; i++) {
    char *id = make_snowflake(&h);
    uint64_t n = strtoull(id, NULL, 10);
    check((int64_t)(n >> 22) + INT64_C(1288834974657) == frozen_ms + (int64_t)(i / 4096), "%s has the time",
          id);
    check((n >> 12 & 1023) == 1 && (n & 4095) == i % 4096, "%s has machine 1 and number %" PRIu64, id, i);
    free(id);
  }
  h.config.machine_id = 1023;
  char *id = call_number(&h, HOST_snowflake_id, 0);
  check((strtoull(id, NULL, 10) >> 12 & 1023) == 1023, "%s has machine 1023", id);
  free(id);
  host_free(&h);
}

static void test_secrets(void) {
  static char second[] = "case2", unknown[] = "unknown";
  char *const allowed[] = {unknown, second};
  set_secret("empty", "", 0);
  set_secret("binary", "\0\xff\0", 3);
  host h = new_host(0);
  size_t size = 0;
  expect(call(&h, HOST_secret_get, bytes_of("case2"), NULL), "Jefe", "secret_get without a list");
  char *binary = call(&h, HOST_secret_get, bytes_of("binary"), &size);
  check(binary != NULL && size == 3 && memcmp(binary, "\0\xff\0", 3) == 0, "a secret is bytes");
  free(binary);
  refuses(&h, HOST_secret_get, "nobody");
  refuses(&h, HOST_secret_get, "");
  refuses(&h, HOST_secret_get, "empty");
  expect(call(&h, HOST_secret_get, (bytes){(const uint8_t *)"case2\0", 6}, NULL), NULL, "a NUL in the name");
  h.config.all_secrets = false;
  refuses(&h, HOST_secret_get, "case2");
  h.config.allowed_secrets = allowed;
  h.config.allowed_secret_count = 2;
  expect(call(&h, HOST_secret_get, bytes_of("case2"), NULL), "Jefe", "secret_get of an allowed secret");
  refuses(&h, HOST_secret_get, "case1");
  refuses(&h, HOST_secret_get, "unknown");
  refuses(&h, HOST_crypto_hmac, "{\"secret_key\":\"case1\",\"input\":\"x\"}");
  refuses(&h, HOST_crypto_sign_jwt, "{\"algorithm\":\"HS256\",\"secret_key\":\"jwt\",\"claims\":{}}");
  refuses(&h, HOST_crypto_encrypt_aes, "{\"secret_key\":\"raw\",\"input\":\"x\"}");
  char *mac = call_json(&h, HOST_crypto_hmac, key_args("case2", "x", 1), NULL);
  check(mac != NULL, "hmac with an allowed secret has an answer");
  free(mac);
  host_free(&h);
}

int main(void) {
  test_hash();
  test_hmac();
  test_jwt_hmac();
  test_jwt_keys();
  test_aes();
  test_random();
  test_encoding();
  test_uuid();
  test_ulid();
  test_ksuid();
  test_nanoid();
  test_snowflake();
  test_increasing();
  test_overflow();
  test_secrets();
  for (size_t i = 0; i < secret_count; i++) free(secrets[i].name), free(secrets[i].value);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
