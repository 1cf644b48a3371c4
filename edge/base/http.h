/*
 * http.h - what the command line, the server and fetches know of HTTP. It speaks to nobody.
 */
#ifndef FLARON_EDGE_HTTP_H
#define FLARON_EDGE_HTTP_H

#include "base/text.h"

/* The reason phrase of a status, RFC 9110, 15; "" for one it does not name. Static. */
const char *http_reason(int status);

/* Whether an answer of this status ends with its head, and says no length (RFC 9112, 6.3). */
bool http_ends_at_head(int status);

/* The path of a URL, with its query: a part of `url`; all of it when it has none. */
const char *http_path(const char *url);

/* Whether bytes are a token, as methods and names of headers are: RFC 9110, 5.6.2. */
bool http_is_token(bytes b);

/* Whether bytes may be the value of a header: without controls but the tab, RFC 9110, 5.5. */
bool http_is_value(bytes b);

/* Bytes without the blanks and tabs around them. */
bytes http_trimmed(bytes b);

/* Whether a header of this name is about one connection (RFC 9110, 7.6.1) and goes no further than that. */
bool http_is_of_connection(bytes name);

/* Takes the next element of a list of commas, without blanks around it, from the front of `rest`. */
bytes http_next_element(bytes *rest);

/* Whether `list`, the value of a header, names `token` among what stands between its commas, case ignored. */
bool http_lists(bytes list, const char *token);

/* The length that the value of a Content-Length says: digits alone, RFC 9110, 8.6. False: it is not one. */
bool http_read_length(bytes value, uint64_t *length);

/* The most header lines of an answer, and the most bytes of its head, interim answers and trailers included.
 */
enum { HTTP_HEAD_LINES = 1000, HTTP_HEAD_SIZE = 256 << 10 };

/* What is known of the head of an answer so far; begin with {0}. */
typedef struct http_head {
  int status; /* of the last status line; 0 before the first */
  bool over;  /* the empty line after the headers came, and it was no interim answer (1xx) */
  bool has_length, chunked;
  uint64_t length; /* if has_length */
  bool old;        /* HTTP/1.0 or earlier */
  bool framed;     /* HTTP/2 or 3 */
  bool inside;     /* after a status line, before the empty line */
  size_t lines, size;
} http_head;

/* A header of an answer, borrowed from its line. `name.data` is NULL when the line has none. */
typedef struct http_field {
  bytes name, value; /* without blanks around */
} http_field;

/*
 * Reads the next line of the head of an answer, as it came with its line end: a status line, a header, the
 * empty line, a trailer. HTTP/2 and 3 as libcurl writes them are understood. NULL, or what is wrong, a static
 * sentence: then the answer is not to be believed, and its connection is to be closed (RFC 9112, 5 and 6).
 *
 * Refused are lines that are folded, have no colon, a name that is not a token or a control character; a
 * Content-Length that is not a number or comes twice; any transfer coding but `chunked`, and any beside a
 * length or in HTTP/1.0; a 101, since nobody asks for an upgrade; and more than HTTP_HEAD_LINES or
 * HTTP_HEAD_SIZE.
 */
const char *http_read_head_line(http_head *head, bytes line, http_field *field);

#endif
