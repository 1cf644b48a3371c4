/*
 * http1.c - see http1.h.
 */
#include "server/http1.h"

#include <string.h>
#include <strings.h>

#include "base/encoding.h"
#include "base/http.h"

enum { BAD = 400, TARGET_TOO_LONG = 414, EXPECTATION_FAILED = 417, TOO_LARGE = 431 };
enum { NOT_IMPLEMENTED = 501, NO_SUCH_VERSION = 505 };

/* ---- characters ---- */

enum { TOKEN = 1, VALUE = 2, HOST = 4, TARGET = 8 };

/* What each byte may be part of. */
static const uint8_t kinds[256] = {
    ['\t'] = VALUE,
    [' '] = VALUE,
    ['!'] = TOKEN | VALUE | HOST | TARGET,
    ['"'] = VALUE | TARGET,
    ['#'] = TOKEN | VALUE, /* a fragment is no part of a target (RFC 9112, 3.2) */
    ['$' ... '\''] = TOKEN | VALUE | HOST | TARGET,
    ['(' ... ')'] = VALUE | HOST | TARGET,
    ['*' ... '+'] = TOKEN | VALUE | HOST | TARGET,
    [','] = VALUE | HOST | TARGET,
    ['-' ... '.'] = TOKEN | VALUE | HOST | TARGET,
    ['/'] = VALUE | TARGET,
    ['0' ... '9'] = TOKEN | VALUE | HOST | TARGET,
    [':'] = VALUE | TARGET,
    [';'] = VALUE | HOST | TARGET,
    ['<'] = VALUE | TARGET,
    ['='] = VALUE | HOST | TARGET,
    ['>' ... '@'] = VALUE | TARGET,
    ['A' ... 'Z'] = TOKEN | VALUE | HOST | TARGET,
    ['[' ... ']'] = VALUE | TARGET,
    ['^'] = TOKEN | VALUE | TARGET,
    ['_'] = TOKEN | VALUE | HOST | TARGET,
    ['`'] = TOKEN | VALUE | TARGET,
    ['a' ... 'z'] = TOKEN | VALUE | HOST | TARGET,
    ['{'] = VALUE | TARGET,
    ['|'] = TOKEN | VALUE | TARGET,
    ['}'] = VALUE | TARGET,
    ['~'] = TOKEN | VALUE | HOST | TARGET,
    [0x80 ... 0xff] = VALUE | TARGET, /* obs-text; clients do send it in targets */
};

static bool http1_all_are(const char *data, size_t size, unsigned kind) {
  for (size_t i = 0; i < size; i++) {
    if (!(kinds[(uint8_t)data[i]] & kind)) return false;
  }
  return true;
}

static bool http1_is_token(const char *data, size_t size) {
  return size > 0 && http1_all_are(data, size, TOKEN);
}

bool http1_is_target(const char *data, size_t size) { return size > 0 && http1_all_are(data, size, TARGET); }

static bool http1_is_hex(char c) { return hex_value((uint8_t)c) >= 0; }

/* Whether it is an address of IPv6 in its brackets, by its characters. */
static bool http1_is_bracketed(const char *data, size_t size) {
  if (size < 4 || data[0] != '[' || data[size - 1] != ']') return false;
  for (size_t i = 1; i < size - 1; i++) {
    if (!http1_is_hex(data[i]) && data[i] != ':' && data[i] != '.') return false;
  }
  return true;
}

bool http1_is_authority(const char *data, size_t size) {
  const char *bracket = memchr(data, ']', size);
  size_t from = bracket != NULL ? (size_t)(bracket - data) : 0, host = size;
  const char *colon = memchr(data + from, ':', size - from);
  if (colon != NULL) host = (size_t)(colon - data);
  for (size_t i = host + 1; i < size; i++) {
    if (data[i] < '0' || data[i] > '9') return false;
  }
  if (host == 0 || size - host > sizeof ":65535" - 1) return false;
  if (data[0] == '[') return http1_is_bracketed(data, host);
  for (size_t i = 0; i < host; i++) {
    if (data[i] == '%' && (i + 2 >= host || !http1_is_hex(data[i + 1]) || !http1_is_hex(data[i + 2])))
      return false;
  }
  return http1_all_are(data, host, HOST);
}

