/*
 * import_http.c - the imports of `request`, `response` and `logging`: what came in, what goes out.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/http.h"
#include "host/host.h"

void host_req_method(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)arguments;
  host_answer_bytes(answer, text_bytes(&h->request->method));
}

void host_req_url(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)arguments;
  host_answer_bytes(answer, text_bytes(&h->request->url));
}

bool host_header_withheld(bytes name) {
  static const char prefix[] = "x-flaron-";
  return bytes_same_ignoring_case(name, bytes_of("authorization")) ||
         bytes_same_ignoring_case(name, bytes_of("cookie")) ||
         (name.size >= sizeof prefix - 1 &&
          strncasecmp((const char *)name.data, prefix, sizeof prefix - 1) == 0);
}

/* Warns that a header is withheld. The name is written in lower case, so that equal warnings are logged
 * once. */
static void tell_header(host *h, const host_pair *header) {
  enum { SHOWN = 64 }; /* bytes of a name: any text may follow X-Flaron- */
  char name[SHOWN + 1];
  size_t size = header->name_size < SHOWN ? header->name_size : SHOWN;
  for (size_t i = 0; i < size; i++) name[i] = (char)tolower((unsigned char)header->name[i]);
  name[size] = '\0';
  host_withheld(h, "request.header \"%s\": %zu bytes are withheld: flare.lua has no requires_raw_auth = true",
                name, header->value_size);
}

void host_req_header_get(host *h, const host_arguments *arguments, host_answer *answer) {
  const host_pair *header = host_pairs_find(&h->request->headers, arguments->a);
  if (header == NULL) return;
  if (!h->config.requires_raw_auth && host_header_withheld(arguments->a)) {
    tell_header(h, header);
  } else {
    host_answer_bytes(answer, (bytes){(const uint8_t *)header->value, header->value_size});
  }
}

void host_req_body(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)arguments;
  size_t size = h->request->body.size;
  if (size == 0) return;
  if (!h->config.requires_body) {
    host_withheld(h, "request.body: %zu %s withheld: flare.lua has no requires_body = true", size,
                  size == 1 ? "byte is" : "bytes are");
  } else if (size > h->config.max_body) {
    host_withheld(h, "request.body: %zu bytes are withheld: a flare gets no body of more than %zu", size,
                  h->config.max_body);
  } else {
    host_answer_bytes(answer, text_bytes(&h->request->body));
  }
}

void host_resp_set_status(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)answer;
  h->response.status = (int)arguments->n;
}

/* Whether a header of `size` bytes may be set, given that it replaces one of the same name. */
static bool header_fits(const host *h, bytes name, size_t size) {
  const host_config *config = &h->config;
  const host_pairs *headers = &h->response.headers;
  const host_pair *before = host_pairs_find(headers, name);
  size_t others = headers->size - (before != NULL ? before->name_size + before->value_size : 0);
  return (before != NULL || headers->count < config->max_headers) && size <= config->max_headers_size &&
         others <= config->max_headers_size - size;
}

/* Warns about a name such as content_type, which OpenResty would send as content-type. */
static void look_at_name(host *h, bytes name) {
  if (name.size == 0 || memchr(name.data, '_', name.size) == NULL || !http_is_token(name)) return;
  text meant = {0};
  text_add(&meant, name.data, name.size);
  for (size_t i = 0; i < meant.size; i++) {
    if (meant.data[i] == '_') meant.data[i] = '-';
  }
  host_withheld(h, "response header '%.*s' has a '_': was '%s' meant?", (int)name.size,
                (const char *)name.data, text_string(&meant));
  text_free(&meant);
}

void host_resp_header_set(host *h, const host_arguments *arguments, host_answer *answer) {
  const host_config *config = &h->config;
  host_pairs *headers = &h->response.headers;
  size_t size = arguments->a.size + arguments->b.size;
  (void)answer;
  look_at_name(h, arguments->a);
  bool sure = headers->count < config->max_headers && size <= config->max_headers_size &&
              headers->size <= config->max_headers_size - size;
  if (sure || header_fits(h, arguments->a, size)) {
    host_pairs_set(headers, arguments->a, arguments->b, true);
    return;
  }
  text why = {0};
  text_printf(&why, "%zu headers of %zu bytes and one of %zu: %zu of %zu are allowed", headers->count,
              headers->size, size, config->max_headers, config->max_headers_size);
  host_refused(h, "resp_header_set", text_string(&why));
  text_free(&why);
}

void host_resp_body_set(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)answer;
  text_clear(&h->response.body);
  text_add(&h->response.body, arguments->a.data, arguments->a.size);
}

/* Adds the number of headers and their names. */
static void add_headers(text *to, const host_pairs *headers) {
  enum { MOST = 200 }; /* bytes of names */
  size_t begin = to->size;
  text_printf(to, "%zu header%s (", headers->count, headers->count == 1 ? "" : "s");
  for (size_t i = 0; i < headers->count; i++) {
    const host_pair *header = &headers->items[i];
    if (to->size - begin + header->name_size > MOST) {
      text_add_string(to, i > 0 ? ", ..." : "...");
      break;
    }
    text_add_string(to, i > 0 ? ", " : "");
    text_add(to, header->name, header->name_size);
  }
  text_add_string(to, ")");
}

