/*
 * connection.c - see connection.h.
 *
 * The loop tells of each change once (LOOP_EDGE), so a connection remembers whether it can be read and
 * written: a request costs no call of epoll_ctl, and an answer is written at once by whoever has it.
 */
#include "server/connection.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/text.h"

enum { SMALL = 16 << 10, OPEN_CHUNK = 64 << 10, LOW = 64 << 10 };

/* ---- the list of those that are looked after in the next round ---- */

static void connection_look_again(connection *c) {
  connection_set *s = c->set;
  if (c->again) return;
  c->again = true;
  c->next_again = NULL;
  *s->again_last = c;
  s->again_last = &c->next_again;
}

void connection_break(connection *c) {
  c->broken = true;
  connection_look_again(c);
}

void connection_pause(connection *c) { c->paused = true; }

void connection_resume(connection *c) {
  c->paused = false;
  c->resumed = true;
  if (c->in.size > 0 || c->readable || c->finished) connection_look_again(c);
}

void connection_deadline(connection *c, int64_t ms) {
  c->deadline_ms = ms > 0 ? c->set->now_ms + ms : 0;
  if (ms > 0 && c->deadline_ms < c->set->sweep_ms) c->set->sweep_ms = c->deadline_ms;
}

void connection_switch(connection *c, const protocol *protocol, void *state) {
  c->protocol = protocol;
  c->state = state;
  c->waits = false;
}

/* ---- what waits to be sent ---- */

/* Above this clients that take nothing are given up early. */
enum { MOST_HELD = 48 << 20, FULL_MS = 250 };

void connection_hold(connection *c, ptrdiff_t bytes) {
  connection_set *s = c->set;
  c->held += (size_t)bytes;
  s->held += (size_t)bytes;
  if (s->held > MOST_HELD && s->sweep_ms > s->now_ms + FULL_MS) s->sweep_ms = s->now_ms + FULL_MS;
}

static chunk *connection_add_chunk(connection *c) {
  chunk *n = c->spare != NULL ? c->spare : memory_get(sizeof *n);
  c->spare = NULL;
  n->sent = 0;
  n->whole = false;
  n->next = NULL;
  if (c->first == NULL) {
    c->first = n;
  } else {
    c->last->next = n;
  }
  c->last = n;
  return n;
}

/* Counts bytes that are to be sent. */
static void connection_count(connection *c, size_t size) {
  if (c->unsent == 0) c->progress_ms = c->set->now_ms;
  c->unsent += size;
  connection_hold(c, (ptrdiff_t)size);
}

void connection_write(connection *c, const void *data, size_t size) {
  if (size == 0 || c->broken) return;
  chunk *to = c->first != NULL && !c->last->whole && c->last->data.size < OPEN_CHUNK
                  ? c->last
                  : connection_add_chunk(c);
  text_add(&to->data, data, size);
  connection_count(c, size);
}

void connection_give(connection *c, text *data) {
  if (data->size <= SMALL || c->broken) {
    connection_write(c, data->data, data->size);
    text_reuse(data);
    return;
  }
  chunk *n = connection_add_chunk(c);
  text_free(&n->data);
  n->data = *data;
  n->whole = true;
  *data = (text){0};
  connection_count(c, n->data.size);
}

/* The first chunk has been sent, or never will be. */
static void connection_drop_chunk(connection *c) {
  chunk *n = c->first;
  c->first = n->next;
  if (c->spare == NULL && n->data.capacity <= SMALL) {
    text_clear(&n->data);
    c->spare = n;
    return;
  }
  text_free(&n->data);
  free(n);
}

