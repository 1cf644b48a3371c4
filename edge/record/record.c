/*
 * record.c - see record.h.
 */
#include "record/record.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json_bytes.h"
#include "base/list.h"
#include "record/redact.h"

static const char *const action_names[] = {
    [HOST_RESPOND] = "RESPOND", [HOST_TRANSFORM] = "TRANSFORM", [HOST_PASS_THROUGH] = "PASS_THROUGH"};
static const char *const event_names[] = {"open", "message", "close"}; /* in the order of the handlers */
static const char *const credentials[] = {"authorization", "proxy-authorization", "cookie"};

enum { CREDENTIALS = sizeof credentials / sizeof *credentials, LEVELS = HOST_ERROR + 1 };

void record_hash(const flare *f, char hash[RECORD_HASH_SIZE]) {
  text hex = {0};
  digest_add_hex(&hex, text_bytes(&f->wasm));
  memcpy(hash, hex.data, RECORD_HASH_SIZE);
  text_free(&hex);
}

/* ---- the tape ---- */

static record_call *record_add_call(recording *r, host_import import) {
  enum { FIRST = 8 };
  if (r->call_count == r->call_room) {
    r->call_room = r->call_room != 0 ? 2 * r->call_room : FIRST;
    r->calls = memory_resize(r->calls, r->call_room * sizeof *r->calls);
    memset(r->calls + r->call_count, 0, (r->call_room - r->call_count) * sizeof *r->calls);
  }
  record_call *call = &r->calls[r->call_count++];
  call->import = import;
  call->wall_us = -1;
  return call;
}

/* Notes when a call begins that may take time: what the request answers, and output, does not. */
static bool record_begin(host_tape *tape, host_import import, const host_arguments *arguments,
                         host_answer *answer) {
  recording *r = (recording *)tape;
  (void)arguments;
  (void)answer;
  bool at_once = (host_signatures[import].flags & (ABI_LOCAL | ABI_OUTPUT)) != 0;
  r->asked_ns = at_once ? 0 : clock_ns(CLOCK_MONOTONIC);
  return false;
}

/* How many bytes of a value are left out. */
static size_t record_beyond(bytes value, size_t most) { return value.size > most ? value.size - most : 0; }

/* Notes of a call that is left out, or cut, what has to be known of secrets. */
static void record_note_late(recording *r, host_import import, bool present) {
  if (import == HOST_secret_get && present) r->late_secret = true;
  if ((host_signatures[import].flags & ABI_PURE) != 0) r->late_made = true;
}

static void record_note(host_tape *tape, host_import import, const host_arguments *arguments,
                        const host_answer *answer) {
  recording *r = (recording *)tape;
  bytes given = answer->present ? answer->data : (bytes){0};
  size_t most = import == HOST_secret_get ? SIZE_MAX : r->value_most; /* what is looked for is there */
  size_t left =
      record_beyond(arguments->a, most) + record_beyond(arguments->b, most) + record_beyond(given, most);
  size_t size = RECORD_CALL + arguments->a.size + arguments->b.size + given.size - left;
  r->cut = r->cut || size > r->most - r->size;
  if (r->cut) {
    record_note_late(r, import, answer->present);
    return;
  }
  if (left != 0) record_note_late(r, import, false);
  r->size += size;
  r->value_left += left;
  record_call *call = record_add_call(r, import);
  text_add(&call->a, arguments->a.data, arguments->a.size - record_beyond(arguments->a, most));
  text_add(&call->b, arguments->b.data, arguments->b.size - record_beyond(arguments->b, most));
  call->n = arguments->n;
  call->present = answer->present;
  text_add(&call->answer, given.data, given.size - record_beyond(given, most));
  call->number = answer->number;
  if (r->asked_ns != 0) call->wall_us = (clock_ns(CLOCK_MONOTONIC) - r->asked_ns) / CLOCK_NS_PER_US;
  r->asked_ns = 0;
}

void record_start(recording *r) {
  *r = (recording){
      .tape = {.before = record_begin, .after = record_note}, .most = RECORD_CALLS, .value_most = SIZE_MAX};
  r->version = memory_copy(bytes_of(FLARON_LUA_VERSION));
}

static void record_free_calls(recording *r) {
  for (size_t i = 0; i < r->call_room; i++) {
    text_free(&r->calls[i].a);
    text_free(&r->calls[i].b);
    text_free(&r->calls[i].answer);
  }
  free(r->calls);
  r->calls = NULL;
  r->call_count = r->call_room = 0;
}

