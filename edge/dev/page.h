/*
 * page.h - the page of `flaron-lua dev`, at /__flaron/ of a port of its own: its files, the last invocations,
 * the stores, the flares.
 *
 * It answers what a server's `control` asks and sends nothing by itself. Who may ask is the server's affair.
 * Everything but the page's own files is JSON; an answer that is not 200 is {"error": "a sentence"}.
 *
 * GET history
 *   {"records": [...]}, the oldest first: report_json of what page_add and page_hold were given
 * GET record?id=ID
 *   All of one of them as a file of a record, secrets replaced (record.h): the request, each call, the answer
 * GET spec?id=ID
 *   {"spec"}: a busted spec of it. It takes as long as a flare of ours that writes it, for which others wait
 * GET steps?id=ID[&at=EVENT[&before=EVENT][&level=N][&change=NAME|find=TEXT[&backwards=1]]]
 *   What debug/steps.h answers: without `at` the lines that ran. 202 and {}: ask the same again in a moment
 * GET imports
 *   {IMPORT: NAME}: what Lua calls each import
 * GET flares
 *   {"name", "edge"?, "host", "port", "https", "pages": [PORT], "flares": [{"path", "route"?, "error"?,
 *   "flare"?, "secrets"?}]}: where the flares are, the ports of the pages of all edges; flare_json and
 *   "sha256"; [{"name", "set", "allowed"}]
 * GET kv/STORE?prefix
 *   {"keys", "total", "bytes", "quota"}: kv_list's; the last two only of spark
 * GET kv/STORE?key
 *   {"key", "bytes", "ttl", "counter", "text"}; "base64" for what is not UTF-8
 * PUT kv/STORE?key
 *   Takes {"text"} or {"base64"}, with "ttl" in spark, or {"add"} in plasma, a number in decimal, as a
 * string; answers as GET does DELETE kv/STORE?key
 *   {}
 *
 * STORE is `spark` or `plasma`.
 */
#ifndef FLARON_EDGE_PAGE_H
#define FLARON_EDGE_PAGE_H

#include "dev/history.h"
#include "dev/reload.h"
#include "dev/routes.h"
#include "project/kv.h"
#include "server/server.h"

typedef struct page page;

/* A project that is served. */
typedef struct page_flare {
  const char *path;
  const route *route; /* in edge.lua; NULL when there is none */
  reload *reload;
} page_flare;

typedef struct page_options {
  const char *name; /* what is served, as the user named it */
  store *store;
  int edge; /* of those that share the flares: reload_flare's */
  const page_flare *flares;
  size_t flare_count;
  const int *ports; /* of the pages of all edges; they may be set later */
  int port_count;
  const char *edge_name; /* as the log has it; NULL = there is only one */
  const char *host;      /* the address that the flares are at */
  const int *port;       /* and their port at this edge; it may be set later */
  bool https;            /* that port speaks it */
  history_write *write;  /* NULL = invocations are not written to files */
  void *write_data;
  /* Adds a busted spec of a record; false, with a sentence in `error`. */
  bool (*make_spec)(const recording *record, text *spec, text *error);
} page_options;

/* Makes a page; what the options name is borrowed until page_free. */
page *page_new(const page_options *options);

/* server_options.prepare: has an invocation noted; `file` (borrowed) is where its flare is from. */
void page_prepare(page *p, pool_job *job, const char *file);

/*
 * Keeps an invocation, and what report_json needs, for when somebody asks for it. Takes method, URL and log
 * out of the record's job. `edge` is report_style's, static.
 */
void page_hold(page *p, const server_record *record, const char *edge);

/* The same when report_json is made already; takes it over. Its JSON in one line, borrowed until the next
 * call of this or page_hold. */
bytes page_add(page *p, const server_record *record, const char *edge, struct json_t *report);

/* Answers a request as server_options.control does; false: there is nothing of that name. */
bool page_control(page *p, bytes method, bytes path, bytes query, bytes body, control_answer *answer);

void page_free(page *p);

#endif
