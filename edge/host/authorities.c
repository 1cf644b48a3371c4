/*
 * authorities.c - where the certificates of authorities are. An executable that runs on any Linux cannot know
 * that when it is built.
 */
#include "host/authorities.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* Debian and Alpine; Fedora and its kin, older and newer; SUSE; Arch and others; OpenWrt. */
static const char *const files[] = {"/etc/ssl/certs/ca-certificates.crt",
                                    "/etc/pki/tls/certs/ca-bundle.crt",
                                    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                                    "/etc/ssl/ca-bundle.pem",
                                    "/etc/ssl/cert.pem",
                                    "/etc/ssl/certs/ca-bundle.crt"};

typedef struct authorities {
  const char *file, *folder; /* NULL: not told */
} authorities;

/* An environment variable; NULL: it is not set, or empty. */
static const char *authorities_named(const char *name) {
  const char *value = getenv(name);
  return value != NULL && *value != '\0' ? value : NULL;
}

/* Finds them; libcurl's own places are named only if `all`. */
static authorities authorities_find(bool all) {
  authorities a = {authorities_named("SSL_CERT_FILE"), authorities_named("SSL_CERT_DIR")};
  if (a.file != NULL || a.folder != NULL) return a;
  const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
  if (built->cainfo != NULL || built->capath != NULL)
    return all ? (authorities){built->cainfo, built->capath} : a;
  for (size_t i = 0; a.file == NULL && i < sizeof files / sizeof *files; i++) {
    if (access(files[i], R_OK) == 0) a.file = files[i];
  }
  return a;
}

void authorities_use(CURL *curl) {
  authorities a = authorities_find(false);
  if (a.file != NULL) curl_easy_setopt(curl, CURLOPT_CAINFO, a.file);
  if (a.folder != NULL) curl_easy_setopt(curl, CURLOPT_CAPATH, a.folder);
}

const char *authorities_explain(CURLcode code) {
  if (code != CURLE_PEER_FAILED_VERIFICATION) return "";
  authorities a = authorities_find(true);
  bool any =
      (a.file != NULL && access(a.file, R_OK) == 0) || (a.folder != NULL && access(a.folder, R_OK) == 0);
  return any ? ""
             : "; this machine has no certificates of authorities: install its package ca-certificates, or "
               "name a file "
               "of them by SSL_CERT_FILE";
}
