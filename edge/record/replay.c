/*
 * replay.c - see replay.h.
 */
#include "record/replay.h"

#include <stdlib.h>
#include <string.h>

static bool same_bytes(const text *recorded, bytes now) {
  return recorded->size == now.size && (now.size == 0 || memcmp(recorded->data, now.data, now.size) == 0);
}

bool replay_is_same(const record_call *call, host_import import, const host_arguments *arguments) {
  return call->import == import && call->n == arguments->n && same_bytes(&call->a, arguments->a) &&
         same_bytes(&call->b, arguments->b);
}

/* Whether an import has one of these flags of abi.def. */
static bool is(host_import import, unsigned flags) { return (host_signatures[import].flags & flags) != 0; }

/* A copy of a call. */
static record_call copy_asked(host_import import, const host_arguments *arguments) {
  record_call asked = {.import = import, .n = arguments->n};
  text_add(&asked.a, arguments->a.data, arguments->a.size);
  text_add(&asked.b, arguments->b.data, arguments->b.size);
  return asked;
}

/* The index of the next recorded call, from `at` on, that is a log line (`log`) or that is not output (not
 * `log`). */
static size_t next_call(const recording *record, size_t at, bool log) {
  while (at < record->call_count) {
    host_import import = record->calls[at].import;
    if (log ? is(import, ABI_LOG) : !is(import, ABI_OUTPUT)) break;
    at++;
  }
  return at;
}

/* Whether the record ends before the invocation did, or may have. */
static bool ends_early(const recording *r) { return r->result.stopped || r->cut; }

/* Compares a log line with the recorded one. */
static void follow_line(replay *r, host_import import, const host_arguments *arguments) {
  if (r->line_differs) return;
  r->log_at = next_call(r->record, r->log_at, true);
  const record_call *recorded = r->log_at < r->record->call_count ? &r->record->calls[r->log_at++] : NULL;
  if (recorded == NULL ? !ends_early(r->record) : !replay_is_same(recorded, import, arguments)) {
    r->line_differs = true;
    r->line = r->lines;
    r->line_recorded = recorded;
    r->line_now = copy_asked(import, arguments);
  }
  r->lines++;
}

void replay_answer(const record_call *call, host *h, const host_arguments *arguments, host_answer *answer) {
  host_answer ignored = {0};
  answer->present = call->present;
  answer->data = text_bytes(&call->answer);
  answer->number = call->number;
  if (call->import == HOST_ws_send && call->number == 0) host_ws_send(h, arguments, &ignored);
  if (call->import == HOST_ws_close_conn) host_ws_close_conn(h, arguments, &ignored);
}

/* A call after the departure. Returns what `before` does. */
static bool answer_later(replay *r, host_import import, const host_arguments *arguments,
                         host_answer *answer) {
  r->later++;
  for (size_t i = r->at; i < r->record->call_count; i++) {
    if (r->used[i] || !replay_is_same(&r->record->calls[i], import, arguments)) continue;
    r->used[i] = true;
    replay_answer(&r->record->calls[i], r->host, arguments, answer);
    return true;
  }
  if (is(import, ABI_PURE | ABI_LOCAL)) return false; /* the host can answer it */
  r->unanswered++;
  answer->number = host_signatures[import].absent;
  return true;
}

static bool before(host_tape *tape, host_import import, const host_arguments *arguments,
                   host_answer *answer) {
  replay *r = (replay *)((char *)tape - offsetof(replay, tape));
  if (is(import, ABI_LOG)) follow_line(r, import, arguments);
  if (is(import, ABI_OUTPUT)) return false;
  if (r->departed) return answer_later(r, import, arguments, answer);
  r->at = next_call(r->record, r->at, false);
  const record_call *call = r->at < r->record->call_count ? &r->record->calls[r->at] : NULL;
  if (call != NULL && replay_is_same(call, import, arguments)) {
    r->at++;
    replay_answer(call, r->host, arguments, answer);
    return true;
  }
  if (call == NULL && ends_early(r->record)) {
    r->ran_out = tape->stop = true;
    return true;
  }
  r->departed = true;
  r->asked = copy_asked(import, arguments);
  if (r->go_on) return answer_later(r, import, arguments, answer);
  tape->stop = true;
  return true;
}

