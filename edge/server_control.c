/*
 * server_control.c - what lies under /__flaron/, for this machine alone: the options' `control` answers it,
 * but for `events`, a stream of server-sent events. See server_parts.h.
 *
 * Web pages of other sites must neither read nor do anything here, though the browser that shows them runs on
 * this machine: so the Host must be a name of it (no DNS rebinding), and Origin and Sec-Fetch-Site our own.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "server_parts.h"

enum { MAX_WAITING = 1 << 20, FORBIDDEN = 403 };

/* Who listens at /__flaron/events. It lives in its request's pool. */
typedef struct audience {
  h2o_generator_t super;
  h2o_req_t *req;
  text sent, waiting; /* being sent; for after that */
  bool sending;
  struct audience *next, **previous;
} audience;

/* ---- who may ask ---- */

static bool is_on_this_machine(h2o_req_t *req) {
  struct sockaddr_storage peer;
  enum { LOOPBACK_NET = 127, NET_SHIFT = 24 };
  if (req->conn->callbacks->get_peername(req->conn, (struct sockaddr *)&peer) == 0) return false;
  if (peer.ss_family == AF_INET)
    return ntohl(((struct sockaddr_in *)&peer)->sin_addr.s_addr) >> NET_SHIFT == LOOPBACK_NET;
  const struct in6_addr *address = &((struct sockaddr_in6 *)&peer)->sin6_addr;
  return peer.ss_family == AF_INET6 &&
         (IN6_IS_ADDR_LOOPBACK(address) ||
          (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == LOOPBACK_NET));
}

/* Whether an authority, such as "localhost:8787", names this machine. */
static bool names_this_machine(h2o_iovec_t authority) {
  static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t size = strlen(names[i]);
    if (authority.len >= size && strncasecmp(authority.base, names[i], size) == 0 &&
        (authority.len == size || authority.base[size] == ':')) {
      return true;
    }
  }
  return false;
}

static h2o_iovec_t header(const h2o_req_t *req, const char *name) {
  ssize_t at = h2o_find_header_by_str(&req->headers, name, strlen(name), -1);
  return at >= 0 ? req->headers.entries[at].value : (h2o_iovec_t){NULL, 0};
}

/* Whether the request comes from a page of this server, or from no page at all. */
static bool is_own(const h2o_req_t *req) {
  h2o_iovec_t origin = header(req, "origin"), site = header(req, "sec-fetch-site");
  if (site.base != NULL && !h2o_memis(site.base, site.len, H2O_STRLIT("same-origin")) &&
      !h2o_memis(site.base, site.len, H2O_STRLIT("none"))) {
    return false;
  }
  if (origin.base == NULL) return true;
  text own = {0};
  text_printf(&own, "%.*s://%.*s", (int)req->input.scheme->name.len, req->input.scheme->name.base,
              (int)req->input.authority.len, req->input.authority.base);
  bool same = origin.len == own.size && memcmp(origin.base, own.data, own.size) == 0;
  text_free(&own);
  return same;
}

/* ---- events ---- */

static void leave(audience *a) {
  if (a->previous == NULL) return;
  *a->previous = a->next;
  if (a->next != NULL) a->next->previous = a->previous;
  a->previous = NULL;
}

/* The request's pool goes. */
static void dispose(void *data) {
  audience *a = data;
  leave(a);
  text_free(&a->sent);
  text_free(&a->waiting);
}

/* Sends what waits, when nothing is being sent. */
static void send_waiting(audience *a) {
  if (a->sending || a->waiting.size == 0) return;
  text_free(&a->sent);
  a->sent = a->waiting;
  a->waiting = (text){0};
  a->sending = true;
  h2o_iovec_t part = {a->sent.data, a->sent.size};
  h2o_send(a->req, &part, 1, H2O_SEND_STATE_IN_PROGRESS);
}

