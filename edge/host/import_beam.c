/*
 * import_beam.c - the import of `beam`: HTTP requests of a flare, made with libcurl or by a spec's stub.
 *
 * It owns h->fetching, the connections. The result of a fetch:
 *
 *   {"status","headers","body"}  an answer came, whatever its status
 *   {"error": message}           the request makes no sense, or the transport failed: refused or broken
 *                                connection, TLS, an answer that is not HTTP, more than MAX_REDIRECTS
 *   nothing, and a log line      not allowed, too many requests, too large, out of time, no such host
 *
 * Redirects are followed here and not by curl, since each target must pass the allow-list, and a stub may
 * answer any of them. A redirect to another origin drops the headers that are secrets.
 *
 * Text is as Go's encoding/json writes it: each byte that is not UTF-8 becomes U+FFFD. If bytes of the body
 * did, their number is the field "lossy" of the answer, and there is a warning. Header names come out as Go
 * writes them (`Content-Type`), and repeated headers as one, joined by ", ".
 *
 * Only headers that the flare set are sent, plus Host, User-Agent, Content-Length and Accept-Encoding:
 * identity, since compressed bytes would be lost. So there is no Accept, and no compression unless the flare
 * asks for it (it then gets the compressed bytes). Hop-by-hop headers are left out. There is no proxy, no
 * .netrc and no cookie jar.
 */
#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/list.h"
#include "host/authorities.h"
#include "host/curl_request.h"
#include "host/fetch_url.h"
#include "host/host.h"
#include "base/http.h"
#include "base/wait.h"
#include "base/json_fast.h"
#include "base/json_bytes.h"
#include "base/utf8.h"

enum { MAX_REDIRECTS = 10, MAX_LOGGED_URL = 200 };

/* The result of a fetch; see above. */
typedef enum outcome { REPLIED, REFUSED, BROKEN } outcome;

/* A fetch under way. */
typedef struct fetch {
  host *h;
  host_request request; /* as the flare asked, then as redirects change it */
  CURLU *url;           /* of the request */
  host_fetched fetched;
  text why; /* unless REPLIED */
  int64_t deadline_ms;
  http_head head;    /* of the answer */
  const char *wrong; /* what is wrong with the answer, static; NULL = nothing */
  bool too_large;
} fetch;

/* Notes why a fetch failed; returns `outcome`. */
static outcome beam_because(fetch *f, outcome outcome, const char *why) {
  text_clear(&f->why);
  text_add_string(&f->why, why);
  return outcome;
}

/* A clock that does not jump. */
static int64_t beam_clock_ms(void) { return clock_ns(CLOCK_MONOTONIC) / CLOCK_NS_PER_MS; }

/* The bytes of a JSON string. */
static bytes beam_json_bytes(const json_t *string) {
  return (bytes){(const uint8_t *)json_string_value(string), json_string_length(string)};
}

/* A field of the options; NULL if it is missing or null. */
static const json_t *beam_option(const json_t *options, const char *name) {
  const json_t *value = json_object_get(options, name);
  return json_is_null(value) ? NULL : value;
}

/* Checks the headers of the request against their limits. */
static outcome beam_check_sizes(fetch *f) {
  const host_pairs *headers = &f->request.headers;
  const host_config *config = &f->h->config;
  if (headers->count <= config->max_headers && headers->size <= config->max_headers_size) return REPLIED;
  text_clear(&f->why);
  text_printf(&f->why, "%zu headers of %zu bytes: %zu of %zu are allowed", headers->count, headers->size,
              config->max_headers, config->max_headers_size);
  return REFUSED;
}

