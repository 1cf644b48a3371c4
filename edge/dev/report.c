/*
 * report.c - see report.h.
 */
#include "dev/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "base/json_bytes.h"
#include "base/clock.h"
#include "base/http.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define FAINT "\033[2m"
#define PLAIN "\033[0m"

static const char *report_colour(const report_style *style, const char *code) {
  return style->colours ? code : "";
}

/* "12 B", "3.4 KiB", "10 MiB". */
static void report_add_size(text *to, uint64_t size) {
  enum { KIB = 1024, MIB = KIB * KIB, TENTHS = 10 };
  uint64_t unit = size < KIB ? 1 : size < MIB ? KIB : MIB, tenths = size % unit * TENTHS / unit;
  text_printf(to, "%" PRIu64, size / unit);
  if (size / unit < TENTHS && tenths > 0) text_printf(to, ".%" PRIu64, tenths);
  text_add_string(to, unit == 1 ? " B" : unit == KIB ? " KiB" : " MiB");
}

/* "0.04 ms", "2.3 ms", "31 ms", "3.00 s". */
static void report_add_duration(text *to, int64_t us) {
  enum { US_PER_MS = 1000, US_PER_S = 1000000, TINY_US = 100, SHORT_US = 10 * US_PER_MS };
  if (us >= US_PER_S) {
    text_printf(to, "%.2f s", (double)us / US_PER_S);
  } else {
    text_printf(to, "%.*f ms", us < TINY_US ? 2 : us < SHORT_US ? 1 : 0, (double)us / US_PER_MS);
  }
}

/* "spark_get visits -> 2 B": a call with the beginning of its argument and what it gave. */
static void report_add_call(text *to, const host_recent *r) {
  text_printf(to, "%s%s%s%s", host_signatures[r->import].name, r->argument[0] != '\0' ? " " : "", r->argument,
              r->shortened ? "..." : "");
  const char *result = host_signatures[r->import].result;
  if (strcmp(result, "I32") == 0) text_printf(to, " -> %" PRId32, r->answered.number);
  if (strcmp(result, "PACKED") != 0) return;
  text_add_string(to, " -> ");
  if (r->answered.present) {
    report_add_size(to, r->answered.data.size);
  } else {
    text_add_string(to, "nothing");
  }
}

/* Adds what a flare or a client chose. */
static void report_add_harmless(text *to, bytes from) { text_add_harmless(to, from, "    "); }

static void report_add_line(text *to, const host_line *l, const report_style *style) {
  const char *shade = l->level == HOST_ERROR ? RED : l->level == HOST_WARN ? YELLOW : FAINT;
  text_printf(to, "  %s%s:%s ", report_colour(style, shade), host_level_name(l->level),
              report_colour(style, PLAIN));
  report_add_harmless(to, text_bytes(&l->line));
  text_add_string(to, "\n");
}

/* Adds the script where it failed, each line with `indent` in front. */
static void report_add_excerpt(text *to, const pool_job *job, const char *indent) {
  const char *at = text_string(&job->excerpt);
  for (const char *end; (end = strchr(at, '\n')) != NULL; at = end + 1)
    text_printf(to, "%s%.*s\n", indent, (int)(end - at), at);
}

/* Adds the local variables of the levels of a failure. */
static void report_add_locals(text *to, const pool_job *job) {
  const text *locals = &job->response.locals;
  if (locals->size == 0) return;
  text_add_string(to, "  locals:\n    ");
  report_add_harmless(
      to, (bytes){(const uint8_t *)locals->data, locals->size - 1}); /* without the last line feed */
  text_add_string(to, "\n");
}

/* The calls before the failure: those that the runtime made to report an error are left out. */
static size_t report_count_last_calls(const pool_job *job) {
  if (job->result.raised) {
    for (size_t i = job->recent_count; i > 0; i--) {
      if (job->recent[i - 1].import == HOST_log_error) return i - 1;
    }
  }
  return job->recent_count;
}

