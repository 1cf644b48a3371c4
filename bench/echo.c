/*
 * echo.c - a load for WebSocket echoes: on each connection a message of 64 bytes, its echo, the next message.
 *
 *   echo PORT CONNECTIONS SECONDS
 *
 * One thread, on 127.0.0.1. Prints the messages echoed, and median and 99th percentile of their times in
 * microseconds: "MESSAGES P50 P99". Ends with 1 and a sentence when something else comes back.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PAYLOAD = 64, SENT = 2 + 4 + PAYLOAD, RECEIVED = 2 + PAYLOAD, MOST = 1024, SLOTS = 1 << 20 };

typedef struct connection {
  int fd;
  size_t size; /* bytes of the echo that are here */
  uint8_t echo[RECEIVED];
  int64_t begin_us;
} connection;

static connection connections[MOST];
static uint8_t message[SENT];
static uint32_t times[SLOTS]; /* how many echoes took so many microseconds; the last: that or more */

static void end(const char *why) {
  fprintf(stderr, "echo: %s\n", why);
  exit(1);
}

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void send_message(connection *c) {
  c->size = 0;
  c->begin_us = now_us();
  if (write(c->fd, message, SENT) != SENT) end("a message could not be sent");
}

/* Connects and asks for a WebSocket; reads the answer byte by byte, so that none of a frame is lost. */
static void open_connection(connection *c, int port) {
  static const char ask[] =
      "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int on = 1;
  char head[4096];
  size_t size = 0;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0) end("cannot connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (write(c->fd, ask, sizeof ask - 1) != sizeof ask - 1) end("cannot ask");
  while (size < 4 || memcmp(head + size - 4, "\r\n\r\n", 4) != 0)
    if (size == sizeof head || read(c->fd, head + size++, 1) != 1) end("no answer to the upgrade");
  if (memcmp(head, "HTTP/1.1 101", 12) != 0) end("the upgrade was refused");
}

/* Takes what came; true when the echo is whole. */
static bool receive(connection *c) {
  ssize_t size = read(c->fd, c->echo + c->size, RECEIVED - c->size);
  if (size <= 0) end("a connection was closed");
  c->size += (size_t)size;
  if (c->size < RECEIVED) return false;
  if (c->echo[0] != message[0] || c->echo[1] != PAYLOAD || memcmp(c->echo + 2, message + 6, PAYLOAD) != 0)
    end("another frame came back");
  return true;
}

/* The time that `share` of all echoes took at most. */
static unsigned percentile(uint64_t count, double share) {
  uint64_t seen = 0;
  for (unsigned us = 0; us < SLOTS; us++)
    if ((double)(seen += times[us]) >= (double)count * share) return us;
  return SLOTS;
}

int main(int argc, char **argv) {
  if (argc != 4) end("PORT, CONNECTIONS and SECONDS are expected");
  int port = atoi(argv[1]), count = atoi(argv[2]), seconds = atoi(argv[3]), poll = epoll_create1(0);
  if (count < 1 || count > MOST) end("1 to 1024 connections");
  message[0] = 0x81;           /* the last fragment of a text */
  message[1] = 0x80 | PAYLOAD; /* masked, by a mask of zeros */
  memset(message + 6, 'e', PAYLOAD);
  for (int i = 0; i < count; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
    open_connection(&connections[i], port);
    epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event);
  }
  uint64_t messages = 0;
  int64_t now = now_us(), stop = now + (int64_t)seconds * 1000000;
  for (int i = 0; i < count; i++) send_message(&connections[i]);
  while (now < stop) {
    struct epoll_event events[MOST];
    int ready = epoll_wait(poll, events, MOST, 1000);
    now = now_us();
    for (int i = 0; i < ready; i++) {
      connection *c = events[i].data.ptr;
      if (!receive(c)) continue;
      int64_t took = now - c->begin_us;
      times[took < SLOTS ? took : SLOTS - 1]++;
      messages++;
      send_message(c);
    }
  }
  if (messages == 0) end("no echo came");
  printf("%llu %u %u\n", (unsigned long long)messages, percentile(messages, 0.5), percentile(messages, 0.99));
  return 0;
}
