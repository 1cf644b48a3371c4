/*
 * server_socket.c - a WebSocket connection, whose events a flare handles one after the other. See
 * server_parts.h.
 */
#include <stdlib.h>
#include <string.h>

#include "server_parts.h"
#include "wasm.h"

#include <h2o/websocket.h>

enum { EVENT_OPEN, EVENT_MESSAGE, EVENT_CLOSE };

/* A WebSocket connection. Its events are jobs, one after the other. */
typedef struct socket {
  server *server;
  h2o_websocket_conn_t *conn; /* NULL when it is closed */
  pool_flare *flare;
  host_request opening; /* what every event is given: URL, headers */
  text id;
  task *first, **last;             /* events that wait for their turn */
  bool busy, over;                 /* an event is being handled; `close` has been queued */
  struct socket *next, **previous; /* of the server's */
} socket_t;

const char *const server_event_names[] = {"open", "message", "close"};

/* Starts the next event of a connection, unless one is being handled; frees it after the last. */
static void socket_next(socket_t *c) {
  if (c->busy) return;
  task *t = c->first;
  if (t == NULL) {
    if (!c->over || c->conn != NULL) return;
    pool_flare_release(c->flare);
    host_request_free(&c->opening);
    text_free(&c->id);
    *c->previous = c->next;
    if (c->next != NULL) c->next->previous = c->previous;
    c->server->open--;
    free(c);
    return;
  }
  c->first = (task *)t->job.next;
  if (c->first == NULL) c->last = &c->first;
  c->busy = true;
  server_start(t, c->server, pool_flare_retain(c->flare), (flare_handler)(FLARE_WS_OPEN + t->event));
}

/* Queues an event, when the flare has a handler for it. */
static void socket_event(socket_t *c, int event, const uint8_t *data, size_t size, int close_code) {
  if (event == EVENT_CLOSE) c->over = true;
  if (!(pool_flare_get(c->flare)->handlers >> (FLARE_WS_OPEN + event) & 1)) return;
  task *t = server_task(c->server);
  host_request *r = &t->job.request;
  t->socket = c;
  t->event = event;
  r->event.type = server_event_names[event];
  r->event.close_code = close_code;
  text_add(&r->event.conn_id, c->id.data, c->id.size);
  text_add(&r->event.data, data, size);
  text_add(&r->method, c->opening.method.data, c->opening.method.size);
  text_add(&r->url, c->opening.url.data, c->opening.url.size);
  for (size_t i = 0; i < c->opening.headers.count; i++) {
    const host_pair *h = &c->opening.headers.items[i];
    host_pairs_set(&r->headers, (bytes){(const uint8_t *)h->name, h->name_size},
                   (bytes){(const uint8_t *)h->value, h->value_size}, false);
  }
  *c->last = t;
  c->last = (task **)&t->job.next;
}

/* h2o: a message, a close frame, or (NULL) the end of the connection. */
static void on_message(h2o_websocket_conn_t *conn, const struct wslay_event_on_msg_recv_arg *message) {
  enum { ABNORMAL = 1006, NO_STATUS = 1005 }; /* RFC 6455, 7.4.1 */
  socket_t *c = conn->data;
  if (message == NULL) {
    if (!c->over) socket_event(c, EVENT_CLOSE, NULL, 0, ABNORMAL);
    h2o_websocket_close(conn);
    c->conn = NULL;
  } else if (message->opcode == WSLAY_CONNECTION_CLOSE) {
    int code = message->status_code != 0 ? message->status_code : NO_STATUS;
    if (!c->over) socket_event(c, EVENT_CLOSE, NULL, 0, code);
  } else if (!wslay_is_ctrl_frame(message->opcode)) {
    socket_event(c, EVENT_MESSAGE, message->msg, message->msg_length, 0);
  }
  socket_next(c);
}

/* Sends what waits; may end in on_message, and so free the connection. Before the answer to the handshake is
 * out there is no socket: h2o proceeds when it is. */
static void proceed(h2o_websocket_conn_t *conn) {
  if (conn != NULL && conn->sock != NULL) h2o_websocket_proceed(conn);
}

/* Sends what the flare sent in an event, and closes when it closed. */
void server_socket_done(socket_t *c, task *t) {
  const host_response *r = &t->job.response;
  server_record_task(t, 0);
  if (c->conn != NULL) {
    for (size_t i = 0; i < r->frame_count; i++) {
      struct wslay_event_msg frame = {
          wasm_is_utf8(r->frames[i].data, r->frames[i].size) ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME,
          (const uint8_t *)text_string(&r->frames[i]), r->frames[i].size};
      wslay_event_queue_msg(c->conn->ws_ctx, &frame);
    }
    if (r->close_code != 0) wslay_event_queue_close(c->conn->ws_ctx, (uint16_t)r->close_code, NULL, 0);
  }
  server_end(t);
  c->busy = false;
  h2o_websocket_conn_t *conn = c->conn;
  socket_next(c); /* may free c, but only when conn is NULL */
  proceed(conn);
}

void server_socket_start(server *s, h2o_req_t *req, const char *key, pool_flare *flare) {
  socket_t *c = memory_get(sizeof *c);
  c->server = s;
  c->flare = flare;
  c->last = &c->first;
  c->next = s->sockets;
  c->previous = &s->sockets;
  if (c->next != NULL) c->next->previous = &c->next;
  s->sockets = c;
  s->open++;
  server_copy_request(&c->opening, req);
  text_printf(&c->id, "%08llx", (unsigned long long)++s->connections);
  c->conn = h2o_upgrade_to_websocket(req, key, c, on_message);
  wslay_event_config_set_max_recv_msg_length(c->conn->ws_ctx, MAX_ENTITY);
  socket_event(c, EVENT_OPEN, NULL, 0, 0);
  socket_next(c);
}

void server_sockets_end(server *s) {
  enum { GOING_AWAY = 1001 };
  for (socket_t *c = s->sockets, *next; c != NULL; c = next) {
    next = c->next;
    if (c->conn == NULL) continue;
    wslay_event_queue_close(c->conn->ws_ctx, GOING_AWAY, NULL, 0);
    proceed(c->conn);
  }
}
