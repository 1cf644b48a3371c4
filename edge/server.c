/*
 * server.c - the event loop of a server: it listens, and sends each request to the part that answers it. See
 * server.h, server_parts.h.
 */
#include "server_parts.h"

#include "certificate.h"
#include "clock.h"
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <h2o/http1.h>
#include <h2o/websocket.h>

enum { STOP_MS = 5000, JOBS_MS = 300, TICK_MS = 100 };

/* ---- what the parts share ---- */

void server_copy_request(host_request *to, const h2o_req_t *req) {
  text_add(&to->method, req->input.method.base, req->input.method.len);
  text_add(&to->url, req->input.scheme->name.base, req->input.scheme->name.len);
  text_add_string(&to->url, "://");
  text_add(&to->url, req->input.authority.base, req->input.authority.len);
  text_add(&to->url, req->input.path.base, req->input.path.len);
  for (size_t i = 0; i < req->headers.size; i++) {
    const h2o_header_t *h = &req->headers.entries[i];
    host_pairs_set(&to->headers, (bytes){(const uint8_t *)h->name->base, h->name->len},
                   (bytes){(const uint8_t *)h->value.base, h->value.len}, false);
  }
  host_pairs_set(&to->headers, bytes_of("host"),
                 (bytes){(const uint8_t *)req->input.authority.base, req->input.authority.len}, true);
  if (req->entity.base != NULL) text_add(&to->body, req->entity.base, req->entity.len);
}

static void task_done(task *t) {
  if (t->socket != NULL) {
    server_socket_done(t->socket, t);
  } else {
    server_exchange_done(t);
  }
}

/* The job is done; on a thread that does not lead it is sent back to the loop. */
static void come_back(pool_job *job, bool leading) {
  task *t = (task *)job;
  if (leading) {
    t->server->written = true;
    task_done(t);
  } else {
    h2o_multithread_send_message(&t->server->receiver, &t->link);
  }
}

/* Of all servers: several edges may share a log. */
static atomic_uint_fast64_t last_id;

task *server_task(server *s) {
  task *t = s->spare;
  if (t == NULL) return memory_get(sizeof *t);
  s->spare = (task *)t->job.next;
  s->spares--;
  t->job.next = NULL;
  t->job.tape = NULL;
  t->job.finish = NULL;
  t->socket = NULL;
  t->req = NULL;
  return t;
}

static void free_task(task *t) {
  host_response_free(&t->job.response);
  host_request_free(&t->job.request);
  free(t);
}

void server_start(task *t, server *s, pool_flare *flare, flare_handler handler) {
  t->server = s;
  t->link = (h2o_multithread_message_t){{NULL}};
  t->job.flare = flare;
  t->job.handler = handler;
  t->job.done = come_back;
  t->job.id = atomic_fetch_add(&last_id, 1) + 1;
  if (s->options->prepare != NULL) s->options->prepare(s->options->data, &t->job);
  s->open++;
  s->started = true;
  pool_add(s->pool, &t->job);
}

void server_end(task *t) {
  enum { MAX_SPARE = 64 };
  server *s = t->server;
  s->open--;
  if (s->spares == MAX_SPARE) {
    free_task(t);
    return;
  }
  host_response_clear(&t->job.response);
  host_request_clear(&t->job.request);
  t->job.next = (pool_job *)s->spare;
  s->spare = t;
  s->spares++;
}

static h2o_generator_t no_generator = {NULL, NULL};

void server_send(h2o_req_t *req, int status, h2o_iovec_t body) {
  bool head = h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
  bool bodiless = status == 204 || status == 304 || status < 200; /* RFC 9110, 6.4.1 */
  req->res.status = status;
  req->res.reason = http_reason(status);
  req->res.content_length = bodiless ? SIZE_MAX : body.len;
  h2o_start_response(req, &no_generator);
  h2o_send(req, &body, head || bodiless || body.len == 0 ? 0 : 1, H2O_SEND_STATE_FINAL);
}

void server_send_text(h2o_req_t *req, int status, const char *type, const text *body) {
  h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, type, strlen(type));
  server_send(req, status, h2o_strdup(&req->pool, text_string(body), body->size));
}

