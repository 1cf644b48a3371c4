/*
 * page.c - see page.h. The last table lists what there is to ask for.
 */
#include "dev/page.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "flare/flare_json.h"
#include "base/embedded.h"
#include "base/encoding.h"
#include "base/json_bytes.h"
#include "dev/report.h"
#include "dev/stepper.h"
#include "record/replay.h"

/* Of records, RECORDS_MOST and RECORD_BYTES in all are kept; of keys, KEYS_MOST are listed. */
enum { RECORDS_MOST = 200, RECORD_BYTES = 16 << 20, KEYS_MOST = 500 };

enum {
  ACCEPTED = 202,
  BAD_REQUEST = 400,
  NOT_FOUND = 404,
  NOT_ALLOWED = 405,
  CONFLICT = 409,
  TOO_LARGE = 413
};
enum { INTERNAL_ERROR = 500 };

/* A record: its JSON, or what that is made of. */
typedef struct entry {
  text json;
  pool_job *job; /* for its request, log and figures; made once and used again */
  server_record record;
  const char *edge;
  text whole;  /* history.h; empty = it never began */
  size_t size; /* bytes of all that */
} entry;

struct page {
  const page_options *options;
  history *history;
  entry records[RECORDS_MOST]; /* a ring */
  size_t first, count, size;   /* `size`: bytes of all */
  text spare;                  /* a block for the next one */
  stepper *stepper;            /* NULL until it is needed */
};

/* A request for a resource of the page. */
typedef struct question {
  page *page;
  bytes method, query, body;
  const char *argument; /* of the resource in the table */
  control_answer *answer;
} question;

/* ---- answers ---- */

/* Answers a JSON value, which is freed. */
static void page_answer_json(const question *q, json_t *value) {
  json_add_to(&q->answer->body, value, JSON_COMPACT);
}

__attribute__((format(printf, 3, 4))) static void page_refuse(const question *q, int status,
                                                              const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  page_answer_json(q, json_pack("{s:o}", "error", json_vsprintf(format, arguments)));
  va_end(arguments);
  q->answer->status = status;
}

/* Whether the method is `method`. */
static bool page_asks(const question *q, const char *method) { return bytes_are(q->method, method); }

/* ---- what stands behind the '?' ---- */

/* Adds `from` to `to`, its %XX resolved; false when a % has no two digits after it. */
static bool page_resolve(bytes from, text *to) {
  for (size_t i = 0; i < from.size; i++) {
    if (from.data[i] != '%') {
      text_add(to, &from.data[i], 1);
    } else if (from.size - i <= 2 || !hex_decode(to, (bytes){from.data + i + 1, 2})) {
      return false;
    } else {
      i += 2;
    }
  }
  return true;
}

/* Adds the value of a parameter; false when it is not there, or wrong. */
static bool page_find_parameter(bytes query, const char *name, text *value) {
  size_t name_size = strlen(name);
  while (query.size > 0) {
    const uint8_t *end = memchr(query.data, '&', query.size);
    size_t size = end != NULL ? (size_t)(end - query.data) : query.size;
    if (size > name_size && query.data[name_size] == '=' && memcmp(query.data, name, name_size) == 0) {
      return page_resolve((bytes){query.data + name_size + 1, size - name_size - 1}, value);
    }
    size += end != NULL;
    query = (bytes){query.data + size, query.size - size};
  }
  return false;
}

/* ---- the page's files and records ---- */

/* Answers a file; the argument is its name. */
static void page_answer_file(const question *q) {
  text path = {0};
  const char *extension = strrchr(q->argument, '.');
  text_printf(&path, "edge/dev/page/%s", q->argument);
  const bytes *content = embedded_find(path.data);
  q->answer->type = strcmp(extension, ".css") == 0   ? "text/css; charset=utf-8"
                    : strcmp(extension, ".js") == 0  ? "text/javascript; charset=utf-8"
                    : strcmp(extension, ".svg") == 0 ? "image/svg+xml"
                                                     : "text/html; charset=utf-8";
  text_add(&q->answer->body, content->data, content->size);
  text_free(&path);
}