/* Copies the flare's headers into the request. */
static outcome beam_read_headers(fetch *f, const json_t *headers) {
  if (headers == NULL) return REPLIED;
  if (!json_is_object(headers)) return beam_because(f, BROKEN, "options: headers is not an object");
  json_t *object = (json_t *)headers; /* Jansson's iterators take no const */
  for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
    const json_t *value = json_object_iter_value(at);
    bytes name = {(const uint8_t *)json_object_iter_key(at), json_object_iter_key_len(at)};
    if (!http_is_token(name))
      return beam_because(f, BROKEN, "options: a header's name has a character it cannot have");
    if (!json_is_string(value) || !http_is_value(beam_json_bytes(value))) {
      beam_because(f, BROKEN, "options: the value of header ");
      text_printf(&f->why, "%s %s", json_object_iter_key(at),
                  json_is_string(value) ? "has a control character" : "is not a string");
      return BROKEN;
    }
    if (!curl_request_owns(name)) host_pairs_set(&f->request.headers, name, beam_json_bytes(value), false);
  }
  return beam_check_sizes(f);
}

/* Copies the flare's options into the request. */
static outcome beam_read_options(fetch *f, const json_t *options) {
  const json_t *method = beam_option(options, "method"), *body = beam_option(options, "body");
  if (method != NULL && !json_is_string(method))
    return beam_because(f, BROKEN, "options: method is not a string");
  if (body != NULL && !json_is_string(body)) return beam_because(f, BROKEN, "options: body is not a string");
  bytes name = json_string_length(method) != 0 ? beam_json_bytes(method) : bytes_of("GET");
  if (!http_is_token(name)) return beam_because(f, BROKEN, "options: method has a character it cannot have");
  text_add(&f->request.method, name.data, name.size);
  text_add(&f->request.body, json_string_value(body), json_string_length(body));
  return beam_read_headers(f, beam_option(options, "headers"));
}

/* The same from JSON text; no text means no options. */
static outcome beam_parse_options(fetch *f, bytes json) {
  text why = {0};
  json_t *options = json.size != 0 ? json_load_object(json, &why) : json_object();
  outcome outcome = BROKEN;
  if (options != NULL) {
    outcome = beam_read_options(f, options);
  } else {
    beam_because(f, BROKEN, "options are ");
    text_add_string(&f->why, text_string(&why));
  }
  json_decref(options);
  text_free(&why);
  return outcome;
}

/* Sets f->url, relative to its previous value if there is one. http and https only. */
static outcome beam_set_url(fetch *f, bytes url) {
  if (url.size == 0) return beam_because(f, BROKEN, "the URL is empty");
  if (url.size > f->h->config.max_fetch_url) {
    text_clear(&f->why);
    text_printf(&f->why, "a URL of %zu bytes: %zu are allowed", url.size, f->h->config.max_fetch_url);
    return REFUSED;
  }
  if (memchr(url.data, '\0', url.size) != NULL) return beam_because(f, BROKEN, "the URL has a NUL in it");
  if (f->url == NULL) f->url = curl_url();
  char *string = memory_copy(url);
  CURLUcode code = curl_url_set(f->url, CURLUPART_URL, string, CURLU_URLENCODE);
  free(string);
  if (code != CURLUE_OK) {
    beam_because(f, BROKEN, "the URL cannot be used: ");
    text_add_string(&f->why, curl_url_strerror(code));
    return BROKEN;
  }
  char *scheme = fetch_url_part(f->url, CURLUPART_SCHEME, 0);
  bool fetchable = scheme != NULL && (strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0);
  curl_free(scheme);
  return fetchable ? REPLIED : beam_because(f, BROKEN, "the URL is neither http nor https");
}

/* Empties the result for the next answer. */
static void beam_clear_fetched(host_fetched *fetched) {
  host_pairs_free(&fetched->headers);
  text_clear(&fetched->body);
  fetched->status = 0;
}

/* CURLOPT_WRITEFUNCTION: adds a piece of the body. */
static size_t beam_take_body(char *data, size_t one, size_t size, void *to) {
  fetch *f = to;
  f->too_large = size > f->h->config.max_fetch_body - f->fetched.body.size;
  if (f->too_large) return 0;
  text_add(&f->fetched.body, data, size);
  return one * size;
}

/* CURLOPT_HEADERFUNCTION: reads a line of the answer's head. Headers of interim answers, and trailers, are
 * dropped. */
