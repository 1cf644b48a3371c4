/*
 * server_socket.c - a WebSocket connection (RFC 6455), whose events a flare handles one after the other.
 * wslay reads the frames. See server_private.h.
 *
 * What a client can make us keep is bounded: it is read on only while few events wait and it takes what it is
 * sent. The request that opened the connection is kept once; each event borrows its headers while it is
 * handled.
 */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "base/encoding.h"
#include "base/http.h"
#include "server/server_private.h"
#include "base/utf8.h"

enum { EVENT_OPEN, EVENT_MESSAGE, EVENT_CLOSE };
enum {
  MAX_EVENTS = 8,
  MAX_EVENT_BYTES = 1 << 20,
  MAX_FRAGMENTS = 65536,
  HIGH = 256 << 10,
  MAX_UNSENT = 64 << 20
};
enum {
  GOING_AWAY = 1001,
  PROTOCOL = 1002,
  NO_STATUS = 1005,
  ABNORMAL = 1006,
  NOT_UTF8 = 1007,
  POLICY = 1008,
  TOO_BIG = 1009,
  TRY_LATER = 1013
};

/* What waits for its turn. */
typedef struct event {
  int kind, close_code;
  bool binary; /* a message that came so */
  text data;
  struct event *next;
} event;

typedef struct socket {
  server *server;
  connection *connection; /* NULL when it is closed */
  wslay_event_context_ptr frames;
  pool_flare *flare;
  host_request opening; /* what every event is given: URL, headers */
  text id;
  event *first, **last; /* that wait */
  size_t count, bytes;  /* of these */
  bool busy;            /* an event is being handled */
  bool binary;          /* it is a binary message: what is sent meanwhile is binary, too */
  bool over;            /* `close` has been queued */
  bool unanswered;      /* protocols were offered, none was taken, and nobody was told yet */
  bool pinged;          /* nothing has come since */
  const char *feed;     /* what wslay reads now */
  size_t feed_size;
  bool control;                    /* the frame that is read is one */
  text message;                    /* of the message that is read, so far */
  size_t fragments;                /* of it */
  int refused;                     /* the connection is to be closed with this code; 0 = it is not */
  int broken;                      /* the same, at once, since what comes can be read no more */
  struct socket *next, **previous; /* of the server's */
} socket_t;

const char *const server_event_names[] = {"open", "message", "close"};

/* ---- events ---- */

static void socket_free_socket(socket_t *c) {
  wslay_event_context_free(c->frames);
  pool_flare_release(c->flare);
  host_request_free(&c->opening);
  text_free(&c->id);
  server_hold_body(c->server, -(ptrdiff_t)c->message.size);
  text_free(&c->message);
  *c->previous = c->next;
  if (c->next != NULL) c->next->previous = c->previous;
  c->server->open--;
  free(c);
}

/* Lends the request that opened the connection to a task, or takes it back. */
static void socket_swap_headers(socket_t *c, task *t) {
  host_pairs lent = c->opening.headers;
  c->opening.headers = t->job.request.headers;
  t->job.request.headers = lent;
}

static void socket_start_event(socket_t *c, event *e) {
  task *t = server_task(c->server);
  host_request *r = &t->job.request;
  t->socket = c;
  t->event = e->kind;
  r->event.type = server_event_names[e->kind];
  r->event.close_code = e->close_code;
  text_add(&r->event.conn_id, c->id.data, c->id.size);
  text_free(&r->event.data);
  r->event.data = e->data;
  t->body = e->data.size;
  text_add(&r->method, c->opening.method.data, c->opening.method.size);
  text_add(&r->url, c->opening.url.data, c->opening.url.size);
  socket_swap_headers(c, t);
  c->busy = true;
  c->binary = e->binary;
  free(e);
  server_start(t, pool_flare_retain(c->flare), (flare_handler)(FLARE_WS_OPEN + t->event));
}

/* Whether a connection is not to be read on: enough waits, for the flare or for the client. */
static bool socket_is_full(const socket_t *c) {
  return c->count >= MAX_EVENTS || c->bytes > MAX_EVENT_BYTES || c->connection->unsent > HIGH;
}

/* The server ends: what waits is dropped. */
static void socket_drop_events(socket_t *c) {
  while (c->first != NULL) {
    event *e = c->first;
    c->first = e->next;
    server_hold_body(c->server, -(ptrdiff_t)e->data.size);
    text_free(&e->data);
    free(e);
  }
}

