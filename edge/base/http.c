/*
 * http.c - see http.h.
 */
#include "base/http.h"

#include <string.h>

/* The reason phrase of a status, RFC 9110, 15. */
const char *http_reason(int status) {
  static const struct {
    int status;
    const char *reason;
  } reasons[] = {
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {203, "Non-Authoritative Information"},
      {204, "No Content"},
      {205, "Reset Content"},
      {206, "Partial Content"},
      {300, "Multiple Choices"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  };
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
    if (reasons[i].status == status) return reasons[i].reason;
  }
  return "";
}

bool http_ends_at_head(int status) { return status == 204 || status == 304; }

const char *http_path(const char *url) {
  const char *host = strstr(url, "://");
  const char *path = host != NULL ? strpbrk(host + 3, "/?#") : NULL;
  return path != NULL ? path : url;
}

bool http_is_whole_url(const char *word) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  size_t scheme = strspn(word, letters) > 0 ? strcspn(word, ":") : 0;
  for (size_t i = 0; i < scheme; i++) {
    if (strchr(letters, word[i]) == NULL && strchr("0123456789+.-", word[i]) == NULL) return false;
  }
  if (scheme == 0 || strncmp(word + scheme, "://", 3) != 0) return false;
  const char *host = word + scheme + 3;
  if (*host == '\0' || strchr("/?#\\", *host) != NULL) return false;
  for (const char *c = word; *c != '\0'; c++) {
    if ((unsigned char)*c <= ' ' || *c == 0x7f) return false;
  }
  return true;
}

void http_add_sent_url(bytes url, text *to) {
  const uint8_t *fragment = memchr(url.data, '#', url.size);
  size_t size = fragment != NULL ? (size_t)(fragment - url.data) : url.size, at = 0;
  while (at < size && url.data[at] != ':') at++;
  at = at + 3 < size ? at + 3 : size; /* behind "://" */
  while (at < size && url.data[at] != '/' && url.data[at] != '?') at++;
  text_add(to, url.data, at);
  if (at == size || url.data[at] == '?') text_add_string(to, "/");
  text_add(to, url.data + at, size - at);
}