/* Forgets the oldest record. */
static void page_forget(page *p) {
  entry *e = &p->records[p->first];
  p->size -= e->size;
  text_free(&e->json);
  e->job->response.frame_count = 0; /* they are not there */
  host_request_clear(&e->job->request);
  host_response_clear(&e->job->response);
  text_reuse(&e->whole);
  p->first = (p->first + 1) % RECORDS_MOST;
  p->count--;
}

/* A free place for a record of `size` bytes. */
static entry *page_make_room(page *p, size_t size) {
  while (p->count == RECORDS_MOST || (p->count > 0 && p->size + size > RECORD_BYTES)) page_forget(p);
  entry *e = &p->records[(p->first + p->count++) % RECORDS_MOST];
  e->size = size;
  p->size += size;
  return e;
}

void page_prepare(page *p, pool_job *job, const char *file) { history_prepare(p->history, job, file); }

/* Keeps what is there of an invocation. */
static entry *page_keep(page *p, const server_record *record, const char *edge) {
  pool_job *from = record->job;
  text whole = p->spare;
  if (history_take(from, &whole) && record->answer != NULL)
    history_add_answer(&whole, record->status, record->answer);
  p->spare = (text){0};
  size_t size = from->request.url.size + whole.size;
  for (size_t i = 0; i < from->response.line_count; i++) size += from->response.lines[i].line.size;
  for (size_t i = 0; i < from->response.fetch_count; i++) size += from->response.fetches[i].url.size;
  entry *e = page_make_room(p, size);
  if (e->job == NULL) e->job = memory_get(sizeof *e->job);
  host_request request = e->job->request;
  host_response response = e->job->response;
  memcpy(e->job, from,
         offsetof(pool_job, used)); /* not the last calls: they are shown of a failed one alone */
  memcpy(e->job->used, from->used, from->used_count * sizeof *from->used);
  e->job->recent_count = 0;
  e->job->excerpt = (text){0}; /* it is the job's, and empty */
  e->record = *record;
  e->record.job = e->job;
  e->record.answer = NULL;
  e->edge = edge;
  p->spare = e->whole; /* its memory serves the next one */
  e->whole = whole;
  e->job->request = (host_request){
      .method = from->request.method,
      .url = from->request.url,
      .event = {.type = from->request.event.type,
                .conn_id = from->request.event.conn_id,
                .data = {.size = from->request.event.data.size}}, /* how much it was, without it */
  };
  e->job->response = (host_response){.status = from->response.status,
                                     .lines = from->response.lines,
                                     .line_count = from->response.line_count,
                                     .fetches = from->response.fetches,
                                     .fetch_count = from->response.fetch_count,
                                     .frame_count = from->response.frame_count};
  from->request.method = request.method; /* empty, for the next one */
  from->request.url = request.url;
  from->request.event.conn_id = request.event.conn_id;
  from->response.lines = response.lines;
  from->response.line_count = 0;
  from->response.fetches = response.fetches;
  from->response.fetch_count = 0;
  return e;
}

void page_hold(page *p, const server_record *record, const char *edge) { page_keep(p, record, edge); }

/* Keeps the JSON of an entry, which is freed. */
static void page_keep_json(page *p, entry *e, json_t *report) {
  json_add_to(&e->json, report, JSON_COMPACT);
  p->size += e->json.size;
  e->size += e->json.size;
}

bytes page_add(page *p, const server_record *record, const char *edge, json_t *report) {
  entry *e = page_keep(p, record, edge);
  page_keep_json(p, e, report);
  return text_bytes(&e->json);
}

