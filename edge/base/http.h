/*
 * http.h - rules of HTTP that the command line, the server and fetches share. It uses no network.
 */
#ifndef FLARON_EDGE_HTTP_H
#define FLARON_EDGE_HTTP_H

#include "base/text.h"

/* The reason phrase of a status, RFC 9110, 15; "" for one it does not name. Static. */
const char *http_reason(int status);

/* Whether an answer of this status ends after its head and has no length (RFC 9112, 6.3). */
bool http_ends_at_head(int status);

/* The status of an answer that says which protocol it wants, in Upgrade (RFC 9110, 15.5.22). */
enum { HTTP_UPGRADE_REQUIRED = 426 };

/* The path of a URL with its query, as a pointer into `url`; all of `url` when it has no path. */
const char *http_path(const char *url);

/* Whether a word is a scheme, "://" and a host, and has no blank and no control character. */
bool http_is_whole_url(const char *word);

/*
 * Adds a whole URL as a server sees it: without its fragment, which no client sends, and with a path, "/"
 * when it has none (RFC 9110, 4.2.3 and 7.1).
 */
void http_add_sent_url(bytes url, text *to);

/* Whether bytes are a valid token (RFC 9110, 5.6.2), as methods and header names must be. */
bool http_is_token(bytes b);

/* Whether bytes are a valid header value: no control characters except tab (RFC 9110, 5.5). */
bool http_is_value(bytes b);

/* Bytes without leading and trailing blanks and tabs. */
bytes http_trimmed(bytes b);

/* Whether a header of this name is hop-by-hop (RFC 9110, 7.6.1), so that it must not be forwarded. */
bool http_is_of_connection(bytes name);

/* Takes the next element of a comma-separated list, trimmed, from the front of `rest`. */
bytes http_next_element(bytes *rest);

/* Whether `list`, a header's comma-separated value, has the element `token`, case ignored. */
bool http_lists(bytes list, const char *token);

/* Reads the value of a Content-Length: digits only (RFC 9110, 8.6). False if it is not valid. */
bool http_read_length(bytes value, uint64_t *length);

/* Limits of an answer's head: header lines, and bytes, interim answers and trailers included. */
enum { HTTP_HEAD_LINES = 1000, HTTP_HEAD_SIZE = 256 << 10 };

/* The state of reading an answer's head; begin with {0}. */
typedef struct http_head {
  int status; /* of the last status line; 0 before the first */
  bool over;  /* the empty line after the headers has come, and it was not an interim answer (1xx) */
  bool has_length, chunked;
  uint64_t length; /* if has_length */
  bool old;        /* HTTP/1.0 or earlier */
  bool framed;     /* HTTP/2 or 3 */
  bool inside;     /* after a status line, before the empty line */
  size_t lines, size;
} http_head;

/* A header of an answer, borrowed from its line. `name.data` is NULL when the line has none. */
typedef struct http_field {
  bytes name, value; /* trimmed */
} http_field;

/*
 * Reads the next line of an answer's head, with its line end: a status line, a header, the empty line or a
 * trailer. Also reads HTTP/2 and 3 as libcurl writes them. NULL, or a static sentence that says what is
 * wrong: then the caller must drop the answer and close its connection (RFC 9112, 5 and 6).
 *
 * Refused are lines that are folded, have no colon, a name that is not a token or a control character; a
 * Content-Length that is not a number or comes twice; any transfer coding but `chunked`, and any together
 * with a length or in HTTP/1.0; a 101, since no request asks for an upgrade; and more than HTTP_HEAD_LINES or
 * HTTP_HEAD_SIZE.
 */
const char *http_read_head_line(http_head *head, bytes line, http_field *field);

#endif
