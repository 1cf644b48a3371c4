/*
 * gossip.c - see gossip.h. One thread serves all edges of the process: it waits for sockets, for the due time
 * of a delayed frame and for changes of stores. Another process may change a store too (`flaron-lua kv`)
 * without a notice, so the thread polls every TICK_MS. A gossip by hand has no thread: gossip_settle does its
 * turns on the caller's thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/rand.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/list.h"
#include "gossip/gossip_private.h"

enum { TICK_MS = 250, RETRY_MS = 100 };

void gossip_set_port(gossip *g, int edge, int port) {
  pthread_mutex_lock(&g->mutex);
  g->edges[edge].port = port;
  pthread_mutex_unlock(&g->mutex);
}

void *gossip_pull_data(gossip *g, int edge) { return &g->edges[edge]; }

static void gossip_wake(void *data) {
  const gossip *g = data;
  uint64_t one = 1;
  while (write(g->wake, &one, sizeof one) < 0 && errno == EINTR) continue;
}

/* Whether the link between `from` and `to` is one of those between `a` and `b`. */
static bool gossip_is_between(int from, int to, int a, int b) {
  return ((a == GOSSIP_ANY || from == a) && (b == GOSSIP_ANY || to == b)) ||
         ((a == GOSSIP_ANY || to == a) && (b == GOSSIP_ANY || from == b));
}

void gossip_cut(gossip *g, int a, int b, bool cut) {
  pthread_mutex_lock(&g->mutex);
  for (int from = 0; from < g->options.count; from++) {
    for (int to = 0; to < g->options.count; to++) {
      if (!gossip_is_between(from, to, a, b)) continue;
      g->links[from][to].cut = cut;
      g->links[from][to].retry_ns = 0;
    }
  }
  for (gossip_conn *c = g->conns; c != NULL; c = c->next) {
    if (c->from != GOSSIP_ANY && g->links[c->from][c->to].cut) gossip_conn_end(g, c);
  }
  pthread_mutex_unlock(&g->mutex);
  gossip_wake(g);
}

/* ---- sockets ---- */