void record_shorten(recording *r, size_t size) {
  while (r->size > size && r->call_count > 0) {
    record_call *last = &r->calls[--r->call_count];
    r->size -= RECORD_CALL + last->a.size + last->b.size + last->answer.size;
    r->cut = true;
    record_note_late(r, last->import, last->present);
    text_free(&last->a);
    text_free(&last->b);
    text_free(&last->answer);
  }
}

/* Empties a text of a call, which keeps its memory when that is not large. */
static void record_empty(text *t) {
  enum { LARGE = 256 };
  if (t->capacity > LARGE) {
    text_free(t);
  } else {
    text_clear(t);
  }
}

void record_again(recording *r) {
  enum { MANY = 32 };
  if (r->call_room > MANY) record_free_calls(r);
  for (size_t i = 0; i < r->call_count; i++) {
    record_empty(&r->calls[i].a);
    record_empty(&r->calls[i].b);
    record_empty(&r->calls[i].answer);
  }
  r->call_count = r->size = r->value_left = r->request_left = r->response_left = 0;
  r->cut = r->late_secret = r->late_made = false;
  host_request_clear(&r->request);
  host_response_clear(&r->response);
}

void record_add_time(text *to, int64_t ns) {
  enum { MS_PER_S = 1000 };
  time_t seconds = (time_t)(ns / CLOCK_NS_PER_S);
  struct tm t;
  char date[32];
  gmtime_r(&seconds, &t);
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &t);
  text_printf(to, "%s.%03dZ", date, (int)(ns / CLOCK_NS_PER_MS % MS_PER_S));
}

void record_free(recording *r) {
  record_free_calls(r);
  free(r->version);
  free(r->name);
  free(r->file);
  free(r->begin);
  free(r->redacted);
  host_request_free(&r->request);
  host_response_free(&r->response);
  host_response_free(&r->origin);
  *r = (recording){0};
}

/* ---- secrets ---- */

typedef struct writer {
  const recording *record;
  redaction redaction;
  json_t *redacted; /* names of the secrets that were replaced, for people */
  bool hides_all;   /* all arguments and answers, since more values are derived from secrets than can be
                       searched for */
} writer;

/* Adds as many 'x' as there are bytes. */
static void record_hide(bytes b, text *to) { memset(text_room(to, b.size), 'x', b.size); }

/*
 * Adds the form of a call's answer in the file; true if it was replaced because of the call's argument, not
 * because a secret was found in it.
 */
static bool record_add_answer(const writer *w, const record_call *call, text *to) {
  bytes answer = text_bytes(&call->answer), name = text_bytes(&call->a);
  if (w->hides_all) {
    record_hide(answer, to);
    return true;
  }
  if (w->redacted == NULL) {
    text_add(to, answer.data, answer.size);
    return false;
  }
  if (call->import == HOST_secret_get) {
    redact_placeholder(name, answer, to);
    return true;
  }
  text given = {0};
  bool derived =
      (host_signatures[call->import].flags & ABI_PURE) != 0 && redaction_apply(&w->redaction, name, &given);
  if (derived) { /* calls the host again with the placeholder in place of the secret */
    host h = {.config = host_config_default()};
    host_answer again;
    host_call(&h, call->import, &(host_arguments){.a = text_bytes(&given)}, &again);
    if (again.present) text_add(to, again.data.data, again.data.size);
    if (!again.present) redact_placeholder(bytes_of(""), answer, to);
    host_free(&h);
  } else {
    redaction_apply(&w->redaction, answer, to);
  }
  text_free(&given);
  return derived;
}

/* Adds the name of a replaced secret; false if it is in the list already. */
static bool record_add_name(const writer *w, bytes name) {
  json_t *json = json_of_bytes(name), *other;
  size_t i;
  json_array_foreach(w->redacted, i, other) {
    if (!json_equal(json, other)) continue;
    json_decref(json);
    return false;
  }
  json_array_append_new(w->redacted, json);
  return true;
}

/* How a name among those of replaced secrets begins that stands for all of the file. */
#define RECORD_ALL "(all, since "