static size_t beam_take_line(char *data, size_t one, size_t size, void *to) {
  fetch *f = to;
  http_field field;
  bool over = f->head.over, inside = f->head.inside;
  f->wrong = http_read_head_line(&f->head, (bytes){(const uint8_t *)data, size}, &field);
  if (f->wrong != NULL) return 0;
  if (!inside && !over) host_pairs_free(&f->fetched.headers);
  if (field.name.data != NULL && !over) host_pairs_set(&f->fetched.headers, field.name, field.value, false);
  return one * size;
}

/* CURLOPT_OPENSOCKETFUNCTION: curl's own error would not say that no descriptor is left. */
static curl_socket_t beam_open_socket(void *fetch_, curlsocktype purpose, struct curl_sockaddr *address) {
  fetch *f = fetch_;
  (void)purpose;
  int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0 && (errno == EMFILE || errno == ENFILE))
    f->wrong = "no descriptor is left for the connection (ulimit -n)";
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* Sets all options of one request but its header lines. */
static void beam_set_options(CURL *curl, fetch *f, int64_t left_ms, char *message) {
  curl_easy_setopt(curl, CURLOPT_CURLU, f->url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  authorities_use(curl);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "flaron-lua/0.1");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left_ms);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, beam_take_line);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, f);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, beam_take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, f);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, beam_open_socket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, f);
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* do not wait for a pending name lookup at the end */
  curl_request_set_method(curl, &f->request.method, &f->request.body);
}

/* The outcome of a transfer that ended with curl's `code`. */
static outcome beam_judge(fetch *f, CURLcode code, const char *message) {
  if (f->wrong != NULL) return beam_because(f, BROKEN, f->wrong);
  if (f->too_large) return beam_because(f, REFUSED, "the answer's body is over max_fetch_body");
  if (code == CURLE_ABORTED_BY_CALLBACK) return beam_because(f, REFUSED, "ended before an answer came");
  if (code == CURLE_OK) {
    f->fetched.status = f->head.status;
    return REPLIED;
  }
  if (code == CURLE_BAD_FUNCTION_ARGUMENT) /* curl parses headers before we do */
    return beam_because(f, BROKEN, "the answer has a header line that is not one");
  bool nothing = code == CURLE_OPERATION_TIMEDOUT || code == CURLE_COULDNT_RESOLVE_HOST;
  beam_because(f, BROKEN, message[0] != '\0' ? message : curl_easy_strerror(code));
  text_add_string(&f->why, authorities_explain(code));
  return nothing ? REFUSED : BROKEN;
}

/* Initialises curl, once per process. */
static void beam_start_curl(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

/* Performs a transfer. CURLE_ABORTED_BY_CALLBACK: the waits of this thread were ended. */
static CURLcode beam_perform(CURLM *connections, CURL *curl) {
  enum { WAIT_MS = 1000 };
  int running = 1, left;
  CURLcode code = CURLE_ABORTED_BY_CALLBACK;
  if (curl_multi_add_handle(connections, curl) != CURLM_OK) return CURLE_FAILED_INIT;
  while (running > 0 && !wait_is_over()) {
    CURLMcode fault = curl_multi_perform(connections, &running);
    if (fault == CURLM_OK && running > 0) fault = curl_multi_poll(connections, NULL, 0, WAIT_MS, NULL);
    if (fault != CURLM_OK) {
      code = CURLE_FAILED_INIT;
      break;
    }
  }
  const CURLMsg *message = running == 0 ? curl_multi_info_read(connections, &left) : NULL;
  if (message != NULL && message->msg == CURLMSG_DONE) code = message->data.result;
  curl_multi_remove_handle(connections, curl);
  return code;
}

/* Closes the connections of a host. */
static void beam_end_connections(void *multi) { curl_multi_cleanup(multi); }

/*
 * One request over the network. Connections are kept in h->fetching, but the handle is a new one: libcurl
 * 7.88 takes a folded first line for the continuation of the last header that the handle saw, which is
 * already freed.
 */
static outcome beam_transfer(fetch *f) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  char message[CURL_ERROR_SIZE] = "";
  int64_t left_ms = f->deadline_ms - beam_clock_ms();
  if (left_ms <= 0) return beam_because(f, REFUSED, "out of time");
  pthread_once(&once, beam_start_curl);
  if (f->h->fetching.state == NULL) {
    f->h->fetching.state = curl_multi_init();
    f->h->fetching.free = beam_end_connections;
  }
  CURL *curl = f->h->fetching.state != NULL ? curl_easy_init() : NULL;
  if (curl == NULL) return beam_because(f, BROKEN, "libcurl cannot be started");
  f->head = (http_head){0};
  f->wrong = NULL;
  curl_lines lines = {0};
  curl_lines_begin(&lines, &f->request.headers);
  if (host_pairs_find(&f->request.headers, bytes_of("accept-encoding")) == NULL)
    curl_lines_add(&lines, "Accept-Encoding: identity");
  for (size_t i = 0; i < f->request.headers.count; i++)
    curl_lines_add_header(&lines, &f->request.headers.items[i]);
  beam_set_options(curl, f, left_ms, message);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines.first);
  outcome outcome = beam_judge(f, beam_perform(f->h->fetching.state, curl), message);
  curl_easy_cleanup(curl);
  curl_slist_free_all(lines.first);
  return outcome;
}