/* Starts the next event of a connection, unless one is being handled or the client does not read what the
 * last ones sent; frees it after the last. */
static void socket_next_event(socket_t *c) {
  if (c->busy) return;
  if (c->server->pool == NULL) socket_drop_events(c);
  event *e = c->first;
  if (e == NULL) {
    if (c->over && c->connection == NULL) socket_free_socket(c);
    return;
  }
  if (c->connection != NULL && c->connection->unsent > HIGH) return;
  c->first = e->next;
  if (c->first == NULL) c->last = &c->first;
  c->count--;
  c->bytes -= e->data.size;
  socket_start_event(c, e);
}

/* Queues an event, when the flare has a handler for it; takes the data over. `code`: of a message its opcode,
 * of a close why. */
static void socket_add_event(socket_t *c, int kind, text *data, int code) {
  if (kind == EVENT_CLOSE) c->over = true;
  if (!(pool_flare_get(c->flare)->handlers >> (FLARE_WS_OPEN + kind) & 1)) {
    server_hold_body(c->server, -(ptrdiff_t)data->size);
    text_free(data);
    return;
  }
  event *e = memory_get(sizeof *e);
  *e = (event){.kind = kind, .data = *data};
  if (kind == EVENT_CLOSE) e->close_code = code;
  if (kind == EVENT_MESSAGE) e->binary = code == WSLAY_BINARY_FRAME;
  *data = (text){0};
  *c->last = e;
  c->last = &e->next;
  c->count++;
  c->bytes += e->data.size;
}

static void socket_add_close(socket_t *c, int code) {
  text nothing = {0};
  if (!c->over) socket_add_event(c, EVENT_CLOSE, &nothing, code);
}

/* ---- frames that come ---- */

static ssize_t socket_on_read(wslay_event_context_ptr frames, uint8_t *to, size_t size, int flags,
                              void *data) {
  socket_t *c = data;
  (void)flags;
  if (c->feed_size == 0 || c->refused != 0 || c->broken != 0 || socket_is_full(c)) {
    wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
    return -1;
  }
  size_t n = size < c->feed_size ? size : c->feed_size;
  memcpy(to, c->feed, n);
  c->feed += n;
  c->feed_size -= n;
  return (ssize_t)n;
}

static void socket_on_frame(wslay_event_context_ptr frames,
                            const struct wslay_event_on_frame_recv_start_arg *frame, void *data) {
  socket_t *c = data;
  (void)frames;
  c->control = wslay_is_ctrl_frame(frame->opcode);
  if (c->control) return;
  if (++c->fragments > MAX_FRAGMENTS) c->refused = POLICY;
  if (frame->payload_length > MAX_ENTITY - c->message.size) c->refused = TOO_BIG;
}

static void socket_on_piece(wslay_event_context_ptr frames,
                            const struct wslay_event_on_frame_recv_chunk_arg *piece, void *data) {
  socket_t *c = data;
  (void)frames;
  if (c->control || c->refused != 0) return;
  if (server_hold_body(c->server, (ptrdiff_t)piece->data_length)) {
    text_add(&c->message, piece->data, piece->data_length);
  } else {
    c->refused = TRY_LATER;
  }
}

/* A close frame: none, a code, or a code and a reason. wslay lets a single byte pass, and of a reason that
 * comes in parts only looks at some bytes. */
static void socket_on_close_frame(socket_t *c, const struct wslay_event_on_msg_recv_arg *message) {
  enum { CODE = 2 };
  size_t size = message->msg_length;
  if (size > 0 && size < CODE) c->broken = PROTOCOL;
  if (size > CODE && !utf8_is_valid((const char *)message->msg + CODE, size - CODE)) c->broken = NOT_UTF8;
  if (c->broken == 0) socket_add_close(c, message->status_code != 0 ? message->status_code : NO_STATUS);
}

static void socket_on_message(wslay_event_context_ptr frames,
                              const struct wslay_event_on_msg_recv_arg *message, void *data) {
  socket_t *c = data;
  (void)frames;
  if (message->opcode == WSLAY_CONNECTION_CLOSE) {
    socket_on_close_frame(c, message);
  } else if (!wslay_is_ctrl_frame(message->opcode) && c->refused == 0) {
    c->fragments = 0;
    socket_add_event(c, EVENT_MESSAGE, &c->message, message->opcode);
  }
}