/* Collects the secrets that the flare read and the host's answers that were derived from them. */
static void record_find_secrets(writer *w, bool keep, record_secrets *found) {
  enum { MOST = 100 }; /* each of them is searched for in all that is written */
  int derived = 0;
  if (!keep) w->redacted = json_array();
  for (size_t i = 0; !w->hides_all && i < w->record->call_count; i++) {
    const record_call *call = &w->record->calls[i];
    text as_written = {0};
    if (!call->present) continue;
    if (call->import == HOST_secret_get) {
      found->secret = true;
      if (keep || !record_add_name(w, text_bytes(&call->a))) continue;
      redaction_add_secret(&w->redaction, text_bytes(&call->a), text_bytes(&call->answer));
    } else if (w->redaction.count != 0 && record_add_answer(w, call, &as_written)) {
      redaction_add(&w->redaction, text_bytes(&call->answer), text_bytes(&as_written));
      w->hides_all = ++derived > MOST;
    }
    text_free(&as_written);
  }
  bool late = !keep && (w->record->late_secret || (w->record->late_made && found->secret));
  if (late) found->secret = w->hides_all = true;
  if (w->hides_all)
    record_add_name(w, bytes_of(late ? RECORD_ALL "a secret was read in calls that are left out)"
                                     : RECORD_ALL "so much is made of secrets)"));
}

/* Whether the flare read a header. */
static bool record_was_read(const recording *r, bytes name) {
  for (size_t i = 0; i < r->call_count; i++) {
    const record_call *call = &r->calls[i];
    if (call->import == HOST_req_header_get && call->present &&
        bytes_same_ignoring_case(text_bytes(&call->a), name)) {
      return true;
    }
  }
  return false;
}

static bool record_is_credential(bytes name) {
  for (int i = 0; i < CREDENTIALS; i++) {
    if (bytes_same_ignoring_case(name, bytes_of(credentials[i]))) return true;
  }
  return false;
}

/* ---- writing ---- */

/* The value of bytes of which `left` more are left out, secrets replaced. One that is cut through there is
 * not found: where that may be, all is hidden. */
static json_t *record_write_cut(const writer *w, bytes b, size_t left) {
  if (w->redaction.count == 0 && !w->hides_all) return json_of_bytes(b);
  text clean = {0};
  if (w->hides_all) {
    record_hide(b, &clean);
  } else {
    redaction_apply(&w->redaction, b, &clean);
    size_t longest = w->redaction.count != 0 ? w->redaction.pairs[0].from.size : 0;
    size_t end = left == 0 ? 0 : longest < clean.size ? longest : clean.size;
    if (end != 0) memset(clean.data + clean.size - end, 'x', end);
  }
  json_t *json = json_of_bytes(text_bytes(&clean));
  text_free(&clean);
  return json;
}

static json_t *record_write_bytes(const writer *w, bytes b) { return record_write_cut(w, b, 0); }

static json_t *record_write_text(const writer *w, const text *t) {
  return record_write_bytes(w, text_bytes(t));
}

static json_t *record_write_pair(const writer *w, const host_pair *pair, bytes value) {
  return json_pack("[o, o]", record_write_bytes(w, (bytes){(const uint8_t *)pair->name, pair->name_size}),
                   record_write_bytes(w, value));
}

static json_t *record_write_headers(const writer *w, const host_pairs *headers, bool request,
                                    record_secrets *found) {
  json_t *list = json_array();
  for (size_t i = 0; i < headers->count; i++) {
    const host_pair *pair = &headers->items[i];
    bytes name = {(const uint8_t *)pair->name, pair->name_size};
    bytes value = {(const uint8_t *)pair->value, pair->value_size};
    text placeholder = {0};
    bool secret = request && record_is_credential(name), read = secret && record_was_read(w->record, name);
    if (read) found->header = true;
    if (secret && !read && w->redacted != NULL) {
      redact_placeholder(name, value, &placeholder);
      value = text_bytes(&placeholder);
      record_add_name(w, name);
    }
    json_array_append_new(list, record_write_pair(w, pair, value));
    text_free(&placeholder);
  }
  return list;
}

/*
 * The sources of bytes that a call often passes as a whole: they are written as {"from": "request.body"}.
 * `sources` is in the order of the names.
 */
static const char *const source_names[] = {"request.body", "request.event.data", "response.body"};

enum { SOURCES = sizeof source_names / sizeof *source_names, SOURCE_MIN = 256 };

static void record_get_sources(const recording *r, const text *sources[SOURCES]) {
  sources[0] = &r->request.body;
  sources[1] = &r->request.event.data;
  sources[2] = &r->response.body;
}