bool server_accepts_html(const h2o_req_t *req) {
  ssize_t at = h2o_find_header(&req->headers, H2O_TOKEN_ACCEPT, -1);
  return at >= 0 && h2o_strstr(req->headers.entries[at].value.base, req->headers.entries[at].value.len,
                               H2O_STRLIT("text/html")) != SIZE_MAX;
}

void server_send_page(h2o_req_t *req, int status, bool html, const text *page) {
  server_send_text(req, status, html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8", page);
}

void server_refuse(h2o_req_t *req, int status, const char *format, ...) {
  char *sentence;
  text page = {0};
  va_list arguments;
  va_start(arguments, format);
  if (vasprintf(&sentence, format, arguments) < 0) memory_get(SIZE_MAX);
  va_end(arguments);
  text_printf(&page, "%s\n", sentence);
  free(sentence);
  server_send_page(req, status, false, &page);
  text_free(&page);
}

void server_record_task(task *t, int status) {
  server_record r = {t->socket != NULL ? server_event_names[t->event] : NULL, &t->job, status};
  t->server->options->record(t->server->options->data, &r);
}

/* ---- the loop ---- */

typedef struct front {
  h2o_handler_t super;
  server *server;
} front;

/* Whether bytes have one of `marks` in them, or what is neither printable nor beyond ASCII. */
static bool has_any(h2o_iovec_t b, const char *marks) {
  for (size_t i = 0; i < b.len; i++) {
    unsigned char c = (unsigned char)b.base[i];
    if (c <= ' ' || c == 0x7f || (*marks != '\0' && strchr(marks, c) != NULL)) return true;
  }
  return false;
}

/*
 * Makes a target that is a whole URL, or the `*` of OPTIONS, a path (RFC 9112, 3.2). NULL, or what is wrong
 * with method, target or host: h2o looks at few bytes of them, in HTTP/2 at none.
 */
static const char *read_target(h2o_req_t *req) {
  h2o_url_t url;
  h2o_iovec_t *path = &req->input.path;
  if (req->input.method.len == 0 || has_any(req->input.method, "\"(),/:;<=>?@[\\]{}"))
    return "The method is no token.";
  if (path->len == 1 && path->base[0] == '*' &&
      h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("OPTIONS"))) {
    *path = h2o_iovec_init(H2O_STRLIT("/"));
  } else if (path->len == 0 || path->base[0] != '/') {
    if (h2o_url_parse(path->base, path->len, &url) != 0)
      return "The target is neither a path nor an http URL.";
    req->path = req->input.path = url.path;
    req->authority = req->input.authority = url.authority;
  }
  if (has_any(*path, "")) return "The target has spaces or control characters.";
  if (req->input.authority.len == 0 || has_any(req->input.authority, "/?#@\\")) return "The host is no host.";
  return NULL;
}

static int on_request(h2o_handler_t *self, h2o_req_t *req) {
  server *s = ((front *)self)->server;
  static const char control[] = "/__flaron/";
  enum { PREFIX = sizeof control - 1, BAD_REQUEST = 400, UPGRADE_REQUIRED = 426 };
  const char *key = NULL, *wrong = read_target(req);
  if (s->end_ms != 0) req->http1_is_persistent = 0; /* who keeps asking must not keep us */
  if (wrong != NULL) {
    server_refuse(req, BAD_REQUEST, "%s", wrong);
    return 0;
  }
  if (req->input.path.len >= PREFIX && memcmp(req->input.path.base, control, PREFIX) == 0) {
    server_control(s, req,
                   (bytes){(const uint8_t *)req->input.path.base + PREFIX, req->input.path.len - PREFIX});
    return 0;
  }
  unsigned ws = 1u << FLARE_WS_OPEN | 1u << FLARE_WS_MESSAGE | 1u << FLARE_WS_CLOSE;
  pool_flare *flare = s->options->find_flare(s->options->data, req->input.path.base, req->input.path.len);
  if (flare == NULL) {
    text page = {0};
    bool html = server_accepts_html(req);
    int status =
        s->options->say_why(s->options->data, req->input.path.base, req->input.path.len, html, &page);
    server_send_page(req, status, html, &page);
    text_free(&page);
  } else if (h2o_is_websocket_handshake(req, &key) == 0 && key != NULL &&
             (pool_flare_get(flare)->handlers & ws)) {
    server_socket_start(s, req, key, flare);
  } else if (pool_flare_get(flare)->handlers & 1u << FLARE_HANDLE_REQUEST) {
    server_exchange_start(s, req, flare);
  } else {
    pool_flare_release(flare);
    server_refuse(req, UPGRADE_REQUIRED, "This flare answers WebSockets only.");
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
    task_done(t);
  }
}

