/*
 * page.h - the page of `flaron-lua dev`, at /__flaron/ of a port of its own: its files, the last invocations,
 * the stores, the flares.
 *
 * It answers what a server's `control` asks and sends nothing by itself. Who may ask is the server's affair.
 * Everything but the page's own files is JSON; an answer that is not 200 is {"error": "a sentence"}.
 *
 *   GET history          {"records": [...]}, the oldest first: what page_add and page_hold were given
 *   GET flares           {"name", "flares": [{"path", "route", "error", "flare"}], "pages": [PORT]}:
 * flare_json and "sha256"; the ports of the pages of all edges GET kv/STORE?prefix  {"keys", "total",
 * "bytes", "quota"}: kv_list's; the last two only of spark GET kv/STORE?key     {"key", "bytes", "ttl",
 * "counter", "text"}; "base64" for what is not UTF-8 PUT kv/STORE?key     takes {"text"} or {"base64"}, with
 * "ttl" in spark, or {"add"} in plasma, a number in decimal, as a string; answers as GET does DELETE
 * kv/STORE?key  {}
 *
 * STORE is `spark` or `plasma`.
 */
#ifndef FLARON_EDGE_PAGE_H
#define FLARON_EDGE_PAGE_H

#include "project/kv.h"
#include "dev/reload.h"
#include "dev/routes.h"
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
} page_options;

/* Makes a page; what the options name is borrowed until page_free. */
page *page_new(const page_options *options);

/* Keeps a record of an invocation, which it takes over. Its JSON in one line, borrowed until the next call of
 * this or the next. */
bytes page_add(page *p, struct json_t *record);

/*
 * Keeps what report_json needs, for when somebody asks for it: that costs an invocation nothing. Takes the
 * request and the log out of the record's job. `edge` is report_style's, static.
 */
void page_hold(page *p, const server_record *record, const char *edge);

/* Answers a request as server_options.control does; false: there is nothing of that name. */
bool page_control(page *p, bytes method, bytes path, bytes query, bytes body, control_answer *answer);

void page_free(page *p);

#endif
