/*
 * certificate.c - see certificate.h.
 */
#include "server/certificate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { DAY_S = 24 * 60 * 60, DAYS = 365 };

/* Adds what OpenSSL says of its last failure. */
static void say_why(const char *what, text *error) {
  char reason[256];
  ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
  text_printf(error, "%s: %s", what, reason);
}

/* Whether the file is its owner's alone, with a certificate that is good tomorrow, for `host` too. */
static bool is_good(const char *path, const char *host) {
  struct stat about;
  int fd;
  FILE *file = file_open_at(AT_FDCWD, path, &fd) == 0 ? fdopen(fd, "r") : NULL;
  if (file != NULL && (fstat(fileno(file), &about) != 0 || (about.st_mode & (S_IRWXG | S_IRWXO)) != 0)) {
    fclose(file);
    return false;
  }
  X509 *x = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
  time_t tomorrow = time(NULL) + DAY_S;
  bool good = x != NULL && X509_cmp_time(X509_get0_notAfter(x), &tomorrow) > 0 &&
              (X509_check_host(x, host, 0, 0, NULL) == 1 || X509_check_ip_asc(x, host, 0) == 1);
  X509_free(x);
  if (file != NULL) fclose(file);
  return good;
}

static bool add_extension(X509 *x, int which, const char *value) {
  X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, which, value);
  bool good = e != NULL && X509_add_ext(x, e, -1) == 1;
  X509_EXTENSION_free(e);
  return good;
}

/* A certificate for a key, signed by that key; NULL when it cannot be made. */
static X509 *make_certificate(EVP_PKEY *key, const char *host) {
  enum { VERSION_3 = 2, SERIAL_BYTES = 16 };
  X509 *x = X509_new();
  uint8_t serial[SERIAL_BYTES];
  text names = {0};
  struct in6_addr address;
  bool is_address = inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
  text_printf(&names, "DNS:localhost,IP:127.0.0.1,IP:::1,%s:%s", is_address ? "IP" : "DNS", host);
  bool good = x != NULL && RAND_bytes(serial, sizeof serial) == 1;
  if (good) {
    serial[0] &= 0x7f; /* RFC 5280, 4.1.2.2: positive */
    BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
    X509_NAME *name = X509_get_subject_name(x);
    good =
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) != NULL && X509_set_version(x, VERSION_3) == 1 &&
        X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S) != NULL &&
        X509_gmtime_adj(X509_getm_notAfter(x), (long)DAYS * DAY_S) != NULL && X509_set_pubkey(x, key) == 1 &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"flaron-lua dev", -1, -1, 0) ==
            1 &&
        X509_set_issuer_name(x, name) == 1 && add_extension(x, NID_subject_alt_name, names.data) &&
        add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(x, NID_ext_key_usage, "serverAuth") && X509_sign(x, key, EVP_sha256()) > 0;
    BN_free(number);
  }
  text_free(&names);
  if (good) return x;
  X509_free(x);
  return NULL;
}

bool certificate_make(const char *path, const char *host, text *error) {
  if (is_good(path, host)) return true;
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *x = key != NULL ? make_certificate(key, host) : NULL;
  bool good = false;
  if (x == NULL) {
    say_why("no certificate can be made", error);
  } else {
    unlink(path); /* it may be a link to some other file, or be open to others */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    good = file != NULL && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
           PEM_write_X509(file, x) == 1;
    if (file != NULL && fclose(file) != 0) good = false;
    if (!good) {
      text_printf(error, "cannot write %s: %s", path, strerror(errno));
      if (fd >= 0) unlink(path);
    }
  }
  X509_free(x);
  EVP_PKEY_free(key);
  return good;
}

SSL_CTX *certificate_load(const char *path, text *error) {
  SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
  int fd, fault = file_open_at(AT_FDCWD, path, &fd);
  FILE *file = fault == 0 ? fdopen(fd, "r") : NULL;
  EVP_PKEY *key = file != NULL ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL; /* as it is written */
  X509 *x = key != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
  bool good = tls != NULL && x != NULL && SSL_CTX_use_certificate(tls, x) == 1 &&
              SSL_CTX_use_PrivateKey(tls, key) == 1;
  if (file != NULL) fclose(file);
  EVP_PKEY_free(key);
  X509_free(x);
  if (good) return tls;
  if (fault != 0) {
    file_explain(error, path, fault, 0);
  } else {
    say_why(path, error);
  }
  SSL_CTX_free(tls);
  return NULL;
}