static struct sockaddr_in gossip_loopback(int port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

int gossip_connect(int port) {
  struct sockaddr_in address = gossip_loopback(port);
  int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

/* Listens for the other edges. */
static bool gossip_listen_for(gossip_edge *e) {
  struct sockaddr_in address = gossip_loopback(0);
  socklen_t size = sizeof address;
  e->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  bool good = e->listener >= 0 && bind(e->listener, (struct sockaddr *)&address, size) == 0 &&
              listen(e->listener, SOMAXCONN) == 0 &&
              getsockname(e->listener, (struct sockaddr *)&address, &size) == 0;
  e->gossip_port = ntohs(address.sin_port);
  return good;
}

/* Accepts all waiting connections. If no descriptor is left, it pauses accepting, since poll would report the
 * same connections again at once. */
static void gossip_accept_all(gossip *g, int edge) {
  enum { PAUSE_MS = 500 };
  int fd, on = 1;
  while ((fd = accept4(g->edges[edge].listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    gossip_conn_add(g, fd, GOSSIP_ANY, edge, true);
  }
  if (errno != EMFILE && errno != ENFILE) return;
  g->pause_ns = gossip_clock() + PAUSE_MS * GOSSIP_MS;
  if (g->said_full) return;
  g->said_full = true;
  fputs("flaron-lua: no descriptor is left: the edges take no connections until there is one (ulimit -n)\n",
        stderr);
}

/* Opens the links that are neither open nor cut. */
static void gossip_open_links(gossip *g, int64_t now) {
  for (int from = 0; from < g->options.count; from++) {
    for (int to = 0; to < g->options.count; to++) {
      gossip_link *l = &g->links[from][to];
      if (from == to || l->cut || l->conn != NULL || l->retry_ns > now) continue;
      l->retry_ns = now + RETRY_MS * GOSSIP_MS;
      int fd = gossip_connect(g->edges[to].gossip_port);
      if (fd < 0) continue;
      l->conn = gossip_conn_add(g, fd, from, to, false);
      gossip_conn_greet(g, l->conn);
    }
  }
}

/* ---- the thread ---- */

/* The arguments of poll: the eventfd, the listeners, the connections. */
typedef struct waiting {
  struct pollfd *fds;
  gossip_conn **conns;
  size_t count;
  int timeout_ms;
} waiting;

/* Limits the wait to end at `due`. */
static void gossip_limit(waiting *w, int64_t due, int64_t now) {
  int64_t ms = due <= now ? 0 : (due - now + GOSSIP_MS - 1) / GOSSIP_MS;
  if (ms < w->timeout_ms) w->timeout_ms = (int)ms;
}

static void gossip_add_fd(waiting *w, int fd, short events, gossip_conn *c) {
  LIST_ROOM(w->fds, w->count);
  LIST_ROOM(w->conns, w->count);
  w->conns[w->count] = c;
  w->fds[w->count++] = (struct pollfd){fd, events, 0};
}

static void gossip_prepare(const gossip *g, waiting *w, int64_t now) {
  w->count = 0;
  w->timeout_ms = TICK_MS;
  gossip_add_fd(w, g->wake, POLLIN, NULL);
  bool accepts = g->pause_ns <= now;
  if (!accepts) gossip_limit(w, g->pause_ns, now);
  for (int i = 0; i < g->options.count; i++)
    gossip_add_fd(w, g->edges[i].listener, accepts ? POLLIN : 0, NULL);
  for (gossip_conn *c = g->conns; c != NULL; c = c->next) {
    bool may_write = c->first != NULL && c->first->due_ns <= now;
    if (c->first != NULL && !may_write) gossip_limit(w, c->first->due_ns, now);
    short reads = gossip_conn_is_full(c) ? 0 : POLLIN;
    gossip_add_fd(w, c->fd, (short)(reads | (may_write ? POLLOUT : 0)), c);
  }
}

/* Handles the events that poll reported. A connection may have ended meanwhile: then its fd is -1, but it is
 * not freed yet. */
static void gossip_act(gossip *g, const waiting *w) {
  uint64_t ignored;
  if (w->fds[0].revents != 0 && read(g->wake, &ignored, sizeof ignored) < 0) return;
  for (int i = 0; i < g->options.count; i++) {
    if (w->fds[i + 1].revents != 0) gossip_accept_all(g, i);
  }
  for (size_t i = 1 + (size_t)g->options.count; i < w->count; i++) {
    gossip_conn *c = w->conns[i];
    if (c->fd >= 0 && (w->fds[i].revents & (POLLIN | POLLHUP | POLLERR))) gossip_conn_read(g, c);
  }
}

/* Queues changes, and sends the frames that are due. */
static void gossip_advance(gossip *g, int64_t now) {
  int64_t last[GOSSIP_EDGES_MAX] = {0};
  gossip_open_links(g, now);
  for (int i = 0; i < g->options.count; i++) {
    gossip_note(&g->edges[i], store_plasma_last(g->edges[i].store, &last[i]));
  }
  for (gossip_conn *c = g->conns; c != NULL; c = c->next) {
    bool sends =
        !c->accepted && c->greeted && c->fd >= 0 && gossip_is_between(c->from, c->to, g->only_a, g->only_b);
    if (sends) gossip_conn_fill(g, c, last[c->from]);
    if (c->fd >= 0) gossip_conn_write(g, c, now);
  }
}

/* Polls once, after `advance`, and handles the events. The mutex is held except while it waits. */
static void gossip_wait_and_act(gossip *g, waiting *w) {
  int64_t next = gossip_strangers_end(g, gossip_clock());
  gossip_conns_sweep(g);
  gossip_prepare(g, w, gossip_clock());
  if (next != INT64_MAX) gossip_limit(w, next, gossip_clock());
  pthread_mutex_unlock(&g->mutex);
  int ready = poll(w->fds, w->count, w->timeout_ms);
  pthread_mutex_lock(&g->mutex);
  if (ready > 0) gossip_act(g, w);
}

static void gossip_free_waiting(waiting *w) {
  free(w->fds);
  free(w->conns);
}

static void *gossip_thread(void *data) {
  gossip *g = data;
  waiting w = {0};
  pthread_mutex_lock(&g->mutex);
  while (!g->closing) {
    gossip_advance(g, gossip_clock());
    gossip_wait_and_act(g, &w);
  }
  pthread_mutex_unlock(&g->mutex);
  gossip_free_waiting(&w);
  return NULL;
}

/* ---- by hand ---- */

/* Whether nothing is left to send over the selected links; -1 with a message in `error` if a store fails. */
static int gossip_is_settled(gossip *g, text *error) {
  for (int from = 0; from < g->options.count; from++) {
    gossip_edge *e = &g->edges[from];
    for (int to = 0; to < g->options.count; to++) {
      int64_t pending = 0;
      const gossip_link *l = &g->links[from][to];
      if (from == to || l->cut || !gossip_is_between(from, to, g->only_a, g->only_b)) continue;
      if (!gossip_note(e, store_plasma_pending(e->store, l->acknowledged, &pending)) || e->error.size > 0) {
        text_printf(error, "%s: %s", e->name, text_string(&e->error));
        return -1;
      }
      if (pending > 0) return 0;
    }
  }
  return 1;
}

bool gossip_settle(gossip *g, int a, int b, text *error) {
  enum { MOST_MS = 10000 };
  waiting w = {0};
  int settled;
  int64_t end = gossip_clock() + MOST_MS * GOSSIP_MS;
  pthread_mutex_lock(&g->mutex);
  g->only_a = a;
  g->only_b = b;
  while ((settled = gossip_is_settled(g, error)) == 0 && gossip_clock() < end) {
    gossip_advance(g, gossip_clock());
    gossip_wait_and_act(g, &w);
  }
  pthread_mutex_unlock(&g->mutex);
  gossip_free_waiting(&w);
  if (settled == 0) text_printf(error, "the edges did not settle within %d s", MOST_MS / 1000);
  return settled == 1;
}

/* ---- opening and closing ---- */

/* Whether two stores have the same node name, because one file is a copy of the other: their counters would
 * mix. Returns the two in `a` and `b`. */
static bool gossip_find_copy(const gossip_options *o, int *a, int *b) {
  for (*a = 0; *a < o->count; ++*a) {
    for (*b = *a + 1; *b < o->count; ++*b) {
      if (strcmp(store_node(o->stores[*a]), store_node(o->stores[*b])) == 0) return true;
    }
  }
  return false;
}

gossip *gossip_open(const gossip_options *options, text *error) {
  int a, b;
  if (gossip_find_copy(options, &a, &b)) {
    text_printf(error, "the stores of edge-%d are a copy of those of edge-%d: remove them", b + 1, a + 1);
    return NULL;
  }
  gossip *g = memory_get(sizeof *g);
  g->options = *options;
  pthread_mutex_init(&g->mutex, NULL);
  g->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  bool good = g->wake >= 0;
  for (int i = 0; i < options->count; i++) {
    gossip_edge *e = &g->edges[i];
    *e = (gossip_edge){.gossip = g, .index = i, .store = options->stores[i], .listener = -1};
    memcpy(e->name, "edge-1", sizeof e->name);
    e->name[sizeof e->name - 2] = (char)('1' + i);
    good = good && gossip_listen_for(e);
  }
  if (!good) text_printf(error, "the edges cannot listen for each other: %s", strerror(errno));
  if (good && RAND_bytes(g->token, sizeof g->token) != 1) {
    text_add_string(error, "no random bytes can be had");
    good = false;
  }
  g->only_a = g->only_b = GOSSIP_ANY;
  if (good && options->by_hand) return g;
  for (int i = 0; good && i < options->count; i++) store_on_change(options->stores[i], gossip_wake, g);
  bool running = good && pthread_create(&g->thread, NULL, gossip_thread, g) == 0;
  if (good && !running) text_add_string(error, "no thread can be had for the links between edges");
  if (running) return g;
  g->closing = true;
  gossip_close(g);
  return NULL;
}

void gossip_close(gossip *g) {
  if (g == NULL) return;
  pthread_mutex_lock(&g->mutex);
  bool running = !g->closing && !g->options.by_hand; /* closing: gossip_open failed and frees what it made */
  g->closing = true;
  for (gossip_conn *c = g->conns; c != NULL; c = c->next) gossip_conn_end(g, c);
  pthread_mutex_unlock(&g->mutex);
  if (running) {
    gossip_wake(g);
    pthread_join(g->thread, NULL);
  }
  for (gossip_conn *c = g->conns; c != NULL; c = c->next) gossip_conn_end(g, c);
  gossip_conns_sweep(g);
  for (int i = 0; i < g->options.count; i++) {
    store_on_change(g->edges[i].store, NULL, NULL);
    if (g->edges[i].listener >= 0) close(g->edges[i].listener);
    text_free(&g->edges[i].error);
  }
  if (g->wake >= 0) close(g->wake);
  pthread_mutex_destroy(&g->mutex);
  free(g);
}