/* The outcome of a stub's answer. */
static outcome beam_judge_stub(fetch *f) {
  if (f->fetched.status == 0) {
    if (f->fetched.body.size == 0) return beam_because(f, REFUSED, "the stub gave no answer");
    return beam_because(f, BROKEN, f->fetched.body.data);
  }
  if (f->fetched.body.size <= f->h->config.max_fetch_body) return REPLIED;
  return beam_because(f, REFUSED, "the answer's body is over max_fetch_body");
}

/* One request, answered by the stub or, if that declines, by the network. */
static outcome beam_request_once(fetch *f) {
  const host_config *config = &f->h->config;
  beam_clear_fetched(&f->fetched);
  if (config->stub != NULL && config->stub(config->stub_data, &f->request, &f->fetched))
    return beam_judge_stub(f);
  beam_clear_fetched(&f->fetched);
  return beam_transfer(f);
}

/* Makes the request a GET without a body, unless it is HEAD. */
static void beam_drop_body(host_request *request) {
  static const char *const about_body[] = {"content-type", "content-encoding", "content-language",
                                           "content-location"};
  if (!bytes_are(text_bytes(&request->method), "HEAD")) {
    text_clear(&request->method);
    text_add_string(&request->method, "GET");
  }
  text_clear(&request->body);
  for (size_t i = 0; i < sizeof about_body / sizeof *about_body; i++) {
    host_pairs_remove(&request->headers, about_body[i]);
  }
}

/* Changes the request to the one that a redirect asks for. */
static outcome beam_redirect(fetch *f, int status, const host_pair *location) {
  static const char *const secrets[] = {"authorization", "cookie", "cookie2", "www-authenticate", "host"};
  CURLU *before = curl_url_dup(f->url);
  outcome outcome = beam_set_url(f, (bytes){(const uint8_t *)location->value, location->value_size});
  if (outcome == REPLIED && !fetch_url_same_origin(before, f->url)) {
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
      host_pairs_remove(&f->request.headers, secrets[i]);
    }
  }
  curl_url_cleanup(before);
  if (outcome != REPLIED) return outcome;
  bytes method = text_bytes(&f->request.method);
  bool safe = bytes_are(method, "GET") || bytes_are(method, "HEAD");
  if (status == 303 || (status < 303 && !safe)) beam_drop_body(&f->request);
  char *url = fetch_url_part(f->url, CURLUPART_URL, 0);
  text_clear(&f->request.url);
  text_add_string(&f->request.url, url != NULL ? url : "");
  curl_free(url);
  return REPLIED;
}

/* The target of a redirect; NULL if the answer is not a redirect. */
static const host_pair *beam_redirect_target(const host_fetched *fetched) {
  int status = fetched->status;
  bool redirects = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  const host_pair *location = redirects ? host_pairs_find(&fetched->headers, bytes_of("location")) : NULL;
  return location != NULL && location->value_size != 0 ? location : NULL;
}