/* The JSON value of an argument or an answer of a call. */
static json_t *record_write_handed(const writer *w, const text *t) {
  const text *sources[SOURCES];
  record_get_sources(w->record, sources);
  for (int i = 0; i < SOURCES && t->size >= SOURCE_MIN; i++) {
    if (t->size == sources[i]->size && memcmp(t->data, sources[i]->data, t->size) == 0) {
      return json_pack("{s:s}", "from", source_names[i]);
    }
  }
  return record_write_cut(w, text_bytes(t), w->record->value_left != 0 && t->size == w->record->value_most);
}

/* The number of byte arguments of an import, and whether a number follows them. */
static int record_byte_count(host_import import, bool *number) {
  const char *params = host_signatures[import].params;
  if (strcmp(params, "NONE") == 0) params = "";
  int count = (int)strspn(params, "B");
  *number = params[count] != '\0';
  return count;
}

static json_t *record_write_call(const writer *w, const record_call *call) {
  const host_signature *signature = &host_signatures[call->import];
  bool number;
  int count = record_byte_count(call->import, &number);
  json_t *arguments = json_array(), *answer = NULL;
  if (count > 0) json_array_append_new(arguments, record_write_handed(w, &call->a));
  if (count > 1) json_array_append_new(arguments, record_write_handed(w, &call->b));
  if (number) json_array_append_new(arguments, json_integer(call->n));
  if (*signature->result == 'I') answer = json_integer(call->number);
  if (*signature->result == 'P') {
    text as_written = {0};
    if (!call->present) {
      answer = json_null();
    } else if (record_add_answer(w, call, &as_written)) {
      answer = json_of_bytes(text_bytes(&as_written));
    } else {
      answer = record_write_handed(w, &call->answer);
    }
    text_free(&as_written);
  }
  json_t *json =
      json_pack("{s:s, s:o, s:o*}", "import", signature->name, "arguments", arguments, "answer", answer);
  if (call->wall_us >= 0) json_object_set_new(json, "us", json_integer((json_int_t)call->wall_us));
  return json;
}

static json_t *record_write_request(const writer *w, record_secrets *found) {
  const host_request *request = &w->record->request;
  const host_event *event = &request->event;
  json_t *about = NULL;
  if (event->type != NULL) {
    about = json_pack("{s:s, s:o, s:o, s:i}", "type", event->type, "connection",
                      record_write_text(w, &event->conn_id), "data",
                      record_write_cut(w, text_bytes(&event->data), w->record->request_left), "close_code",
                      event->close_code);
  }
  return json_pack("{s:o, s:o, s:o, s:o, s:o*}", "method", record_write_text(w, &request->method), "url",
                   record_write_text(w, &request->url), "headers",
                   record_write_headers(w, &request->headers, true, found), "body",
                   record_write_cut(w, text_bytes(&request->body), w->record->request_left), "event", about);
}

static json_t *record_write_response(const writer *w, record_secrets *found) {
  const host_response *response = &w->record->response;
  json_t *frames = json_array(), *logs = json_array();
  for (size_t i = 0; i < response->frame_count; i++)
    json_array_append_new(frames, record_write_text(w, &response->frames[i]));
  for (size_t i = 0; i < response->line_count; i++) {
    const host_line *line = &response->lines[i];
    json_array_append_new(logs, json_pack("{s:s, s:o}", "level", host_level_name(line->level), "text",
                                          record_write_text(w, &line->line)));
  }
  return json_pack("{s:s, s:i, s:o, s:o, s:o, s:i, s:o}", "action", action_names[response->action], "status",
                   response->status, "headers", record_write_headers(w, &response->headers, false, found),
                   "body", record_write_cut(w, text_bytes(&response->body), w->record->response_left),
                   "frames", frames, "close_code", response->close_code, "logs", logs);
}

/* What the origin answered; NULL when it did not. */
static json_t *record_write_origin(const writer *w, record_secrets *found) {
  const recording *r = w->record;
  if (!r->handed_on) return NULL;
  return json_pack("{s:i, s:o, s:o, s:I}", "status", r->origin.status, "headers",
                   record_write_headers(w, &r->origin.headers, false, found), "body",
                   record_write_cut(w, text_bytes(&r->origin.body), r->origin_left), "left_out",
                   (json_int_t)r->origin_left);
}

