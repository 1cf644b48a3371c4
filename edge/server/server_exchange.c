/*
 * server_exchange.c - a request and its answer, whatever brought it: by a flare, by the origin when the flare
 * hands it on, or by the server itself. See server_private.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/http.h"
#include "server/server_private.h"

enum { CONTENT_TOO_LARGE = 413, INTERNAL_ERROR = 500, BAD_GATEWAY = 502, UNAVAILABLE = 503 };

/* ---- taking a request ---- */

void exchange_open(exchange *x, server *s, connection *c, const exchange_way *way) {
  *x = (exchange){.server = s, .connection = c, .way = way, .local = c == NULL || c->local};
  x->task = server_task(s);
  x->task->exchange = x;
}

/* Takes the authority out of a target that is a whole URL, and makes it a path. False: it is none. */
static bool exchange_read_url(bytes *target, bytes *authority) {
  static const char *const schemes[] = {"http://", "https://"};
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
    size_t size = strlen(schemes[i]);
    if (target->size < size || strncasecmp((const char *)target->data, schemes[i], size) != 0) continue;
    bytes rest = {target->data + size, target->size - size};
    size_t end = 0;
    while (end < rest.size && rest.data[end] != '/' && rest.data[end] != '?') end++;
    *authority = (bytes){rest.data, end};
    *target = (bytes){rest.data + end, rest.size - end};
    return http1_is_authority((const char *)authority->data, authority->size);
  }
  return false;
}

bool exchange_target(exchange *x, bytes method, bytes target, bytes authority, const char **why) {
  host_request *r = &x->task->job.request;
  const connection *c = x->connection;
  bool options = bytes_are(method, "OPTIONS");
  if (bytes_are(method, "CONNECT")) {
    *why = "CONNECT is not spoken here.";
    return false;
  }
  if (options && bytes_are(target, "*")) {
    target = bytes_of("/");
  } else if (target.size == 0 || target.data[0] != '/') {
    if (!exchange_read_url(&target, &authority)) {
      *why = "The target is neither a path nor an http URL.";
      return false;
    }
  }
  x->head = bytes_are(method, "HEAD");
  text_add(&r->method, method.data, method.size);
  text_add_string(&r->url, (c != NULL ? c->tls != NULL : x->server->tls != NULL) ? "https://" : "http://");
  if (authority.size != 0) {
    text_add(&r->url, authority.data, authority.size);
  } else { /* HTTP/1.0 */
    text_printf(&r->url, "localhost:%d", x->server->flares.port);
  }
  size_t scheme = (size_t)(strstr(r->url.data, "://") + 3 - r->url.data);
  host_pairs_set(&r->headers, bytes_of("host"),
                 (bytes){(const uint8_t *)r->url.data + scheme, r->url.size - scheme}, false);
  if (target.size == 0 || target.data[0] != '/') text_add_string(&r->url, "/");
  text_add(&r->url, target.data, target.size);
  return true;
}

void exchange_field(exchange *x, bytes name, bytes value) {
  host_pairs *headers = &x->task->job.request.headers;
  if (bytes_same_ignoring_case(name, bytes_of("host"))) return; /* exchange_target has it */
  host_pairs_join(headers, name, value);
}

int exchange_body(exchange *x, bytes piece) {
  task *t = x->task;
  text *body = &t->job.request.body;
  if (piece.size > MAX_ENTITY - body->size) return CONTENT_TOO_LARGE;
  if (!server_hold_body(x->server, (ptrdiff_t)piece.size)) return UNAVAILABLE;
  t->body += piece.size;
  text_add(body, piece.data, piece.size);
  return 0;
}

/* ---- what a request says ---- */

bytes exchange_header(const exchange *x, const char *name) {
  const host_pair *h = host_pairs_find(&x->task->job.request.headers, bytes_of(name));
  return h != NULL ? (bytes){(const uint8_t *)h->value, h->value_size} : (bytes){0};
}

bool server_names_this_machine(bytes authority) {
  static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t size = strlen(names[i]);
    if (authority.size >= size && strncasecmp((const char *)authority.data, names[i], size) == 0 &&
        (authority.size == size || authority.data[size] == ':')) {
      return true;
    }
  }
  return false;
}

/*
 * Whether the client may see sources and logs: a program on this machine that asks this machine by name (so
 * no page by a name that was bound to it), or a browser there that opens the page: no script of any page.
 */