/* Sends the request and follows redirects. */
static outcome beam_run(fetch *f) {
  for (int redirects = 0;; redirects++) {
    const char *why = fetch_url_refused(&f->h->config, f->url);
    if (why != NULL) return beam_because(f, REFUSED, why);
    outcome outcome = beam_request_once(f);
    bool follows = outcome == REPLIED && !host_does(f->h, HOST_DOES_KEEP_REDIRECTS);
    const host_pair *location = follows ? beam_redirect_target(&f->fetched) : NULL;
    if (location == NULL) return outcome;
    if (redirects == MAX_REDIRECTS) return beam_because(f, BROKEN, "stopped after 10 redirects");
    outcome = beam_redirect(f, f->fetched.status, location);
    if (outcome != REPLIED) return outcome;
  }
}

/* Adds bytes as UTF-8: each byte that is not UTF-8 becomes U+FFFD. Returns the number of those bytes. */
static size_t beam_add_utf8(text *to, bytes b) {
  size_t done = 0, lost = 0;
  for (size_t i = 0; i < b.size;) {
    size_t size = utf8_size(b.data + i, b.size - i);
    if (size == 0) {
      text_add(to, b.data + done, i - done);
      text_add_string(to, "\xef\xbf\xbd");
      done = i + 1;
      lost++;
    }
    i += size != 0 ? size : 1;
  }
  text_add(to, b.data != NULL ? b.data + done : NULL, b.size - done);
  return lost;
}

/* Bytes as a JSON string. */
static json_t *beam_json_text(bytes b) {
  text valid = {0};
  beam_add_utf8(&valid, b);
  json_t *string = json_stringn_nocheck(text_string(&valid), valid.size);
  text_free(&valid);
  return string;
}