/* Pongs and the answer to a close frame, which wslay sends by itself. */
static ssize_t socket_on_write(wslay_event_context_ptr frames, const uint8_t *from, size_t size, int flags,
                               void *data) {
  socket_t *c = data;
  (void)frames;
  (void)flags;
  if (c->connection != NULL) connection_write(c->connection, from, size);
  return (ssize_t)size;
}

/* Sends what waits, and ends the connection when both sides have closed it. */
static void socket_send_frames(socket_t *c) {
  connection *k = c->connection;
  wslay_event_send(c->frames);
  connection_flush(k);
  bool read_over = wslay_event_get_close_received(c->frames) || !wslay_event_get_read_enabled(c->frames);
  if (wslay_event_get_close_sent(c->frames) && read_over) {
    socket_add_close(c, ABNORMAL);
    connection_end(k);
  }
}

static void socket_close_with(socket_t *c, int code) {
  enum { REPLY_MS = 5000 };
  if (wslay_event_queue_close(c->frames, (uint16_t)code, NULL, 0) == WSLAY_ERR_INVALID_ARGUMENT)
    wslay_event_queue_close(c->frames, 0, NULL, 0); /* no code that can be sent */
  connection_deadline(c->connection, REPLY_MS);
}

/* Closes at once, by a frame of our own: what wslay would answer waits in its queue, without this code. */
static void socket_fail(socket_t *c, int code) {
  enum { FIN = 0x80, SIZE = 2, BITS = 8 };
  const uint8_t frame[] = {FIN | WSLAY_CONNECTION_CLOSE, SIZE, (uint8_t)(code >> BITS), (uint8_t)code};
  if (!wslay_event_get_close_sent(c->frames)) connection_write(c->connection, frame, sizeof frame);
  wslay_event_shutdown_read(c->frames);
  c->feed_size = 0;
  socket_add_close(c, ABNORMAL);
  connection_end(c->connection);
}

/* Reads what is there. */
static void socket_read_frames(socket_t *c) {
  if (wslay_event_recv(c->frames) != 0 && c->broken == 0) c->broken = PROTOCOL;
  if (c->broken != 0) {
    socket_fail(c, c->broken);
    return;
  }
  if (c->refused != 0 && wslay_event_get_read_enabled(c->frames)) {
    wslay_event_shutdown_read(c->frames);
    socket_close_with(c, c->refused);
  }
  if (!wslay_event_get_read_enabled(c->frames)) c->feed_size = 0;
  socket_send_frames(c);
  if (socket_is_full(c)) connection_pause(c->connection);
  if (c->connection->unsent > HIGH) c->connection->waits = true;
}

/* Reads on, if that was put off. */
static void socket_read_on(socket_t *c) {
  connection *k = c->connection;
  if (k == NULL || !k->paused || k->ending || socket_is_full(c)) return;
  socket_read_frames(c); /* wslay keeps up to 4 KiB */
  if (!socket_is_full(c) && !k->ending) connection_resume(k);
}

/* ---- the protocol of the connection ---- */

static size_t socket_received(connection *k, const char *data, size_t size) {
  socket_t *c = k->state;
  c->pinged = false;
  if (!wslay_event_get_close_sent(c->frames)) connection_deadline(k, c->server->options->timeout_ms);
  c->feed = data;
  c->feed_size = size;
  socket_read_frames(c);
  size_t used = size - c->feed_size;
  c->feed_size = 0;
  socket_next_event(c);
  return used;
}

static void socket_drained(connection *k) {
  socket_t *c = k->state;
  socket_next_event(c);
  socket_read_on(c);
}

static void socket_finished(connection *k) { connection_break(k); /* a WebSocket that only sends is none */ }

/* Nothing has come for a while: is anybody there? */
static void socket_late(connection *k) {
  static const struct wslay_event_msg ping = {WSLAY_PING, NULL, 0};
  socket_t *c = k->state;
  if (wslay_event_get_close_sent(c->frames) || (c->pinged && !k->paused)) {
    connection_break(k);
    return;
  }
  if (!k->paused) {
    c->pinged = true;
    wslay_event_queue_msg(c->frames, &ping);
    socket_send_frames(c);
  }
  connection_deadline(k, c->server->options->timeout_ms);
}

