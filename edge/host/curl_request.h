/*
 * curl_request.h - what each request with libcurl is made of in the same way, whether a flare or a client
 * asked for it: header lines, method, body. It knows no rights, follows no redirect and transfers nothing.
 */
#ifndef FLARON_EDGE_CURL_REQUEST_H
#define FLARON_EDGE_CURL_REQUEST_H

#include <curl/curl.h>

#include "host/host.h"

/* The lines of CURLOPT_HTTPHEADER. Zeroed it is empty; `first` is freed with curl_slist_free_all. */
typedef struct curl_lines {
  struct curl_slist *first, *last;
} curl_lines;

/* Whether libcurl alone may say a header: it is of the connection, or of how the body is sent. */
bool curl_request_owns(bytes name);

/* Adds a line, such as "Via: 1.1 x", which is copied. */
void curl_lines_add(curl_lines *lines, const char *line);

/* Adds a header. */
void curl_lines_add_header(curl_lines *lines, const host_pair *header);

/*
 * Adds the lines by which libcurl adds nothing by itself: no Expect, and no Accept and Content-Type but those
 * of `headers`, which follow by curl_lines_add_header.
 */
void curl_lines_begin(curl_lines *lines, const host_pairs *headers);

/*
 * Sets method and body, which is borrowed until the transfer is over; the method is copied. A method that
 * usually has a body says so when it has none: Content-Length: 0.
 */
void curl_request_set_method(CURL *curl, const text *method, const text *body);

#endif