static bool http1_is_blank(char c) { return c == ' ' || c == '\t'; }

/* ---- the head ---- */

static http1_result http1_refuse(http1_head *h, int status, const char *why) {
  h->status = status;
  h->why = why;
  return HTTP1_REFUSED;
}

void http1_reset(http1_head *h) { memset(h, 0, offsetof(http1_head, fields)); }

/* Reads "METHOD TARGET HTTP/1.1", the line without its end. */
static http1_result http1_read_request_line(http1_head *h, const char *data, size_t size) {
  enum { VERSION = sizeof "HTTP/1.1" - 1, MAJOR = 5, POINT = 6, MINOR = 7 };
  const char *line = data + h->line, *first = memchr(line, ' ', size);
  const char *second = first != NULL ? memchr(first + 1, ' ', size - (size_t)(first + 1 - line)) : NULL;
  if (second == NULL) return http1_refuse(h, BAD, "The request line is not METHOD TARGET VERSION.");
  h->method = (http1_part){(uint32_t)h->line, (uint32_t)(first - line)};
  h->target = (http1_part){(uint32_t)(first + 1 - data), (uint32_t)(second - first - 1)};
  const char *version = second + 1;
  if (!http1_is_token(line, h->method.size)) return http1_refuse(h, BAD, "The method is not a token.");
  if (h->target.size > HTTP1_MAX_TARGET)
    return http1_refuse(h, TARGET_TOO_LONG, "The target is longer than 32 KiB.");
  if (!http1_is_target(data + h->target.at, h->target.size))
    return http1_refuse(h, BAD, "The target has a character that no target has.");
  if ((size_t)(line + size - version) != VERSION || memcmp(version, "HTTP/", MAJOR) != 0 ||
      version[MAJOR] < '0' || version[MAJOR] > '9' || version[POINT] != '.' || version[MINOR] < '0' ||
      version[MINOR] > '9') {
    return http1_refuse(h, BAD, "The version is not of the form HTTP/1.1.");
  }
  if (version[MAJOR] != '1') return http1_refuse(h, NO_SUCH_VERSION, "HTTP/1.1 is spoken here, and HTTP/2.");
  h->minor = version[MINOR] > '0';
  h->begun = true;
  return HTTP1_MORE;
}

static bool http1_is_named(const char *data, http1_part name, const char *expected) {
  return name.size == strlen(expected) && strncasecmp(data + name.at, expected, name.size) == 0;
}

/* Equal lengths in a list or in several lines count as one (RFC 9112, 6.3). */
static http1_result http1_read_length(http1_head *h, bytes value) {
  bool last;
  do {
    last = memchr(value.data, ',', value.size) == NULL;
    bytes one = http_next_element(&value);
    uint64_t length;
    if (!http_read_length(one, &length)) return http1_refuse(h, BAD, "Content-Length is not a number.");
    if (h->length_given && length != h->length)
      return http1_refuse(h, BAD, "There are two Content-Length that differ.");
    h->length_given = true;
    h->length = length;
  } while (!last);
  return HTTP1_MORE;
}

static http1_result http1_read_coding(http1_head *h, bytes value) {
  if (h->minor == 0) return http1_refuse(h, BAD, "There is no Transfer-Encoding in HTTP/1.0.");
  if (h->coding_given || !bytes_same_ignoring_case(value, bytes_of("chunked")))
    return http1_refuse(h, value.size == 0 ? BAD : NOT_IMPLEMENTED,
                        "Transfer-Encoding is not chunked and nothing else.");
  h->coding_given = h->chunked = true;
  return HTTP1_MORE;
}