/* Adds the JSON of a record, which it then keeps. */
static void page_add_record(page *p, entry *e, text *to) {
  if (e->json.size == 0) page_keep_json(p, e, report_json(&e->record, &(report_style){.edge = e->edge}));
  text_add(to, e->json.data, e->json.size);
}

static void page_answer_history(const question *q) {
  page *p = q->page;
  text *body = &q->answer->body;
  text_add_string(body, "{\"records\":[");
  for (size_t i = 0; i < p->count; i++) {
    if (i > 0) text_add_string(body, ",");
    page_add_record(p, &p->records[(p->first + i) % RECORDS_MOST], body);
  }
  text_add_string(body, "]}");
}

/* The entry that the question names, of which all is kept; NULL after saying that there is none. */
static const entry *page_find_entry(const question *q) {
  const page *p = q->page;
  const entry *found = NULL;
  text id = {0}, own = {0};
  bool named = page_find_parameter(q->query, "id", &id);
  for (size_t i = 0; named && i < p->count; i++) {
    const entry *e = &p->records[(p->first + i) % RECORDS_MOST];
    text_clear(&own);
    text_printf(&own, "%" PRIu64, e->job->id);
    if (e->whole.size != 0 && strcmp(own.data, text_string(&id)) == 0) found = e;
  }
  text_free(&id);
  text_free(&own);
  if (found == NULL)
    page_refuse(q, NOT_FOUND, "this request is not kept any more: the last %d are, up to %d MiB in all",
                RECORDS_MOST, RECORD_BYTES >> 20);
  return found;
}

/* Makes the record of an entry, which lends it method, URL and log; for close_record. */
static void page_open_record(const entry *e, recording *r) {
  history_read(text_bytes(&e->whole), r);
  r->request.method = e->job->request.method;
  r->request.url = e->job->request.url;
  r->response.lines = e->job->response.lines;
  r->response.line_count = e->job->response.line_count;
}

static void page_close_record(recording *r) {
  r->request.method = r->request.url = (text){0};
  r->response.lines = NULL;
  r->response.line_count = 0;
  record_free(r);
}

/* Answers all that is kept of an invocation. */
static void page_answer_record(const question *q) {
  const entry *e = page_find_entry(q);
  recording r;
  if (e == NULL) return;
  page_open_record(e, &r);
  record_write(&r, false, &q->answer->body, NULL);
  page_close_record(&r);
}

/* Answers a spec of an invocation. */
static void page_answer_spec(const question *q) {
  const page_options *o = q->page->options;
  const entry *e = page_find_entry(q);
  recording r;
  text spec = {0}, error = {0};
  if (e == NULL) return;
  page_open_record(e, &r);
  if (r.cut || r.request_left + r.response_left + r.value_left != 0) {
    page_refuse(
        q, CONFLICT,
        "it is too large to be kept in whole: flaron-lua dev --record, then flaron-lua replay --spec");
  } else if (o->make_spec(&r, &spec, &error)) {
    page_answer_json(q, json_pack("{s:o}", "spec", json_shown(text_bytes(&spec))));
  } else {
    page_refuse(q, CONFLICT, "%s", text_string(&error));
  }
  page_close_record(&r);
  text_free(&spec);
  text_free(&error);
}

/* ---- steps ---- */

/* The number that a parameter has; 0 when there is none. */
static uint64_t page_find_number(const question *q, const char *name) {
  text word = {0};
  uint64_t number = page_find_parameter(q->query, name, &word) ? strtoull(text_string(&word), NULL, 10) : 0;
  text_free(&word);
  return number;
}

/* The flare that answered a record, which the caller releases; NULL when it was packed anew since. */
static pool_flare *page_find_flare(const page *p, const recording *r) {
  const page_options *o = p->options;
  for (size_t i = 0; i < o->flare_count; i++) {
    pool_flare *f = reload_flare(o->flares[i].reload, o->edge);
    char hash[POOL_HASH_SIZE];
    if (f == NULL) continue;
    pool_flare_hash(f, hash);
    if (strcmp(hash, r->hash) == 0) return f;
    pool_flare_release(f);
  }
  return NULL;
}