/* Adds an object, a member a line; of `calls`, a call a line. */
static void record_add_lines(text *to, json_t *object) {
  enum { FLAGS = JSON_ENCODE_ANY };
  const char *name, *mark = "{";
  json_t *value, *call;
  size_t i;
  json_object_foreach(object, name, value) {
    text_printf(to, "%s\n \"%s\": ", mark, name);
    mark = ",";
    if (strcmp(name, "calls") != 0) {
      json_add_to(to, json_incref(value), FLAGS);
      continue;
    }
    json_array_foreach(value, i, call) {
      text_add_string(to, i == 0 ? "[\n  " : ",\n  ");
      json_add_to(to, json_incref(call), FLAGS);
    }
    text_add_string(to, i == 0 ? "[]" : "]");
  }
  text_add_string(to, "\n}\n");
  json_decref(object);
}

void record_write(const recording *r, bool keep, text *to, record_secrets *found) {
  writer w = {.record = r};
  record_secrets ignored = {false, false}, *what = found != NULL ? found : &ignored;
  record_find_secrets(&w, keep, what);
  json_t *calls = json_array();
  for (size_t i = 0; i < r->call_count; i++)
    json_array_append_new(calls, record_write_call(&w, &r->calls[i]));
  json_t *flare_of_it =
      json_pack("{s:s*, s:o*, s:s}", "name", r->name, "file",
                r->file != NULL ? json_of_bytes(bytes_of(r->file)) : NULL, "sha256", r->hash);
  json_t *request = record_write_request(&w, what), *response = record_write_response(&w, what);
  json_t *result = json_pack("{s:b, s:b, s:b, s:b, s:I, s:I}", "failed", r->result.failed, "raised",
                             r->result.raised, "stopped", r->result.stopped, "cut", r->cut, "cpu_us",
                             (json_int_t)r->cpu_us, "memory_bytes", (json_int_t)r->result.memory);
  if (r->request_left + r->response_left + r->value_left != 0)
    json_object_set_new(result, "left_out",
                        json_pack("{s:I, s:I, s:I}", "request", (json_int_t)r->request_left, "response",
                                  (json_int_t)r->response_left, "calls", (json_int_t)r->value_left));
  json_t *all = json_pack("{s:i, s:s*, s:o, s:s*, s:I, s:s, s:i, s:o*, s:o, s:o, s:o, s:o*, s:o}", "format",
                          RECORD_FORMAT, "flaron_lua", r->version, "flare", flare_of_it, "begin", r->begin,
                          "id", (json_int_t)r->id, "handler", flare_handler_names[r->handler], "cpu_ms",
                          r->cpu_ms, "redacted", w.redacted, "request", request, "calls", calls, "response",
                          response, "origin", record_write_origin(&w, what), "result", result);
  record_add_lines(to, all);
  redaction_free(&w.redaction);
}

/* ---- reading ---- */

/* Adds an error message; returns false. */
__attribute__((format(printf, 2, 3))) static bool record_bad(text *error, const char *format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  text_add_string(error, line);
  return false;
}

/* A member that must be a whole number from `low` to `high`. */
static bool record_read_number(const json_t *object, const char *name, json_int_t low, json_int_t high,
                               json_int_t *number, text *error) {
  const json_t *value = json_object_get(object, name);
  *number = json_integer_value(value);
  if (json_is_integer(value) && *number >= low && *number <= high) return true;
  return record_bad(error, "'%s' is no whole number from %lld to %lld", name, (long long)low,
                    (long long)high);
}

static bool record_read_int(const json_t *object, const char *name, int *number, text *error) {
  json_int_t value;
  bool good = record_read_number(object, name, 0, INT32_MAX, &value, error);
  *number = (int)value;
  return good;
}

/* A member that must be bytes. */
static bool record_read_bytes(const json_t *object, const char *name, text *to, text *error) {
  return json_to_bytes(json_object_get(object, name), to) ||
         record_bad(error, "'%s' is neither a string nor {\"base64\": \"...\"}", name);
}

/* A member that must be one of some words; `from` is the number of the first word. */
static bool record_read_word(const json_t *object, const char *name, const char *const *words, int from,
                             int count, int *number, text *error) {
  const char *word = json_string_value(json_object_get(object, name));
  for (int i = from; i < count && word != NULL; i++) {
    if (strcmp(word, words[i]) != 0) continue;
    *number = i;
    return true;
  }
  return record_bad(error, "'%s' is %s%.40s%s", name, word != NULL ? "'" : "no string",
                    word != NULL ? word : "", word != NULL ? "', which nobody knows" : "");
}