static void report_add_last_calls(text *to, const pool_job *job, const char *indent) {
  size_t count = report_count_last_calls(job);
  if (count == 0) return;
  text_printf(to, "%slast host calls:\n", indent);
  for (size_t i = 0; i < count; i++) {
    text_printf(to, "%s  ", indent);
    report_add_call(to, &job->recent[i]);
    text_add_string(to, "\n");
  }
}

/* Columns of a terminal that a line of ours takes at most. */
enum { COLUMNS = 100 };

enum { BAD_STATUS = 400, FAILED_STATUS = 500 };

/* The bytes of the first columns of a text that text_add_harmless made: UTF-8, nothing of no width. */
static size_t report_bytes_of_columns(const text *t, size_t columns) {
  enum { KIND = 0xc0, FOLLOWS = 0x80 };
  size_t i = 0;
  for (size_t seen = 0; i < t->size; i++) {
    if (((uint8_t)t->data[i] & KIND) != FOLLOWS && seen++ == columns) break;
  }
  return i;
}

/* Adds what a flare or a client chose, in at most `most` columns; "..." says that something was cut. Returns
 * the columns. */
static size_t report_add_cut(text *to, bytes from, size_t most) {
  static const char cut[] = "...";
  text whole = {0};
  report_add_harmless(&whole, from);
  size_t size = report_bytes_of_columns(&whole, most), columns = 0;
  bool over = size < whole.size;
  if (over) size = report_bytes_of_columns(&whole, most - (sizeof cut - 1));
  while (columns < most && report_bytes_of_columns(&whole, columns) < size) columns++;
  text_add(to, text_string(&whole), size);
  if (over) text_add_string(to, cut);
  text_free(&whole);
  return columns + (over ? sizeof cut - 1 : 0);
}

/* What came of an invocation: the event, the status, or that nobody waited for it any more. */
static void report_add_outcome(text *to, const server_record *record) {
  const pool_job *job = record->job;
  bool gone = report_is_gone(record);
  if (record->event != NULL) text_printf(to, "ws %s%s", record->event, gone ? " " : "");
  if (gone) {
    text_add_string(to, job->begin_ns != 0 ? "client gone" : "client gone before it began");
  } else if (record->event == NULL) {
    text_printf(to, "%d", record->status);
  }
}

static size_t report_fetches_of(const pool_job *job) {
  for (size_t i = 0; i < job->used_count; i++) {
    if (job->used[i].import == HOST_beam_fetch) return job->used[i].usage.calls;
  }
  return 0;
}

/* Adds an item of a list in parentheses, of which there are `count` so far. */
__attribute__((format(printf, 3, 4))) static void report_add_item(text *to, int *count, const char *format,
                                                                  ...) {
  va_list arguments;
  text_add_string(to, (*count)++ == 0 ? " (" : ", ");
  va_start(arguments, format);
  text_vprintf(to, format, arguments);
  va_end(arguments);
}

/*
 * How long it took and, where that explains it, what of: " 3.00 s (2.3 ms CPU, 1 fetch)". What is near its
 * limit has that beside it.
 */
static void report_add_times(text *to, const server_record *record) {
  enum { US_PER_MS = 1000, LONG_US = 10 * US_PER_MS, MUCH_US = US_PER_MS, NEAR = 2 };
  const pool_job *job = record->job;
  size_t fetches = report_fetches_of(job);
  size_t memory = job->result.peak != 0 ? job->result.peak : job->result.memory;
  int64_t cpu_limit_us = (int64_t)job->limits.cpu_ms * US_PER_MS;
  bool waited = record->origin || fetches > 0 || record->wall_us >= LONG_US;
  int count = 0;
  text_add_string(to, " ");
  report_add_duration(to, record->wall_us);
  if (job->begin_ns == 0) return;
  if (record->origin) report_add_item(to, &count, "origin");
  if (waited || job->cpu_us >= MUCH_US) {
    report_add_item(to, &count, "%s", "");
    report_add_duration(to, job->cpu_us);
    if (cpu_limit_us != 0 && job->cpu_us > cpu_limit_us / NEAR) {
      text_add_string(to, " of ");
      report_add_duration(to, cpu_limit_us);
    }
    text_add_string(to, " CPU");
  }
  if (fetches > 0) report_add_item(to, &count, "%zu fetch%s", fetches, fetches == 1 ? "" : "es");
  if (job->limits.memory != 0 && memory > job->limits.memory / NEAR) {
    report_add_item(to, &count, "%s", "");
    report_add_size(to, memory);
    text_add_string(to, " of ");
    report_add_size(to, job->limits.memory);
  }
  if (count > 0) text_add_string(to, ")");
}

