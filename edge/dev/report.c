/*
 * report.c - see report.h.
 */
#include "dev/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/http.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define FAINT "\033[2m"
#define PLAIN "\033[0m"

static const char *colour(const report_style *style, const char *code) { return style->colours ? code : ""; }

/* "12 B", "3.4 KiB", "10 MiB". */
static void add_size(text *to, uint64_t size) {
  enum { KIB = 1024, MIB = KIB * KIB, TENTHS = 10 };
  uint64_t unit = size < KIB ? 1 : size < MIB ? KIB : MIB, tenths = size % unit * TENTHS / unit;
  text_printf(to, "%" PRIu64, size / unit);
  if (size / unit < TENTHS && tenths > 0) text_printf(to, ".%" PRIu64, tenths);
  text_add_string(to, unit == 1 ? " B" : unit == KIB ? " KiB" : " MiB");
}

/* What an invocation used of its budget. */
static void add_usage(text *to, const pool_job *job) {
  enum { US_PER_MS = 1000 };
  text_printf(to, "%" PRId64 " us CPU", job->cpu_us);
  if (job->limits.cpu_ms != 0)
    text_printf(to, " (%" PRId64 "%%)", job->cpu_us * 100 / ((int64_t)job->limits.cpu_ms * US_PER_MS));
  text_add_string(to, ", ");
  add_size(to, job->result.peak != 0 ? job->result.peak : job->result.memory);
  text_add_string(to, " of ");
  add_size(to, job->limits.memory);
  for (size_t i = 0; i < job->used_count; i++) {
    host_import import = job->used[i].import;
    const host_usage *u = &job->used[i].usage;
    text_printf(to, ", %zu", u->calls);
    if (import == HOST_beam_fetch) text_printf(to, " of %zu", job->limits.fetches);
    text_printf(to, " %s", host_signatures[import].name);
    if (u->in + u->out == 0) continue;
    text_add_string(to, " (");
    if (u->in > 0) add_size(to, u->in);
    if (u->out > 0) {
      text_add_string(to, u->in > 0 ? " in, " : "");
      add_size(to, u->out);
      text_add_string(to, " out");
    } else {
      text_add_string(to, " in");
    }
    text_add_string(to, ")");
  }
}

/* "spark_get visits -> 2 B": a call with the beginning of its argument and what it gave. */
static void add_call(text *to, const host_recent *r) {
  text_printf(to, "%s%s%s%s", host_signatures[r->import].name, r->argument[0] != '\0' ? " " : "", r->argument,
              r->shortened ? "..." : "");
  const char *result = host_signatures[r->import].result;
  if (strcmp(result, "I32") == 0) text_printf(to, " -> %" PRId32, r->answered.number);
  if (strcmp(result, "PACKED") != 0) return;
  text_add_string(to, " -> ");
  if (r->answered.present) {
    add_size(to, r->answered.data.size);
  } else {
    text_add_string(to, "nothing");
  }
}

/* Adds what a flare or a client chose. */
static void add_harmless(text *to, bytes from) { text_add_harmless(to, from, "    "); }

static void add_line(text *to, const host_line *l, const report_style *style) {
  const char *shade = l->level == HOST_ERROR ? RED : l->level == HOST_WARN ? YELLOW : FAINT;
  text_printf(to, "  %s%s:%s ", colour(style, shade), host_level_name(l->level), colour(style, PLAIN));
  add_harmless(to, text_bytes(&l->line));
  text_add_string(to, "\n");
}

/* Adds the script where it failed, each line with `indent` in front. */
static void add_excerpt(text *to, const pool_job *job, const char *indent) {
  const char *at = text_string(&job->excerpt);
  for (const char *end; (end = strchr(at, '\n')) != NULL; at = end + 1)
    text_printf(to, "%s%.*s\n", indent, (int)(end - at), at);
}

/* The calls before the failure: those that the runtime made to report an error are left out. */
static size_t count_last_calls(const pool_job *job) {
  if (job->result.raised) {
    for (size_t i = job->recent_count; i > 0; i--) {
      if (job->recent[i - 1].import == HOST_log_error) return i - 1;
    }
  }
  return job->recent_count;
}

static void add_last_calls(text *to, const pool_job *job, const char *indent) {
  size_t count = count_last_calls(job);
  if (count == 0) return;
  text_printf(to, "%slast host calls:\n", indent);
  for (size_t i = 0; i < count; i++) {
    text_printf(to, "%s  ", indent);
    add_call(to, &job->recent[i]);
    text_add_string(to, "\n");
  }
}

