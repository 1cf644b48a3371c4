/*
 * fetch_url.h - the URLs of fetches: what the allow-list of a flare (allowed_fetch_urls) says of them. It
 * sees them as libcurl has parsed them and will send them, and makes no requests (import_beam.c).
 */
#ifndef FLARON_EDGE_FETCH_URL_H
#define FLARON_EDGE_FETCH_URL_H

#include <curl/curl.h>

#include "host/host.h"

/* A part of a URL, to be freed with curl_free; NULL when it has none. `flags` as curl_url_get has them. */
char *fetch_url_part(CURLU *url, CURLUPart which, unsigned flags);

/* Whether two URLs have the same scheme, host and port. */
bool fetch_url_same_origin(CURLU *a, CURLU *b);

/*
 * Why the config does not allow a URL: a sentence that begins with "not in allowed_fetch_urls"; NULL when it
 * does. Static.
 *
 * An item of the list is a URL in which `*` is any run of characters, but none of `/ ? # @ : \` in front of
 * the path. `*` alone is any URL. User name and fragment of the URL do not count, the case of scheme and host
 * neither; the default port may be named or not, and a host without a path has the path "/". A path that a
 * server may read as one with dot segments is not allowed, whatever the list says.
 */
const char *fetch_url_refused(const host_config *config, CURLU *url);

/*
 * Adds what is wrong with an item of a list: hosts that it lets in and that are not meant, or that no URL
 * matches it. False when nothing is.
 */
bool fetch_url_trap(const char *item, text *why);

#endif