static http1_result http1_read_connection(http1_head *h, bytes value) {
  while (value.size > 0) {
    bytes one = http_next_element(&value);
    if (one.size > 0 && !http1_is_token((const char *)one.data, one.size))
      return http1_refuse(h, BAD, "Connection is not a list of tokens.");
    if (bytes_same_ignoring_case(one, bytes_of("close"))) h->close = true;
    if (bytes_same_ignoring_case(one, bytes_of("keep-alive"))) h->keep_alive = true;
  }
  return HTTP1_MORE;
}

/* What a field means for the head itself. */
static http1_result http1_understand(http1_head *h, const char *data, const http1_field *f) {
  bytes value = {(const uint8_t *)data + f->value.at, f->value.size};
  switch (f->name.size) { /* most names are as long as none of these */
    case sizeof "host" - 1:
      if (!http1_is_named(data, f->name, "host")) break;
      if (h->host.size != 0) return http1_refuse(h, BAD, "There are two Host.");
      if (!http1_is_authority(data + f->value.at, f->value.size))
        return http1_refuse(h, BAD, "The host is no host.");
      h->host = f->value;
      break;
    case sizeof "content-length" - 1:
      if (http1_is_named(data, f->name, "content-length")) return http1_read_length(h, value);
      break;
    case sizeof "transfer-encoding" - 1:
      if (http1_is_named(data, f->name, "transfer-encoding")) return http1_read_coding(h, value);
      break;
    case sizeof "connection" - 1:
      if (http1_is_named(data, f->name, "connection")) return http1_read_connection(h, value);
      break;
    case sizeof "expect" - 1:
      if (!http1_is_named(data, f->name, "expect") || h->minor == 0) break; /* RFC 9110, 10.1.1 */
      if (!bytes_same_ignoring_case(value, bytes_of("100-continue")))
        return http1_refuse(h, EXPECTATION_FAILED, "Only 100-continue can be expected.");
      h->expects_continue = true;
      break;
    default: break;
  }
  return HTTP1_MORE;
}

/* The colon after a field's name, and what is wrong with the name, NULL when it is right. */
static const char *http1_find_colon(const char *line, size_t size, const char **why) {
  const char *colon = memchr(line, ':', size);
  *why = NULL;
  if (http1_is_blank(line[0])) {
    *why = "A header line begins with a blank.";
  } else if (colon == NULL) {
    *why = "A header line has no colon.";
  } else if (!http1_is_token(line, (size_t)(colon - line))) {
    *why = "The name of a header is not a token.";
  }
  return colon;
}

/* The part of a line after the colon without the blanks around it. */
static http1_part http1_trim(const char *data, const char *from, const char *end) {
  while (from < end && http1_is_blank(*from)) from++;
  while (end > from && http1_is_blank(end[-1])) end--;
  return (http1_part){(uint32_t)(from - data), (uint32_t)(end - from)};
}

static http1_result http1_read_field(http1_head *h, const char *data, size_t size) {
  const char *line = data + h->line, *why, *colon = http1_find_colon(line, size, &why);
  if (why != NULL) return http1_refuse(h, BAD, why);
  if (h->count == HTTP1_MAX_FIELDS)
    return http1_refuse(h, TOO_LARGE, "There are more than 100 header lines.");
  http1_field *f = &h->fields[h->count++];
  f->name = (http1_part){(uint32_t)h->line, (uint32_t)(colon - line)};
  f->value = http1_trim(data, colon + 1, line + size);
  if (!http1_all_are(colon + 1, (size_t)(line + size - colon - 1), VALUE))
    return http1_refuse(h, BAD, "The value of a header has a control character.");
  return http1_understand(h, data, f);
}