/* A member that must be of a type, JSON_OBJECT or JSON_ARRAY. */
static const json_t *record_read_part(const json_t *object, const char *name, json_type type, text *error) {
  const json_t *value = json_object_get(object, name);
  if (value != NULL && json_typeof(value) == type) return value;
  record_bad(error, "'%s' is no %s", name, type == JSON_OBJECT ? "object" : "array");
  return NULL;
}

/* The same for a list, which must not be longer than any that flaron-lua writes. */
static const json_t *record_read_list(const json_t *object, const char *name, text *error) {
  const json_t *list = record_read_part(object, name, JSON_ARRAY, error);
  if (json_array_size(list) <= RECORD_READ_ITEMS) return list;
  record_bad(error, "'%s' has %zu items, more than %d", name, json_array_size(list), RECORD_READ_ITEMS);
  return NULL;
}

static bool record_read_headers(const json_t *object, host_pairs *headers, text *error) {
  const json_t *list = record_read_list(object, "headers", error);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *pair = json_array_get(list, i);
    text name = {0}, value = {0};
    bool good = json_array_size(pair) == 2 && json_to_bytes(json_array_get(pair, 0), &name) &&
                json_to_bytes(json_array_get(pair, 1), &value);
    if (good) host_pairs_set(headers, text_bytes(&name), text_bytes(&value), false);
    text_free(&name);
    text_free(&value);
    if (!good) return record_bad(error, "'headers' has something that is not [name, value]");
  }
  return list != NULL;
}

static bool record_read_event(recording *r, const json_t *request, text *error) {
  host_event *event = &r->request.event;
  const json_t *about = json_object_get(request, "event");
  if (r->handler == FLARE_HANDLE_REQUEST)
    return about == NULL || record_bad(error, "a request has an 'event'");
  int type = r->handler - FLARE_WS_OPEN;
  about = record_read_part(request, "event", JSON_OBJECT, error);
  if (about == NULL || !record_read_word(about, "type", event_names, type, type + 1, &type, error))
    return false;
  event->type = event_names[type];
  return record_read_bytes(about, "connection", &event->conn_id, error) &&
         record_read_bytes(about, "data", &event->data, error) &&
         record_read_int(about, "close_code", &event->close_code, error);
}

static bool record_read_request(recording *r, const json_t *all, text *error) {
  const json_t *part = record_read_part(all, "request", JSON_OBJECT, error);
  return part != NULL && record_read_bytes(part, "method", &r->request.method, error) &&
         record_read_bytes(part, "url", &r->request.url, error) &&
         record_read_headers(part, &r->request.headers, error) &&
         record_read_bytes(part, "body", &r->request.body, error) && record_read_event(r, part, error);
}

static bool record_read_logs(host_response *response, const json_t *part, text *error) {
  const char *const levels[LEVELS] = {host_level_name(HOST_INFO), host_level_name(HOST_WARN),
                                      host_level_name(HOST_ERROR)};
  const json_t *logs = record_read_list(part, "logs", error);
  for (size_t i = 0; i < json_array_size(logs); i++) {
    host_line line = {.level = HOST_INFO};
    int level;
    bool good = record_read_word(json_array_get(logs, i), "level", levels, 0, LEVELS, &level, error) &&
                record_read_bytes(json_array_get(logs, i), "text", &line.line, error);
    if (!good) {
      text_free(&line.line);
      return false;
    }
    LIST_ROOM(response->lines, response->line_count);
    line.level = (host_level)level;
    response->lines[response->line_count++] = line;
  }
  return logs != NULL;
}

static bool record_read_frames(host_response *response, const json_t *part, text *error) {
  const json_t *frames = record_read_list(part, "frames", error);
  size_t count = json_array_size(frames);
  if (count != 0) response->frames = memory_get(count * sizeof *response->frames);
  for (size_t i = 0; i < count; i++) {
    response->frame_count = i + 1;
    if (!json_to_bytes(json_array_get(frames, i), &response->frames[i])) {
      return record_bad(error, "'frames' has something that is not bytes");
    }
  }
  return frames != NULL;
}

static bool record_read_response(recording *r, const json_t *all, text *error) {
  host_response *response = &r->response;
  int action;
  const json_t *part = record_read_part(all, "response", JSON_OBJECT, error);
  if (part == NULL ||
      !record_read_word(part, "action", action_names, HOST_RESPOND, HOST_PASS_THROUGH + 1, &action, error))
    return false;
  response->action = (host_action)action;
  return record_read_int(part, "status", &response->status, error) &&
         record_read_headers(part, &response->headers, error) &&
         record_read_bytes(part, "body", &response->body, error) &&
         record_read_frames(response, part, error) &&
         record_read_int(part, "close_code", &response->close_code, error) &&
         record_read_logs(response, part, error);
}

