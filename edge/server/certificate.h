/*
 * certificate.h - a certificate for this machine that nobody but itself has signed, for `dev --https`.
 */
#ifndef FLARON_EDGE_CERTIFICATE_H
#define FLARON_EDGE_CERTIFICATE_H

#include <openssl/ssl.h>

#include "base/text.h"

/*
 * Makes the file `path` (PEM, key and certificate, mode 600), unless it is there and good for another day:
 * for localhost, 127.0.0.1, ::1 and `host`, good for a year. False with a sentence in `error`.
 */
bool certificate_make(const char *path, const char *host, text *error);

/* Reads such a file. NULL with a sentence in `error`; the caller frees it. */
SSL_CTX *certificate_load(const char *path, text *error);

#endif