static void socket_closed(connection *k) {
  socket_t *c = k->state;
  c->connection = NULL;
  socket_add_close(c, ABNORMAL);
  socket_next_event(c);
}

static const protocol socket_protocol = {socket_received, socket_drained, socket_finished, socket_late,
                                         socket_closed};

/* ---- what the flare sends ---- */

/*
 * Sends a message in one frame, without a copy if it is large. The ABI does not say which type: it is that of
 * the message that is answered, else text; what is not UTF-8 cannot be text.
 */
static void socket_send_message(connection *k, text *message, bool binary) {
  enum { FIN = 0x80, SHORT = 125, TWO_BYTES = 126, EIGHT_BYTES = 127, MOST_SHORT = 65535, BYTE = 8 };
  bool as_text = !binary && utf8_is_valid(message->data, message->size);
  uint8_t head[10] = {FIN | (as_text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME)};
  size_t size = message->size, bytes = size <= SHORT ? 0 : size <= MOST_SHORT ? 2 : 8;
  head[1] = bytes == 0 ? (uint8_t)size : bytes == 2 ? TWO_BYTES : EIGHT_BYTES;
  for (size_t i = 0; i < bytes; i++) head[2 + i] = (uint8_t)(size >> BYTE * (bytes - 1 - i));
  connection_write(k, head, 2 + bytes);
  connection_give(k, message);
}

/* Sends what the flare sent in an event, and closes when it closed. */
static void socket_send_all(socket_t *c, host_response *r) {
  connection *k = c->connection;
  wslay_event_send(c->frames); /* what comes before */
  bool open = !wslay_event_get_close_sent(c->frames);
  for (size_t i = 0; open && i < r->frame_count; i++) {
    if (k->unsent > MAX_UNSENT) {
      socket_close_with(c, POLICY);
      break;
    }
    socket_send_message(k, &r->frames[i], c->binary);
  }
  if (r->close_code != 0) socket_close_with(c, r->close_code);
  socket_send_frames(c);
}

/* Says in the log of the first event why browsers end the connection (WHATWG WebSockets, 2.2). */
static void socket_warn_of_protocols(socket_t *c, task *t) {
  const host_pair *offered = host_pairs_find(&t->job.request.headers, bytes_of("sec-websocket-protocol"));
  if (!c->unanswered || offered == NULL) return;
  c->unanswered = false;
  text_printf(
      server_add_line(&t->job.response, HOST_WARN),
      "sub-protocols that the client offers: %s: ws_protocols of flare.lua names none of them, so none is "
      "answered, and browsers end the connection",
      offered->value);
}

void server_socket_done(socket_t *c, task *t) {
  server_look_at_clock(c->server);
  socket_warn_of_protocols(c, t);
  server_record_task(t, 0, false, NULL);
  if (c->connection != NULL && !c->connection->broken && !c->connection->ending)
    socket_send_all(c, &t->job.response);
  socket_swap_headers(c, t);
  t->started = false;
  server_end(t);
  c->busy = false;
  if (c->connection != NULL) socket_read_on(c);
  socket_next_event(c); /* may free c */
}

/* ---- the beginning ---- */

bool server_socket_asked(const exchange *x) {
  return x->may_upgrade && bytes_are(text_bytes(&x->task->job.request.method), "GET") &&
         http_lists(exchange_header(x, "connection"), "upgrade") &&
         http_lists(exchange_header(x, "upgrade"), "websocket");
}

/* Whether it is 16 bytes as base64. */
static bool socket_is_key(bytes key) {
  enum { SIZE = 16 };
  text value = {0};
  bool good = base64_decode(&value, key) && value.size == SIZE;
  text_free(&value);
  return good;
}

/* Adds what proves that the server has understood the key (RFC 6455, 4.2.2). */
static void socket_add_accept(text *to, bytes key) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  text proof = {0};
  text_add(&proof, key.data, key.size);
  text_add_string(&proof, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  EVP_Digest(proof.data, proof.size, digest, &size, EVP_sha1(), NULL);
  base64_encode(to, (bytes){digest, size});
  text_free(&proof);
}

/* Whether a flare speaks a sub-protocol: its manifest names it, or there is no manifest. */
static bool socket_speaks(const flare *f, bytes protocol) {
  const json_t *list = json_object_get(f->config, "ws_protocols"), *item;
  size_t i;
  if (f->config == NULL) return true;
  json_array_foreach(list, i, item) {
    if (bytes_are(protocol, json_string_value(item))) return true;
  }
  return false;
}