static bool record_read_result(recording *r, const json_t *all, text *error) {
  json_int_t cpu_us, memory;
  const json_t *part = record_read_part(all, "result", JSON_OBJECT, error);
  if (part == NULL || !record_read_number(part, "cpu_us", 0, INT64_MAX, &cpu_us, error) ||
      !record_read_number(part, "memory_bytes", 0, INT64_MAX, &memory, error)) {
    return false;
  }
  r->result = (edge_result){.failed = json_is_true(json_object_get(part, "failed")),
                            .raised = json_is_true(json_object_get(part, "raised")),
                            .stopped = json_is_true(json_object_get(part, "stopped")),
                            .memory = (size_t)memory};
  r->cpu_us = cpu_us;
  r->cut = json_is_true(json_object_get(part, "cut"));
  return true;
}

/* Counts bytes of a call; false if all calls together now exceed their limit. record_is_too_much then returns
 * true. */
static bool record_count_bytes(recording *r, size_t size) {
  r->size += size <= RECORD_READ_CALLS ? size : RECORD_READ_CALLS + 1;
  return r->size <= RECORD_READ_CALLS;
}

static bool record_is_too_much(const recording *r) { return r->size > RECORD_READ_CALLS; }

/* Adds an argument or an answer of a call, or the source that it names; false if it is not valid or too
 * much. */
static bool record_read_handed(recording *r, const json_t *value, text *to) {
  const char *from = json_string_value(json_object_get(value, "from"));
  const text *sources[SOURCES];
  record_get_sources(r, sources);
  for (int i = 0; i < SOURCES && from != NULL; i++) {
    if (strcmp(from, source_names[i]) != 0) continue;
    if (!record_count_bytes(r, sources[i]->size)) return false;
    text_add(to, sources[i]->data, sources[i]->size);
    return true;
  }
  return json_to_bytes(value, to) && record_count_bytes(r, to->size);
}

static bool record_read_arguments(recording *r, record_call *call, const json_t *list) {
  bool number;
  size_t count = (size_t)record_byte_count(call->import, &number);
  if (!json_is_array(list) || json_array_size(list) != count + number) return false;
  call->n = json_integer_value(json_array_get(list, count));
  return (count < 1 || record_read_handed(r, json_array_get(list, 0), &call->a)) &&
         (count < 2 || record_read_handed(r, json_array_get(list, 1), &call->b)) &&
         (!number || json_is_integer(json_array_get(list, count)));
}

static bool record_read_answer(recording *r, record_call *call, const json_t *answer) {
  switch (*host_signatures[call->import].result) {
    case 'P':
      call->present = !json_is_null(answer);
      return answer != NULL && (!call->present || record_read_handed(r, answer, &call->answer));
    case 'I': {
      json_int_t number = json_integer_value(answer);
      call->number = (int32_t)number;
      return json_is_integer(answer) && number >= INT32_MIN && number <= INT32_MAX;
    }
    default: return answer == NULL;
  }
}

static bool record_read_call(recording *r, const json_t *item, text *error) {
  const char *name = json_string_value(json_object_get(item, "import"));
  int import = 0;
  while (name != NULL && import < HOST_IMPORTS && strcmp(name, host_signatures[import].name) != 0) import++;
  if (name == NULL) return record_bad(error, "it has no 'import'");
  if (import == HOST_IMPORTS) return record_bad(error, "there is no import '%.40s'", name);
  bool counted = r->call_count < RECORD_READ_COUNT && record_count_bytes(r, RECORD_CALL);
  record_call *call = counted ? record_add_call(r, (host_import)import) : NULL;
  bool arguments = counted && record_read_arguments(r, call, json_object_get(item, "arguments"));
  bool answer = arguments && record_read_answer(r, call, json_object_get(item, "answer"));
  if (!counted || record_is_too_much(r))
    return record_bad(error, "the calls up to it are more than %d, or have more than %d bytes",
                      RECORD_READ_COUNT, RECORD_READ_CALLS);
  if (!arguments) return record_bad(error, "'arguments' are none of %s", name);
  return answer || record_bad(error, "'answer' is none of %s", name);
}