/* Warns of what the flare set on a response that is not sent, since the origin answers. */
static void tell_unsent(host *h) {
  const host_response *r = &h->response;
  bool status = h->usage[HOST_resp_set_status].calls != 0, headers = r->headers.count != 0,
       body = r->body.size != 0;
  int parts = status + headers + body;
  if (parts == 0) return;
  text line = {0};
  text_printf(&line, "%s: ", r->action == HOST_TRANSFORM ? "TRANSFORM" : "PASS_THROUGH");
  if (headers) add_headers(&line, &r->headers);
  if (headers && status) text_add_string(&line, body ? ", " : " and ");
  if (status) text_printf(&line, "the status %d", r->status);
  if (body) text_printf(&line, "%sa body of %zu bytes", parts > 1 ? " and " : "", r->body.size);
  text_printf(&line, " that %s not sent: the origin's answer goes out as it is",
              parts == 1 && r->headers.count < 2 ? "was set is" : "were set are");
  host_log(h, HOST_WARN, line.data, line.size);
  text_free(&line);
}

/* Takes the content from an answer whose status has none (RFC 9110, 15.3.5, 15.3.6 and 15.4.5), and says so.
 */
static void drop_content(host *h) {
  enum { RESET_CONTENT = 205 };
  host_response *r = &h->response;
  text line = {0};
  if ((!http_ends_at_head(r->status) && r->status != RESET_CONTENT) || r->body.size == 0) return;
  text_printf(&line, "response body of %zu byte%s is dropped: status %d has no content", r->body.size,
              r->body.size == 1 ? "" : "s", r->status);
  host_log(h, HOST_WARN, line.data, line.size);
  text_clear(&r->body);
  text_free(&line);
}

/*
 * Why a header of an answer is not sent, added to `why`; nothing when it is. A Content-Length that is right
 * is sent: the connection says the same. So are the Upgrade that a 426 must have, and the Connection that
 * names it (RFC 9110, 15.5.22).
 */
static void add_why_dropped(const host_response *r, bytes name, bytes value, text *why) {
  uint64_t length;
  if (bytes_same_ignoring_case(name, bytes_of("content-length"))) {
    if (http_read_length(http_trimmed(value), &length) && length == r->body.size) return;
    if (http_ends_at_head(r->status)) {
      text_printf(why, "status %d has no content", r->status);
    } else {
      text_printf(why, "the body has %zu byte%s, and the connection says so", r->body.size,
                  r->body.size == 1 ? "" : "s");
    }
  } else if (http_is_of_connection(name)) {
    if (r->status == HTTP_UPGRADE_REQUIRED && (bytes_same_ignoring_case(name, bytes_of("upgrade")) ||
                                               bytes_same_ignoring_case(value, bytes_of("upgrade"))))
      return;
    text_add_string(why, "the connection sets it");
  } else if (!http_is_token(name)) {
    text_add_string(why, "its name has a character that no header's has");
  }
}

/* host_pairs_filter: says so of a header that no connection sends for a flare; `data` is the host. */
static bool keep_header(void *data, const host_pair *pair) {
  host *h = data;
  text why = {0}, line = {0};
  add_why_dropped(&h->response, (bytes){(const uint8_t *)pair->name, pair->name_size},
                  (bytes){(const uint8_t *)pair->value, pair->value_size}, &why);
  bool keep = why.size == 0;
  if (!keep) {
    text_printf(&line, "response header '%s' is dropped: %s", pair->name, text_string(&why));
    host_log(h, HOST_WARN, line.data, line.size);
  }
  text_free(&why);
  text_free(&line);
  return keep;
}

bool host_look_at_answer(host *h, text *fault) {
  enum { FINAL_MIN = 200, FINAL_MAX = 599 };
  const host_response *r = &h->response;
  if (r->action != HOST_RESPOND) {
    tell_unsent(h);
  } else if (r->status < FINAL_MIN || r->status > FINAL_MAX) {
    text_printf(fault, "handle_request answered with status %d, which ends no request: answer with %d to %d",
                r->status, FINAL_MIN, FINAL_MAX);
    return false;
  } else {
    host_pairs_filter(&h->response.headers, keep_header,
                      h); /* in front: a Content-Length is that of the body that the flare set */
    drop_content(h);
  }
  return true;
}

static void log_line(host *h, host_level level, bytes line) {
  if (h->log_lines++ >= h->config.max_log_lines) return;
  size_t size = line.size < h->config.max_log_line ? line.size : h->config.max_log_line;
  host_log(h, level, (const char *)line.data, size);
}

void host_log_info(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)answer;
  log_line(h, HOST_INFO, arguments->a);
}

void host_log_warn(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)answer;
  log_line(h, HOST_WARN, arguments->a);
}

void host_log_error(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)answer;
  log_line(h, HOST_ERROR, arguments->a);
}
