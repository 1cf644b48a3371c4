/*
 * curl_request.h - sets up header lines, method and body of a libcurl request, in the same way for fetches of
 * flares and for requests of clients. It checks no rights, follows no redirects and transfers nothing.
 */
#ifndef FLARON_EDGE_CURL_REQUEST_H
#define FLARON_EDGE_CURL_REQUEST_H

#include <curl/curl.h>

#include "host/host.h"

/* The lines of CURLOPT_HTTPHEADER. Begin with {0}; the caller frees `first` with curl_slist_free_all. */
typedef struct curl_lines {
  struct curl_slist *first, *last;
} curl_lines;

/* Whether only libcurl may set a header, since it is about the connection or the framing of the body. */
bool curl_request_owns(bytes name);

/* Adds a line, such as "Via: 1.1 x", which is copied. */
void curl_lines_add(curl_lines *lines, const char *line);

/* Adds a header. */
void curl_lines_add_header(curl_lines *lines, const host_pair *header);

/*
 * Adds the lines that keep libcurl from adding headers: Expect, and Accept and Content-Type unless `headers`
 * has them. The caller then adds `headers` with curl_lines_add_header.
 */
void curl_lines_begin(curl_lines *lines, const host_pairs *headers);

/*
 * Sets method and body. The method is copied, the body borrowed until the transfer is over. A method that
 * usually has a body is sent with Content-Length: 0 if it has none.
 */
void curl_request_set_method(CURL *curl, const text *method, const text *body);

#endif