/* The line of an invocation, in COLUMNS at most. */
static void report_add_head(text *to, const server_record *record, const report_style *style) {
  enum { METHOD = 20, PATH_LEAST = 10 };
  const pool_job *job = record->job;
  const char *shade = report_is_gone(record)                                                ? YELLOW
                      : record->status >= FAILED_STATUS || edge_result_is_bad(&job->result) ? RED
                      : record->status >= BAD_STATUS                                        ? YELLOW
                                                                                            : GREEN;
  time_t asked_s = (time_t)(record->asked_ns / CLOCK_NS_PER_S);
  struct tm parts;
  char time[16];
  text outcome = {0}, method = {0}, times = {0};
  strftime(time, sizeof time, "%H:%M:%S", localtime_r(&asked_s, &parts));
  report_add_outcome(&outcome, record);
  report_add_cut(&method, text_bytes(&job->request.method), METHOD);
  report_add_times(&times, record);
  size_t taken = strlen(time) + (style->edge != NULL ? 1 + strlen(style->edge) : 0) + 1 + outcome.size + 1 +
                 method.size + 1 + times.size;
  text_printf(to, "%s%s%s %s%s%s %s ", time, style->edge != NULL ? " " : "",
              style->edge != NULL ? style->edge : "", report_colour(style, shade), outcome.data,
              report_colour(style, PLAIN), text_string(&method));
  report_add_cut(to, bytes_of(http_path(text_string(&job->request.url))),
                 taken + PATH_LEAST < COLUMNS ? COLUMNS - taken : PATH_LEAST);
  text_printf(to, "%s%s%s\n", report_colour(style, FAINT), times.data, report_colour(style, PLAIN));
  text_free(&outcome);
  text_free(&method);
  text_free(&times);
}

/* A fetch, in COLUMNS at most: "fetch: URL: 200 in 3.00 s" or "fetch: URL: WHY (3.00 s)". */
static void report_add_fetch(text *to, const host_fetch *f, const report_style *style) {
  enum { URL_LEAST = 40 };
  static const char head[] = "  fetch: ";
  bool answered = f->why.size == 0;
  size_t least = f->url.size < URL_LEAST ? f->url.size : URL_LEAST, taken;
  text time = {0}, what = {0};
  text_add_string(&time, answered ? " in " : " (");
  report_add_duration(&time, f->us);
  if (!answered) text_add_string(&time, ")");
  text_add_string(&what, ": ");
  taken = sizeof head - 1 + what.size + time.size;
  if (answered) {
    size_t before = what.size;
    text_printf(&what, "%d", f->status);
    taken += what.size - before;
  } else {
    taken += report_add_cut(&what, text_bytes(&f->why), COLUMNS - taken - least);
  }
  bool good = answered && f->status < BAD_STATUS;
  text_printf(to, "  %sfetch:%s ", report_colour(style, good ? FAINT : YELLOW), report_colour(style, PLAIN));
  report_add_cut(to, text_bytes(&f->url), COLUMNS - taken);
  text_printf(to, "%s%s\n", what.data, time.data);
  text_free(&time);
  text_free(&what);
}

