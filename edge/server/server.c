/*
 * server.c - the rounds of a server: it listens, takes connections, and ends. See server.h, server_private.h.
 */
#include "server/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/certificate.h"
#include "server/port_holder.h"
#include "base/clock.h"
#include "base/system.h"
#include "server/server_private.h"

enum { STOP_MS = 5000, JOBS_MS = 300, TICK_MS = 100, FULL_MS = 100 };

void server_look_at_clock(server *s) { s->clients.now_ms = clock_ns(CLOCK_MONOTONIC) / CLOCK_NS_PER_MS; }

/* ---- listening ---- */

/* Whether a client is on this machine. */
static bool server_is_local(const struct sockaddr_storage *peer) {
  enum { LOOPBACK_NET = 127, NET_SHIFT = 24 };
  if (peer->ss_family == AF_INET)
    return ntohl(((const struct sockaddr_in *)peer)->sin_addr.s_addr) >> NET_SHIFT == LOOPBACK_NET;
  const struct in6_addr *address = &((const struct sockaddr_in6 *)peer)->sin6_addr;
  return peer->ss_family == AF_INET6 &&
         (IN6_IS_ADDR_LOOPBACK(address) ||
          (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == LOOPBACK_NET));
}

/* Listens, or (false) does not for a while. */
static void server_set_listening(server *s, bool on) {
  if (s->flares.watch.fd >= 0) loop_watch_for(s->loop, &s->flares.watch, on ? LOOP_READ : 0);
  if (s->page.watch.fd >= 0) loop_watch_for(s->loop, &s->page.watch, on ? LOOP_READ : 0);
}

/* No descriptor is left: until one is closed, connections wait in the kernel's queue. */
static void server_pause_accepting(server *s, int why) {
  s->full = true;
  s->accept_ms = s->clients.now_ms + FULL_MS;
  server_set_listening(s, false);
  if (s->said_full) return;
  s->said_full = true;
  fprintf(stderr, "flaron-lua: no more connections can be taken until others end: %s\n", strerror(why));
}

void server_accept_again(server *s) {
  if (!s->full || s->end_ms != 0) return;
  s->full = false;
  server_set_listening(s, true);
}

static void server_on_connection(loop_watch *watch, unsigned what) {
  enum { AT_ONCE = 64 };
  listener *l = (listener *)watch;
  (void)what;
  for (int i = 0; i < AT_ONCE; i++) {
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;
    int fd = accept4(watch->fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      connection_open(&l->server->clients, fd, l->of_page ? NULL : l->server->tls, l->of_page,
                      server_is_local(&peer));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      server_pause_accepting(l->server, errno);
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

/* Says why no socket can listen at an address; `advice`: what else can be said. */
static void server_explain_refusal(const char *host, int port, const char *advice, int fault, text *error) {
  bool wide = strchr(host, ':') != NULL; /* IPv6 */
  text holder = {0};
  text_printf(error, "cannot listen on %s%s%s:%d: ", wide ? "[" : "", host, wide ? "]" : "", port);
  if (fault == EADDRINUSE && port_holder_add(port, &holder)) {
    text_printf(error, "%s does", holder.data);
  } else {
    text_add_string(error, strerror(fault));
  }
  if (fault == EADDRINUSE) text_printf(error, "; %s", advice);
  text_free(&holder);
}

int server_listen_on(const char *host, int port, const char *advice, text *error) {
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
  if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* its connections have it from it */
  if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
    server_explain_refusal(host, port, advice, errno, error);
    if (fd >= 0) close(fd);
    fd = -1;
  }
  freeaddrinfo(found);
  return fd;
}

int server_port_of(int fd) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  getsockname(fd, (struct sockaddr *)&address, &size);
  return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                             : ((struct sockaddr_in *)&address)->sin_port);
}

/* A socket for the page, on this machine alone; the flares' is at `port`. */
static int server_listen_for_page(const server_options *o, int port, text *error) {
  static const char here[] = "127.0.0.1";
  enum { ABOVE = 1000 };
  text fault = {0};
  int fd = -1;
  if (o->page_port != 0)
    return server_listen_on(here, o->page_port,
                            "--page-port takes another; without it one that is free is found", error);
  if (o->port != 0 && port + ABOVE <= UINT16_MAX) fd = server_listen_on(here, port + ABOVE, "", &fault);
  text_free(&fault);
  return fd >= 0 ? fd : server_listen_on(here, 0, "", error);
}

/* ---- rounds ---- */

/* Begins to end: no new connections, open ones get a last answer. */
static void server_begin_to_end(server *s) {
  s->end_ms = s->clients.now_ms + STOP_MS;
  server_set_listening(s, false);
  server_control_end(s);
  server_sockets_end(s);
  for (connection *c = s->clients.first; c != NULL; c = c->next) {
    server_http1_end(c);
    server_http2_end(c);
  }
}

/* The loop may wait now. */
static void server_rest(server *s) {
  if (s->options->rest != NULL) s->options->rest(s->options->data);
}

/* How long the round may wait. */
static int server_waiting_ms(server *s, bool busy) {
  int most = TICK_MS;
  if (s->origin != NULL) most = server_origin_round(s->origin, most);
  if (busy || s->clients.again != NULL) return 0;
  int64_t late = s->clients.sweep_ms - s->clients.now_ms;
  return late < most ? (late > 0 ? (int)late : 0) : most;
}