/* Has a question about an entry answered; false after saying why not. */
static bool page_ask_steps(const question *q, const entry *e) {
  page *p = q->page;
  recording r;
  stepper_question asked = {.event = page_find_number(q, "at"),
                            .before = page_find_number(q, "before"),
                            .level = (int)page_find_number(q, "level"),
                            .backwards = page_find_number(q, "backwards") != 0};
  page_open_record(e, &r);
  bool whole = !r.cut && r.request_left + r.value_left == 0;
  asked.flare = whole ? page_find_flare(p, &r) : NULL;
  page_close_record(&r);
  if (!whole) {
    page_refuse(q, CONFLICT,
                "it is too large to be kept in whole: send the request again while this page is open");
  } else if (asked.flare == NULL) {
    page_refuse(q, CONFLICT, "the flare has changed since: send the request again");
  } else {
    asked.kind = page_find_parameter(q->query, "change", &asked.name) ? STEPS_CHANGE
                 : page_find_parameter(q->query, "find", &asked.text) ? STEPS_FIND
                 : asked.event != 0                                   ? STEPS_AT
                                                                      : STEPS_LINES;
    text_add(&asked.key, q->query.data, q->query.size);
    text_add(&asked.packed, text_string(&e->whole), e->whole.size);
    text_add(&asked.method, text_string(&e->job->request.method), e->job->request.method.size);
    text_add(&asked.url, text_string(&e->job->request.url), e->job->request.url.size);
    stepper_ask(p->stepper, &asked);
    return true;
  }
  return false;
}

/* Answers a question about the steps of an invocation, when its answer is there. */
static void page_answer_steps(const question *q) {
  page *p = q->page;
  text answer = {0};
  const entry *e = page_find_entry(q);
  if (e == NULL) return;
  if (p->stepper == NULL) p->stepper = stepper_new();
  stepper_state state = stepper_find(p->stepper, q->query, &answer);
  if (state == STEPPER_READY) {
    text_add(&q->answer->body, text_string(&answer), answer.size);
  } else if (state == STEPPER_FAILED) {
    page_refuse(q, CONFLICT, "%s", text_string(&answer));
  } else if (state == STEPPER_LATER || page_ask_steps(q, e)) {
    page_answer_json(q, json_object());
    q->answer->status = ACCEPTED;
  }
  text_free(&answer);
}

static void page_answer_imports(const question *q) {
  json_t *names = json_object();
  for (int i = 0; i < HOST_IMPORTS; i++) {
    text name = {0};
    replay_add_name(&name, (host_import)i);
    json_object_set_new(names, host_signatures[i].name, json_string(name.data));
    text_free(&name);
  }
  page_answer_json(q, names);
}

/* ---- flares ---- */

static json_t *page_describe(pool_flare *f) {
  json_t *about = flare_json(pool_flare_get(f));
  char hash[POOL_HASH_SIZE];
  pool_flare_hash(f, hash);
  json_object_set_new(about, "sha256", json_string(hash));
  return about;
}

/* The secrets that a flare may use, and those that it may not, by name; never what they are. */
static json_t *page_list_secrets(const host_config *config) {
  json_t *list = json_array();
  for (size_t i = 0; !config->all_secrets && i < config->allowed_secret_count; i++) {
    bytes name = bytes_of(config->allowed_secrets[i]);
    json_array_append_new(list, json_pack("{s:o, s:b, s:b}", "name", json_shown(name), "set",
                                          host_secret_is_set(config, name), "allowed", true));
  }
  for (size_t i = 0; i < config->secret_count; i++) {
    bytes name = bytes_of(config->secrets[i].name);
    bool allowed = host_secret_allowed(config, name);
    if (allowed && !config->all_secrets) continue; /* it is listed */
    json_array_append_new(list, json_pack("{s:o, s:b, s:b}", "name", json_shown(name), "set",
                                          host_secret_is_set(config, name), "allowed", allowed));
  }
  return list;
}