void replay_start(replay *r, const recording *record, host *h, bool go_on) {
  *r = (replay){.tape = {.before = before}, .record = record, .host = h, .go_on = go_on};
  r->used = memory_get(record->call_count + 1);
  h->tape = &r->tape;
  h->config.max_ws_sends = h->config.max_ws_message = h->config.max_ws_bytes =
      SIZE_MAX; /* the record says whether a message was sent */
}

void replay_finish(replay *r, bool cut) {
  const recording *record = r->record;
  if (!r->departed && !cut) {
    r->at = next_call(record, r->at, false);
    r->departed = r->asked_none = r->at < record->call_count;
  }
  size_t line = next_call(record, r->log_at, true);
  if (!r->line_differs && !cut && line < record->call_count) {
    r->line_differs = r->line_is_missing = true;
    r->line = r->lines;
    r->line_recorded = &record->calls[line];
  }
}

static void free_asked(record_call *asked) {
  text_free(&asked->a);
  text_free(&asked->b);
}

void replay_free(replay *r) {
  free_asked(&r->asked);
  free_asked(&r->line_now);
  free(r->used);
  *r = (replay){0};
}

/* ---- words ---- */

size_t replay_difference(bytes a, bytes b) {
  size_t at = 0;
  while (at < a.size && at < b.size && a.data[at] == b.data[at]) at++;
  return at;
}

void replay_add_bytes(text *to, bytes b, size_t at) {
  enum { WHOLE = 80, BEFORE = 24, AFTER = 40 };
  size_t from = b.size <= WHOLE || at <= BEFORE ? 0 : at - BEFORE;
  size_t end = b.size <= WHOLE || at + AFTER >= b.size ? b.size : at + AFTER;
  text_add_string(to, from != 0 ? "...\"" : "\"");
  for (size_t i = from; i < end; i++) {
    char c = (char)b.data[i];
    if (c == '"' || c == '\\') {
      text_printf(to, "\\%c", c);
    } else if (c == '\n') {
      text_add_string(to, "\\n");
    } else if (c < ' ' || c > '~') {
      text_printf(to, "\\x%02x", b.data[i]);
    } else {
      text_add(to, &c, 1);
    }
  }
  text_add_string(to, end < b.size ? "\"..." : "\"");
}

void replay_add_name(text *to, host_import import) {
  static const struct {
    const char *import, *lua;
  } others[] = {{"req_header_get", "request.header"},
                {"resp_header_set", "response.set_header"},
                {"resp_body_set", "response.set_body"},
                {"timestamp", "time.now"},
                {"snowflake_id", "id.snowflake"},
                {"ws_close_conn", "ws.close"},
                {"secret_get", "secrets.get"},
                {"req_", "request."},
                {"resp_", "response."},
                {"log_", "logging."}};
  const char *name = host_signatures[import].name;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    size_t size = strlen(others[i].import);
    if (strncmp(name, others[i].import, size) != 0) continue;
    text_printf(to, "%s%s", others[i].lua, name + size);
    return;
  }
  const char *line = strchr(name, '_');
  text_printf(to, "%.*s.%s", (int)(line - name), name, line + 1);
}

void replay_add_call(text *to, const record_call *call, const record_call *other) {
  static const record_call none;
  const char *params = host_signatures[call->import].params;
  size_t count = strcmp(params, "NONE") == 0 ? 0 : strlen(params);
  if (other == NULL) other = &none;
  replay_add_name(to, call->import);
  text_add_string(to, "(");
  for (size_t i = 0; i < count; i++) {
    bytes mine = text_bytes(i == 0 ? &call->a : &call->b),
          theirs = text_bytes(i == 0 ? &other->a : &other->b);
    if (i != 0) text_add_string(to, ", ");
    if (params[i] == 'B') {
      replay_add_bytes(to, mine, replay_difference(mine, theirs));
    } else {
      text_printf(to, "%lld", (long long)call->n);
    }
  }
  text_add_string(to, ")");
}