/* The empty line has been read. */
static http1_result http1_end_head(http1_head *h) {
  if (h->minor == 1 && h->host.size == 0) return http1_refuse(h, BAD, "There is no Host.");
  h->framing = h->chunked ? HTTP1_CHUNKED : h->length_given ? HTTP1_LENGTH : HTTP1_NO_BODY;
  if (h->framing == HTTP1_LENGTH && h->length == 0) h->framing = HTTP1_NO_BODY;
  if (h->framing == HTTP1_NO_BODY) h->expects_continue = false;
  if (h->chunked && h->length_given) h->close = true; /* RFC 9112, 6.1 */
  if (h->minor == 0 && !h->keep_alive) h->close = true;
  return HTTP1_DONE;
}

/* Whether bytes of a line whose end is not there yet show that it is none. */
static bool http1_is_hopeless(const http1_head *h, const char *data, size_t from, size_t size) {
  for (size_t i = from; i < size; i++) {
    uint8_t c = (uint8_t)data[i];
    if (c == '\r' && i + 1 == size) continue;
    if (!(kinds[c] & (VALUE | TARGET))) return true;
  }
  return !h->begun && size > h->line && http1_is_blank(data[h->line]);
}

/* The line from h->line to `end` has been read; the next begins at `next`. */
static http1_result http1_read_line(http1_head *h, const char *data, size_t end, size_t next) {
  enum { EMPTY_BEFORE = 2 * 2 }; /* bytes of empty lines before a request: RFC 9112, 2.2 */
  http1_result result = HTTP1_MORE;
  size_t size = end - h->line;
  if (!h->begun && size == 0) {
    if (next > EMPTY_BEFORE) result = http1_refuse(h, BAD, "There are empty lines in place of a request.");
  } else if (!h->begun) {
    result = http1_read_request_line(h, data, size);
  } else if (size == 0) {
    h->size = next;
    result = http1_end_head(h);
  } else {
    result = http1_read_field(h, data, size);
  }
  h->line = h->seen = next;
  return result;
}

http1_result http1_read_head(http1_head *h, const char *data, size_t size) {
  size_t most = size < HTTP1_MAX_HEAD ? size : HTTP1_MAX_HEAD;
  while (h->seen < most) {
    const char *end = memchr(data + h->seen, '\n', most - h->seen);
    if (end == NULL) break;
    size_t at = (size_t)(end - data);
    if (at == h->line || end[-1] != '\r') return http1_refuse(h, BAD, "A line does not end with CR and LF.");
    http1_result result = http1_read_line(h, data, at - 1, at + 1);
    if (result != HTTP1_MORE) return result;
  }
  if (http1_is_hopeless(h, data, h->seen, most))
    return http1_refuse(h, BAD, "There is a control character in the head.");
  h->seen = most > h->line && data[most - 1] == '\r' ? most - 1 : most;
  if (!h->begun && most - h->line > HTTP1_MAX_TARGET + sizeof "OPTIONS  HTTP/1.1")
    return http1_refuse(h, TARGET_TOO_LONG, "The target is longer than 32 KiB.");
  if (size >= HTTP1_MAX_HEAD) return http1_refuse(h, TOO_LARGE, "The head is larger than 64 KiB.");
  return HTTP1_MORE;
}

/* ---- bodies ---- */

/* States in chunks. An extension is read over, in a line of bounded length. */
enum {
  SIZE,
  EXTENSION,
  QUOTED,
  ESCAPED,
  SIZE_LF,
  DATA,
  DATA_CR,
  DATA_LF,
  TRAILER,
  NAME,
  FIELD,
  FIELD_LF,
  END_LF
};

http1_body http1_body_of(http1_framing framing, uint64_t length) {
  return (http1_body){.framing = framing, .left = framing == HTTP1_LENGTH ? length : 0};
}

/* Takes what is there of a piece whose size is known. */
static bytes http1_take(http1_body *b, const char *data, size_t size) {
  bytes piece = {(const uint8_t *)data, b->left < size ? (size_t)b->left : size};
  b->left -= piece.size;
  return piece;
}

