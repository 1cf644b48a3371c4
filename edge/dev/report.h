/*
 * report.h - what a developer is told of an invocation: a line, what it fetched in vain, its log, and where
 * it failed. It neither keeps nor prints anything.
 */
#ifndef FLARON_EDGE_REPORT_H
#define FLARON_EDGE_REPORT_H

#include "server/server.h"

struct json_t;

typedef struct report_style {
  bool colours;     /* of a terminal: ECMA-48 */
  bool verbose;     /* with what it used of its budget, its calls of the host and all fetches */
  const char *edge; /* name of the edge, at the head of the line; NULL = there is only one */
} report_style;

/* Whether nobody waited for it any more. */
bool report_is_gone(const server_record *record);

/*
 * Adds the report as text, each line with its newline:
 *
 *   16:41:35 200 GET /slow 3.00 s (2.3 ms CPU, 1 fetch)
 *     fetch: http://localhost:3000/slow: 200 in 3.00 s
 *
 * These lines take 100 columns at most; those of the flare's log are as they are.
 */
void report_text(text *to, const server_record *record, const report_style *style);

/*
 * The report as a JSON object: id, time (when it was asked, ms since 1970), method, url, event?, status?
 * (what the client got), origin? (the origin was asked), failed, error?, cancelled?, wall_us (from asked to
 * answered), cpu_us, memory_bytes, peak_bytes, limits {cpu_us?, memory_bytes, fetches}, calls {NAME: {calls,
 * in, out}}, logs [{level, text}], fetches? [{url, us, status?, error?}], edge?, source?, locals?,
 * last_calls?. Of an event: connection (its id), received_bytes (of the message), frames (that were sent). Of
 * a failed one: `error` with its traceback, `source` the lines of the script, `locals` those of each level,
 * `last_calls` the calls before. The caller owns it.
 */
struct json_t *report_json(const server_record *record, const report_style *style);

/* Adds the log of an invocation that failed, with the lines of the script around, as text. */
void report_failure(text *to, const pool_job *job);

#endif
