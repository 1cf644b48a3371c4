/*
 * gossip_link.c - a connection between two edges: its queue of frames, each sent when it is due, and the
 * handling of received frames. The frames are described in gossip_wire.h.
 *
 * Deltas are sent without waiting for the ACK of the previous one: TCP keeps their order, and deltas that a
 * broken connection lost are sent again, since the other edge says in its WELCOME up to which change it has
 * all.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gossip/gossip_private.h"

bool gossip_note(gossip_edge *e, store_result result) {
  if (result != STORE_FAILED) return true;
  text_clear(&e->error);
  store_message(e->store, &e->error);
  return false;
}

/* ---- connections ---- */

/* Limits of strangers, connections that have not sent the token yet: their number, the time and the bytes of
 * each. */
enum { STRANGERS = 256, STRANGER_MS = 3000, STRANGER_BYTES = 4096 };

static bool gossip_link_is_stranger(const gossip_conn *c) { return c->fd >= 0 && c->accepted && !c->vouched; }

/* Connections are added at the front, so the last one is the oldest. */
static void gossip_link_end_oldest_stranger(gossip *g) {
  gossip_conn *oldest = NULL;
  for (gossip_conn *c = g->conns; c != NULL; c = c->next) {
    if (gossip_link_is_stranger(c)) oldest = c;
  }
  if (oldest != NULL) gossip_conn_end(g, oldest);
}

int64_t gossip_strangers_end(gossip *g, int64_t now) {
  int64_t most = STRANGER_MS * GOSSIP_MS + g->options.latency_ns, next = INT64_MAX;
  for (gossip_conn *c = g->conns; g->strangers > 0 && c != NULL; c = c->next) {
    if (!gossip_link_is_stranger(c)) continue;
    if (now - c->since_ns >= most) {
      gossip_conn_end(g, c);
    } else if (c->since_ns + most < next) {
      next = c->since_ns + most;
    }
  }
  return next;
}

bool gossip_conn_is_full(const gossip_conn *c) {
  enum { MANY = 64 };
  return c->waiting >= MANY;
}

gossip_conn *gossip_conn_add(gossip *g, int fd, int from, int to, bool accepted) {
  if (accepted && g->strangers >= STRANGERS) gossip_link_end_oldest_stranger(g);
  gossip_conn *c = memory_get(sizeof *c);
  *c = (gossip_conn){.fd = fd, .from = from, .to = to, .accepted = accepted, .next = g->conns};
  c->since_ns = gossip_clock();
  c->last = &c->first;
  g->conns = c;
  if (accepted) g->strangers++;
  return c;
}

void gossip_conn_end(gossip *g, gossip_conn *c) {
  if (c->fd < 0) return;
  if (gossip_link_is_stranger(c)) g->strangers--;
  close(c->fd);
  c->fd = -1;
  if (!c->accepted) g->links[c->from][c->to].conn = NULL;
}

/* Frees the first frame of the queue. */
static void gossip_link_drop_first(gossip_conn *c) {
  gossip_sending *f = c->first;
  c->first = f->next;
  if (c->first == NULL) c->last = &c->first;
  c->sent = 0;
  c->waiting--;
  text_free(&f->bytes);
  free(f);
}

void gossip_conns_sweep(gossip *g) {
  for (gossip_conn **at = &g->conns; *at != NULL;) {
    gossip_conn *c = *at;
    if (c->fd >= 0) {
      at = &c->next;
      continue;
    }
    *at = c->next;
    while (c->first != NULL) gossip_link_drop_first(c);
    text_free(&c->in);
    text_free(&c->node);
    free(c);
  }
}

/* ---- writing ---- */

/* Completes a frame (gossip_end) and queues it; takes ownership of it. */
static void gossip_link_queue(const gossip *g, gossip_conn *c, text *frame) {
  gossip_end(frame);
  gossip_sending *f = memory_get(sizeof *f);
  *f = (gossip_sending){.bytes = *frame, .due_ns = gossip_clock() + g->options.latency_ns};
  *c->last = f;
  c->last = &f->next;
  c->waiting++;
}

