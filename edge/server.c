/*
 * server.c - see server.h. What a request or a connection needs lives in an `exchange` or a `socket`, which
 * outlive the client: a job may come back when nobody listens any more.
 */
#include "server.h"

#include "http.h"
#include "wasm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define H2O_USE_EPOLL 1
#include <h2o.h>
#include <h2o/http1.h>
#include <h2o/websocket.h>

enum { STOP_MS = 5000, TICK_MS = 100, MAX_ENTITY = 64 << 20, IO_TIMEOUT_MS = 30000 };

struct server {
  const server_options *options;
  h2o_globalconf_t config;
  h2o_context_t context;
  h2o_accept_ctx_t accept;
  h2o_socket_t *listener;
  h2o_multithread_receiver_t receiver;
  pool *pool;
  size_t open; /* exchanges and sockets that are not over */
  int port;
  volatile sig_atomic_t stopping;
  h2o_url_t origin;
  bool has_origin;
  uint64_t connections; /* WebSockets so far, for their ids */
};

/* A job with what it is for. `link` is how it comes back to the loop. */
typedef struct task {
  pool_job job;
  h2o_multithread_message_t link;
  server *server;
  struct exchange *exchange; /* one of these two */
  struct socket *socket;
  int event; /* of a socket: index of event_names */
} task;

/* A request that a flare answers. */
typedef struct exchange {
  task task;
  h2o_req_t *req; /* NULL when the client has gone */
} exchange;

/* A WebSocket connection. Its events are jobs, one after the other. */
typedef struct socket {
  server *server;
  h2o_websocket_conn_t *conn; /* NULL when it is closed */
  pool_flare *flare;
  host_request opening; /* what every event is given: URL, headers */
  text id;
  task *first, **last; /* events that wait for their turn */
  bool busy, over;     /* an event is being handled; `close` has been queued */
} socket_t;

static const char *const event_names[] = {"open", "message", "close"};

enum { EVENT_OPEN, EVENT_MESSAGE, EVENT_CLOSE };

/* ---- requests ---- */

/* Copies what a flare may see of a request. */
static void copy_request(host_request *to, const h2o_req_t *req) {
  text_add(&to->method, req->input.method.base, req->input.method.len);
  text_printf(&to->url, "%.*s://%.*s%.*s", (int)req->input.scheme->name.len, req->input.scheme->name.base,
              (int)req->input.authority.len, req->input.authority.base, (int)req->input.path.len,
              req->input.path.base);
  for (size_t i = 0; i < req->headers.size; i++) {
    const h2o_header_t *h = &req->headers.entries[i];
    host_pairs_set(&to->headers, (bytes){(const uint8_t *)h->name->base, h->name->len},
                   (bytes){(const uint8_t *)h->value.base, h->value.len}, false);
  }
  host_pairs_set(&to->headers, bytes_of("host"),
                 (bytes){(const uint8_t *)req->input.authority.base, req->input.authority.len}, true);
  if (req->entity.base != NULL) text_add(&to->body, req->entity.base, req->entity.len);
}

/* The job is done, on a worker's thread: sends it back to the loop. */
static void come_back(pool_job *job) {
  task *t = (task *)job;
  h2o_multithread_send_message(&t->server->receiver, &t->link);
}

static void task_start(task *t, server *s, pool_flare *flare, flare_handler handler) {
  t->server = s;
  t->link = (h2o_multithread_message_t){{NULL}};
  t->job.flare = flare;
  t->job.handler = handler;
  t->job.done = come_back;
  s->open++;
  pool_add(s->pool, &t->job);
}

static void task_end(task *t) {
  t->server->open--;
  host_response_free(&t->job.response);
  host_request_free(&t->job.request);
}

/* The client of an exchange has gone. */
static void forget_client(void *anchor) { (*(exchange **)anchor)->req = NULL; }

static h2o_generator_t no_generator = {NULL, NULL};

/* Sends an answer whose body is small or lives in the request's pool. */
static void send_answer(h2o_req_t *req, int status, h2o_iovec_t body) {
  bool head = h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
  bool bodiless = status == 204 || status == 304 || status < 200; /* RFC 9110, 6.4.1 */
  req->res.status = status;
  req->res.reason = http_reason(status);
  req->res.content_length = bodiless ? SIZE_MAX : body.len;
  h2o_start_response(req, &no_generator);
  h2o_send(req, &body, head || bodiless || body.len == 0 ? 0 : 1, H2O_SEND_STATE_FINAL);
}

