/*
 * dap_server.c - see dap_server.h. The debugger lives as long as the server; the session that it tells comes
 * and goes.
 */
#include "debug/dap_server.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "debug/dap_private.h"
#include "server/port_holder.h"

struct dap_server {
  dap_attached attached; /* what a session has of this */
  int fd, end;           /* where it listens; an eventfd that ends the thread */
  pthread_t thread;
  atomic_bool on;       /* a client is there, and has said what stops */
  pthread_mutex_t lock; /* of the next three */
  pthread_cond_t begun;
  dap *session; /* who is told; NULL = nobody */
  int users;    /* threads that tell it something */
};

/* ---- telling the session, on invocations' threads ---- */

/* The session, which stays until server_leave; NULL = there is none. */
static dap *server_enter(dap_server *s) {
  pthread_mutex_lock(&s->lock);
  dap *session = s->session;
  if (session != NULL) s->users++;
  pthread_mutex_unlock(&s->lock);
  return session;
}

static void server_leave(dap_server *s) {
  pthread_mutex_lock(&s->lock);
  s->users--;
  pthread_mutex_unlock(&s->lock);
}

/* debugger_listener, as the next three. */
static void server_began(void *data, debugger_run *run, const host_request *request) {
  dap *session = server_enter(data);
  if (session == NULL) return;
  dap_listener.began(session, run, request);
  const dap_program *program = ((dap_server *)data)->attached.site->program;
  if (program != NULL && program->steps_in()) debugger_pause(run);
  server_leave(data);
}

static debugger_move server_stopped(void *data, debugger_run *run, const debugger_stop *stop) {
  dap *session = server_enter(data);
  if (session == NULL) return DEBUGGER_DETACH;
  debugger_move move = dap_listener.stopped(session, run, stop);
  server_leave(data);
  return move;
}

static void server_output(void *data, const debugger_output *output) {
  dap *session = server_enter(data);
  if (session == NULL) return;
  dap_listener.output(session, output);
  server_leave(data);
}

static void server_ended(void *data, debugger_run *run, const edge_result *result) {
  dap *session = server_enter(data);
  if (session == NULL) return;
  dap_listener.ended(session, run, result);
  server_leave(data);
}

bool dap_server_stopped(dap_server *s, debugger_reason reason, int breakpoint, const char *description) {
  dap *session = atomic_load(&s->on) ? server_enter(s) : NULL;
  if (session == NULL) return false;
  dap_program_stopped(session, reason, breakpoint, description);
  server_leave(s);
  return true;
}

void dap_server_said(dap_server *s, bytes line) {
  dap *session = server_enter(s);
  if (session == NULL) return;
  dap_program_said(session, line);
  server_leave(s);
}

/* ---- sessions ---- */

/* dap_attached.join */
static void server_join(void *server, dap *session) {
  dap_server *s = server;
  pthread_mutex_lock(&s->lock);
  s->session = session;
  pthread_mutex_unlock(&s->lock);
}

/* dap_attached.begin */
static void server_begin(void *server) {
  dap_server *s = server;
  pthread_mutex_lock(&s->lock);
  atomic_store(&s->on, true);
  pthread_cond_broadcast(&s->begun);
  pthread_mutex_unlock(&s->lock);
}

/* dap_attached.part */
static bool server_part(void *server) {
  dap_server *s = server;
  atomic_store(&s->on, false);
  pthread_mutex_lock(&s->lock);
  s->session = NULL;
  bool alone = s->users == 0;
  pthread_mutex_unlock(&s->lock);
  return alone;
}

void dap_server_wait(dap_server *s) {
  pthread_mutex_lock(&s->lock);
  while (!atomic_load(&s->on)) pthread_cond_wait(&s->begun, &s->lock);
  pthread_mutex_unlock(&s->lock);
}

void dap_server_prepare(void *data, edge *e) {
  dap_server *s = data;
  bool on = atomic_load(&s->on);
  text error = {0};
  if (on != (e->debug != NULL)) debugger_attach(on ? s->attached.debugger : NULL, e, &error);
  text_free(&error); /* an engine elsewhere cannot be debugged: its invocations go on */
}

void dap_server_changed(dap_server *s) {
  dap *session = server_enter(s);
  if (session == NULL) return;
  dap_changed(session);
  server_leave(s);
}

void dap_server_flush(dap_server *s) {
  dap *session = server_enter(s);
  if (session == NULL) return;
  dap_flush(session);
  server_leave(s);
}

/* Serves one client after the other. */
static void *server_run(void *data) {
  dap_server *s = data;
  for (;;) {
    struct pollfd fds[] = {{s->fd, POLLIN, 0}, {s->end, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0 && errno != EINTR) break;
    if (fds[1].revents != 0) break;
    int client = fds[0].revents != 0 ? accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
    if (client < 0) continue;
    if (!port_holder_is_own(client)) { /* it may have code run: nobody else's is served */
      close(client);
      continue;
    }
    dap_options options = {.in = client, .out = client, .end = s->end, .attached = &s->attached};
    text ignored = {0}; /* a client that sends nonsense is left */
    dap_serve(&options, &ignored);
    text_free(&ignored);
    close(client);
    if (s->attached.site->left != NULL) s->attached.site->left(s->attached.site->data);
  }
  return NULL;
}

dap_server *dap_server_open(const dap_site *site, int fd, text *error) {
  dap_server *s = memory_get(sizeof *s);
  debugger_config config = {.listener = {.data = s,
                                         .began = server_began,
                                         .stopped = server_stopped,
                                         .output = server_output,
                                         .ended = server_ended},
                            .lines = true};
  s->attached = (dap_attached){site, debugger_new(&config), s, server_join, server_begin, server_part};
  s->fd = fd;
  s->end = eventfd(0, EFD_CLOEXEC);
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->begun, NULL);
  int fault = s->end < 0 ? errno : pthread_create(&s->thread, NULL, server_run, s);
  if (fault == 0) return s;
  text_add_string(error, strerror(fault));
  return NULL;
}

void dap_server_close(dap_server *s) {
  if (s == NULL) return;
  eventfd_write(s->end, 1);
  pthread_join(s->thread, NULL);
  debugger_free(s->attached.debugger);
  pthread_cond_destroy(&s->begun);
  pthread_mutex_destroy(&s->lock);
  close(s->fd);
  close(s->end);
  free(s);
}