void gossip_conn_write(gossip *g, gossip_conn *c, int64_t now) {
  while (c->first != NULL && c->first->due_ns <= now) {
    const text *out = &c->first->bytes;
    ssize_t n = send(c->fd, out->data + c->sent, out->size - c->sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) {
      gossip_conn_end(g, c);
      return;
    }
    c->sent += (size_t)n;
    if (c->sent == out->size) gossip_link_drop_first(c);
  }
  if (c->ending && c->first == NULL) gossip_conn_end(g, c);
}

void gossip_conn_greet(gossip *g, gossip_conn *c) {
  text out = {0};
  gossip_begin(&out, GOSSIP_HELLO);
  gossip_write_token(&out, g->token, (unsigned)c->from);
  gossip_write_bytes(&out, bytes_of(store_node(g->edges[c->from].store)));
  gossip_link_queue(g, c, &out);
}

static void gossip_link_add_plasma(void *items, const store_plasma *plasma) {
  gossip_write_plasma(items, plasma);
}

void gossip_conn_fill(gossip *g, gossip_conn *c, int64_t last) {
  enum { DELTA_SIZE = 256 << 10, WINDOW = 32 };
  gossip_edge *e = &g->edges[c->from];
  while (c->upto < last && c->waiting < WINDOW) {
    text out = {0}, items = {0};
    int64_t upto;
    if (gossip_note(
            e, store_plasma_delta(e->store, c->upto, DELTA_SIZE, gossip_link_add_plasma, &items, &upto)) &&
        upto > c->upto) {
      gossip_begin(&out, GOSSIP_DELTA);
      gossip_write_upto(&out, upto);
      text_add(&out, items.data, items.size);
      gossip_link_queue(g, c, &out);
      c->upto = upto;
    } else {
      last = c->upto;
    }
    text_free(&items);
  }
}

/* ---- reading ---- */

/* Whether the opener of a connection knows the token and may connect as the edge that it names: the link is
 * not cut. */
static bool gossip_link_may_enter(const gossip *g, gossip_conn *c, const gossip_frame *f) {
  bool known = c->accepted && c->from == GOSSIP_ANY &&
               CRYPTO_memcmp(f->token.data, g->token, sizeof g->token) == 0 &&
               f->edge < (unsigned)g->options.count && (int)f->edge != c->to;
  if (!known || g->links[f->edge][c->to].cut) return false;
  c->from = (int)f->edge;
  return true;
}

/* Each of these handles a frame; false: the frame is not allowed here, and the connection ends. */

static bool gossip_link_on_hello(gossip *g, gossip_conn *c, const gossip_frame *f) {
  gossip_edge *e = &g->edges[c->to];
  int64_t upto;
  if (!gossip_link_may_enter(g, c, f) || !gossip_note(e, store_plasma_merged(e->store, f->node, &upto)))
    return false;
  text out = {0};
  c->greeted = true;
  text_add(&c->node, f->node.data, f->node.size);
  gossip_begin(&out, GOSSIP_WELCOME);
  gossip_write_bytes(&out, bytes_of(store_node(e->store)));
  gossip_write_upto(&out, upto);
  gossip_link_queue(g, c, &out);
  return true;
}

/* If the other edge has more than this store, the store's file was replaced by an older one: then all is sent
 * again. */
static bool gossip_link_on_welcome(gossip *g, gossip_conn *c, const gossip_frame *f) {
  gossip_edge *e = &g->edges[c->from];
  int64_t last;
  if (c->accepted || c->greeted || !gossip_note(e, store_plasma_last(e->store, &last))) return false;
  c->greeted = true;
  c->upto = f->upto <= last ? f->upto : 0;
  g->links[c->from][c->to].acknowledged = c->upto;
  return true;
}

static bool gossip_link_on_delta(gossip *g, gossip_conn *c, const gossip_frame *f) {
  gossip_edge *e = &g->edges[c->to];
  if (!c->accepted || !c->greeted) return false;
  if (!gossip_note(e, store_plasma_merge(e->store, f->plasma, f->count, text_bytes(&c->node), f->upto))) {
    return false;
  }
  text out = {0};
  gossip_begin(&out, GOSSIP_ACK);
  gossip_write_upto(&out, f->upto);
  gossip_link_queue(g, c, &out);
  return true;
}

static bool gossip_link_on_ack(gossip *g, gossip_conn *c, const gossip_frame *f) {
  gossip_link *l = &g->links[c->from][c->to];
  if (c->accepted || f->upto > c->upto) return false;
  if (f->upto > l->acknowledged) l->acknowledged = f->upto;
  return true;
}