/* Sends some of what waits; -1: nothing can be sent now, or ever (then the connection is broken). */
static ssize_t connection_send_some(connection *c) {
  enum { PARTS = 16 };
  ssize_t n;
  if (c->tls != NULL) {
    size_t left = c->first->data.size - c->first->sent;
    ERR_clear_error();
    n = SSL_write(c->tls, c->first->data.data + c->first->sent, left < INT32_MAX ? (int)left : INT32_MAX);
    if (n > 0) return n;
    int fault = SSL_get_error(c->tls, (int)n);
    if (fault != SSL_ERROR_WANT_WRITE && fault != SSL_ERROR_WANT_READ) connection_break(c);
    return -1;
  }
  struct iovec parts[PARTS];
  struct msghdr message = {.msg_iov = parts};
  for (chunk *k = c->first; k != NULL && message.msg_iovlen < PARTS; k = k->next)
    parts[message.msg_iovlen++] = (struct iovec){k->data.data + k->sent, k->data.size - k->sent};
  do {
    n = sendmsg(c->watch.fd, &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) connection_break(c);
  return n;
}

/* Takes what was sent out of what waits. */
static void connection_drop_sent(connection *c, size_t size) {
  c->unsent -= size;
  connection_hold(c, -(ptrdiff_t)size);
  c->progress += size;
  if (!c->tells_progress) c->progress_ms = c->set->now_ms;
  while (c->first != NULL) {
    size_t left = c->first->data.size - c->first->sent;
    if (size < left) {
      c->first->sent += size;
      return;
    }
    size -= left;
    connection_drop_chunk(c);
  }
}

/* All is sent: the client is told so, and has some time to read it. */
static void connection_begin_to_linger(connection *c) {
  enum { LINGER_MS = 2000 };
  c->lingering = true;
  if (c->tls != NULL) SSL_shutdown(c->tls);
  shutdown(c->watch.fd, SHUT_WR);
  text_free(&c->in);
  if (c->finished) connection_break(c);
  c->paused = false;
  connection_look_again(c);
  connection_deadline(c, LINGER_MS);
}

/* The client must take something of what waits, in time. A byte now and then is not enough. */
static void connection_set_write_deadline(connection *c) {
  enum { ENOUGH = 4096 };
  connection_set *s = c->set;
  if (c->unsent == 0) {
    c->write_deadline_ms = 0;
  } else if (c->write_deadline_ms == 0 || c->progress >= ENOUGH) {
    c->write_deadline_ms = s->now_ms + s->timeout_ms;
    c->progress = 0;
    if (c->write_deadline_ms < s->sweep_ms) s->sweep_ms = c->write_deadline_ms;
  }
}

void connection_flush(connection *c) {
  while (c->unsent > 0 && c->writable && !c->broken && !c->shaking) {
    ssize_t n = connection_send_some(c);
    if (n < 0) {
      c->writable = false;
      break;
    }
    connection_drop_sent(c, (size_t)n);
  }
  connection_set_write_deadline(c);
  if (c->unsent >= LOW) c->waits = true;
  if (c->unsent == 0 && c->ending && !c->lingering && !c->broken) connection_begin_to_linger(c);
}

void connection_end(connection *c) {
  if (c->ending) return;
  c->ending = true;
  connection_pause(c);
  connection_deadline(c, 0);
  connection_flush(c);
}

/* ---- what comes ---- */

/* Reads into the server's buffer. 0: the client has finished; -1: there is nothing now. */
static ssize_t connection_receive(connection *c) {
  connection_set *s = c->set;
  ssize_t n;
  if (c->tls != NULL) {
    ERR_clear_error();
    n = SSL_read(c->tls, s->input, sizeof s->input);
    if (n > 0) return n;
    int fault = SSL_get_error(c->tls, (int)n);
    if (fault == SSL_ERROR_ZERO_RETURN) return 0;
    if (fault != SSL_ERROR_WANT_READ && fault != SSL_ERROR_WANT_WRITE) connection_break(c);
    c->readable = false;
    return -1;
  }
  do {
    n = recv(c->watch.fd, s->input, sizeof s->input, 0);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) connection_break(c);
  if (n < 0 || (n > 0 && (size_t)n < sizeof s->input && !c->fin)) c->readable = false;
  return n;
}

/* Gives bytes to the protocol, and to the one that it may leave the connection to. Returns how many they
 * took. */
static size_t connection_give_to_protocol(connection *c, const char *data, size_t size) {
  size_t used = 0;
  const protocol *p;
  do {
    p = c->protocol;
    used += p->received(c, data + used, size - used);
  } while (c->protocol != p && used < size && !c->broken);
  return used;
}

/* Gives what was kept, and `size` new bytes, to the protocol; keeps what it does not take. */
static void connection_offer(connection *c, const char *data, size_t size) {
  enum { KEPT_ROOM = 4096 };
  c->resumed = false;
  if (c->in.size == 0) {
    size_t used = connection_give_to_protocol(c, data, size);
    if (used < size && !c->ending) text_add(&c->in, data + used, size - used);
    return;
  }
  text in = c->in; /* the protocol may end the connection, which frees what is kept */
  c->in = (text){0};
  text_add(&in, data, size);
  size_t used = connection_give_to_protocol(c, in.data, in.size);
  if (c->ending || (used == in.size && in.capacity > KEPT_ROOM)) {
    text_free(&in);
    return;
  }
  memmove(in.data, in.data + used, in.size - used);
  in.size -= used;
  c->in = in;
}

static void connection_finish(connection *c) {
  c->finished = true;
  c->readable = false;
  if (c->lingering) {
    connection_break(c);
  } else if (!c->ending) {
    c->protocol->finished(c);
  }
}

static void connection_read_some(connection *c) {
  enum { AT_ONCE = 2, MOST_DISCARDED = 8 << 20 };
  if (c->resumed && !c->paused && c->in.size > 0) connection_offer(c, "", 0);
  for (int i = 0; c->readable && !c->paused && !c->broken; i++) {
    if (i == AT_ONCE) { /* others have their turn */
      connection_look_again(c);
      return;
    }
    ssize_t n = connection_receive(c);
    if (n == 0) {
      connection_finish(c);
    } else if (n > 0 && c->lingering) {
      c->discarded += (size_t)n;
      if (c->discarded > MOST_DISCARDED) connection_break(c);
    } else if (n > 0) {
      connection_offer(c, c->set->input, (size_t)n);
    }
  }
}

/* ---- its life ---- */

static void connection_close_now(connection *c) {
  connection_set *s = c->set;
  loop_unwatch(s->loop, &c->watch);
  if (c->protocol != NULL) c->protocol->closed(c);
  connection_hold(c, -(ptrdiff_t)c->held);
  while (c->first != NULL) connection_drop_chunk(c);
  if (c->spare != NULL) text_free(&c->spare->data);
  free(c->spare);
  text_free(&c->in);
  SSL_free(c->tls);
  close(c->watch.fd);
  *c->previous = c->next;
  if (c->next != NULL) c->next->previous = c->previous;
  c->previous = NULL;
  if (!c->again) loop_free(s->loop, c); /* else that list has it still */
  s->closed(s->server);
}

/* The first byte that a client has sent, without taking it; -1: it is not there yet. */
static int connection_first_byte(const connection *c) {
  uint8_t first;
  return recv(c->watch.fd, &first, 1, MSG_PEEK) == 1 ? first : -1;
}

/* Waits for more of a handshake, unless the client has finished. */
static void connection_await_handshake(connection *c) {
  c->readable = false;
  if (c->fin) connection_break(c);
}

/* Goes on with the handshake of TLS; true when it is done, or there is none. */
static bool connection_shake_hands(connection *c) {
  enum { HANDSHAKE = 22 }; /* the type of the record that TLS begins with */
  if (!c->greeted) {
    int first = connection_first_byte(c);
    if (first < 0) { /* OpenSSL must not read either: the next look would see a later record */
      connection_await_handshake(c);
      return false;
    }
    c->greeted = true;
    if (first != HANDSHAKE) {
      SSL_free(c->tls);
      c->tls = NULL;
      c->shaking = false;
      c->set->start(c, CONNECTION_NO_TLS);
      return true;
    }
  }
  ERR_clear_error();
  int n = SSL_accept(c->tls);
  if (n == 1) {
    const unsigned char *name;
    unsigned size;
    SSL_get0_alpn_selected(c->tls, &name, &size);
    c->shaking = false;
    bool http2 = size == 2 && memcmp(name, "h2", 2) == 0;
    c->set->start(c, http2 ? CONNECTION_HTTP2 : CONNECTION_HTTP1);
    return true;
  }
  int fault = SSL_get_error(c->tls, n);
  if (fault == SSL_ERROR_WANT_READ) {
    connection_await_handshake(c);
  } else if (fault == SSL_ERROR_WANT_WRITE) {
    c->writable = false;
  } else {
    connection_break(c);
  }
  return false;
}

/* Does what can be done for a connection, and ends it when it is to end. */
static void connection_serve(connection *c) {
  if (!c->shaking || c->broken || connection_shake_hands(c)) {
    if (!c->broken && c->unsent > 0) connection_flush(c);
    if (!c->broken && c->waits && c->unsent < LOW) {
      c->waits = false;
      c->protocol->drained(c);
    }
    if (!c->broken) connection_read_some(c);
  }
  if (c->broken) connection_close_now(c);
}

static void connection_on_ready(loop_watch *watch, unsigned what) {
  connection *c = (connection *)watch;
  if (what & LOOP_READ) c->readable = true;
  if (what & LOOP_WRITE) c->writable = true;
  if (what & LOOP_FIN) c->fin = true;
  if (what & LOOP_GONE) c->broken = true;
  connection_serve(c);
}

bool connection_serve_again(connection_set *s) {
  connection *c = s->again, *next;
  s->again = NULL;
  s->again_last = &s->again;
  for (; c != NULL; c = next) {
    next = c->next_again;
    c->again = false;
    if (c->previous != NULL) {
      connection_serve(c);
    } else {
      free(c);
    }
  }
  return s->again != NULL;
}

void connection_open(connection_set *s, int fd, SSL_CTX *tls, bool of_page, bool local) {
  connection *c = memory_get(sizeof *c);
  c->watch = (loop_watch){fd, connection_on_ready};
  c->set = s;
  c->server = s->server;
  c->of_page = of_page;
  c->local = local;
  c->writable = true;
  c->next = s->first;
  c->previous = &s->first;
  if (c->next != NULL) c->next->previous = &c->next;
  s->first = c;
  if (tls != NULL) {
    c->tls = SSL_new(tls);
    c->shaking = true;
    if (c->tls == NULL || SSL_set_fd(c->tls, fd) != 1) memory_get(SIZE_MAX);
    connection_deadline(c, s->timeout_ms);
  } else {
    s->start(c, CONNECTION_HTTP1);
  }
  if (!loop_watch_for(s->loop, &c->watch, LOOP_READ | LOOP_WRITE | LOOP_EDGE)) connection_break(c);
}

/* Whether it has taken nothing of a lot for a while. */
static bool connection_is_stuck(const connection *c, int64_t now_ms) {
  enum { A_LOT = 256 << 10, A_WHILE_MS = 300 };
  return c->held > A_LOT && now_ms - c->progress_ms > A_WHILE_MS;
}

void connection_sweep(connection_set *s) {
  int64_t now = s->now_ms;
  s->sweep_ms = s->held > MOST_HELD ? now + FULL_MS : INT64_MAX;
  for (connection *c = s->first, *next; c != NULL; c = next) {
    next = c->next;
    if (c->deadline_ms != 0 && c->deadline_ms <= now) {
      c->deadline_ms = 0;
      if (c->shaking || c->lingering) {
        c->broken = true;
      } else if (!c->broken) {
        c->protocol->late(c);
      }
    }
    if (c->write_deadline_ms != 0 && c->write_deadline_ms <= now) c->broken = true;
    if (s->held > MOST_HELD && connection_is_stuck(c, now)) c->broken = true;
    if (c->deadline_ms != 0 && c->deadline_ms < s->sweep_ms) s->sweep_ms = c->deadline_ms;
    if (c->write_deadline_ms != 0 && c->write_deadline_ms < s->sweep_ms) s->sweep_ms = c->write_deadline_ms;
    if (c->broken) connection_close_now(c);
  }
}

void connection_close_all(connection_set *s) {
  while (s->first != NULL) connection_close_now(s->first);
  connection_serve_again(s); /* frees them */
}