static void send_text(h2o_req_t *req, int status, const char *type, const text *body) {
  h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, type, strlen(type));
  send_answer(req, status, h2o_strdup(&req->pool, text_string(body), body->size));
}

/* Names that a connection sets itself, RFC 9110, 7.6.1: a flare's are dropped. */
static bool is_of_connection(const host_pair *h) {
  static const char *const names[] = {"connection", "transfer-encoding", "content-length", "keep-alive",
                                      "upgrade"};
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
  if (!s->has_origin) {
    text page = {0};
    text_add_string(&page,
                    "The flare hands this request on to the origin, but there is none: start flaron-lua dev "
                    "with --origin URL.\n");
    send_text(req, 502, "text/plain; charset=utf-8", &page);
    text_free(&page);
    return 502;
  }
  h2o_req_overrides_t *overrides = h2o_mem_alloc_pool(&req->pool, sizeof *overrides);
  *overrides = (h2o_req_overrides_t){NULL};
  overrides->hostport.host = s->origin.host;
  overrides->hostport.port = h2o_url_get_port(&s->origin);
  h2o_reprocess_request_deferred(req, req->method, s->origin.scheme, s->origin.authority, req->path,
                                 overrides, 0);
  return 0;
}

static void record(server *s, const task *t, int status) {
  server_record r = {t->socket != NULL ? event_names[t->event] : NULL, &t->job, status};
  s->options->record(s->options->data, &r);
}