static bool exchange_may_see_sources(const exchange *x) {
  bytes dest = exchange_header(x, "sec-fetch-dest");
  return x->local && server_names_this_machine(exchange_header(x, "host")) &&
         exchange_header(x, "origin").data == NULL && (dest.data == NULL || bytes_are(dest, "document"));
}

/* Whether a browser asks: its `Accept` names text/html. */
static bool exchange_accepts_html(const exchange *x) {
  bytes accept = exchange_header(x, "accept");
  return accept.size != 0 && memmem(accept.data, accept.size, "text/html", sizeof "text/html" - 1) != NULL;
}

/* ---- answering ---- */

/* The time of a Date header, RFC 9110, 6.6.1. */
static const char *exchange_date_of(server *s) {
  struct tm parts;
  int64_t now_s = clock_ns(CLOCK_REALTIME_COARSE) / CLOCK_NS_PER_S;
  if (now_s != s->date_s) {
    time_t t = (time_t)now_s;
    s->date_s = now_s;
    strftime(s->date, sizeof s->date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &parts));
  }
  return s->date;
}

void reply_fields(server *s, const reply *r, void (*field)(void *to, bytes name, bytes value), void *to) {
  static const host_pairs none = {0};
  const host_pairs *headers = r->headers != NULL ? r->headers : &none;
  bool has_date = false, has_server = false;
  for (size_t i = 0; i < headers->count; i++) {
    const host_pair *h = &headers->items[i];
    bytes name = {(const uint8_t *)h->name, h->name_size}, value = {(const uint8_t *)h->value, h->value_size};
    if (http_is_of_connection(name) || bytes_same_ignoring_case(name, bytes_of("content-length"))) continue;
    if (!http_is_token(name) || !http_is_value(value)) continue; /* nothing that would end the line */
    if (bytes_same_ignoring_case(name, bytes_of("date"))) has_date = true;
    if (bytes_same_ignoring_case(name, bytes_of("server"))) has_server = true;
    field(to, name, value);
  }
  if (r->type != NULL) field(to, bytes_of("content-type"), bytes_of(r->type));
  for (size_t i = 0; i < r->more_count; i++) field(to, bytes_of(r->more[i][0]), bytes_of(r->more[i][1]));
  if (!has_server) field(to, bytes_of("server"), bytes_of("flaron-lua"));
  if (!has_date) field(to, bytes_of("date"), bytes_of(exchange_date_of(s)));
}

void exchange_begin(exchange *x, const reply *r) {
  x->begun = true;
  x->bodiless = x->head || http_ends_at_head(r->status);
  x->way->begin(x, r);
}

void exchange_add(exchange *x, text *part) {
  if (x->bodiless) {
    text_reuse(part);
  } else {
    x->way->add(x, part);
  }
}

void exchange_answer(exchange *x, reply *r, text *body) {
  r->length = (int64_t)body->size;
  exchange_begin(x, r);
  exchange_add(x, body);
  exchange_end(x, true);
}

/*
 * Sends a page of dev itself, HTML or plain text. HTML shows sources, and is of the flare's origin: as a
 * sandbox it is of none, so a script of the flare that opens it in a window cannot read it.
 */
