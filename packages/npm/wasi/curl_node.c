/*
 * curl_node.c - as much of libcurl as edge/host asks for to make a request, by Node (lib/node.js). URLs and
 * lists of lines are libcurl's own code. There is one request at a time, which is made and waited for by
 * curl_multi_perform.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/text.h"
#include "node.h"

/* A request. Owned; what options name is borrowed but `method`. */
typedef struct request {
  CURLU *url;
  const char *agent, *body;
  curl_off_t body_size;
  char *method;
  long timeout_ms;
  bool no_body;
  const struct curl_slist *lines;
  curl_write_callback take_line, take_body;
  void *line_data, *body_data;
  char *message; /* of CURL_ERROR_SIZE bytes */
} request;

/* What a multi handle is: the one request that was added, and what became of it. */
typedef struct requests {
  request *added;
  CURLMsg result;
  bool done;
} requests;

CURLcode curl_global_init(long flags) {
  (void)flags;
  return CURLE_OK;
}

/* The authorities are Node's: a place that is built in keeps edge/host from looking for others. */
curl_version_info_data *curl_version_info(CURLversion age) {
  static curl_version_info_data about = {.cainfo = ""};
  (void)age;
  return &about;
}

CURL *curl_easy_init(void) { return memory_get(sizeof(request)); }

void curl_easy_cleanup(CURL *curl) {
  request *r = curl;
  if (r != NULL) free(r->method);
  free(r);
}

#undef curl_easy_setopt
CURLcode curl_easy_setopt(CURL *curl, CURLoption option, ...) {
  request *r = curl;
  va_list value;
  va_start(value, option);
  switch (option) {
    case CURLOPT_CURLU: r->url = va_arg(value, CURLU *); break;
    case CURLOPT_USERAGENT: r->agent = va_arg(value, const char *); break;
    case CURLOPT_TIMEOUT_MS: r->timeout_ms = va_arg(value, long); break;
    case CURLOPT_HEADERFUNCTION: r->take_line = va_arg(value, curl_write_callback); break;
    case CURLOPT_HEADERDATA: r->line_data = va_arg(value, void *); break;
    case CURLOPT_WRITEFUNCTION: r->take_body = va_arg(value, curl_write_callback); break;
    case CURLOPT_WRITEDATA: r->body_data = va_arg(value, void *); break;
    case CURLOPT_ERRORBUFFER: r->message = va_arg(value, char *); break;
    case CURLOPT_HTTPHEADER: r->lines = va_arg(value, const struct curl_slist *); break;
    case CURLOPT_NOBODY: r->no_body = va_arg(value, long) != 0; break;
    case CURLOPT_POSTFIELDSIZE_LARGE: r->body_size = va_arg(value, curl_off_t); break;
    case CURLOPT_POSTFIELDS: r->body = va_arg(value, const char *); break;
    case CURLOPT_CUSTOMREQUEST:
      free(r->method);
      r->method = memory_copy(bytes_of(va_arg(value, const char *)));
      break;
    default: break; /* protocols, proxies, sockets: as Node has them */
  }
  va_end(value);
  return CURLE_OK;
}

/* Adds a header line of a list: "Name:" is none, and "Name;" one without a value. */
static void add_line(text *to, const char *line) {
  size_t size = strlen(line);
  if (size == 0 || line[size - 1] == ':') return;
  bool empty = line[size - 1] == ';' && strchr(line, ':') == NULL;
  text_printf(to, "%.*s%s\n", (int)(empty ? size - 1 : size), line, empty ? ": " : "");
}

/* Writes what node_fetch takes. */
static void write_request(const request *r, text *to) {
  char *url = NULL;
  curl_url_get(r->url, CURLUPART_URL, &url, CURLU_NO_DEFAULT_PORT);
  text_printf(to, "%s\n%s\n%ld\n",
              r->no_body          ? "HEAD"
              : r->method != NULL ? r->method
                                  : "GET",
              url != NULL ? url : "", r->timeout_ms);
  curl_free(url);
  text_printf(to, "User-Agent: %s\n", r->agent);
  if (r->body != NULL) text_printf(to, "Content-Length: %lld\n", (long long)r->body_size);
  for (const struct curl_slist *line = r->lines; line != NULL; line = line->next) add_line(to, line->data);
  text_add_string(to, "\n");
  if (r->body != NULL) text_add(to, r->body, (size_t)r->body_size);
}

/* Hands the head of an answer over, line by line, and then its body. */
static CURLcode hand_over(const request *r, char *at, char *end) {
  bool over = false;
  while (!over) {
    char *feed = memchr(at, '\n', (size_t)(end - at));
    if (feed == NULL) return CURLE_WEIRD_SERVER_REPLY;
    size_t size = (size_t)(feed + 1 - at);
    over = size == 2;
    if (r->take_line(at, 1, size, r->line_data) != size) return CURLE_WRITE_ERROR;
    at += size;
  }
  size_t size = (size_t)(end - at);
  return size == 0 || r->take_body(at, 1, size, r->body_data) == size ? CURLE_OK : CURLE_WRITE_ERROR;
}

/* Makes the request and waits for its answer. */
static CURLcode perform(const request *r) {
  text asked = {0}, answer = {0};
  write_request(r, &asked);
  node_take(text_room(&answer, node_fetch(asked.data, (uint32_t)asked.size)));
  text_free(&asked);
  CURLcode code = CURLE_COULDNT_CONNECT;
  char *kind = answer.data;
  if (*kind == 'A') code = hand_over(r, kind + 1, kind + answer.size);
  if (*kind == 'T') code = CURLE_OPERATION_TIMEDOUT;
  if (*kind == 'N') code = CURLE_COULDNT_RESOLVE_HOST;
  if (*kind != 'A') strncpy(r->message, kind + 1, CURL_ERROR_SIZE - 1);
  text_free(&answer);
  return code;
}

CURLM *curl_multi_init(void) { return memory_get(sizeof(requests)); }

CURLMcode curl_multi_cleanup(CURLM *multi) {
  free(multi);
  return CURLM_OK;
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *curl) {
  *(requests *)multi = (requests){.added = curl};
  return CURLM_OK;
}

CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *curl) {
  (void)curl;
  *(requests *)multi = (requests){0};
  return CURLM_OK;
}

CURLMcode curl_multi_perform(CURLM *multi, int *running) {
  requests *all = multi;
  all->result.msg = CURLMSG_DONE;
  all->result.data.result = perform(all->added);
  all->done = true;
  *running = 0;
  return CURLM_OK;
}

CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd *extra, unsigned count, int timeout_ms,
                          int *ready) {
  (void)multi, (void)extra, (void)count, (void)timeout_ms, (void)ready;
  return CURLM_OK;
}

CURLMsg *curl_multi_info_read(CURLM *multi, int *left) {
  requests *all = multi;
  *left = 0;
  return all->done ? &all->result : NULL;
}
