/*
 * authorities.h - where the certificates of the authorities are that an https origin is verified by. Nothing
 * else of TLS.
 */
#ifndef FLARON_EDGE_AUTHORITIES_H
#define FLARON_EDGE_AUTHORITIES_H

#include <curl/curl.h>

/*
 * Tells a transfer where they are: in the file or folder that SSL_CERT_FILE or SSL_CERT_DIR names; else where
 * libcurl was built to look; else in the first file that there is of those that distributions of Linux have.
 */
void authorities_use(CURL *curl);

/* What to add to libcurl's sentence about a transfer that ended with `code`: how to get certificates, when it
 * could not be verified and this machine has none. Else "". Static. */
const char *authorities_explain(CURLcode code);

#endif
