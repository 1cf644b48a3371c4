/*
 * http1_test.c - the reader of HTTP/1.1 natively: each request whole, and cut in two at every byte, must be
 * read the same. What it takes and refuses over a socket is tests/tool/front_spec.lua's. Prints a line per
 * failed check, then "N passed, N failed".
 */
#include <stdio.h>
#include <string.h>

#include "server/http1.h"

static int passed, failed;

static void check(bool ok, const char *what, size_t cut) {
  *(ok ? &passed : &failed) += 1;
  if (!ok) printf("failed: %s, cut at %zu\n", what, cut);
}

typedef struct head_case {
  const char *what, *head;
  int status;                /* 0: it is taken */
  const char *target, *last; /* the value of its last field */
  http1_framing framing;
  uint64_t length;
  bool close;
} head_case;

static const head_case heads[] = {
    {"plain", "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n", 0, "/a?b", "x", HTTP1_NO_BODY, 0, false},
    {"blanks", "GET / HTTP/1.1\r\nHost: x\r\nX:\t a b \t\r\n\r\n", 0, "/", "a b", HTTP1_NO_BODY, 0, false},
    {"length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n", 0, "/", "12", HTTP1_LENGTH, 12,
     false},
    {"no length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 0, "/", "0", HTTP1_NO_BODY, 0,
     false},
    {"chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 0, "/", "chunked",
     HTTP1_CHUNKED, 0, false},
    {"both", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: CHUNKED\r\n\r\n", 0, "/",
     "CHUNKED", HTTP1_CHUNKED, 4, true},
    {"old", "GET / HTTP/1.0\r\n\r\n", 0, "/", NULL, HTTP1_NO_BODY, 0, true},
    {"old, kept", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 0, "/", "Keep-Alive", HTTP1_NO_BODY, 0,
     false},
    {"close", "GET / HTTP/1.1\r\nHost: x\r\nConnection: x , CLOSE\r\n\r\n", 0, "/", "x , CLOSE",
     HTTP1_NO_BODY, 0, true},
    {"empty lines", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 0, "/", "x", HTTP1_NO_BODY, 0, false},
    {"too many empty lines", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, NULL, NULL, HTTP1_NO_BODY,
     0, false},
    {"line feeds", "GET / HTTP/1.1\nHost: x\n\n", 400, NULL, NULL, HTTP1_NO_BODY, 0, false},
    {"a return", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400, NULL, NULL, HTTP1_NO_BODY, 0, false},
    {"two returns", "GET / HTTP/1.1\r\nHost: x\r\r\n\r\n", 400, NULL, NULL, HTTP1_NO_BODY, 0, false},
    {"a fold", "GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n", 400, NULL, NULL, HTTP1_NO_BODY, 0, false},
    {"two lengths", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, NULL,
     NULL, HTTP1_NO_BODY, 0, false},
    {"gzip", "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501, NULL, NULL, HTTP1_NO_BODY,
     0, false},
    {"version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505, NULL, NULL, HTTP1_NO_BODY, 0, false},
    {"expectation", "GET / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n", 417, NULL, NULL, HTTP1_NO_BODY, 0,
     false},
};

static bool is_part(const char *data, http1_part part, const char *expected) {
  return part.size == strlen(expected) && memcmp(data + part.at, expected, part.size) == 0;
}

static bool is_right(const head_case *c, const http1_head *h, http1_result result) {
  if (c->status != 0) return result == HTTP1_REFUSED && h->status == c->status && h->why != NULL;
  return result == HTTP1_DONE && h->size == strlen(c->head) && is_part(c->head, h->target, c->target) &&
         (c->last == NULL ? h->count == 0 : is_part(c->head, h->fields[h->count - 1].value, c->last)) &&
         h->framing == c->framing && h->length == c->length && h->close == c->close;
}

static void check_head(const head_case *c) {
  static http1_head h;
  size_t size = strlen(c->head);
  for (size_t cut = 0; cut <= size; cut++) {
    http1_reset(&h);
    http1_result result = http1_read_head(&h, c->head, cut);
    if (result == HTTP1_MORE) result = http1_read_head(&h, c->head, size);
    check(is_right(c, &h, result), c->what, cut);
  }
}

typedef struct body_case {
  const char *what, *body, *content; /* NULL: it is refused */
} body_case;

static const body_case bodies[] = {
    {"none", "0\r\n\r\n", ""},
    {"two", "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", "abc0123456789"},
    {"extensions", "1;a=b;c=\"d;\\\"\r\\\ne\"\r\nx\r\n0\r\n\r\n", NULL},
    {"an extension", "1 \r\nx\r\n0\r\n\r\n", NULL},
    {"a quoted one", "1;a=\"b\\\"\\\\c\"\r\nx\r\n00;z\r\n\r\n", "x"},
    {"trailers", "1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\n", "x"},
    {"a wrong trailer", "1\r\nx\r\n0\r\nA b\r\n\r\n", NULL},
    {"no size", ";a\r\nx\r\n0\r\n\r\n", NULL},
    {"a large size", "1000000000000000\r\nx\r\n0\r\n\r\n", NULL},
    {"too short", "2\r\nx\r\n0\r\n\r\n", NULL},
    {"line feeds", "1\nx\n0\n\n", NULL},
};

static http1_result read_part(http1_body *b, const char *data, size_t size, text *to) {
  http1_result result = HTTP1_MORE;
  for (size_t at = 0, used; at < size && result == HTTP1_MORE; at += used) {
    bytes piece;
    result = http1_read_body(b, data + at, size - at, &used, &piece);
    text_add(to, piece.data, piece.size);
  }
  return result;
}

static void check_body(const body_case *c) {
  size_t size = strlen(c->body);
  for (size_t cut = 0; cut <= size; cut++) {
    http1_body b = http1_body_of(HTTP1_CHUNKED, 0);
    text content = {0};
    http1_result result = read_part(&b, c->body, cut, &content);
    if (result == HTTP1_MORE) result = read_part(&b, c->body + cut, size - cut, &content);
    check(c->content == NULL ? result == HTTP1_REFUSED
                             : result == HTTP1_DONE && bytes_are(text_bytes(&content), c->content),
          c->what, cut);
    text_free(&content);
  }
}

static void check_authorities(void) {
  static const char *const good[] = {"x", "a.b:80", "[::1]", "[::1]:80", "127.0.0.1", "a_b", "a%41", "x:"};
  static const char *const bad[] = {"",     ":80", "a/b", "a?b", "a@b",   "a b",    "a:b",  "a:123456",
                                    "[::1", "::1", "[]",  "a%4", "a,b c", "[::1]x", "a\x80"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    check(http1_is_authority(good[i], strlen(good[i])), good[i], 0);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    check(!http1_is_authority(bad[i], strlen(bad[i])), bad[i], 0);
}

int main(void) {
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) check_head(&heads[i]);
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) check_body(&bodies[i]);
  check_authorities();
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
