/*
 * dap_relay.c - see dap_relay.h.
 */
#include "debug/dap_relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json_bytes.h"

int dap_relay_connect(int port, text *error) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  text_printf(error, "127.0.0.1:%d: %s: is `flaron-lua dev --debug=%d` running?", port, strerror(errno),
              port);
  if (fd >= 0) close(fd);
  return -1;
}

/* Writes all; false if nobody reads. */
static bool relay_write(int fd, bytes b) {
  for (size_t at = 0; at < b.size;) {
    ssize_t put = write(fd, b.data + at, b.size - at);
    if (put < 0 && errno != EINTR) return false;
    if (put > 0) at += (size_t)put;
  }
  return true;
}

/* Sends a request as it came. */
static bool relay_send(int fd, const json_t *request) {
  text body = {0}, frame = {0};
  json_add_to(&body, json_incref((json_t *)request), JSON_COMPACT);
  text_printf(&frame, "Content-Length: %zu\r\n\r\n", body.size);
  text_add(&frame, body.data, body.size);
  bool good = relay_write(fd, text_bytes(&frame));
  text_free(&body);
  text_free(&frame);
  return good;
}

/* Waits for the first message, and drops it; false if none comes. */
static bool relay_drop_first(dap_wire *peer) {
  json_t *message = NULL;
  text ignored = {0};
  dap_taken taken;
  while ((taken = dap_wire_take(peer, &message, &ignored)) == DAP_TAKEN_NONE) dap_wire_fill(peer);
  json_decref(message);
  text_free(&ignored);
  return taken == DAP_TAKEN_MESSAGE;
}

/* What came and was not taken. */
static bytes relay_rest(const dap_wire *w) {
  return (bytes){(const uint8_t *)text_string(&w->input) + w->used, w->input.size - w->used};
}

/* Copies what can be read at once; false at the end. */
static bool relay_copy(int from, int to) {
  enum { PIECE = 65536 };
  uint8_t piece[PIECE];
  ssize_t got = read(from, piece, sizeof piece);
  if (got < 0 && errno == EINTR) return true;
  return got > 0 && relay_write(to, (bytes){piece, (size_t)got});
}

void dap_relay_run(dap_wire *client, int peer, json_t *const *requests, size_t count) {
  dap_wire other = {.in = peer, .out = peer};
  bool goes = true;
  for (size_t i = 0; i < count; i++) goes = goes && relay_send(peer, requests[i]);
  goes = goes && relay_write(peer, relay_rest(client)) && relay_drop_first(&other) &&
         relay_write(client->out, relay_rest(&other));
  while (goes) {
    struct pollfd fds[] = {{client->in, POLLIN, 0}, {peer, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0 && errno != EINTR) break;
    if (fds[1].revents != 0) goes = relay_copy(peer, client->out);
    if (goes && fds[0].revents != 0) goes = relay_copy(client->in, peer);
  }
  dap_wire_free(&other);
}
