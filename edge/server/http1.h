/*
 * http1.h - reads HTTP/1.1 strictly (RFC 9112): heads of requests, and bodies of either side. Bytes in, what
 * they say out; no input or output, no memory of its own.
 *
 * What the standard lets a server refuse is refused: where two readers could disagree on where a message
 * ends, somebody smuggles a request past one of them.
 */
#ifndef FLARON_EDGE_HTTP1_H
#define FLARON_EDGE_HTTP1_H

#include "base/text.h"

/* The most there may be of a head; docs/limits.md has them. */
enum { HTTP1_MAX_FIELDS = 100, HTTP1_MAX_TARGET = 32 << 10, HTTP1_MAX_HEAD = 64 << 10 };

/* MORE: all was read, and it is not the end. */
typedef enum http1_result { HTTP1_MORE, HTTP1_DONE, HTTP1_REFUSED } http1_result;

/* Part of a head: where it begins in it, and how long it is. */
typedef struct http1_part {
  uint32_t at, size;
} http1_part;

typedef struct http1_field {
  http1_part name, value; /* the value without blanks around it */
} http1_field;

typedef enum http1_framing { HTTP1_NO_BODY, HTTP1_LENGTH, HTTP1_CHUNKED } http1_framing;

/* The head of a request, while and after it is read. Begin with {0}, or http1_reset. */
typedef struct http1_head {
  /* After HTTP1_DONE: */
  http1_part method, target, host; /* a host of size 0: there is none (HTTP/1.0) */
  int minor;                       /* of the version: 0 or 1 */
  http1_framing framing;
  uint64_t length;       /* of HTTP1_LENGTH */
  bool close;            /* this is the last request of the connection */
  bool expects_continue; /* it waits for 100 Continue before the body */
  size_t size;           /* bytes of the head */
  /* After HTTP1_REFUSED: the status of the answer, and a sentence. After it nothing more can be read. */
  int status;
  const char *why;

  /* How far it is read. */
  size_t line, seen; /* where the line that is read begins; up to where its end was looked for */
  bool begun;        /* the request line has been read */
  bool keep_alive, length_given, coding_given, chunked;
  size_t count; /* of the next */
  http1_field fields[HTTP1_MAX_FIELDS];
} http1_head;

/* Makes it ready for the next request. */
void http1_reset(http1_head *head);

/*
 * Reads on in a head. `data` is all of it that is there, from its beginning; what was read before must not
 * have changed, but may have moved. What follows the head, `head->size` bytes on, is not looked at.
 */
http1_result http1_read_head(http1_head *head, const char *data, size_t size);

/* A body, while it is read. Begin with http1_body_of. */
typedef struct http1_body {
  http1_framing framing;
  uint64_t left; /* of the length, or of the chunk */
  int state;     /* in chunks */
  int digits;    /* of the chunk's size */
  size_t spent;  /* bytes of the line, or of all the trailers */
} http1_body;

http1_body http1_body_of(http1_framing framing, uint64_t length);

/*
 * Reads on in a body: takes the first `*used` bytes and makes `*piece` what of the content was in them, maybe
 * nothing. Call it again as long as it answers HTTP1_MORE and bytes are left. Trailers are checked and
 * dropped.
 */
http1_result http1_read_body(http1_body *body, const char *data, size_t size, size_t *used, bytes *piece);

/* Bytes of the content that are known to come: of the length, or of the chunk whose size was read last. */
uint64_t http1_body_left(const http1_body *body);

/* Whether it is a host with or without a port (RFC 9110, 7.2): no userinfo. */
bool http1_is_authority(const char *data, size_t size);

/* Whether all characters may stand in a target: no blanks, controls or `#`. */
bool http1_is_target(const char *data, size_t size);

#endif