static void exchange_done(exchange *e) {
  const host_response *r = &e->task.job.response;
  int status = r->status;
  h2o_req_t *req = e->req;
  if (req != NULL && r->action == HOST_RESPOND) {
    set_headers(req, &r->headers);
    send_answer(req, status, h2o_strdup(&req->pool, text_string(&r->body), r->body.size));
  } else if (req != NULL) {
    status = forward(e->task.server, req);
  }
  record(e->task.server, &e->task, status);
  task_end(&e->task);
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

static void exchange_start(server *s, h2o_req_t *req, pool_flare *flare) {
  exchange *e = memory_get(sizeof *e);
  e->req = req;
  e->task.exchange = e;
  *(exchange **)h2o_mem_alloc_shared(&req->pool, sizeof e, dispose) = e;
  copy_request(&e->task.job.request, req);
  task_start(&e->task, s, flare, FLARE_HANDLE_REQUEST);
}

/* ---- WebSockets ---- */

/* Starts the next event of a connection, unless one is being handled; frees it after the last. */
static void socket_next(socket_t *c) {
  if (c->busy) return;
  task *t = c->first;
  if (t == NULL) {
    if (!c->over || c->conn != NULL) return;
    pool_flare_release(c->flare);
    host_request_free(&c->opening);
    text_free(&c->id);
    c->server->open--;
    free(c);
    return;
  }
  c->first = (task *)t->job.next;
  if (c->first == NULL) c->last = &c->first;
  c->busy = true;
  task_start(t, c->server, pool_flare_retain(c->flare), (flare_handler)(FLARE_WS_OPEN + t->event));
}

/* Queues an event, when the flare has a handler for it. */
static void socket_event(socket_t *c, int event, const uint8_t *data, size_t size, int close_code) {
  if (event == EVENT_CLOSE) c->over = true;
  if (!(pool_flare_get(c->flare)->handlers >> (FLARE_WS_OPEN + event) & 1)) return;
  task *t = memory_get(sizeof *t);
  host_request *r = &t->job.request;
  t->socket = c;
  t->event = event;
  r->event.type = event_names[event];
  r->event.close_code = close_code;
  text_add(&r->event.conn_id, c->id.data, c->id.size);
  text_add(&r->event.data, data, size);
  text_add(&r->method, c->opening.method.data, c->opening.method.size);
  text_add(&r->url, c->opening.url.data, c->opening.url.size);
  for (size_t i = 0; i < c->opening.headers.count; i++) {
    const host_pair *h = &c->opening.headers.items[i];
    host_pairs_set(&r->headers, (bytes){(const uint8_t *)h->name, h->name_size},
                   (bytes){(const uint8_t *)h->value, h->value_size}, false);
  }
  *c->last = t;
  c->last = (task **)&t->job.next;
}

/* h2o: a message, a close frame, or (NULL) the end of the connection. */
static void on_message(h2o_websocket_conn_t *conn, const struct wslay_event_on_msg_recv_arg *message) {
  enum { ABNORMAL = 1006, NO_STATUS = 1005 }; /* RFC 6455, 7.4.1 */
  socket_t *c = conn->data;
  if (message == NULL) {
    if (!c->over) socket_event(c, EVENT_CLOSE, NULL, 0, ABNORMAL);
    h2o_websocket_close(conn);
    c->conn = NULL;
  } else if (message->opcode == WSLAY_CONNECTION_CLOSE) {
    int code = message->status_code != 0 ? message->status_code : NO_STATUS;
    if (!c->over) socket_event(c, EVENT_CLOSE, NULL, 0, code);
  } else if (!wslay_is_ctrl_frame(message->opcode)) {
    socket_event(c, EVENT_MESSAGE, message->msg, message->msg_length, 0);
  }
  socket_next(c);
}

/* Sends what the flare sent in an event, and closes when it closed. */
static void socket_done(socket_t *c, task *t) {
  const host_response *r = &t->job.response;
  record(c->server, t, 0);
  if (c->conn != NULL) {
    for (size_t i = 0; i < r->frame_count; i++) {
      struct wslay_event_msg frame = {
          wasm_is_utf8(r->frames[i].data, r->frames[i].size) ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME,
          (const uint8_t *)text_string(&r->frames[i]), r->frames[i].size};
      wslay_event_queue_msg(c->conn->ws_ctx, &frame);
    }
    if (r->close_code != 0) wslay_event_queue_close(c->conn->ws_ctx, (uint16_t)r->close_code, NULL, 0);
  }
  task_end(t);
  free(t);
  c->busy = false;
  h2o_websocket_conn_t *conn = c->conn;
  socket_next(c);                                /* may free c, but only when conn is NULL */
  if (conn != NULL) h2o_websocket_proceed(conn); /* may end in on_message, and so free c */
}

static void socket_start(server *s, h2o_req_t *req, const char *key, pool_flare *flare) {
  socket_t *c = memory_get(sizeof *c);
  c->server = s;
  c->flare = flare;
  c->last = &c->first;
  s->open++;
  copy_request(&c->opening, req);
  text_printf(&c->id, "%08llx", (unsigned long long)++s->connections);
  c->conn = h2o_upgrade_to_websocket(req, key, c, on_message);
  socket_event(c, EVENT_OPEN, NULL, 0, 0);
  socket_next(c);
}

/* ---- the loop ---- */

typedef struct front {
  h2o_handler_t super;
  server *server;
} front;

static bool accepts_html(h2o_req_t *req) {
  ssize_t at = h2o_find_header(&req->headers, H2O_TOKEN_ACCEPT, -1);
  return at >= 0 && h2o_strstr(req->headers.entries[at].value.base, req->headers.entries[at].value.len,
                               H2O_STRLIT("text/html")) != SIZE_MAX;
}

static int on_request(h2o_handler_t *self, h2o_req_t *req) {
  server *s = ((front *)self)->server;
  const char *key = NULL;
  unsigned ws = 1u << FLARE_WS_OPEN | 1u << FLARE_WS_MESSAGE | 1u << FLARE_WS_CLOSE;
  pool_flare *flare = s->options->find_flare(s->options->data, req->input.path.base, req->input.path.len);
  if (flare == NULL) {
    text page = {0};
    bool html = accepts_html(req);
    int status =
        s->options->say_why(s->options->data, req->input.path.base, req->input.path.len, html, &page);
    send_text(req, status, html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8", &page);
    text_free(&page);
  } else if (h2o_is_websocket_handshake(req, &key) == 0 && key != NULL &&
             (pool_flare_get(flare)->handlers & ws)) {
    socket_start(s, req, key, flare);
  } else if (pool_flare_get(flare)->handlers & 1u << FLARE_HANDLE_REQUEST) {
    exchange_start(s, req, flare);
  } else {
    text page = {0};
    pool_flare_release(flare);
    text_add_string(&page, "This flare answers WebSockets only.\n");
    send_text(req, 426, "text/plain; charset=utf-8", &page);
    text_free(&page);
  }
  return 0;
}

/* Jobs that are done. */
static void on_done(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages) {
  (void)receiver;
  while (!h2o_linklist_is_empty(messages)) {
    h2o_multithread_message_t *link = H2O_STRUCT_FROM_MEMBER(h2o_multithread_message_t, link, messages->next);
    task *t = H2O_STRUCT_FROM_MEMBER(task, link, link);
    h2o_linklist_unlink(&link->link);
    if (t->socket != NULL) {
      socket_done(t->socket, t);
    } else {
      exchange_done(t->exchange);
    }
  }
}

static void on_accept(h2o_socket_t *listener, const char *fault) {
  server *s = listener->data;
  h2o_socket_t *client;
  if (fault != NULL || s->stopping) return;
  if ((client = h2o_evloop_socket_accept(listener)) != NULL) h2o_accept(&s->accept, client);
}

/* A socket that listens, or -1 with one line in `error`. */
static int listen_on(const char *host, int port, text *error) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found;
  char service[8];
  int on = 1, fd = -1, fault;
  snprintf(service, sizeof service, "%d", port);
  if ((fault = getaddrinfo(host, service, &hints, &found)) != 0) {
    text_printf(error, "%s: %s", host, gai_strerror(fault));
    return -1;
  }
  fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
    text_printf(error, "cannot listen on %s:%d: %s", host, port, strerror(errno));
    if (fd >= 0) close(fd);
    fd = -1;
  }
  freeaddrinfo(found);
  return fd;
}