store_result gossip_read_spark(gossip *g, int edge, bytes key, text *value, uint32_t *ttl_s) {
  text_clear(value);
  store_result result = store_spark_get(g->edges[edge].store, key, gossip_now(g, edge), value, ttl_s);
  gossip_note(&g->edges[edge], result);
  return result;
}

static bool gossip_link_on_pull(gossip *g, gossip_conn *c, const gossip_frame *f) {
  text out = {0}, value = {0};
  if (!gossip_link_may_enter(g, c, f)) return false;
  gossip_begin(&out, GOSSIP_PULLED);
  bool good = true;
  for (size_t i = 0; good && out.size < GOSSIP_FRAME_MAX / 2 && i < f->count; i++) {
    uint32_t ttl_s;
    bytes key = f->values[i].key;
    store_result result = gossip_read_spark(g, c->to, key, &value, &ttl_s);
    good = result != STORE_FAILED;
    if (result == STORE_OK) gossip_write_value(&out, key, text_bytes(&value), ttl_s);
  }
  text_free(&value);
  if (good) {
    gossip_link_queue(g, c, &out);
    c->ending = true;
  } else {
    text_free(&out);
  }
  return good;
}

static bool gossip_link_on_frame(gossip *g, gossip_conn *c, const gossip_frame *f) {
  switch (f->type) {
    case GOSSIP_HELLO: return gossip_link_on_hello(g, c, f);
    case GOSSIP_WELCOME: return gossip_link_on_welcome(g, c, f);
    case GOSSIP_DELTA: return gossip_link_on_delta(g, c, f);
    case GOSSIP_ACK: return gossip_link_on_ack(g, c, f);
    case GOSSIP_PULL: return gossip_link_on_pull(g, c, f);
    case GOSSIP_PULLED: break;
  }
  return false;
}

/*
 * Checks whether a stranger begins as an edge does, with HELLO or PULL and the token; then it is vouched.
 * False: it does not. If too few bytes have come to tell, returns true and leaves it a stranger.
 */
static bool gossip_link_vouch(gossip *g, gossip_conn *c) {
  const uint8_t *in = text_bytes(&c->in).data;
  if (c->in.size < GOSSIP_HEAD_SIZE + GOSSIP_TOKEN_SIZE) return true;
  uint8_t type = in[GOSSIP_HEAD_SIZE - 1];
  if (type != GOSSIP_HELLO && type != GOSSIP_PULL) return false;
  c->vouched = CRYPTO_memcmp(in + GOSSIP_HEAD_SIZE, g->token, sizeof g->token) == 0;
  if (c->vouched) g->strangers--;
  return c->vouched;
}

/* Handles all frames that have come completely. */
static void gossip_link_take_frames(gossip *g, gossip_conn *c) {
  size_t done = 0, size = 0;
  int found = 1;
  while (found == 1 && c->fd >= 0) {
    gossip_frame frame;
    bytes rest = {(const uint8_t *)c->in.data + done, c->in.size - done};
    bool stranger = c->accepted && c->from == GOSSIP_ANY;
    found = gossip_read(rest, stranger ? GOSSIP_STRANGER_MAX : GOSSIP_FRAME_MAX, &frame, &size);
    if (found == 1) {
      if (!gossip_link_on_frame(g, c, &frame)) gossip_conn_end(g, c);
      gossip_frame_free(&frame);
      done += size;
    }
  }
  if (found < 0) gossip_conn_end(g, c);
  if (done == 0) return;
  memmove(c->in.data, c->in.data + done, c->in.size - done);
  c->in.size -= done;
}

void gossip_conn_read(gossip *g, gossip_conn *c) {
  enum { CHUNK = 64 << 10 };
  size_t before = c->in.size, size = gossip_link_is_stranger(c) ? STRANGER_BYTES : CHUNK;
  ssize_t n = recv(c->fd, text_room(&c->in, size), size, 0);
  c->in.size = before + (n > 0 ? (size_t)n : 0);
  if (n > 0) {
    if (gossip_link_is_stranger(c) && !gossip_link_vouch(g, c)) gossip_conn_end(g, c);
    if (c->fd >= 0 && !gossip_link_is_stranger(c)) gossip_link_take_frames(g, c);
  } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
    gossip_conn_end(g, c);
  }
}
