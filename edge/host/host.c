/*
 * host.c - creates and frees hosts, and has what the import_*.c files share. The imports are listed in
 * host_call.c.
 */
#include "host/host.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "base/json_bytes.h"
#include "base/list.h"
#include "store/store.h"

/* Copies name and value into the block of a pair. */
static void host_pair_set(host_pair *pair, bytes name, bytes value) {
  size_t size = name.size + 1 + value.size + 1;
  if (size > pair->room) {
    free(pair->name);
    pair->name = memory_resize(NULL, size);
    pair->room = size;
  }
  pair->value = pair->name + name.size + 1;
  if (name.size != 0) memcpy(pair->name, name.data, name.size);
  if (value.size != 0) memcpy(pair->value, value.data, value.size);
  pair->name[name.size] = pair->value[value.size] = '\0';
  pair->name_size = name.size;
  pair->value_size = value.size;
}

/* Makes room for more pairs. */
static void host_grow(host_pairs *pairs) {
  enum { FEW = 8 };
  size_t capacity = pairs->capacity != 0 ? 2 * pairs->capacity : FEW;
  pairs->items = memory_resize(pairs->items, capacity * sizeof *pairs->items);
  memset(pairs->items + pairs->capacity, 0, (capacity - pairs->capacity) * sizeof *pairs->items);
  pairs->capacity = capacity;
}

void host_pairs_set(host_pairs *pairs, bytes name, bytes value, bool overwrite) {
  host_pair *pair = overwrite ? (host_pair *)host_pairs_find(pairs, name) : NULL;
  if (pair == NULL) {
    if (pairs->count == pairs->capacity) host_grow(pairs);
    pair = &pairs->items[pairs->count++];
  } else {
    pairs->size -= pair->name_size + pair->value_size;
  }
  host_pair_set(pair, name, value);
  pairs->size += name.size + value.size;
}

void host_pairs_join(host_pairs *pairs, bytes name, bytes value) {
  const host_pair *before = host_pairs_find(pairs, name);
  bool length = bytes_same_ignoring_case(name, bytes_of("content-length"));
  if (length) value = http_next_element(&value);
  if (before == NULL) {
    host_pairs_set(pairs, name, value, false);
    return;
  }
  if (length) return;
  text list = {0};
  text_add(&list, before->value, before->value_size);
  text_add_string(&list, bytes_same_ignoring_case(name, bytes_of("cookie")) ? "; " : ", ");
  text_add(&list, value.data, value.size);
  host_pairs_set(pairs, name, text_bytes(&list), true);
  text_free(&list);
}

const host_pair *host_pairs_find(const host_pairs *pairs, bytes name) {
  for (size_t i = 0; i < pairs->count; i++) {
    bytes other = {(const uint8_t *)pairs->items[i].name, pairs->items[i].name_size};
    if (bytes_same_ignoring_case(name, other)) return &pairs->items[i];
  }
  return NULL;
}

void host_pairs_filter(host_pairs *pairs, bool (*keep)(void *data, const host_pair *pair), void *data) {
  size_t kept = 0;
  for (size_t i = 0; i < pairs->count; i++) {
    host_pair pair = pairs->items[i];
    if (!keep(data, &pair)) {
      pairs->size -= pair.name_size + pair.value_size;
      continue;
    }
    pairs->items[i] = pairs->items[kept]; /* the block of one that goes is kept for reuse */
    pairs->items[kept++] = pair;
  }
  pairs->count = kept;
}

/* host_pairs_filter: keeps what is not called `name`. */
static bool has_other_name(void *name, const host_pair *pair) {
  return !bytes_same_ignoring_case((bytes){(const uint8_t *)pair->name, pair->name_size}, bytes_of(name));
}

void host_pairs_remove(host_pairs *pairs, const char *name) {
  host_pairs_filter(pairs, has_other_name, (void *)name);
}

void host_pairs_free(host_pairs *pairs) {
  for (size_t i = 0; i < pairs->capacity; i++) free(pairs->items[i].name);
  free(pairs->items);
  *pairs = (host_pairs){0};
}

/* Empties a list but keeps the blocks of its pairs, unless they are large or the list is long. */
static void host_pairs_clear(host_pairs *pairs) {
  enum { LARGE = 1024, MANY = 64 };
  if (pairs->capacity > MANY) host_pairs_free(pairs);
  for (size_t i = 0; i < pairs->count; i++) {
    if (pairs->items[i].room <= LARGE) continue;
    free(pairs->items[i].name);
    pairs->items[i] = (host_pair){0};
  }
  pairs->count = pairs->size = 0;
}

void host_request_free(host_request *request) {
  text_free(&request->method);
  text_free(&request->url);
  text_free(&request->body);
  host_pairs_free(&request->headers);
  text_free(&request->event.conn_id);
  text_free(&request->event.data);
}

void host_request_clear(host_request *request) {
  text_reuse(&request->method);
  text_reuse(&request->url);
  text_reuse(&request->body);
  host_pairs_clear(&request->headers);
  text_reuse(&request->event.conn_id);
  text_reuse(&request->event.data);
  request->event.type = NULL;
  request->event.close_code = 0;
}

const char *host_level_name(host_level level) {
  static const char *const names[] = {"info", "warn", "error"};
  return names[level];
}

host_config host_config_default(void) {
  return (host_config){
#define FLARON_LIMIT(name, type, value, set_by) .name = value,
#include "host/limits.def"
#undef FLARON_LIMIT
      .requires_body = true,
      .all_secrets = true,
      .machine_id = 1,
      .writes_spark_kv = true,
      .writes_plasma_kv = true,
      .all_fetch_urls = true,
  };
}