server *server_open(const server_options *options, text *error) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  h2o_url_t origin = {NULL};
  if (options->origin != NULL && h2o_url_parse(options->origin, SIZE_MAX, &origin) != 0) {
    text_printf(error, "origin '%s' is no URL such as http://localhost:3000", options->origin);
    return NULL;
  }
  int fd = listen_on(options->host, options->port, error);
  if (fd < 0) return NULL;
  server *s = memory_get(sizeof *s);
  s->options = options;
  s->origin = origin;
  s->has_origin = options->origin != NULL;
  getsockname(fd, (struct sockaddr *)&address, &size);
  s->port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                : ((struct sockaddr_in *)&address)->sin_port);
  h2o_config_init(&s->config);
  s->config.server_name = h2o_iovec_init(H2O_STRLIT("flaron-lua"));
  s->config.max_request_entity_size = MAX_ENTITY;
  s->config.proxy.io_timeout = IO_TIMEOUT_MS;
  h2o_hostconf_t *host = h2o_config_register_host(&s->config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
  h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
  front *handler = (front *)h2o_create_handler(path, sizeof *handler);
  handler->super.on_req = on_request;
  handler->server = s;
  h2o_context_init(&s->context, h2o_evloop_create(), &s->config);
  s->accept = (h2o_accept_ctx_t){.ctx = &s->context, .hosts = s->config.hosts};
  h2o_multithread_register_receiver(s->context.queue, &s->receiver, on_done);
  s->listener = h2o_evloop_socket_create(s->context.loop, fd, H2O_SOCKET_FLAG_DONT_READ);
  s->listener->data = s;
  h2o_socket_read_start(s->listener, on_accept);
  s->pool = pool_open(options->threads);
  return s;
}

int server_port(const server *s) { return s->port; }

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void server_run(server *s) {
  while (!s->stopping) h2o_evloop_run(s->context.loop, TICK_MS);
  int64_t end = now_ms() + STOP_MS;
  h2o_socket_read_stop(s->listener);
  h2o_context_request_shutdown(&s->context);
  while (s->open > 0 && now_ms() < end) h2o_evloop_run(s->context.loop, TICK_MS);
  for (int i = 0; i < 3; i++) h2o_evloop_run(s->context.loop, 1); /* what was written goes out */
}

void server_stop(server *s) { s->stopping = 1; }

void server_close(server *s) {
  pool_close(s->pool);
  h2o_socket_close(s->listener);
  free(s);
}