static void page_answer_flares(const question *q) {
  const page_options *o = q->page->options;
  json_t *flares = json_array();
  for (size_t i = 0; i < o->flare_count; i++) {
    const page_flare *f = &o->flares[i];
    text error = {0}, route = {0};
    pool_flare *last = reload_flare(f->reload, o->edge);
    json_t *item = json_pack("{s:o}", "path", json_shown(bytes_of(f->path)));
    if (f->route != NULL) {
      text_printf(&route, "%s%s", f->route->pattern, f->route->prefix ? "*" : "");
      json_object_set_new(item, "route", json_shown(text_bytes(&route)));
    }
    if (reload_error(f->reload, &error, NULL))
      json_object_set_new(item, "error", json_shown(text_bytes(&error)));
    if (last != NULL) {
      json_object_set_new(item, "flare", page_describe(last));
      json_object_set_new(item, "secrets", page_list_secrets(pool_flare_config(last)));
      pool_flare_release(last);
    }
    json_array_append_new(flares, item);
    text_free(&error);
    text_free(&route);
  }
  json_t *pages = json_array();
  for (int i = 0; i < o->port_count; i++) json_array_append_new(pages, json_integer(o->ports[i]));
  page_answer_json(q, json_pack("{s:o, s:s*, s:s, s:i, s:b, s:o, s:o}", "name", json_shown(bytes_of(o->name)),
                                "edge", o->edge_name, "host", o->host, "port", *o->port, "https", o->https,
                                "flares", flares, "pages", pages));
}

/* ---- stores ---- */

/* Says why a call did not go well. */
static void page_refuse_call(const question *q, kv k, bytes key, store_result result) {
  int status = result == STORE_ABSENT   ? NOT_FOUND
               : result == STORE_QUOTA  ? TOO_LARGE
               : result == STORE_FAILED ? INTERNAL_ERROR
                                        : CONFLICT;
  text message = {0};
  kv_explain(k, key, result, &message);
  page_refuse(q, status, "%s", text_string(&message));
  text_free(&message);
}

static void page_answer_list(const question *q, kv k) {
  text prefix = {0};
  size_t total;
  json_t *keys;
  uint64_t size = 0;
  page_find_parameter(q->query, "prefix", &prefix);
  store_result result = kv_list(k, text_bytes(&prefix), KEYS_MOST, &total, &keys);
  if (result == STORE_OK && !k.plasma) result = store_spark_bytes(k.store, &size);
  if (result == STORE_OK) {
    json_t *list = json_pack("{s:O, s:I}", "keys", keys, "total", (json_int_t)total);
    if (!k.plasma) {
      json_object_set_new(list, "bytes", json_integer((json_int_t)size));
      json_object_set_new(list, "quota", json_integer((json_int_t)host_config_default().spark_quota_bytes));
    }
    page_answer_json(q, list);
  } else {
    page_refuse_call(q, k, (bytes){0}, result);
  }
  json_decref(keys);
  text_free(&prefix);
}

static void page_answer_value(const question *q, kv k, bytes key) {
  text value = {0}, base64 = {0};
  uint32_t ttl_s;
  bool counter = false;
  store_result result = kv_get(k, key, &value, &ttl_s);
  if (result == STORE_OK && k.plasma) result = store_plasma_is_counter(k.store, key, &counter);
  if (result == STORE_OK) {
    json_t *about = json_pack("{s:s#, s:I, s:I, s:b}", "key", key.data, (int)key.size, "bytes",
                              (json_int_t)value.size, "ttl", (json_int_t)ttl_s, "counter", counter);
    json_t *string = json_stringn(text_string(&value), value.size); /* NULL when it is not UTF-8 */
    if (string == NULL) base64_encode(&base64, text_bytes(&value));
    json_object_set_new(about, string != NULL ? "text" : "base64",
                        string != NULL ? string : json_string(text_string(&base64)));
    page_answer_json(q, about);
  } else {
    page_refuse_call(q, k, key, result);
  }
  text_free(&value);
  text_free(&base64);
}