static bool record_read_calls(recording *r, const json_t *all, text *error) {
  const json_t *calls = record_read_part(all, "calls", JSON_ARRAY, error);
  for (size_t i = 0; i < json_array_size(calls); i++) {
    text why = {0};
    bool good = record_read_call(r, json_array_get(calls, i), &why);
    if (!good) text_printf(error, "call %zu: %s", i + 1, text_string(&why));
    text_free(&why);
    if (!good) return false;
  }
  return calls != NULL;
}

/* A copy of a string member, which the caller frees; NULL if there is none. */
static char *record_copy_member(const json_t *object, const char *name) {
  const char *value = json_string_value(json_object_get(object, name));
  return value != NULL ? memory_copy(bytes_of(value)) : NULL;
}

bool record_hides_all(const recording *r) {
  return r->redacted != NULL && strstr(r->redacted, RECORD_ALL) != NULL;
}

/* Reads the names of the secrets that were replaced. */
static void record_read_redacted(recording *r, const json_t *all) {
  const json_t *names = json_object_get(all, "redacted");
  text list = {0};
  for (size_t i = 0; i < json_array_size(names); i++) {
    if (i != 0) text_add_string(&list, ", ");
    json_to_bytes(json_array_get(names, i), &list);
  }
  if (list.size != 0) r->redacted = memory_copy(text_bytes(&list));
  text_free(&list);
}

static bool record_read_head(recording *r, const json_t *all, text *error) {
  json_int_t format, id;
  int handler;
  if (!json_is_object(all)) return record_bad(error, "it is no object");
  if (!record_read_number(all, "format", 1, INT32_MAX, &format, error)) return false;
  if (format != RECORD_FORMAT)
    return record_bad(error, "its format is %lld, this flaron-lua knows %d", (long long)format,
                      RECORD_FORMAT);
  const json_t *about = record_read_part(all, "flare", JSON_OBJECT, error);
  if (about == NULL || !record_read_number(all, "id", 0, INT64_MAX, &id, error) ||
      !record_read_int(all, "cpu_ms", &r->cpu_ms, error) ||
      !record_read_word(all, "handler", flare_handler_names, 0, FLARE_HANDLERS, &handler, error)) {
    return false;
  }
  const char *hash = json_string_value(json_object_get(about, "sha256"));
  if (hash == NULL || strlen(hash) != RECORD_HASH_SIZE - 1) return record_bad(error, "'sha256' is none");
  memcpy(r->hash, hash, RECORD_HASH_SIZE);
  r->handler = (flare_handler)handler;
  r->id = (uint64_t)id;
  r->version = record_copy_member(all, "flaron_lua");
  r->begin = record_copy_member(all, "begin");
  r->name = record_copy_member(about, "name");
  record_read_redacted(r, all);
  text file = {0};
  if (json_to_bytes(json_object_get(about, "file"), &file)) r->file = memory_copy(text_bytes(&file));
  text_free(&file);
  return true;
}

/*
 * Whether a JSON text has no more values than flaron-lua writes in one of that size, since each value takes
 * some hundred bytes of memory when it is read. Our records have many short values only in headers, else at
 * least BYTES bytes for each.
 */
static bool record_has_few_values(bytes content) {
  enum { SHORT = 8 * RECORD_READ_ITEMS, BYTES = 8 };
  size_t most = SHORT + content.size / BYTES;
  if (most > RECORD_READ_VALUES) most = RECORD_READ_VALUES;
  size_t count = 0;
  bool in_string = false;
  for (size_t i = 0; i < content.size; i++) {
    uint8_t c = content.data[i];
    if (in_string && c == '\\') {
      i++;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string) {
      count += c == ',' || c == '[' || c == '{';
    }
  }
  return count <= most;
}

bool record_read(recording *r, bytes content, text *error) {
  json_error_t where;
  *r = (recording){0};
  if (!record_has_few_values(content))
    return record_bad(error, "it has more values than any record of %zu bytes", content.size);
  json_t *all = json_loadb((const char *)content.data, content.size, JSON_ALLOW_NUL, &where);
  bool good = all != NULL ? record_read_head(r, all, error) && record_read_request(r, all, error) &&
                                record_read_response(r, all, error) && record_read_calls(r, all, error) &&
                                record_read_result(r, all, error)
                          : record_bad(error, "%d:%d: %s", where.line, where.column, where.text);
  json_decref(all);
  if (!good) record_free(r);
  return good;
}