/* The fetches that failed without a line of the log, or were slow; `all` of them. */
static void report_add_fetches(text *to, const pool_job *job, const report_style *style) {
  enum { SLOW_US = 500000 };
  for (size_t i = 0; i < job->response.fetch_count; i++) {
    const host_fetch *f = &job->response.fetches[i];
    bool bad = (f->why.size != 0 && !f->told) || f->status >= BAD_STATUS;
    if (style->verbose || bad || f->us >= SLOW_US) report_add_fetch(to, f, style);
  }
}

/* Adds an item of a list that goes on in the next line at COLUMNS; `*column` is where it stands. */
static void report_add_wrapped(text *to, size_t *column, const text *item) {
  static const char indent[] = "    ";
  bool first = *column == 0, next = *column + sizeof ", " + item->size > COLUMNS;
  text_printf(to, "%s%s%s", first ? "  " : next ? ",\n" : ", ", !first && next ? indent : "", item->data);
  *column = (first ? 2 : next ? sizeof indent - 1 : *column + 2) + item->size;
}

/* With --verbose: what it used of its budget, and which calls of the host it made. */
static void report_add_usage(text *to, const pool_job *job, const report_style *style) {
  enum { US_PER_MS = 1000 };
  text item = {0};
  size_t column = 0;
  text_add_string(to, report_colour(style, FAINT));
  text_printf(&item, "#%" PRIu64 ": %" PRId64 " us CPU", job->id, job->cpu_us);
  if (job->limits.cpu_ms != 0)
    text_printf(&item, " (%" PRId64 "%%)", job->cpu_us * 100 / ((int64_t)job->limits.cpu_ms * US_PER_MS));
  report_add_wrapped(to, &column, &item);
  text_clear(&item);
  report_add_size(&item, job->result.peak != 0 ? job->result.peak : job->result.memory);
  text_add_string(&item, " of ");
  report_add_size(&item, job->limits.memory);
  report_add_wrapped(to, &column, &item);
  for (size_t i = 0; i < job->used_count; i++) {
    host_import import = job->used[i].import;
    const host_usage *u = &job->used[i].usage;
    text_clear(&item);
    text_printf(&item, "%zu", u->calls);
    if (import == HOST_beam_fetch) text_printf(&item, " of %zu", job->limits.fetches);
    text_printf(&item, " %s", host_signatures[import].name);
    if (u->in + u->out > 0) text_add_string(&item, " (");
    if (u->in > 0) report_add_size(&item, u->in);
    if (u->in > 0) text_add_string(&item, " in");
    if (u->in > 0 && u->out > 0) text_add_string(&item, ", ");
    if (u->out > 0) report_add_size(&item, u->out);
    if (u->out > 0) text_add_string(&item, " out");
    if (u->in + u->out > 0) text_add_string(&item, ")");
    report_add_wrapped(to, &column, &item);
  }
  text_printf(to, "%s\n", report_colour(style, PLAIN));
  text_free(&item);
}

bool report_is_gone(const server_record *record) {
  return record->job->result.cancelled || (record->event == NULL && record->status == 0);
}

void report_text(text *to, const server_record *record, const report_style *style) {
  const pool_job *job = record->job;
  report_add_head(to, record, style);
  if (style->verbose) report_add_usage(to, job, style);
  report_add_fetches(to, job, style);
  for (size_t i = 0; i < job->response.line_count; i++) report_add_line(to, &job->response.lines[i], style);
  if (!edge_result_is_bad(&job->result)) return;
  report_add_excerpt(to, job, "    ");
  if (style->verbose) report_add_locals(to, job);
  report_add_last_calls(to, job, "  ");
}

void report_failure(text *to, const pool_job *job) {
  static const report_style plain = {0};
  for (size_t i = 0; i < job->response.line_count; i++) report_add_line(to, &job->response.lines[i], &plain);
  report_add_excerpt(to, job, "  ");
  report_add_locals(to, job);
  report_add_last_calls(to, job, "  ");
}

