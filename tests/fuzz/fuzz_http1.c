/*
 * fuzz_http1.c - requests of HTTP/1.1: the first byte says where the rest is cut in two, and whether it is a
 * body in chunks alone. What is read must not depend on the cut, must lie in what was given, and a head that
 * is taken has a host or is of HTTP/1.0.
 */
#include <stdlib.h>
#include <string.h>

#include "server/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so) {
  if (!is_so) abort();
}

static void check_part(http1_part part, size_t size) { must(part.at <= size && part.size <= size - part.at); }

/* Reads a head that comes in two pieces. */
static http1_result read_head(http1_head *head, const char *data, size_t size, size_t cut) {
  http1_reset(head);
  http1_result result = http1_read_head(head, data, cut);
  return result == HTTP1_MORE ? http1_read_head(head, data, size) : result;
}

static http1_result read_piece(http1_body *body, const char *data, size_t size, text *to, size_t *taken) {
  http1_result result = HTTP1_MORE;
  for (size_t at = 0, used; at < size && result == HTTP1_MORE; at += used, *taken += used) {
    bytes piece;
    result = http1_read_body(body, data + at, size - at, &used, &piece);
    must(used <= size - at && piece.size <= used && (used > 0 || result != HTTP1_MORE));
    text_add(to, piece.data, piece.size);
  }
  return result;
}

static http1_result read_body(const char *data, size_t size, size_t cut, text *to, size_t *taken) {
  http1_body body = http1_body_of(HTTP1_CHUNKED, 0);
  *taken = 0;
  http1_result result = read_piece(&body, data, cut, to, taken);
  return result == HTTP1_MORE ? read_piece(&body, data + cut, size - cut, to, taken) : result;
}

static void try_body(const char *data, size_t size, size_t cut) {
  text whole = {0}, cut_up = {0};
  size_t a, b;
  http1_result result = read_body(data, size, size, &whole, &a);
  must(result == read_body(data, size, cut, &cut_up, &b));
  if (result != HTTP1_REFUSED)
    must(a == b && whole.size == cut_up.size &&
         (a == 0 || memcmp(text_string(&whole), text_string(&cut_up), whole.size) == 0));
  text_free(&whole);
  text_free(&cut_up);
}

static void try_head(const char *data, size_t size, size_t cut) {
  static http1_head whole, cut_up;
  http1_result result = read_head(&whole, data, size, size);
  must(result == read_head(&cut_up, data, size, cut));
  if (result == HTTP1_REFUSED) must(whole.why != NULL && whole.status >= 400);
  if (result != HTTP1_DONE) return;
  must(whole.size == cut_up.size && whole.count == cut_up.count && whole.framing == cut_up.framing &&
       whole.length == cut_up.length && whole.close == cut_up.close && whole.minor == cut_up.minor);
  must(whole.size <= size && whole.host.size + (whole.minor == 0) > 0);
  check_part(whole.method, whole.size);
  check_part(whole.target, whole.size);
  check_part(whole.host, whole.size);
  for (size_t i = 0; i < whole.count; i++) {
    check_part(whole.fields[i].name, whole.size);
    check_part(whole.fields[i].value, whole.size);
  }
  if (whole.framing == HTTP1_CHUNKED) try_body(data + whole.size, size - whole.size, (size - whole.size) / 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { BODY = 128 };
  if (size == 0) return 0;
  const char *rest = (const char *)data + 1;
  size_t cut = size - 1 > 0 ? (data[0] % BODY) * (size - 1) / BODY : 0;
  if (data[0] & BODY) {
    try_body(rest, size - 1, cut);
  } else {
    try_head(rest, size - 1, cut);
  }
  return 0;
}