/* What came of an invocation: the event, the status, or that nobody waited for it any more. */
static void add_outcome(text *to, const server_record *record) {
  const pool_job *job = record->job;
  if (record->event != NULL) text_printf(to, "ws %s%s", record->event, job->result.cancelled ? " " : "");
  if (job->result.cancelled) {
    text_add_string(to, job->begin_ns != 0 ? "client gone" : "client gone before it began");
  } else if (record->event == NULL && record->status != 0) {
    text_printf(to, "%d", record->status);
  } else if (record->event == NULL) {
    text_add_string(to, "-> origin");
  }
}

void report_text(text *to, const server_record *record, const report_style *style) {
  const pool_job *job = record->job;
  bool failed = edge_result_is_bad(&job->result);
  bool gone = job->result.cancelled;
  const char *shade = gone                              ? YELLOW
                      : record->status >= 500 || failed ? RED
                      : record->status >= 400           ? YELLOW
                                                        : GREEN;
  if (style->edge != NULL) text_printf(to, "%s ", style->edge);
  text_add_string(to, colour(style, shade));
  add_outcome(to, record);
  text_printf(to, "%s ", colour(style, PLAIN));
  add_harmless(to, text_bytes(&job->request.method));
  text_add_string(to, " ");
  add_harmless(to, bytes_of(http_path(text_string(&job->request.url))));
  text_printf(to, " %s#%" PRIu64 " ", colour(style, FAINT), job->id);
  add_usage(to, job);
  text_printf(to, "%s\n", colour(style, PLAIN));
  for (size_t i = 0; i < job->response.line_count; i++) add_line(to, &job->response.lines[i], style);
  if (!failed) return;
  add_excerpt(to, job, "    ");
  add_last_calls(to, job, "  ");
}

void report_failure(text *to, const pool_job *job) {
  static const report_style plain = {0};
  for (size_t i = 0; i < job->response.line_count; i++) add_line(to, &job->response.lines[i], &plain);
  add_excerpt(to, job, "  ");
  add_last_calls(to, job, "  ");
}

json_t *report_string(bytes b) {
  json_t *string = json_stringn((const char *)b.data, b.size);
  if (string != NULL) return string;
  text copy = {0};
  for (size_t i = 0; i < b.size; i++) text_add(&copy, b.data[i] < 0x80 ? (const char *)&b.data[i] : "?", 1);
  string = json_stringn(text_string(&copy), copy.size);
  text_free(&copy);
  return string;
}

static json_t *limits_json(const pool_limits *limits) {
  enum { US_PER_MS = 1000 };
  json_t *json = json_pack("{s:I, s:I}", "memory_bytes", (json_int_t)limits->memory, "fetches",
                           (json_int_t)limits->fetches);
  if (limits->cpu_ms != 0)
    json_object_set_new(json, "cpu_us", json_integer((json_int_t)limits->cpu_ms * US_PER_MS));
  return json;
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
                                           report_string(text_bytes(&l->line))));
  }
  json_t *json = json_pack(
      "{s:s*, s:I, s:I, s:o, s:o, s:s*, s:b, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "edge", style->edge, "id",
      (json_int_t)job->id, "time", (json_int_t)(job->begin_ns / NS_PER_MS), "method",
      report_string(text_bytes(&job->request.method)), "url", report_string(text_bytes(&job->request.url)),
      "event", record->event, "failed", failed, "wall_us", (json_int_t)job->wall_us, "cpu_us",
      (json_int_t)job->cpu_us, "memory_bytes", (json_int_t)job->result.memory, "peak_bytes",
      (json_int_t)job->result.peak, "limits", limits_json(&job->limits), "calls", calls, "logs", lines);
  if (job->result.cancelled) json_object_set_new(json, "cancelled", json_true());
  if (record->event == NULL && record->status != 0 && !job->result.cancelled)
    json_object_set_new(json, "status", json_integer(record->status));
  if (failed) {
    text last = {0};
    json_object_set_new(json, "error", report_string(text_bytes(&job->response.error)));
    add_last_calls(&last, job, "");
    if (job->excerpt.size > 0) json_object_set_new(json, "source", report_string(text_bytes(&job->excerpt)));
    if (last.size > 0) json_object_set_new(json, "last_calls", report_string(text_bytes(&last)));
    text_free(&last);
  }
  return json;
}
