/*
 * gossip_pull.c - spark.pull from another edge of this process: asks over its own connection and waits, on
 * the thread of the flare. The other end is in gossip_link.c.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gossip/gossip_private.h"
#include "base/wait.h"

enum { PULL_MS = 5000 }; /* time limit of the answer, without the latency */

static bool is_cut(gossip *g, int from, int to) {
  pthread_mutex_lock(&g->mutex);
  bool cut = g->links[from][to].cut;
  pthread_mutex_unlock(&g->mutex);
  return cut;
}

/* The edge of a name, other than the asking one; GOSSIP_ANY if there is none. */
static int find_origin(const gossip_edge *self, bytes origin) {
  for (int i = 0; i < self->gossip->options.count; i++) {
    if (i != self->index && bytes_are(origin, gossip_name(self->gossip, i))) return i;
  }
  return GOSSIP_ANY;
}

/* Writes the question as a frame. */
static void add_question(const gossip_edge *self, const bytes *keys, size_t count, text *out) {
  gossip_begin(out, GOSSIP_PULL);
  gossip_write_token(out, self->gossip->token, (unsigned)self->index);
  for (size_t i = 0; i < count; i++) gossip_write_bytes(out, keys[i]);
  gossip_end(out);
}

static bool send_question(int fd, bytes question, int64_t end) {
  for (size_t done = 0; done < question.size;) {
    if (!wait_for_fd(fd, POLLOUT, end)) return false;
    ssize_t n = send(fd, question.data + done, question.size - done, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (n > 0) done += (size_t)n;
  }
  return true;
}

/* Receives the answer into `in`, which `frame` then borrows. */
static bool receive_answer(int fd, text *in, gossip_frame *frame, int64_t end) {
  enum { CHUNK = 64 << 10 };
  size_t size;
  int found = 0;
  while (found == 0 && wait_for_fd(fd, POLLIN, end)) {
    size_t before = in->size;
    ssize_t n = recv(fd, text_room(in, CHUNK), CHUNK, 0);
    in->size = before + (n > 0 ? (size_t)n : 0);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) return false;
    found = gossip_read(text_bytes(in), GOSSIP_FRAME_MAX, frame, &size);
  }
  if (found == 1 && frame->type != GOSSIP_PULLED) gossip_frame_free(frame);
  return found == 1 && frame->type == GOSSIP_PULLED;
}

/* The same for a gossip by hand, where no thread would answer: reads the other edge's store directly. */
static bool pull_by_hand(gossip *g, int from, const bytes *keys, size_t count, host_pulled_function *pulled,
                         void *taker) {
  text value = {0};
  uint32_t ttl_s;
  store_result result = STORE_OK;
  for (size_t i = 0; result != STORE_FAILED && i < count; i++) {
    result = gossip_read_spark(g, from, keys[i], &value, &ttl_s);
    if (result == STORE_OK) pulled(taker, keys[i], text_bytes(&value), ttl_s);
  }
  text_free(&value);
  return result != STORE_FAILED;
}

bool gossip_pull(void *data, bytes origin, const bytes *keys, size_t count, host_pulled_function *pulled,
                 void *taker) {
  const gossip_edge *self = data;
  gossip *g = self->gossip;
  int from = find_origin(self, origin);
  if (from == GOSSIP_ANY || is_cut(g, self->index, from)) return false;
  if (g->options.by_hand) return pull_by_hand(g, from, keys, count, pulled, taker);
  text question = {0}, in = {0};
  gossip_frame frame = {0};
  add_question(self, keys, count, &question);
  bool arrived = wait_for_ns(g->options.latency_ns); /* the question is delayed like any other message */
  int64_t end = gossip_clock() + g->options.latency_ns + PULL_MS * GOSSIP_MS;
  int fd = !arrived || is_cut(g, self->index, from) ? -1 : gossip_connect(g->edges[from].gossip_port);
  bool good =
      fd >= 0 && send_question(fd, text_bytes(&question), end) && receive_answer(fd, &in, &frame, end);
  for (size_t i = 0; i < frame.count; i++) {
    pulled(taker, frame.values[i].key, frame.values[i].value, frame.values[i].ttl_s);
  }
  gossip_frame_free(&frame);
  if (fd >= 0) close(fd);
  text_free(&question);
  text_free(&in);
  return good;
}