/* What server_post was given. */
typedef struct post {
  h2o_multithread_message_t link;
  void (*call)(void *data);
  void *data;
} post;

static void on_post(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages) {
  (void)receiver;
  while (!h2o_linklist_is_empty(messages)) {
    post *p = H2O_STRUCT_FROM_MEMBER(post, link.link, messages->next);
    h2o_linklist_unlink(&p->link.link);
    p->call(p->data);
    free(p);
  }
}

void server_post(server *s, void (*call)(void *data), void *data) {
  post *p = memory_get(sizeof *p);
  *p = (post){{{NULL}}, call, data};
  h2o_multithread_send_message(&s->posts, &p->link);
}

static void on_accept(h2o_socket_t *listener, const char *fault) {
  server *s = listener->data;
  h2o_socket_t *client;
  if (fault != NULL || s->stopping) return;
  if ((client = h2o_evloop_socket_accept(listener)) == NULL) return;
  unsigned ms =
      (unsigned)
          s->options->timeout_ms; /* h2o ends who sends too slowly, but not who takes nothing of an answer */
  setsockopt(h2o_socket_get_fd(client), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
  h2o_accept(&s->accept, client);
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

static int64_t now_ms(void) { return clock_ns(CLOCK_MONOTONIC) / CLOCK_NS_PER_MS; }

/* Begins to end: no new connections, open ones get a last answer. */
static void begin_to_end(server *s) {
  s->end_ms = now_ms() + STOP_MS;
  h2o_socket_read_stop(s->listener);
  server_control_end(s);
  server_sockets_end(s);
  h2o_context_request_shutdown(&s->context);
}

/*
 * Has h2o see what was written between two rounds of its loop; true: tasks were started.
 *
 * h2o stops reading from a connection while its request is answered, and reads on in the callback of the
 * write that ends the answer, which it runs in a round. A round begins with telling epoll(7) which sockets
 * are read: it would have it drop the connection, and the next round take it in again, two system calls a
 * request. So these callbacks run before the round. h2o has no function for just that, but calls this one of
 * its header after each timeout for it, and there it does nothing else (2.2.5: lib/common/socket/evloop.c.h).
 */
static bool finish_writing(server *s) {
  s->written = s->started = false;
  h2o_timeout__do_post_callback(s->context.loop);
  return s->started;
}

/* The loop may wait now. */
static void rest(server *s) {
  if (s->options->rest != NULL) s->options->rest(s->options->data);
}

/* A pool_round. */
static bool run_loop(void *data) {
  server *s = data;
  if (s->stopping && s->end_ms == 0) begin_to_end(s);
  if (s->end_ms != 0 && now_ms() > s->end_ms - STOP_MS + JOBS_MS) pool_end_jobs(s->pool);
  rest(s);
  if (s->end_ms == 0 || (s->open > 0 && now_ms() < s->end_ms)) {
    h2o_evloop_run(s->context.loop, s->written && finish_writing(s) ? 0 : TICK_MS);
    return true;
  }
  for (int i = 0; i < 3; i++) h2o_evloop_run(s->context.loop, 1); /* what was written goes out */
  rest(s);
  return false;
}

/* How to speak to an origin of HTTPS: its certificate is checked by the authorities of this machine. */
static SSL_CTX *make_client_tls(void) {
  SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
  if (tls == NULL) memory_get(SIZE_MAX);
  SSL_CTX_set_default_verify_paths(tls);
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
  return tls;
}

static void wait_for(sem_t *what) {
  while (sem_wait(what) != 0) continue; /* a signal came */
}

/*
 * The keeper: makes the loop and its sockets, and then only lives until the server is closed. h2o takes the
 * buffer of a socket from a store of the thread that made the socket (h2o_socket_buffer_prototype), without a
 * lock, whichever thread reads. Servers whose sockets one thread made would spoil each other's store.
 */
static void *keep_sockets(void *data) {
  server *s = data;
  h2o_context_init(&s->context, h2o_evloop_create(), &s->config);
  h2o_multithread_register_receiver(s->context.queue, &s->receiver, on_done);
  h2o_multithread_register_receiver(s->context.queue, &s->posts, on_post);
  s->listener = h2o_evloop_socket_create(s->context.loop, s->fd, H2O_SOCKET_FLAG_DONT_READ);
  s->listener->data = s;
  h2o_socket_read_start(s->listener, on_accept);
  sem_post(&s->made);
  wait_for(&s->over);
  return NULL;
}

static bool read_origin(const char *from, h2o_url_t *origin) {
  return h2o_url_parse(from, SIZE_MAX, origin) == 0 &&
         h2o_memis(origin->path.base, origin->path.len, H2O_STRLIT("/"));
}

bool server_is_origin(const char *url) {
  h2o_url_t origin;
  return read_origin(url, &origin);
}

server *server_open(const server_options *options, text *error) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  SSL_CTX *tls = NULL;
  if (options->certificate != NULL && (tls = certificate_load(options->certificate, error)) == NULL)
    return NULL;
  int fd = listen_on(options->host, options->port, error);
  if (fd < 0) {
    SSL_CTX_free(tls);
    return NULL;
  }
  if (tls != NULL) h2o_ssl_register_alpn_protocols(tls, h2o_http2_alpn_protocols);
  server *s = memory_get(sizeof *s);
  s->options = options;
  s->has_origin = options->origin != NULL && read_origin(options->origin, &s->origin);
  getsockname(fd, (struct sockaddr *)&address, &size);
  s->port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                : ((struct sockaddr_in *)&address)->sin_port);
  h2o_config_init(&s->config);
  s->config.server_name = h2o_iovec_init(H2O_STRLIT("flaron-lua"));
  s->config.max_request_entity_size = MAX_ENTITY;
  s->config.http1.req_timeout = (uint64_t)options->timeout_ms;
  s->config.http2.idle_timeout = (uint64_t)options->timeout_ms;
  s->config.handshake_timeout = (uint64_t)options->timeout_ms;
  s->config.proxy.io_timeout = (uint64_t)options->timeout_ms;
  s->config.proxy.ssl_ctx = make_client_tls();
  h2o_hostconf_t *host = h2o_config_register_host(&s->config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
  host->http2.push_preload = 0; /* a flare's Link header asks for nothing here */
  h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
  front *handler = (front *)h2o_create_handler(path, sizeof *handler);
  handler->super.on_req = on_request;
  handler->server = s;
  s->accept = (h2o_accept_ctx_t){.ctx = &s->context, .ssl_ctx = tls, .hosts = s->config.hosts};
  s->fd = fd;
  sem_init(&s->made, 0, 0);
  sem_init(&s->over, 0, 0);
  if (pthread_create(&s->keeper, NULL, keep_sockets, s) != 0) memory_get(SIZE_MAX);
  wait_for(&s->made);
  s->pool = pool_open(options->threads, run_loop, s);
  pool_keep_threads(s->pool);
  return s;
}

int server_port(const server *s) { return s->port; }

void server_run(server *s) { pool_run(s->pool); }

void server_stop(server *s) { s->stopping = true; }

void server_close(server *s) {
  pool_close(s->pool);
  h2o_socket_close(s->listener);
  sem_post(&s->over);
  pthread_join(s->keeper, NULL);
  sem_destroy(&s->made);
  sem_destroy(&s->over);
  SSL_CTX_free(s->accept.ssl_ctx);
  SSL_CTX_free(s->config.proxy.ssl_ctx);
  while (s->spare != NULL) {
    task *t = s->spare;
    s->spare = (task *)t->job.next;
    free_task(t);
  }
  free(s);
}
