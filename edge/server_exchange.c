/*
 * server_exchange.c - a request that a flare answers, or hands on to the origin. See server_parts.h.
 *
 * An exchange outlives its client: the job may come back when nobody listens any more.
 */
#include <stdlib.h>
#include <string.h>

#include "server_parts.h"

/* A request that a flare answers. */
typedef struct exchange {
  task task;
  h2o_req_t *req; /* NULL when the client has gone */
} exchange;

/* The client of an exchange has gone. */
static void forget_client(void *anchor) { (*(exchange **)anchor)->req = NULL; }

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

/* Hands a body over to a request, which frees it when it has been sent. */
static h2o_iovec_t keep_body(h2o_req_t *req, text *body) {
  text *kept = h2o_mem_alloc_shared(&req->pool, sizeof *kept, free_body);
  *kept = *body;
  *body = (text){0};
  return h2o_iovec_init(text_string(kept), kept->size);
}

void server_exchange_done(exchange *e) {
  const host_response *r = &e->task.job.response;
  int status = r->status;
  h2o_req_t *req = e->req;
  text page = {0};
  if (req != NULL && status == 500 && server_accepts_html(req) &&
      e->task.server->options->explain(e->task.server->options->data, &e->task.job, &page)) {
    server_send_page(req, status, true, &page);
  } else if (req != NULL && r->action == HOST_RESPOND && status < 200) {
    status = refuse_interim(req, status);
  } else if (req != NULL && r->action == HOST_RESPOND) {
    set_headers(req, &r->headers);
    server_send(req, status, keep_body(req, &e->task.job.response.body));
  } else if (req != NULL) {
    status = forward(e->task.server, req);
  }
  text_free(&page);
  server_record_task(&e->task, status);
  server_end(&e->task);
  if (e->req == NULL) {
    free(e);
  } else {
    e->task.exchange = NULL; /* forget_client frees it */
  }
}

/* The request's pool is gone: with it the answer, or the client before it got one. */
static void dispose(void *anchor) {
  exchange *e = *(exchange **)anchor;
  if (e->task.exchange == NULL) {
    free(e);
  } else {
    forget_client(anchor);
  }
}

void server_exchange_start(server *s, h2o_req_t *req, pool_flare *flare) {
  exchange *e = memory_get(sizeof *e);
  e->req = req;
  e->task.exchange = e;
  *(exchange **)h2o_mem_alloc_shared(&req->pool, sizeof e, dispose) = e;
  server_copy_request(&e->task.job.request, req);
  server_start(&e->task, s, flare, FLARE_HANDLE_REQUEST);
}