/* The most bytes of a value that one of the flares at these stores may write. */
static size_t page_find_most(const page_options *o) {
  size_t most = 0;
  for (size_t i = 0; i < o->flare_count; i++) {
    pool_flare *f = reload_flare(o->flares[i].reload, o->edge);
    if (f == NULL) continue;
    size_t own = pool_flare_config(f)->max_kv_value_bytes;
    if (own > most) most = own;
    pool_flare_release(f);
  }
  return most > 0 ? most : host_config_default().max_kv_value_bytes; /* none could be packed yet */
}

/* Reads the value that a PUT brings; false after saying what is wrong. */
static bool page_read_value(const question *q, const json_t *body, text *value) {
  const json_t *string = json_object_get(body, "text"), *base64 = json_object_get(body, "base64");
  text fault = {0};
  if (json_is_string(string) == json_is_string(base64)) {
    page_refuse(q, BAD_REQUEST, "\"text\" or \"base64\" is expected, a string");
    return false;
  }
  if (json_is_string(string)) {
    text_add(value, json_string_value(string), json_string_length(string));
  } else if (!base64_decode(value, bytes_of(json_string_value(base64)))) {
    page_refuse(q, BAD_REQUEST, "the value is no base64: letters, digits, + and /, padded by =");
    return false;
  }
  bool fits = kv_check_size(value->size, page_find_most(q->page->options), &fault);
  if (!fits) page_refuse(q, TOO_LARGE, "%s", text_string(&fault));
  text_free(&fault);
  return fits;
}

/* Changes a counter by the number in `word`; false after saying why not. */
static bool page_put_counter(const question *q, kv k, bytes key, const char *word) {
  int64_t total;
  char *end;
  errno = 0;
  long long delta = strtoll(word, &end, 10);
  if (end == word || *end != '\0' || errno != 0) {
    page_refuse(q, BAD_REQUEST, "a counter is changed by a whole number of 64 bits, not by '%s'", word);
    return false;
  }
  store_result result = kv_add(k, key, delta, &total);
  if (result != STORE_OK) page_refuse_call(q, k, key, result);
  return result == STORE_OK;
}

/* Sets the value that `body` tells; false after saying why not. */
static bool page_put_value(const question *q, kv k, bytes key, const json_t *body) {
  const json_t *ttl = json_object_get(body, "ttl");
  text value = {0};
  bool good = ttl == NULL || (!k.plasma && json_is_integer(ttl) && json_integer_value(ttl) >= 0 &&
                              json_integer_value(ttl) <= STORE_TTL_MAX_S);
  if (!good) {
    page_refuse(q, BAD_REQUEST,
                "the time to live is a whole number of seconds from 0 (for ever) to %d, in spark",
                STORE_TTL_MAX_S);
  } else if ((good = page_read_value(q, body, &value))) {
    store_result result = kv_set(k, key, text_bytes(&value), (uint32_t)json_integer_value(ttl));
    good = result == STORE_OK;
    if (!good) page_refuse_call(q, k, key, result);
  }
  text_free(&value);
  return good;
}

static void page_put(const question *q, kv k, bytes key) {
  json_error_t fault;
  json_t *body = json_loadb((const char *)q->body.data, q->body.size, JSON_ALLOW_NUL, &fault);
  const char *add = json_string_value(json_object_get(body, "add"));
  bool good = json_is_object(body);
  if (!good) {
    page_refuse(q, BAD_REQUEST, "a JSON object is expected: %s",
                body == NULL ? fault.text : "not another value");
  } else {
    good = add != NULL && k.plasma ? page_put_counter(q, k, key, add) : page_put_value(q, k, key, body);
  }
  json_decref(body);
  if (good) page_answer_value(q, k, key);
}