/* Some time after much was kept for clients: what malloc still has of it goes back to the system. */
static void server_give_memory_back(server *s) {
  enum { MUCH = 16 << 20, LITTLE = 1 << 20, SOME_TIME_MS = 1000 };
  size_t kept = s->clients.held + s->bodies;
  if (kept > MUCH) {
    s->trim_ms = s->clients.now_ms + SOME_TIME_MS;
  } else if (s->trim_ms != 0 && s->trim_ms <= s->clients.now_ms && kept < LITTLE) {
    s->trim_ms = 0;
    system_trim_memory();
  }
}

/* A pool_round. */
static bool server_run_loop(void *data, bool jobs_wait) {
  server *s = data;
  server_look_at_clock(s);
  if (s->stopping && s->end_ms == 0) server_begin_to_end(s);
  if (s->end_ms != 0 && s->clients.now_ms > s->end_ms - STOP_MS + JOBS_MS) pool_end_jobs(s->pool);
  if (s->full && s->clients.now_ms >= s->accept_ms) server_accept_again(s);
  if (s->clients.sweep_ms <= s->clients.now_ms) connection_sweep(&s->clients);
  bool busy = connection_serve_again(&s->clients);
  server_give_memory_back(s);
  server_rest(s);
  bool goes_on = s->end_ms == 0 || ((s->open > 0 || s->clients.held > 0) && s->clients.now_ms < s->end_ms);
  loop_round(s->loop, goes_on ? server_waiting_ms(s, busy || jobs_wait) : 0);
  pool_hold(s->pool, s->clients.held);
  return goes_on;
}

/* What server_post was given. */
typedef struct post {
  loop_call call;
  void (*then)(void *data);
  void *data;
} post;

static void server_on_post(loop_call *call) {
  post *p = (post *)call;
  p->then(p->data);
  free(p);
}

void server_post(server *s, void (*call)(void *data), void *data) {
  post *p = memory_get(sizeof *p);
  *p = (post){{server_on_post, NULL}, call, data};
  loop_post(s->loop, &p->call);
}

/* ---- a server ---- */

/* Chooses HTTP/2 if the client can. */
static int server_choose_protocol(SSL *tls, const unsigned char **chosen, unsigned char *size,
                                  const unsigned char *offered, unsigned offered_size, void *data) {
  static const unsigned char ours[] = "\2h2\10http/1.1";
  unsigned char *found;
  (void)tls, (void)data;
  if (SSL_select_next_proto(&found, size, ours, sizeof ours - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

static void server_set_up_tls(SSL_CTX *tls) {
  SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
  SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(
      tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(tls, server_choose_protocol, NULL);
}

/* Opens the sockets. False with one line in `error`. */
static bool server_open_sockets(server *s, text *error) {
  const server_options *o = s->options;
  s->flares = (listener){
      {server_listen_on(o->host, o->port, "--port takes another, --port 0 any that is free", error),
       server_on_connection},
      s,
      0,
      false};
  s->page = (listener){{-1, server_on_connection}, s, 0, true};
  if (s->flares.watch.fd < 0) return false;
  s->flares.port = server_port_of(s->flares.watch.fd);
  if (o->control == NULL) return true;
  s->page.watch.fd = server_listen_for_page(o, s->flares.port, error);
  if (s->page.watch.fd < 0) return false;
  s->page.port = server_port_of(s->page.watch.fd);
  return true;
}

static void server_free_server(server *s) {
  if (s->flares.watch.fd >= 0) close(s->flares.watch.fd);
  if (s->page.watch.fd >= 0) close(s->page.watch.fd);
  if (s->loop != NULL) loop_close(s->loop);
  SSL_CTX_free(s->tls);
  text_free(&s->scratch);
  free(s);
}

/* Gives a connection its protocol. */
static void server_start_connection(connection *c, connection_speech speech) {
  enum { BAD_REQUEST = 400 };
  switch (speech) {
    case CONNECTION_HTTP1: server_http1_start(c); break;
    case CONNECTION_HTTP2: server_http2_start(c); break;
    case CONNECTION_NO_TLS:
      server_http1_refuse(c, BAD_REQUEST, "This port speaks HTTPS: the URL must begin with https://.");
      break;
  }
}

server *server_open(const server_options *options, text *error) {
  server *s = memory_get(sizeof *s);
  s->options = options;
  s->clients = (connection_set){.server = s,
                                .timeout_ms = options->timeout_ms,
                                .start = server_start_connection,
                                .closed = server_accept_again,
                                .again_last = &s->clients.again,
                                .sweep_ms = INT64_MAX};
  s->flares.watch.fd = s->page.watch.fd = -1;
  if (options->certificate != NULL) s->tls = certificate_load(options->certificate, error);
  if ((options->certificate != NULL && s->tls == NULL) || !server_open_sockets(s, error)) {
    server_free_server(s);
    return NULL;
  }
  if (s->tls != NULL) server_set_up_tls(s->tls);
  s->loop = s->clients.loop = loop_open();
  if (s->loop == NULL) {
    text_printf(error, "cannot listen: %s", strerror(errno));
    server_free_server(s);
    return NULL;
  }
  server_look_at_clock(s);
  server_set_listening(s, true);
  if (options->origin != NULL) s->origin = server_origin_open(s);
  s->pool = pool_open(options->threads, server_run_loop, s);
  return s;
}

int server_port(const server *s) { return s->flares.port; }

int server_page_port(const server *s) { return s->page.port; }

void server_run(server *s) { pool_run(s->pool); }

void server_stop(server *s) {
  s->stopping = true;
  loop_wake(s->loop);
}

void server_close(server *s) {
  pool_close(s->pool);
  s->pool = NULL;
  loop_round(s->loop, 0); /* tasks that came back since the last one */
  connection_close_all(&s->clients);
  if (s->origin != NULL) server_origin_close(s->origin);
  server_free_tasks(s);
  server_free_server(s);
}
