/*
 * report.h - what a developer is told of an invocation: a line with what it used of its budget, its log, and
 * where it failed. It neither keeps nor prints anything.
 */
#ifndef FLARON_EDGE_REPORT_H
#define FLARON_EDGE_REPORT_H

#include "pack/modules.h"
#include "server/server.h"

struct json_t;

typedef struct report_style {
  bool colours;     /* of a terminal: ECMA-48 */
  const char *edge; /* name of the edge, at the head of the line; NULL = there is only one */
  const modules_source
      *source; /* of the project, for the lines around a failing one; NULL = none are shown */
} report_style;

/* Adds the report as text, each line with its newline. */
void report_text(text *to, const server_record *record, const report_style *style);

/*
 * The report as a JSON object: id, time (ms since 1970), method, url, event?, status?, failed, cancelled?,
 * wall_us, cpu_us, memory_bytes, peak_bytes, limits {cpu_us?, memory_bytes, fetches}, calls {NAME: {calls,
 * in, out}}, logs [{level, text}], edge?, source?, last_calls? (of a failed one). The caller owns it.
 */
struct json_t *report_json(const server_record *record, const report_style *style);

/* A JSON string of bytes, in which what is no UTF-8 is '?'. The caller owns it. */
struct json_t *report_string(bytes b);

/* Whether the flare failed: it raised an error, was stopped or trapped. */
bool report_failed(const pool_job *job);

/* Adds the log of an invocation that failed, with the lines of the script around, as text. */
void report_failure(text *to, const pool_job *job, const modules_source *source);

#endif