/* Whether `c` may stand in a token. */
static bool is_token_character(uint8_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool http_is_token(bytes b) {
  for (size_t i = 0; i < b.size; i++) {
    if (!is_token_character(b.data[i])) return false;
  }
  return b.size != 0;
}

bool http_is_value(bytes b) {
  for (size_t i = 0; i < b.size; i++) {
    if ((b.data[i] < ' ' && b.data[i] != '\t') || b.data[i] == 0x7f) return false;
  }
  return true;
}

static bool is_blank(uint8_t c) { return c == ' ' || c == '\t'; }

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

bytes http_trimmed(bytes b) {
  while (b.size != 0 && is_blank(b.data[0])) b = (bytes){b.data + 1, b.size - 1};
  while (b.size != 0 && is_blank(b.data[b.size - 1])) b.size--;
  return b;
}

bool http_is_of_connection(bytes name) {
  static const char *const names[] = {"connection",
                                      "keep-alive",
                                      "proxy-connection",
                                      "proxy-authenticate",
                                      "proxy-authorization",
                                      "te",
                                      "trailer",
                                      "transfer-encoding",
                                      "upgrade"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (bytes_same_ignoring_case(name, bytes_of(names[i]))) return true;
  }
  return false;
}

bytes http_next_element(bytes *rest) {
  const uint8_t *comma = memchr(rest->data, ',', rest->size);
  bytes one = {rest->data, comma != NULL ? (size_t)(comma - rest->data) : rest->size};
  size_t taken = one.size + (comma != NULL);
  *rest = (bytes){rest->data + taken, rest->size - taken};
  return http_trimmed(one);
}

bool http_lists(bytes list, const char *token) {
  while (list.size != 0) {
    if (bytes_same_ignoring_case(http_next_element(&list), bytes_of(token))) return true;
  }
  return false;
}

bool http_read_length(bytes value, uint64_t *length) {
  *length = 0;
  for (size_t i = 0; i < value.size; i++) {
    if (!is_digit(value.data[i]) || *length > (INT64_MAX - 9) / 10) return false;
    *length = 10 * *length + (uint64_t)(value.data[i] - '0');
  }
  return value.size != 0;
}

/* Reads a version up to its blank: 1.1, or a single digit, which libcurl writes for HTTP/2 and 3. NULL if it
 * is not a version. */
static const uint8_t *read_version(http_head *head, const uint8_t *at, const uint8_t *end) {
  enum { POINT = 1, MINOR = 2, LENGTH = 3 };
  head->framed = end - at > 1 && (at[0] == '2' || at[0] == '3') && at[1] == ' ';
  if (head->framed) return at + 1;
  if (end - at <= LENGTH || (at[0] != '0' && at[0] != '1') || at[POINT] != '.' || !is_digit(at[MINOR]))
    return NULL;
  head->old = at[0] == '0' || at[MINOR] == '0';
  return at[LENGTH] == ' ' ? at + LENGTH : NULL;
}

/* Reads "HTTP/1.1 200 Reason", or "HTTP/2 200 " as libcurl writes it. Interim answers may come before. */
static const char *read_status_line(http_head *head, bytes line) {
  static const char protocol[] = "HTTP/";
  enum { PROTOCOL = sizeof protocol - 1, DIGITS = 3 };
  const uint8_t *at = line.data, *end = line.data + line.size;
  if (line.size < PROTOCOL || memcmp(at, protocol, PROTOCOL) != 0) return "the answer is not HTTP";
  head->old = false;
  at = read_version(head, at + PROTOCOL, end);
  if (at == NULL) return "the answer's status line has no version of HTTP/1";
  at++;
  bool has_status = end - at >= DIGITS && is_digit(at[0]) && is_digit(at[1]) && is_digit(at[2]) &&
                    at[0] != '0' && (end - at == DIGITS || at[DIGITS] == ' ');
  if (!has_status) return "the answer's status is not of three digits";
  head->status = (at[0] - '0') * 100 + (at[1] - '0') * 10 + (at[2] - '0');
  head->has_length = head->chunked = false;
  head->inside = true;
  return head->status == 101 ? "the answer changes the protocol, for which nobody asked" : NULL;
}

/* Notes what a header says about the length of the body. */
static const char *read_framing(http_head *head, const http_field *field) {
  if (bytes_same_ignoring_case(field->name, bytes_of("content-length"))) {
    if (head->has_length) return "the answer has two headers Content-Length";
    if (!http_read_length(field->value, &head->length)) return "the answer's Content-Length is not a number";
    head->has_length = true;
  } else if (bytes_same_ignoring_case(field->name, bytes_of("transfer-encoding"))) {
    if (head->chunked || !bytes_same_ignoring_case(field->value, bytes_of("chunked")))
      return "the answer's Transfer-Encoding is not chunked";
    if (head->old) return "the answer has a Transfer-Encoding, but is of HTTP/1.0";
    head->chunked = true;
  }
  return head->has_length && head->chunked ? "the answer has a Content-Length and a Transfer-Encoding" : NULL;
}

static const char *read_field(http_head *head, bytes line, http_field *field) {
  const uint8_t *colon = memchr(line.data, ':', line.size);
  if (is_blank(line.data[0])) return "the answer has a folded header line";
  if (colon == NULL) return "the answer has a header line without a colon";
  size_t size = (size_t)(colon - line.data);
  field->name = (bytes){line.data, size};
  field->value = http_trimmed((bytes){colon + 1, line.size - size - 1});
  if (!http_is_token(field->name)) return "the answer has a header whose name is not a token";
  if (!http_is_value(field->value)) return "the answer has a header with a control character";
  return head->over ? NULL : read_framing(head, field); /* trailers say nothing about the body */
}

const char *http_read_head_line(http_head *head, bytes line, http_field *field) {
  enum { INTERIM = 200 };
  *field = (http_field){{0}, {0}};
  head->size += line.size;
  if (++head->lines > HTTP_HEAD_LINES) return "the answer has too many headers";
  if (head->size > HTTP_HEAD_SIZE) return "the answer's headers are too large";
  if (line.size != 0 && line.data[line.size - 1] == '\n') line.size--;
  if (line.size != 0 && line.data[line.size - 1] == '\r') line.size--;
  if (line.size == 0) {
    if (head->inside) head->over = head->status >= INTERIM;
    head->inside = false;
    return NULL;
  }
  return head->inside || head->over ? read_field(head, line, field) : read_status_line(head, line);
}