static void host_clear_response(host_response *response) {
  host_pairs_clear(&response->headers);
  text_reuse(&response->body);
  response->status = 200;
  response->action = HOST_RESPOND;
  for (size_t i = 0; i < response->frame_count; i++) text_free(&response->frames[i]);
  response->frame_count = response->frame_bytes = 0;
  response->close_code = 0;
  text_reuse(&response->error);
  text_reuse(&response->locals);
}

/* Clears the parts of a response that report the invocation rather than the answer. */
static void host_lines_clear(host_response *response) {
  for (size_t i = 0; i < response->line_count; i++) text_free(&response->lines[i].line);
  response->line_count = 0;
  for (size_t i = 0; i < response->fetch_count; i++) {
    text_free(&response->fetches[i].url);
    text_free(&response->fetches[i].why);
  }
  response->fetch_count = 0;
}

void host_begin(host *h, const host_request *request) {
  h->request = request;
  h->log_lines = h->refused_lines = 0;
  memset(h->usage, 0, sizeof h->usage);
  h->call_count = 0;
  h->spark_reads = h->spark_writes = h->spark_pulls = h->plasma_writes = h->fetches = 0;
  host_clear_response(&h->response);
  host_lines_clear(&h->response);
}

void host_log(host *h, host_level level, const char *line, size_t size) {
  host_response *r = &h->response;
  LIST_ROOM(r->lines, r->line_count);
  r->lines[r->line_count] = (host_line){.level = level};
  text_add(&r->lines[r->line_count++].line, line, size);
}

static const char failure_type[] = "text/plain; charset=utf-8", failure_body[] = "Internal Server Error";
enum { FAILURE_STATUS = 500 };

void host_fail(host *h) {
  host_clear_response(&h->response);
  h->response.status = FAILURE_STATUS;
  host_pairs_set(&h->response.headers, bytes_of("content-type"), bytes_of(failure_type), true);
  text_add_string(&h->response.body, failure_body);
}

bool host_is_failure(const host_response *response) {
  const host_pair *type = host_pairs_find(&response->headers, bytes_of("content-type"));
  return response->action == HOST_RESPOND && response->status == FAILURE_STATUS &&
         response->headers.count == 1 && type != NULL && strcmp(type->value, failure_type) == 0 &&
         bytes_are(text_bytes(&response->body), failure_body);
}

void host_take_response(host *h, host_response *response) {
  host_response taken = h->response;
  h->response = *response;
  *response = taken;
  text_reuse(&h->answer);
}

void host_response_clear(host_response *response) {
  host_clear_response(response);
  host_lines_clear(response);
}

void host_response_free(host_response *response) {
  host_response_clear(response);
  host_pairs_free(&response->headers);
  free(response->lines);
  free(response->fetches);
  free(response->frames);
  text_free(&response->body);
  text_free(&response->error);
  text_free(&response->locals);
  *response = (host_response){0};
}

void host_free(host *h) {
  host_response_free(&h->response);
  text_free(&h->answer);
  if (h->fetching.free != NULL) h->fetching.free(h->fetching.state);
  *h = (host){0};
}

void host_answer_bytes(host_answer *answer, bytes b) {
  answer->present = b.size != 0; /* an empty value cannot be passed: it looks absent */
  answer->data = b;
}

void host_answer_text(host *h, host_answer *answer) { host_answer_bytes(answer, text_bytes(&h->answer)); }

void host_answer_json(host *h, host_answer *answer, json_t *value) {
  text_clear(&h->answer);
  json_add_to(&h->answer, value, JSON_COMPACT);
  host_answer_text(h, answer);
}

void host_add_key(void *array, bytes key) {
  json_array_append_new(array, json_stringn((const char *)key.data, key.size));
}

void host_answer_keys(host *h, host_answer *answer, const char *what, int result, json_t *keys) {
  if (result == STORE_OK) {
    host_answer_json(h, answer, keys);
    return;
  }
  text why = {0};
  text_printf(&why, "more than %zu keys, as many are allowed", h->config.max_list_keys);
  if (result == STORE_QUOTA) host_refused(h, what, text_string(&why));
  if (result == STORE_FAILED) host_store_failed(h, what);
  text_free(&why);
  json_decref(keys);
}

void host_refused(host *h, const char *what, const char *why) {
  if (h->refused_lines++ >= h->config.max_log_lines) return; /* a loop in a flare must not fill our memory */
  text line = {0};
  text_printf(&line, "%s: %s", what, why);
  host_log(h, HOST_WARN, line.data, line.size);
  text_free(&line);
}

/* Whether the log has a line. */
static bool host_is_logged(const host_response *r, bytes line) {
  for (size_t i = 0; i < r->line_count; i++) {
    bytes other = text_bytes(&r->lines[i].line);
    if (other.size == line.size && memcmp(other.data, line.data, line.size) == 0) return true;
  }
  return false;
}

void host_withheld(host *h, const char *format, ...) {
  text line = {0};
  va_list values;
  if (h->refused_lines >= h->config.max_log_lines) return;
  va_start(values, format);
  text_vprintf(&line, format, values);
  va_end(values);
  if (!host_is_logged(&h->response, text_bytes(&line))) {
    h->refused_lines++;
    host_log(h, HOST_WARN, line.data, line.size);
  }
  text_free(&line);
}

void host_no_capability(host *h, const char *what, const char *right) {
  host_withheld(h, "%s: no capability: flare.lua has no %s = true", what, right);
}

void host_store_failed(host *h, const char *what) {
  text why = {0};
  store_message(h->config.store, &why);
  host_refused(h, what, text_string(&why));
  text_free(&why);
}