/* The first of the sub-protocols that the client offers and the flare speaks; {0}: there is none. */
static bytes socket_choose_protocol(const flare *f, bytes offered) {
  while (offered.size != 0) {
    bytes protocol = http_next_element(&offered);
    if (http_is_token(protocol) && socket_speaks(f, protocol)) return protocol;
  }
  return (bytes){0};
}

/* Answers the handshake. */
static void socket_add_answer(text *head, const exchange *x, bytes protocol) {
  text_add_string(head,
                  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Accept: ");
  socket_add_accept(head, exchange_header(x, "sec-websocket-key"));
  if (protocol.size != 0) {
    text_add_string(head, "\r\nSec-WebSocket-Protocol: ");
    text_add(head, protocol.data, protocol.size);
  }
  text_add_string(head, "\r\n\r\n");
}

/* Answers a handshake that is none; true: it is one. */
static bool socket_is_right(exchange *x) {
  enum { BAD_REQUEST = 400 };
  static const char *const version[][2] = {{"sec-websocket-version", "13"}};
  if (!bytes_are(exchange_header(x, "sec-websocket-version"), "13")) {
    text page = {0};
    reply r = {.status = HTTP_UPGRADE_REQUIRED,
               .type = "text/plain; charset=utf-8",
               .more = version,
               .more_count = 1};
    text_add_string(&page, "Version 13 of WebSocket is spoken here.\n");
    exchange_answer(x, &r, &page);
    text_free(&page);
    return false;
  }
  if (socket_is_key(exchange_header(x, "sec-websocket-key"))) return true;
  exchange_refuse(x, BAD_REQUEST, "Sec-WebSocket-Key is not 16 bytes in base64.");
  return false;
}

/* Makes an id that no other connection has, on whatever edge, or had before a restart: 128 random bits. */
static void socket_add_id(text *id) {
  uint8_t bits[16];
  if (RAND_bytes(bits, sizeof bits) != 1) memory_get(SIZE_MAX); /* it ends the program */
  hex_encode(id, (bytes){bits, sizeof bits});
}

void server_socket_start(exchange *x, pool_flare *flare) {
  static const struct wslay_event_callbacks callbacks = {
      socket_on_read, socket_on_write, NULL, socket_on_frame, socket_on_piece, NULL, socket_on_message};
  server *s = x->server;
  connection *k = x->connection;
  text nothing = {0};
  if (!socket_is_right(x)) {
    pool_flare_release(flare);
    return;
  }
  socket_t *c = memory_get(sizeof *c);
  c->server = s;
  c->connection = k;
  c->flare = flare;
  c->last = &c->first;
  c->next = s->sockets;
  c->previous = &s->sockets;
  if (c->next != NULL) c->next->previous = &c->next;
  s->sockets = c;
  s->open++;
  text_clear(&s->scratch);
  bytes offered = exchange_header(x, "sec-websocket-protocol");
  bytes protocol = socket_choose_protocol(pool_flare_get(flare), offered);
  socket_add_answer(&s->scratch, x, protocol);
  c->unanswered = offered.size != 0 && protocol.size == 0;
  c->opening = x->task->job.request;
  x->task->job.request = (host_request){0};
  socket_add_id(&c->id);
  if (wslay_event_context_server_init(&c->frames, &callbacks, c) != 0) memory_get(SIZE_MAX);
  wslay_event_config_set_no_buffering(c->frames, 1); /* the message is kept here, in one piece */
  wslay_event_config_set_max_recv_msg_length(c->frames, MAX_ENTITY);
  server_http1_leave(x);
  connection_switch(k, &socket_protocol, c);
  connection_deadline(k, s->options->timeout_ms);
  connection_write(k, s->scratch.data, s->scratch.size);
  connection_flush(k);
  socket_add_event(c, EVENT_OPEN, &nothing, 0);
  socket_next_event(c);
}

void server_sockets_end(server *s) {
  for (socket_t *c = s->sockets, *next; c != NULL; c = next) {
    next = c->next;
    if (c->connection == NULL || c->connection->broken || c->connection->ending) continue;
    socket_close_with(c, GOING_AWAY);
    socket_send_frames(c);
  }
}
