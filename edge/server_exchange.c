/*
 * server_exchange.c - a request that a flare answers, or hands on to the origin. See server_parts.h.
 */
#include <stdlib.h>
#include <string.h>

#include "server_parts.h"

/* Names that a connection sets itself, RFC 9110, 7.6.1: a flare's are dropped. */
static bool is_of_connection(const host_pair *h) {
  static const char *const names[] = {
      "connection", "transfer-encoding", "content-length", "keep-alive", "upgrade", "proxy-connection", "te"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcasecmp(h->name, names[i]) == 0) return true;
  }
  return false;
}

static void set_headers(h2o_req_t *req, const host_pairs *headers) {
  for (size_t i = 0; i < headers->count; i++) {
    const host_pair *h = &headers->items[i];
    if (is_of_connection(h)) continue;
    h2o_iovec_t name = h2o_strdup(&req->pool, h->name, h->name_size);
    h2o_iovec_t value = h2o_strdup(&req->pool, h->value, h->value_size);
    h2o_strtolower(name.base, name.len);
    h2o_set_header_by_str(&req->pool, &req->res.headers, name.base, name.len, 1, value.base, value.len, 1);
  }
}

/* Hands the request on to the origin, which h2o streams; without one, says what to do. */
static int forward(server *s, h2o_req_t *req) {
  enum { BAD_GATEWAY = 502 };
  if (!s->has_origin) {
    server_refuse(
        req, BAD_GATEWAY,
        "The flare hands this request on to the origin, but there is none: start flaron-lua dev with "
        "--origin URL.");
    return BAD_GATEWAY;
  }
  h2o_req_overrides_t *overrides = h2o_mem_alloc_pool(&req->pool, sizeof *overrides);
  *overrides = (h2o_req_overrides_t){NULL}; /* not to us again, but to the host of the URL */
  h2o_reprocess_request_deferred(req, req->method, s->origin.scheme, s->origin.authority, req->path,
                                 overrides, 0);
  return 0;
}

/* Answers in place of a flare whose status would leave the client waiting for another. */
static int refuse_interim(h2o_req_t *req, int status) {
  enum { INTERNAL_ERROR = 500 };
  server_refuse(req, INTERNAL_ERROR,
                "The flare answered with status %d, after which clients wait for an answer.", status);
  return INTERNAL_ERROR;
}

static void free_body(void *body) { text_free(body); }

/* Hands a body over to a request, which frees it when it has been sent; copies one that is short. */
static h2o_iovec_t keep_body(h2o_req_t *req, text *body) {
  enum { SHORT = 1024 };
  if (body->size <= SHORT) return h2o_strdup(&req->pool, text_string(body), body->size);
  text *kept = h2o_mem_alloc_shared(&req->pool, sizeof *kept, free_body);
  *kept = *body;
  *body = (text){0};
  return h2o_iovec_init(text_string(kept), kept->size);
}

void server_exchange_done(task *t) {
  const server_options *options = t->server->options;
  const host_response *r = &t->job.response;
  int status = r->status;
  h2o_req_t *req = t->req;
  text page = {0};
  if (req != NULL && status == 500 && server_accepts_html(req) &&
      options->explain(options->data, &t->job, &page)) {
    server_send_page(req, status, true, &page);
  } else if (req != NULL && r->action == HOST_RESPOND && status < 200) {
    status = refuse_interim(req, status);
  } else if (req != NULL && r->action == HOST_RESPOND) {
    set_headers(req, &r->headers);
    server_send(req, status, keep_body(req, &t->job.response.body));
  } else if (req != NULL) {
    status = forward(t->server, req);
  }
  text_free(&page);
  server_record_task(t, status);
  if (t->req != NULL) *t->known = NULL;
  server_end(t);
}

/* The request's pool is gone: with it the answer, or the client before it got one. */
static void forget_client(void *known) {
  task *t = *(task **)known;
  if (t != NULL) t->req = NULL;
}

void server_exchange_start(server *s, h2o_req_t *req, pool_flare *flare) {
  task *t = server_task(s);
  t->req = req;
  t->known = h2o_mem_alloc_shared(&req->pool, sizeof *t->known, forget_client);
  *t->known = t;
  server_copy_request(&t->job.request, req);
  server_start(t, s, flare, FLARE_HANDLE_REQUEST);
}