static void delete (const question *q, kv k, bytes key) {
  store_result result = kv_delete(k, key);
  if (result == STORE_OK) {
    page_answer_json(q, json_object());
  } else {
    page_refuse_call(q, k, key, result);
  }
}

/* Answers what concerns a store; the argument is its name. */
static void page_answer_kv(const question *q) {
  kv k = {q->page->options->store, strcmp(q->argument, "plasma") == 0};
  text key = {0};
  bool one = page_find_parameter(q->query, "key", &key);
  if (!one && page_asks(q, "GET")) {
    page_answer_list(q, k);
  } else if (!store_key_valid(text_bytes(&key))) {
    page_refuse(q, BAD_REQUEST, "this is no key: " KV_KEY_RULE);
  } else if (page_asks(q, "GET")) {
    page_answer_value(q, k, text_bytes(&key));
  } else if (page_asks(q, "PUT")) {
    page_put(q, k, text_bytes(&key));
  } else {
    delete (q, k, text_bytes(&key));
  }
  text_free(&key);
}

/* ---- all there is ---- */

typedef struct resource {
  const char *path, *argument;
  bool changes; /* takes PUT and DELETE, not only GET */
  void (*answer)(const question *q);
} resource;

static const resource resources[] = {
    {"", "index.html", false, page_answer_file},
    {"page.css", "page.css", false, page_answer_file},
    {"page.js", "page.js", false, page_answer_file},
    {"icon.svg", "icon.svg", false, page_answer_file},
    {"elements.js", "elements.js", false, page_answer_file},
    {"bytes.js", "bytes.js", false, page_answer_file},
    {"record.js", "record.js", false, page_answer_file},
    {"plots.js", "plots.js", false, page_answer_file},
    {"socket.js", "socket.js", false, page_answer_file},
    {"steps.js", "steps.js", false, page_answer_file},
    {"steps.css", "steps.css", false, page_answer_file},
    {"history", NULL, false, page_answer_history},
    {"record", NULL, false, page_answer_record},
    {"spec", NULL, false, page_answer_spec},
    {"steps", NULL, false, page_answer_steps},
    {"imports", NULL, false, page_answer_imports},
    {"flares", NULL, false, page_answer_flares},
    {"kv/spark", "spark", true, page_answer_kv},
    {"kv/plasma", "plasma", true, page_answer_kv},
};

bool page_control(page *p, bytes method, bytes path, bytes query, bytes body, control_answer *answer) {
  history_watch(p->history);
  for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
    const resource *r = &resources[i];
    if (!bytes_are(path, r->path)) continue;
    if (bytes_are(method, "HEAD")) method = bytes_of("GET");
    question q = {p, method, query, body, r->argument, answer};
    if (page_asks(&q, "GET") || (r->changes && (page_asks(&q, "PUT") || page_asks(&q, "DELETE")))) {
      r->answer(&q);
    } else {
      page_refuse(&q, NOT_ALLOWED, "this answers GET%s", r->changes ? ", PUT and DELETE" : " only");
    }
    return true;
  }
  return false;
}

page *page_new(const page_options *options) {
  page *p = memory_get(sizeof *p);
  p->options = options;
  p->history = history_new(options->write, options->write_data);
  return p;
}

void page_free(page *p) {
  while (p->count > 0) page_forget(p);
  for (int i = 0; i < RECORDS_MOST; i++) {
    pool_job *job = p->records[i].job;
    if (job == NULL) continue;
    host_request_free(&job->request);
    host_response_free(&job->response);
    free(job);
    text_free(&p->records[i].whole);
  }
  text_free(&p->spare);
  if (p->stepper != NULL) stepper_free(p->stepper);
  history_free(p->history);
  free(p);
}