/* A character of the line with a chunk's size. False: it is none. */
static bool http1_read_size(http1_body *b, char c) {
  enum { BITS = 4, MOST_DIGITS = 15 }; /* below 2^60 */
  int digit = hex_value((uint8_t)c);
  if (digit >= 0) {
    b->left = b->left << BITS | (uint64_t)digit;
    return ++b->digits <= MOST_DIGITS;
  }
  b->state = c == '\r' ? SIZE_LF : EXTENSION;
  return b->digits > 0 && (c == '\r' || c == ';');
}

/* A character of an extension: `;name=value`, `;name="quoted"`. */
static bool http1_read_extension(http1_body *b, char c) {
  if (b->state == ESCAPED) {
    b->state = QUOTED;
  } else if (b->state == QUOTED) {
    b->state = c == '"' ? EXTENSION : c == '\\' ? ESCAPED : QUOTED;
  } else if (c == '\r') {
    b->state = SIZE_LF;
    return true;
  } else if (c == '"') {
    b->state = QUOTED;
  } else {
    return (kinds[(uint8_t)c] & TOKEN) || c == ';' || c == '=' || http1_is_blank(c);
  }
  return (kinds[(uint8_t)c] & VALUE) != 0;
}

/* A character that frames the content. False: it cannot stand there. */
static bool http1_read_framing(http1_body *b, char c) {
  bool token = (kinds[(uint8_t)c] & TOKEN) != 0;
  switch (b->state) {
    case SIZE: return http1_read_size(b, c);
    case EXTENSION:
    case QUOTED:
    case ESCAPED: return http1_read_extension(b, c);
    case SIZE_LF: b->state = b->left > 0 ? DATA : TRAILER; return c == '\n';
    case DATA_CR: b->state = DATA_LF; return c == '\r';
    case DATA_LF:
      b->state = SIZE;
      b->digits = 0;
      b->spent = 0;
      return c == '\n';
    case TRAILER: b->state = c == '\r' ? END_LF : NAME; return c == '\r' || token;
    case NAME: b->state = c == ':' ? FIELD : NAME; return c == ':' || token;
    case FIELD: b->state = c == '\r' ? FIELD_LF : FIELD; return c == '\r' || (kinds[(uint8_t)c] & VALUE);
    case FIELD_LF: b->state = TRAILER; return c == '\n';
    default: return c == '\n'; /* END_LF */
  }
}

static http1_result http1_read_chunks(http1_body *b, const char *data, size_t size, size_t *used,
                                      bytes *piece) {
  enum { MOST_LINE = 1024, MOST_TRAILERS = 16 << 10 };
  size_t at = 0;
  while (at < size) {
    if (b->state == DATA) {
      *piece = http1_take(b, data + at, size - at);
      at += piece->size;
      if (b->left == 0) b->state = DATA_CR;
      *used = at;
      return HTTP1_MORE;
    }
    bool last = b->state == END_LF;
    if (!http1_read_framing(b, data[at++]) || ++b->spent > (b->state >= TRAILER ? MOST_TRAILERS : MOST_LINE))
      return HTTP1_REFUSED;
    if (last) {
      *used = at;
      return HTTP1_DONE;
    }
  }
  *used = at;
  return HTTP1_MORE;
}

http1_result http1_read_body(http1_body *b, const char *data, size_t size, size_t *used, bytes *piece) {
  *used = 0;
  *piece = (bytes){0};
  if (b->framing == HTTP1_CHUNKED) return http1_read_chunks(b, data, size, used, piece);
  *piece = http1_take(b, data, size);
  *used = piece->size;
  return b->left == 0 ? HTTP1_DONE : HTTP1_MORE;
}

uint64_t http1_body_left(const http1_body *b) {
  return b->framing == HTTP1_LENGTH || b->state == DATA ? b->left : 0;
}