static json_t *report_limits_json(const pool_limits *limits) {
  enum { US_PER_MS = 1000 };
  json_t *json = json_pack("{s:I, s:I}", "memory_bytes", (json_int_t)limits->memory, "fetches",
                           (json_int_t)limits->fetches);
  if (limits->cpu_ms != 0)
    json_object_set_new(json, "cpu_us", json_integer((json_int_t)limits->cpu_ms * US_PER_MS));
  return json;
}

static json_t *report_fetches_json(const host_response *r) {
  json_t *list = json_array();
  for (size_t i = 0; i < r->fetch_count; i++) {
    const host_fetch *f = &r->fetches[i];
    json_t *json = json_pack("{s:o, s:I}", "url", json_shown(text_bytes(&f->url)), "us", (json_int_t)f->us);
    if (f->status != 0) json_object_set_new(json, "status", json_integer(f->status));
    if (f->why.size != 0) json_object_set_new(json, "error", json_shown(text_bytes(&f->why)));
    json_array_append_new(list, json);
  }
  return list;
}

json_t *report_json(const server_record *record, const report_style *style) {
  enum { NS_PER_MS = 1000000 };
  const pool_job *job = record->job;
  bool failed = edge_result_is_bad(&job->result);
  json_t *calls = json_object(), *lines = json_array();
  for (size_t i = 0; i < job->used_count; i++) {
    const host_usage *u = &job->used[i].usage;
    json_object_set_new(calls, host_signatures[job->used[i].import].name,
                        json_pack("{s:I, s:I, s:I}", "calls", (json_int_t)u->calls, "in", (json_int_t)u->in,
                                  "out", (json_int_t)u->out));
  }
  for (size_t i = 0; i < job->response.line_count; i++) {
    const host_line *l = &job->response.lines[i];
    json_array_append_new(lines, json_pack("{s:s, s:o}", "level", host_level_name(l->level), "text",
                                           json_shown(text_bytes(&l->line))));
  }
  json_t *json =
      json_pack("{s:s*, s:I, s:I, s:o, s:o, s:s*, s:b, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "edge",
                style->edge, "id", (json_int_t)job->id, "time", (json_int_t)(record->asked_ns / NS_PER_MS),
                "method", json_shown(text_bytes(&job->request.method)), "url",
                json_shown(text_bytes(&job->request.url)), "event", record->event, "failed", failed,
                "wall_us", (json_int_t)record->wall_us, "cpu_us", (json_int_t)job->cpu_us, "memory_bytes",
                (json_int_t)job->result.memory, "peak_bytes", (json_int_t)job->result.peak, "limits",
                report_limits_json(&job->limits), "calls", calls, "logs", lines);
  if (record->event != NULL) {
    const host_event *event = &job->request.event;
    json_object_set_new(json, "connection", json_shown(text_bytes(&event->conn_id)));
    json_object_set_new(json, "received_bytes", json_integer((json_int_t)event->data.size));
    json_object_set_new(json, "frames", json_integer((json_int_t)job->response.frame_count));
  }
  if (record->origin) json_object_set_new(json, "origin", json_true());
  if (job->response.fetch_count != 0)
    json_object_set_new(json, "fetches", report_fetches_json(&job->response));
  if (report_is_gone(record)) json_object_set_new(json, "cancelled", json_true());
  if (record->event == NULL && !report_is_gone(record))
    json_object_set_new(json, "status", json_integer(record->status));
  if (failed) {
    text last = {0};
    json_object_set_new(json, "error", json_shown(text_bytes(&job->response.error)));
    report_add_last_calls(&last, job, "");
    if (job->excerpt.size > 0) json_object_set_new(json, "source", json_shown(text_bytes(&job->excerpt)));
    if (job->response.locals.size > 0)
      json_object_set_new(json, "locals", json_shown(text_bytes(&job->response.locals)));
    if (last.size > 0) json_object_set_new(json, "last_calls", json_shown(text_bytes(&last)));
    text_free(&last);
  }
  return json;
}
