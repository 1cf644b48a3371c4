/*
 * server_control.c - what is asked at the page's port, under /__flaron/, for this machine alone: the options'
 * `control` answers it, but for `events`, a stream of server-sent events, and `send`, which asks the flare.
 * See server_private.h.
 *
 * The port is not the flare's, so that scripts of the flare, and of pages that it hands on, are of another
 * origin. Web pages of other sites must neither read nor do anything here, though the browser that shows them
 * runs on this machine: so the Host must be a name of it (no DNS rebinding), and Origin and Sec-Fetch-Site
 * our own.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/http.h"
#include "base/json_bytes.h"
#include "server/server_private.h"

enum { OK = 200, BAD_REQUEST = 400, FORBIDDEN = 403, NOT_FOUND = 404, NOT_ALLOWED = 405 };

static const char *const policy[][2] = {
    {"cross-origin-opener-policy", "same-origin"},
    {"cross-origin-resource-policy", "same-origin"},
    {"x-content-type-options", "nosniff"},
    {"referrer-policy", "no-referrer"},
    {"cache-control", "no-store"},
};

/*
 * Answers with what a page of ours may do in a browser: load its own parts, show pictures that it has the
 * bytes of, and open WebSockets to the flares.
 */
static void answer_page(exchange *x, int status, const char *type, text *body) {
  enum { COUNT = sizeof policy / sizeof *policy };
  const server *s = x->server;
  const char *scheme = s->tls != NULL ? "wss" : "ws", *host = s->options->host;
  int port = s->flares.port;
  text content = {0};
  text_printf(&content, "default-src 'self'; img-src 'self' blob:; connect-src 'self' %s://localhost:%d",
              scheme, port);
  if (strchr(host, ':') == NULL && strcmp(host, "localhost") != 0) /* of IPv6 a policy knows no addresses */
    text_printf(&content, " %s://%s:%d", scheme, strcmp(host, "0.0.0.0") == 0 ? "127.0.0.1" : host, port);
  text_add_string(&content, "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  const char *headers[COUNT + 1][2] = {{"content-security-policy", content.data}};
  memcpy(headers + 1, policy, sizeof policy);
  reply r = {
      .status = status, .type = type, .more = (const char *const(*)[2])headers, .more_count = COUNT + 1};
  exchange_answer(x, &r, body);
  text_free(&content);
}

/* ---- who may ask ---- */

/* Whether somebody follows a link to the page, or opens it: whoever made the link sees nothing of it. */
static bool opens_page(const exchange *x, bytes path) {
  return path.size == 0 && bytes_are(text_bytes(&x->task->job.request.method), "GET") &&
         bytes_are(exchange_header(x, "sec-fetch-mode"), "navigate") &&
         bytes_are(exchange_header(x, "sec-fetch-dest"), "document");
}

/* Whether the request comes from a page of this server, or from no page at all. */
static bool is_own(const exchange *x, bytes path) {
  bytes origin = exchange_header(x, "origin"), site = exchange_header(x, "sec-fetch-site");
  if (site.data != NULL && !bytes_are(site, "same-origin") && !bytes_are(site, "none") &&
      !opens_page(x, path))
    return false;
  if (origin.data == NULL) return true;
  text own = {0};
  bytes host = exchange_header(x, "host");
  text_add_string(&own, "http://");
  text_add(&own, host.data, host.size);
  bool same = origin.size == own.size && memcmp(origin.data, own.data, own.size) == 0;
  text_free(&own);
  return same;
}

/* ---- events ---- */

/* Who listens at /__flaron/events. */
typedef struct audience {
  exchange *x;
  struct audience *next, **previous;
} audience;

static void leave(exchange *x) {
  audience *a = x->data;
  *a->previous = a->next;
  if (a->next != NULL) a->next->previous = a->previous;
  free(a);
  x->data = NULL;
}

static void listen_to_events(exchange *x) {
  server *s = x->server;
  static const char *const headers[][2] = {{"cache-control", "no-store"}};
  reply r = {.status = 200, .length = -1, .type = "text/event-stream", .more = headers, .more_count = 1};
  text hello = {0};
  audience *a = memory_get(sizeof *a);
  *a = (audience){.x = x, .next = s->audiences, .previous = &s->audiences};
  if (a->next != NULL) a->next->previous = &a->next;
  s->audiences = a;
  x->data = a;
  x->gone = leave;
  s->open--; /* nobody waits for its end */
  x->asked = false;
  text_add_string(&hello, ": flaron-lua dev\n\n");
  exchange_begin(x, &r);
  exchange_add(x, &hello);
  text_free(&hello);
}

void server_broadcast(server *s, const char *event, bytes line) {
  enum { MAX_WAITING = 1 << 20 };
  text part = {0};
  for (audience *a = s->audiences; a != NULL; a = a->next) {
    if (a->x->way->unsent(a->x) > MAX_WAITING)
      continue; /* a page that sleeps: it asks for the history later */
    text_printf(&part, "event: %s\ndata: ", event);
    text_add(&part, line.data, line.size);
    text_add_string(&part, "\n\n");
    exchange_add(a->x, &part);
    text_clear(&part);
  }
  text_free(&part);
}

bool server_has_audience(const server *s) { return s->audiences != NULL; }

void server_control_end(server *s) {
  while (s->audiences != NULL) {
    exchange *x = s->audiences->x;
    leave(x);
    exchange_end(x, true);
  }
}

/* ---- requests that the page sends ---- */

/* A request of the page to the flare. The answer is JSON, with the job's id, 0 = there was no flare to ask:
 * nothing of it becomes part of the page's origin. */
typedef struct probe {
  exchange x;      /* first: its functions are given it */
  exchange *asker; /* who asked for it */
  int status;
  json_t *headers;
  text body;
  size_t size; /* of all of the body */
} probe;

static void free_probe(probe *p) {
  exchange_close(&p->x);
  json_decref(p->headers);
  text_free(&p->body);
  free(p);
}

static void asker_gone(exchange *asker) { free_probe(asker->data); }

static void add_header(void *to, bytes name, bytes value) {
  json_array_append_new(to, json_pack("[o, o]", json_shown(name), json_shown(value)));
}

static void begin_probe(exchange *x, const reply *r) {
  probe *p = (probe *)x;
  p->status = r->status;
  reply_fields(x->server, r, add_header, p->headers);
}

static void add_to_probe(exchange *x, text *part) {
  enum { MOST_SHOWN = 1 << 20 };
  probe *p = (probe *)x;
  size_t room = MOST_SHOWN - p->body.size;
  p->size += part->size;
  text_add(&p->body, part->data, part->size < room ? part->size : room);
  text_reuse(part);
}

static void end_probe(exchange *x, bool whole) {
  probe *p = (probe *)x;
  exchange *asker = p->asker;
  text base64 = {0}, answer = {0};
  base64_encode(&base64, text_bytes(&p->body));
  json_t *all = json_pack("{s:I, s:i, s:s, s:O, s:I, s:b, s:s}", "id", (json_int_t)p->x.id, "status",
                          p->status, "reason", http_reason(p->status), "headers", p->headers, "size",
                          (json_int_t)p->size, "whole", whole, "body", text_string(&base64));
  json_add_to(&answer, all, JSON_COMPACT);
  text_free(&base64);
  free_probe(p);
  asker->data = NULL;
  answer_page(asker, OK, "application/json", &answer);
  text_free(&answer);
}

static size_t unsent_of_probe(const exchange *x) {
  (void)x;
  return 0;
}

static bytes bytes_of_json(const json_t *string) {
  return (bytes){(const uint8_t *)json_string_value(string), json_string_length(string)};
}

/* Takes the request that the page describes. False: it is none; `*why` says why. */
static bool take_request(probe *p, const json_t *wanted, const char **why) {
  const char *method = json_string_value(json_object_get(wanted, "method"));
  const char *path = json_string_value(json_object_get(wanted, "path"));
  const json_t *headers = json_object_get(wanted, "headers"), *body = json_object_get(wanted, "body");
  text host = {0};
  bool good = method != NULL && path != NULL && path[0] == '/' && http_is_token(bytes_of(method)) &&
              http1_is_target(path, strlen(path));
  *why = "method and path are expected, the path with a '/' first";
  text_printf(&host, "localhost:%d", p->x.server->flares.port);
  good = good && exchange_target(&p->x, bytes_of(method), bytes_of(path), text_bytes(&host), why);
  text_free(&host);
  for (size_t i = 0; good && i < json_array_size(headers); i++) {
    const json_t *pair = json_array_get(headers, i);
    bytes name = bytes_of_json(json_array_get(pair, 0)), value = bytes_of_json(json_array_get(pair, 1));
    good = http_is_token(name) && http_is_value(value);
    *why = "a header's name or value has a character it cannot have";
    if (good) exchange_field(&p->x, name, value);
  }
  return good && (bytes_of_json(body).size == 0 || exchange_body(&p->x, bytes_of_json(body)) == 0);
}

/* Asks the flare what the page wants to be asked. */
static void send_request(exchange *x) {
  static const exchange_way way = {begin_probe, add_to_probe, end_probe, unsent_of_probe};
  const text *body = &x->task->job.request.body;
  json_t *wanted = json_loadb(text_string(body), body->size, 0, NULL);
  const char *why = "a JSON object is expected";
  probe *p = memory_get(sizeof *p);
  p->asker = x;
  p->headers = json_array();
  exchange_open(&p->x, x->server, NULL, &way);
  bool good = take_request(p, wanted, &why);
  json_decref(wanted);
  if (!good) {
    free_probe(p);
    exchange_refuse(x, BAD_REQUEST, "This cannot be sent: %s.", why);
    return;
  }
  x->data = p;
  x->gone = asker_gone;
  exchange_ask(&p->x);
}

/* ---- the rest ---- */

static void answer(exchange *x, bytes path, bytes query) {
  const server_options *o = x->server->options;
  const host_request *request = &x->task->job.request;
  control_answer made = {200, "application/json", {0}};
  if (!o->control(o->data, text_bytes(&request->method), path, query, text_bytes(&request->body), &made)) {
    made.status = NOT_FOUND;
    made.type = "text/plain; charset=utf-8";
    text_clear(&made.body);
    text_add_string(&made.body, "There is nothing of that name.\n");
  }
  answer_page(x, made.status, made.type, &made.body);
  text_free(&made.body);
}

void server_control(exchange *x) {
  static const char under[] = "/__flaron/";
  enum { PREFIX = sizeof under - 1, FOUND = 302 };
  static const char *const there[][2] = {{"location", under}};
  bytes path = bytes_of(http_path(text_string(&x->task->job.request.url)));
  bytes method = text_bytes(&x->task->job.request.method);
  const uint8_t *mark = memchr(path.data, '?', path.size);
  bytes query = mark != NULL ? (bytes){mark + 1, (size_t)(path.data + path.size - mark - 1)} : (bytes){0};
  if (mark != NULL) path.size = (size_t)(mark - path.data);
  bool ours = path.size >= PREFIX && memcmp(path.data, under, PREFIX) == 0;
  bytes name = ours ? (bytes){path.data + PREFIX, path.size - PREFIX} : path;
  if (!x->local) {
    exchange_refuse(x, FORBIDDEN, "This answers this machine only.");
  } else if (!server_names_this_machine(exchange_header(x, "host"))) {
    exchange_refuse(x, FORBIDDEN, "This answers as localhost, 127.0.0.1 and [::1] only.");
  } else if (bytes_are(path, "/")) {
    text nothing = {0};
    reply r = {.status = FOUND, .more = there, .more_count = 1};
    exchange_answer(x, &r, &nothing);
  } else if (!is_own(x, name)) {
    exchange_refuse(x, FORBIDDEN, "This does not answer other sites' pages.");
  } else if (!ours) {
    exchange_refuse(x, NOT_FOUND, "There is the page under /__flaron/ and nothing else.");
  } else if (bytes_are(name, "events") && bytes_are(method, "GET")) {
    listen_to_events(x);
  } else if (bytes_are(name, "send") && bytes_are(method, "POST")) {
    send_request(x);
  } else {
    answer(x, name, query);
  }
}