/* Adds a header's name in Go's canonical form: `content-type` becomes Content-Type. */
static void beam_add_canonical(text *to, bytes name) {
  size_t begin = to->size;
  bool upper = true;
  beam_add_utf8(to, name);
  if (!http_is_token(name)) return;
  for (char *c = to->data + begin; *c != '\0'; c++) {
    if (upper && *c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
    if (!upper && *c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
    upper = *c == '-';
  }
}

/* Headers as a JSON object; adds to `lost` the number of bytes of values that became U+FFFD. */
static json_t *beam_json_headers(const host_pairs *headers, size_t *lost) {
  json_t *object = json_object();
  text name = {0}, value = {0};
  for (size_t i = 0; i < headers->count; i++) {
    const host_pair *header = &headers->items[i];
    text_clear(&name);
    text_clear(&value);
    beam_add_canonical(&name, (bytes){(const uint8_t *)header->name, header->name_size});
    bytes before = beam_json_bytes(json_object_getn(object, text_string(&name), name.size));
    if (before.data != NULL) {
      text_add(&value, before.data, before.size);
      text_add_string(&value, ", ");
    }
    *lost += beam_add_utf8(&value, (bytes){(const uint8_t *)header->value, header->value_size});
    json_object_setn_new_nocheck(object, text_string(&name), name.size, beam_json_text(text_bytes(&value)));
  }
  text_free(&name);
  text_free(&value);
  return object;
}

/* Logs, with the URL, why there is no answer, or what is wrong with it. */
static void beam_log_fetch(fetch *f, const char *what) {
  text why = {0};
  bool long_url = f->request.url.size > MAX_LOGGED_URL;
  text_add(&why, f->request.url.data, long_url ? MAX_LOGGED_URL : f->request.url.size);
  if (why.size != 0) host_hide_secrets(f->h, text_bytes(&f->request.url), why.data, why.size);
  text_printf(&why, "%s: %s", long_url ? "..." : "", what);
  host_refused(f->h, "beam.fetch", why.data);
  text_free(&why);
}

/* Logs how much of the answer was not UTF-8, with the header that tells why the body is not. */
static void beam_log_lost(fetch *f, size_t of_headers, size_t of_body) {
  static const char *const names[] = {"content-encoding", "content-type"};
  const host_pair *kind = NULL;
  text what = {0};
  for (size_t i = 0; kind == NULL && i < sizeof names / sizeof *names; i++)
    kind = host_pairs_find(&f->fetched.headers, bytes_of(names[i]));
  if (of_body != 0) {
    text_add_string(&what, "the answer's body is not UTF-8");
    if (kind != NULL) text_printf(&what, " (%s: %.100s)", kind->name, kind->value);
    text_printf(&what, ": %zu of %zu bytes became U+FFFD", of_body, f->fetched.body.size);
    beam_log_fetch(f, what.data);
  }
  text_clear(&what);
  text_printf(&what, "the answer's headers are not UTF-8: %zu byte%s became U+FFFD", of_headers,
              of_headers == 1 ? "" : "s");
  if (of_headers != 0) beam_log_fetch(f, what.data);
  text_free(&what);
}

/* Answers the import with the result of the fetch. */
static void beam_answer_fetch(fetch *f, outcome outcome, host_answer *answer) {
  if (outcome == REFUSED) {
    beam_log_fetch(f, f->why.data);
    return;
  }
  text *to = &f->h->answer;
  size_t of_headers = 0, of_body = 0;
  text_clear(to);
  if (outcome == REPLIED) {
    text_printf(to, "{\"status\":%d,\"headers\":", f->fetched.status);
    json_add_to(to, beam_json_headers(&f->fetched.headers, &of_headers), JSON_COMPACT);
    text_add_string(to, ",\"body\":");
    of_body = json_add_string(to, text_bytes(&f->fetched.body));
    if (of_body != 0) text_printf(to, ",\"lossy\":%zu", of_body);
    beam_log_lost(f, of_headers, of_body);
  } else {
    text_add_string(to, "{\"error\":");
    json_add_string(to, text_bytes(&f->why));
  }
  text_add_string(to, "}");
  host_answer_text(f->h, answer);
}

/* Records a finished fetch that began at `begin_ns` of CLOCK_MONOTONIC. */
static void beam_note_fetch(fetch *f, bytes url, outcome outcome, int64_t begin_ns) {
  host_response *r = &f->h->response;
  if (f->h->fetches > f->h->config.max_fetch_requests) return;
  LIST_ROOM(r->fetches, r->fetch_count);
  host_fetch *note = &r->fetches[r->fetch_count++];
  *note = (host_fetch){.told = outcome == REFUSED, .status = outcome == REPLIED ? f->fetched.status : 0};
  note->us = (clock_ns(CLOCK_MONOTONIC) - begin_ns) / CLOCK_NS_PER_US;
  text_add(&note->url, url.data, url.size < HOST_FETCH_URL ? url.size : HOST_FETCH_URL);
  if (note->url.size != 0) host_hide_secrets(f->h, url, note->url.data, note->url.size);
  if (outcome != REPLIED) text_add(&note->why, f->why.data, f->why.size);
}

/* beam_fetch(url, options) -> response. Every call counts towards max_fetch_requests. */
void host_beam_fetch(host *h, const host_arguments *arguments, host_answer *answer) {
  fetch f = {.h = h, .deadline_ms = beam_clock_ms() + h->config.fetch_timeout_ms};
  text_add(&f.request.url, arguments->a.data, arguments->a.size);
  outcome outcome = REPLIED;
  int64_t begin_ns = clock_ns(CLOCK_MONOTONIC);
  if (h->fetches++ >= h->config.max_fetch_requests)
    outcome = beam_because(&f, REFUSED, "over max_fetch_requests");
  if (outcome == REPLIED && h->must_not_wait)
    outcome = beam_because(&f, REFUSED, "too many calls wait for an answer already");
  if (outcome == REPLIED) outcome = beam_parse_options(&f, arguments->b);
  if (outcome == REPLIED) outcome = beam_set_url(&f, arguments->a);
  if (outcome == REPLIED) outcome = beam_run(&f);
  beam_answer_fetch(&f, outcome, answer);
  beam_note_fetch(&f, arguments->a, outcome, begin_ns);
  curl_url_cleanup(f.url);
  host_request_free(&f.request);
  beam_clear_fetched(&f.fetched);
  text_free(&f.fetched.body);
  text_free(&f.why);
}
