/*
 * fetch_url.h - checks the URLs of fetches against the allow-list of a flare (allowed_fetch_urls), as libcurl
 * has parsed them and will send them. It makes no requests: import_beam.c does.
 */
#ifndef FLARON_EDGE_FETCH_URL_H
#define FLARON_EDGE_FETCH_URL_H

#include <curl/curl.h>

#include "host/host.h"

/* A part of a URL, which the caller frees with curl_free; NULL if it has none. `flags` are those of
 * curl_url_get. */
char *fetch_url_part(CURLU *url, CURLUPart which, unsigned flags);

/* Whether two URLs have the same scheme, host and port. */
bool fetch_url_same_origin(CURLU *a, CURLU *b);

/*
 * Why the config does not allow a URL: a static sentence that begins with "not in allowed_fetch_urls"; NULL
 * if it is allowed.
 *
 * An item of the list is a URL in which `*` matches any run of characters, except `/ ? # @ : \` before the
 * path. `*` alone matches any URL. The URL's user name and fragment, and the case of scheme and host, are
 * ignored. The default port may be written or not, and a host without a path has the path "/". A path in
 * which a server may find dot segments is never allowed.
 */
const char *fetch_url_refused(const host_config *config, CURLU *url);

/*
 * Adds what is wrong with an item of the list: that it also matches hosts that were hardly meant, or that no
 * URL matches it. False if nothing is wrong.
 */
bool fetch_url_trap(const char *item, text *why);

#endif
