/*
 * http.h - what the command line and the server both know of HTTP.
 */
#ifndef FLARON_EDGE_HTTP_H
#define FLARON_EDGE_HTTP_H

/* The reason phrase of a status, RFC 9110, 15; "" for one it does not name. Static. */
const char *http_reason(int status);

/* The path of a URL, with its query: a part of `url`; all of it when it has none. */
const char *http_path(const char *url);

#endif