static void exchange_send_page(exchange *x, int status, bool html, text *page) {
  static const char *const policy[][2] = {
      {"content-security-policy",
       "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"},
      {"cache-control", "no-store"},
  };
  reply r = {.status = status, .type = html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8"};
  if (html) r.more = policy;
  if (html) r.more_count = sizeof policy / sizeof *policy;
  exchange_answer(x, &r, page);
}

void exchange_refuse(exchange *x, int status, const char *format, ...) {
  char *sentence;
  text page = {0};
  va_list arguments;
  va_start(arguments, format);
  if (vasprintf(&sentence, format, arguments) < 0) memory_get(SIZE_MAX);
  va_end(arguments);
  text_printf(&page, "%s\n", sentence);
  free(sentence);
  exchange_send_page(x, status, false, &page);
  text_free(&page);
}

/* ---- flares ---- */

/* There is no flare to ask: says why, to those who may hear it. */
static void exchange_say_why(exchange *x, bytes path) {
  const server_options *o = x->server->options;
  text page = {0};
  bool told = exchange_may_see_sources(x), html = told && exchange_accepts_html(x);
  int status = o->say_why(o->data, (const char *)path.data, path.size, html, &page);
  if (!told) {
    text_clear(&page);
    text_printf(&page, "%s\n", http_reason(status));
  }
  exchange_send_page(x, status, html, &page);
  text_free(&page);
}

static void exchange_ask_flare(exchange *x) {
  server *s = x->server;
  unsigned ws = 1u << FLARE_WS_OPEN | 1u << FLARE_WS_MESSAGE | 1u << FLARE_WS_CLOSE;
  const char *path = http_path(text_string(&x->task->job.request.url));
  pool_flare *flare = s->options->find_flare(s->options->data, path, strlen(path));
  if (flare == NULL) {
    exchange_say_why(x, bytes_of(path));
  } else if ((pool_flare_get(flare)->handlers & ws) && server_socket_asked(x)) {
    server_socket_start(x, flare);
  } else if (pool_flare_get(flare)->handlers & 1u << FLARE_HANDLE_REQUEST) {
    server_start(x->task, flare, FLARE_HANDLE_REQUEST);
  } else {
    pool_flare_release(flare);
    exchange_refuse(x, HTTP_UPGRADE_REQUIRED, "This flare answers WebSockets only.");
  }
}

void exchange_ask(exchange *x) {
  x->asked = true;
  x->server->open++;
  if (x->connection != NULL && x->connection->of_page) {
    server_control(x);
  } else {
    exchange_ask_flare(x);
  }
}

/* Answers with what the flare said. False: the origin is to answer. `*status` is what the client gets. */
static bool exchange_answer_flare(exchange *x, task *t, int *status) {
  const server_options *options = t->server->options;
  host_response *r = &t->job.response;
  text page = {0};
  *status = r->status;
  if (r->status == INTERNAL_ERROR && exchange_may_see_sources(x) && exchange_accepts_html(x) &&
      options->explain(options->data, &t->job, &page)) {
    exchange_send_page(x, INTERNAL_ERROR, true, &page);
    text_free(&page);
  } else if (r->action == HOST_RESPOND) {
    reply head = {.status = r->status, .headers = &r->headers};
    exchange_answer(x, &head, &r->body);
  } else if (t->server->origin == NULL) {
    *status = BAD_GATEWAY;
    text_add_string(server_add_line(r, HOST_ERROR),
                    "there is no origin to answer this: start flaron-lua dev with --origin URL");
    exchange_refuse(x, BAD_GATEWAY,
                    "The flare hands this request on to the origin, but there is none: start flaron-lua dev "
                    "with --origin URL.");
  } else {
    *status = 0;
    return false;
  }
  return true;
}

void server_exchange_done(task *t) {
  exchange *x = t->exchange;
  int status = t->job.response.status;
  server_look_at_clock(t->server);
  t->exchange = NULL; /* whatever becomes of x: the task is ended here */
  t->started = false;
  if (x != NULL && t->job.result.cancelled) {
    exchange_refuse(x, UNAVAILABLE, "The edge ends.");
  } else if (x != NULL && !exchange_answer_flare(x, t, &status)) {
    x->task = NULL;
    server_origin_ask(x, t);
    return;
  }
  if (t->server->pool != NULL) pool_hold(t->server->pool, t->server->clients.held);
  server_record_task(t, x != NULL ? status : 0, false, NULL);
  server_end(t);
}

/* The request is needed no more. */
static void exchange_drop_task(exchange *x) {
  task *t = x->task;
  x->task = NULL;
  if (t == NULL || t->exchange == NULL) return; /* server_exchange_done ends it */
  t->exchange = NULL;
  if (t->started && x->server->pool != NULL) {
    pool_cancel(x->server->pool, &t->job);
    return;
  }
  if (t->started) pool_flare_release(t->job.flare); /* the pool has ended before its turn came */
  server_end(t);
}

void exchange_end(exchange *x, bool whole) {
  exchange_drop_task(x);
  x->transfer = NULL;
  x->gone = NULL;
  x->way->end(x, whole);
}

void exchange_close(exchange *x) {
  if (x->asked) x->server->open--;
  x->asked = false;
  if (x->transfer != NULL) server_origin_cancel(x->transfer);
  x->transfer = NULL;
  if (x->gone != NULL) x->gone(x);
  x->gone = NULL;
  exchange_drop_task(x);
}

void exchange_drained(exchange *x) {
  if (x->transfer != NULL) server_origin_go_on(x->transfer);
}