static void proceed(h2o_generator_t *generator, h2o_req_t *req) {
  audience *a = (audience *)generator;
  (void)req;
  a->sending = false;
  send_waiting(a);
}

static void stop(h2o_generator_t *generator, h2o_req_t *req) {
  (void)req;
  leave((audience *)generator);
}

static void listen_to_events(server *s, h2o_req_t *req) {
  audience *a = h2o_mem_alloc_shared(&req->pool, sizeof *a, dispose);
  *a = (audience){.super = {proceed, stop}, .req = req, .next = s->audiences, .previous = &s->audiences};
  if (a->next != NULL) a->next->previous = &a->next;
  s->audiences = a;
  req->res.status = 200;
  req->res.reason = "OK";
  h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                 H2O_STRLIT("text/event-stream"));
  h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CACHE_CONTROL, NULL, H2O_STRLIT("no-store"));
  h2o_start_response(req, &a->super);
  text_add_string(&a->waiting, ": flaron-lua dev\n\n");
  send_waiting(a);
}

void server_broadcast(server *s, const char *event, bytes line) {
  for (audience *a = s->audiences; a != NULL; a = a->next) {
    if (a->waiting.size > MAX_WAITING) continue; /* a page that sleeps: it asks for the history later */
    text_printf(&a->waiting, "event: %s\ndata: ", event);
    text_add(&a->waiting, line.data, line.size);
    text_add_string(&a->waiting, "\n\n");
    send_waiting(a);
  }
}

bool server_has_audience(const server *s) { return s->audiences != NULL; }

void server_control_end(server *s) {
  while (s->audiences != NULL) {
    audience *a = s->audiences;
    leave(a);
    if (!a->sending) h2o_send(a->req, NULL, 0, H2O_SEND_STATE_FINAL);
  }
}

/* ---- the rest ---- */

/* What a page of ours may do in a browser: load its own parts, nothing else. */
static void set_policy(h2o_req_t *req) {
  static const char *const headers[][2] = {
      {"content-security-policy",
       "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
      {"x-content-type-options", "nosniff"},
      {"referrer-policy", "no-referrer"},
      {"cache-control", "no-store"},
  };
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    h2o_add_header_by_str(&req->pool, &req->res.headers, headers[i][0], strlen(headers[i][0]), 1, NULL,
                          headers[i][1], strlen(headers[i][1]));
  }
}

void server_control(server *s, h2o_req_t *req, bytes path) {
  if (!is_on_this_machine(req)) {
    server_refuse(req, FORBIDDEN, "/__flaron/ answers this machine only.");
    return;
  }
  if (!names_this_machine(req->input.authority)) {
    server_refuse(req, FORBIDDEN, "/__flaron/ answers as localhost, 127.0.0.1 and [::1] only.");
    return;
  }
  if (!is_own(req)) {
    server_refuse(req, FORBIDDEN, "/__flaron/ does not answer other sites' pages.");
    return;
  }
  const uint8_t *mark = memchr(path.data, '?', path.size);
  bytes query = mark != NULL ? (bytes){mark + 1, (size_t)(path.data + path.size - mark - 1)} : (bytes){0};
  bytes method = {(const uint8_t *)req->input.method.base, req->input.method.len};
  bytes body = {(const uint8_t *)req->entity.base, req->entity.len};
  if (mark != NULL) path.size = (size_t)(mark - path.data);
  control_answer answer = {200, "application/json", {0}};
  if (bytes_are(path, "events") && bytes_are(method, "GET")) {
    listen_to_events(s, req);
    return;
  }
  if (s->options->control == NULL ||
      !s->options->control(s->options->data, method, path, query, body, &answer)) {
    answer.status = 404;
    answer.type = "text/plain; charset=utf-8";
    text_clear(&answer.body);
    text_add_string(&answer.body, "There is nothing of that name.\n");
  }
  set_policy(req);
  server_send_text(req, answer.status, answer.type, &answer.body);
  text_free(&answer.body);
}
