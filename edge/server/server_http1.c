/*
 * server_http1.c - HTTP/1.1 and 1.0 on a connection: one request after the other, answered in order. See
 * server_private.h; http1.c reads them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "server/server_private.h"

enum { MAX_AHEAD = 64 << 10, MAX_UNSENT = 1 << 20 };
enum { REQUEST_TIMEOUT = 408, CONTENT_TOO_LARGE = 413 };

typedef enum stage { HEAD, BODY, ANSWER } stage;

typedef struct http1 {
  exchange x; /* first: its functions are given it */
  stage stage;
  bool open;    /* there is an exchange */
  bool close;   /* after this answer */
  bool chunked; /* the answer is sent in chunks */
  bool inside;  /* of http1_received */
  bool fresh;   /* nothing was read yet */
  bool probed;  /* the client sends no more; whether it is still there was asked */
  bool doubted; /* the flare is asked when that is known */
  http1_body body;
  int64_t body_ms; /* when the body began */
  size_t body_size;
  http1_head head;
} http1;

/* The way of an answer, and how the connection goes on: what follows refers to each other. */
static const exchange_way http1_way;
static const protocol http1_protocol;

static http1 *server_http1_front_of(const connection *c) { return c->state; }

/* ---- answers ---- */

/* Adds a header line, its name in small letters. */
static void server_http1_add_field(void *to, bytes name, bytes value) {
  text *head = to;
  char *at = text_room(head, name.size + value.size + 4);
  for (size_t i = 0; i < name.size; i++) {
    char c = (char)name.data[i];
    *at++ = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
  }
  *at++ = ':';
  *at++ = ' ';
  if (value.size != 0) memcpy(at, value.data, value.size);
  memcpy(at + value.size, "\r\n", 2);
}

/* Adds a header line of our own. */
static void server_http1_add_own(text *head, const char *name, const char *value) {
  text_add_string(head, name);
  text_add_string(head, ": ");
  text_add_string(head, value);
  text_add_string(head, "\r\n");
}

static void server_http1_add_number(text *head, int64_t number) {
  char digits[24];
  snprintf(digits, sizeof digits, "%lld", (long long)number);
  text_add_string(head, digits);
}

/* Adds Content-Length, or begins chunks where nobody knows it. */
static void server_http1_add_length(http1 *f, text *head, const reply *r) {
  if (http_ends_at_head(r->status)) return;
  if (r->length >= 0) {
    text_add_string(head, "Content-Length: ");
    server_http1_add_number(head, r->length);
    text_add_string(head, "\r\n");
  } else if (f->head.minor == 1) {
    f->chunked = !f->x.bodiless;
    server_http1_add_own(head, "Transfer-Encoding", "chunked");
  } else {
    f->close = true; /* its end is the answer's */
  }
}

/* Adds Connection, and the Upgrade that a flare's 426 has: RFC 9110, 7.8 wants both. */
static void server_http1_add_connection(const http1 *f, text *head, const reply *r) {
  bool may = r->status == HTTP_UPGRADE_REQUIRED && r->headers != NULL;
  const host_pair *upgrade = may ? host_pairs_find(r->headers, bytes_of("upgrade")) : NULL;
  if (upgrade != NULL && http_is_value((bytes){(const uint8_t *)upgrade->value, upgrade->value_size})) {
    server_http1_add_own(head, "Upgrade", upgrade->value);
    server_http1_add_own(head, "Connection", f->close ? "close, upgrade" : "upgrade");
  } else if (f->close) {
    server_http1_add_own(head, "Connection", "close");
  } else if (f->head.minor == 0) {
    server_http1_add_own(head, "Connection", "keep-alive");
  }
}

static void server_http1_begin(exchange *x, const reply *r) {
  http1 *f = (http1 *)x;
  server *s = x->server;
  text *head = &s->scratch;
  text_clear(head);
  text_add_string(head, "HTTP/1.1 ");
  server_http1_add_number(head, r->status);
  text_add_string(head, " ");
  text_add_string(head, http_reason(r->status));
  text_add_string(head, "\r\n");
  server_http1_add_length(f, head, r);
  if (s->end_ms != 0) f->close = true; /* who keeps asking must not keep us */
  server_http1_add_connection(f, head, r);
  reply_fields(s, r, server_http1_add_field, head);
  text_add_string(head, "\r\n");
  connection_write(x->connection, head->data, head->size);
}

static void server_http1_add(exchange *x, text *part) {
  http1 *f = (http1 *)x;
  char size[24];
  bool some = part->size > 0;
  if (f->chunked && some) {
    snprintf(size, sizeof size, "%zx\r\n", part->size);
    connection_write(x->connection, size, strlen(size));
  }
  connection_give(x->connection, part);
  if (f->chunked && some) connection_write(x->connection, "\r\n", 2);
  if (x->transfer != NULL || x->data != NULL) connection_flush(x->connection); /* more may take a while */
}

static size_t server_http1_unsent(const exchange *x) { return x->connection->unsent; }

/* The connection waits for the next request. */
static void server_http1_next_request(http1 *f, connection *c) {
  f->stage = HEAD;
  f->close = f->chunked = f->probed = f->doubted = false;
  http1_reset(&f->head);
  connection_deadline(c, c->server->options->timeout_ms);
  if (!f->inside) connection_resume(c);
}

static void server_http1_end_answer(exchange *x, bool whole) {
  http1 *f = (http1 *)x;
  connection *c = x->connection;
  exchange_close(x);
  f->open = false;
  if (!whole) {
    connection_break(c); /* an answer that is cut off must not look whole */
    return;
  }
  if (f->chunked) connection_write(c, "0\r\n\r\n", 5);
  if (f->close || (c->finished && c->in.size == 0 && !f->inside)) {
    connection_end(c);
  } else {
    connection_flush(c);
    server_http1_next_request(f, c);
  }
}

static const exchange_way http1_way = {server_http1_begin, server_http1_add, server_http1_end_answer,
                                       server_http1_unsent};

/* ---- requests ---- */

/* Answers what is not a request, and closes the connection. */
static void server_http1_refuse_input(http1 *f, connection *c, int status, const char *why) {
  f->close = true;
  if (!f->open) {
    exchange_open(&f->x, c->server, c, &http1_way);
    f->x.asked = true;
    c->server->open++;
    f->open = true;
  }
  f->stage = ANSWER;
  exchange_refuse(&f->x, status, "%s", why);
}

void server_http1_refuse(connection *c, int status, const char *why) {
  server_http1_start(c);
  server_http1_refuse_input(server_http1_front_of(c), c, status, why);
}

static bytes server_http1_part_of(const char *data, http1_part part) {
  return (bytes){(const uint8_t *)data + part.at, part.size};
}

/* The head has been read: takes it over. False: it was refused. */
static bool server_http1_take_head(http1 *f, connection *c, const char *data) {
  const http1_head *h = &f->head;
  const char *why;
  exchange_open(&f->x, c->server, c, &http1_way);
  f->open = true;
  f->close = h->close;
  if (!exchange_target(&f->x, server_http1_part_of(data, h->method), server_http1_part_of(data, h->target),
                       server_http1_part_of(data, h->host), &why)) {
    server_http1_refuse_input(f, c, 400, why);
    return false;
  }
  for (size_t i = 0; i < h->count; i++)
    exchange_field(&f->x, server_http1_part_of(data, h->fields[i].name),
                   server_http1_part_of(data, h->fields[i].value));
  f->x.may_upgrade = h->minor == 1 && h->framing == HTTP1_NO_BODY;
  if (h->framing == HTTP1_LENGTH && h->length > MAX_ENTITY) {
    server_http1_refuse_input(f, c, CONTENT_TOO_LARGE, "The body is larger than 64 MiB.");
    return false;
  }
  return true;
}

/* How long it may take until a client that has gone is known to have. */
enum { MOMENT_MS = 10 };

/*
 * Finds out whether a client that sends no more is there. Who only says so, by shutdown(2), still reads the
 * answer; who has gone, by close(2), looks the same until it is sent something. So an interim answer is sent,
 * which every client of HTTP/1.1 must be able to skip (RFC 9110, 15.2): if nobody is there, a reset comes
 * back.
 */
static void server_http1_probe(http1 *f, connection *c) {
  static const char interim[] = "HTTP/1.1 102 Processing\r\n\r\n";
  if (f->probed || f->x.begun) return;
  f->probed = true;
  if (f->head.minor == 0) { /* it knows no interim answers */
    connection_break(c);
    return;
  }
  connection_write(c, interim, sizeof interim - 1);
  connection_flush(c);
}

/* All of a request is there. Where much is done already, who may have gone is asked for first. */
static void server_http1_ask(http1 *f, connection *c) {
  enum { BUSY = 8 };
  f->stage = ANSWER;
  connection_deadline(c, 0);
  if (c->fin && c->server->open >= BUSY) {
    f->doubted = true;
    server_http1_probe(f, c);
    connection_deadline(c, MOMENT_MS);
  } else {
    exchange_ask(&f->x);
  }
}

/* A body has a moment more for each byte that came: 1 KiB a second is enough. */
static void server_http1_set_body_deadline(http1 *f, connection *c) {
  server *s = c->server;
  connection_deadline(c, f->body_ms + s->options->timeout_ms + (int64_t)f->body_size - s->clients.now_ms);
  if (c->deadline_ms == 0) connection_deadline(c, 1);
}

static void server_http1_begin_body(http1 *f, connection *c) {
  f->stage = BODY;
  f->body = http1_body_of(f->head.framing, f->head.length);
  f->body_ms = c->server->clients.now_ms;
  f->body_size = 0;
  server_http1_set_body_deadline(f, c);
  if (!f->head.expects_continue) return;
  connection_write(c, "HTTP/1.1 100 Continue\r\n\r\n", sizeof "HTTP/1.1 100 Continue\r\n\r\n" - 1);
  connection_flush(c);
}

/* Reads on in a head. Returns how much was used: nothing, or all of a head. */
static size_t server_http1_read_head(http1 *f, connection *c, const char *data, size_t size) {
  bool first = f->head.seen == 0;
  http1_result result = http1_read_head(&f->head, data, size);
  if (result == HTTP1_MORE) {
    if (first && size > 0) connection_deadline(c, c->server->options->timeout_ms); /* for all of it */
    return 0;
  }
  if (result == HTTP1_REFUSED) {
    server_http1_refuse_input(f, c, f->head.status, f->head.why);
    return size;
  }
  size_t used = f->head.size;
  if (!server_http1_take_head(f, c, data)) return size;
  if (f->head.framing == HTTP1_NO_BODY) {
    server_http1_ask(f, c);
  } else {
    server_http1_begin_body(f, c);
  }
  return used;
}

/* Reads on in a body. Returns how much was used. */
static size_t server_http1_read_body(http1 *f, connection *c, const char *data, size_t size) {
  bytes piece;
  size_t used;
  http1_result result = http1_read_body(&f->body, data, size, &used, &piece);
  if (result == HTTP1_REFUSED) {
    server_http1_refuse_input(f, c, 400, "The body is not in chunks.");
    return size;
  }
  f->body_size += piece.size;
  int status = exchange_body(&f->x, piece);
  if (f->body_size + http1_body_left(&f->body) > MAX_ENTITY) status = CONTENT_TOO_LARGE;
  if (status != 0) {
    server_http1_refuse_input(
        f, c, status,
        status == CONTENT_TOO_LARGE ? "The body is larger than 64 MiB." : "There are too many bodies.");
    return size;
  }
  if (result == HTTP1_DONE) {
    server_http1_ask(f, c);
  } else {
    server_http1_set_body_deadline(f, c);
  }
  return used;
}

/* Whether HTTP/2 begins here, without TLS; `*sure` is false as long as it may. */
static bool server_http1_begins_http2(const char *data, size_t size, bool *sure) {
  static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  size_t all = sizeof preface - 1, n = size < all ? size : all;
  bool same = memcmp(data, preface, n) == 0;
  *sure = !same || n == all;
  return same;
}

static size_t server_http1_received(connection *c, const char *data, size_t size) {
  http1 *f = server_http1_front_of(c);
  size_t used = 0;
  bool sure;
  if (f->fresh && size > 0) {
    if (!c->of_page && c->tls == NULL && server_http1_begins_http2(data, size, &sure)) {
      if (!sure) return 0;
      free(f);
      server_http2_start(c);
      return 0;
    }
    f->fresh = false;
  }
  f->inside = true;
  while (used < size && f->stage != ANSWER && !c->ending && !c->broken) {
    if (f->stage == HEAD && c->unsent > MAX_UNSENT) { /* it asks, but does not read */
      c->waits = true;
      connection_pause(c);
      break;
    }
    size_t n = f->stage == HEAD ? server_http1_read_head(f, c, data + used, size - used)
                                : server_http1_read_body(f, c, data + used, size - used);
    if (c->protocol != &http1_protocol) return used + n; /* a WebSocket; f is gone */
    used += n;
    if (n == 0) break;
  }
  f->inside = false;
  if (f->stage == ANSWER && size - used >= MAX_AHEAD) connection_pause(c);
  if (c->finished && f->stage != ANSWER && !c->ending) connection_end(c); /* there is no more of it */
  return used;
}

static void server_http1_drained(connection *c) {
  http1 *f = server_http1_front_of(c);
  if (f->open) exchange_drained(&f->x);
  if (c->paused && f->stage != ANSWER && !c->ending) connection_resume(c);
}

/* The client sends no more: whether it is there is asked for when the answer takes longer than a moment. */
static void server_http1_finished(connection *c) {
  http1 *f = server_http1_front_of(c);
  if (f->stage != ANSWER) {
    connection_end(c);
  } else if (f->x.begun) {
    f->close = true;
  } else if (!f->probed) {
    connection_deadline(c, MOMENT_MS);
  }
}

static void server_http1_late(connection *c) {
  http1 *f = server_http1_front_of(c);
  if (f->doubted) { /* it is there, or far away */
    f->doubted = false;
    exchange_ask(&f->x);
  } else if (f->stage == ANSWER) {
    if (c->finished) server_http1_probe(f, c);
  } else if (f->stage == HEAD && c->in.size == 0) {
    connection_end(c); /* it was idle */
  } else {
    server_http1_refuse_input(f, c, REQUEST_TIMEOUT, "The request took too long.");
  }
}

static void server_http1_closed(connection *c) {
  http1 *f = server_http1_front_of(c);
  if (f->open) exchange_close(&f->x);
  free(f);
}

static const protocol http1_protocol = {server_http1_received, server_http1_drained, server_http1_finished,
                                        server_http1_late, server_http1_closed};

void server_http1_start(connection *c) {
  http1 *f = memory_get(sizeof *f);
  f->fresh = true;
  connection_switch(c, &http1_protocol, f);
  connection_deadline(c, c->server->options->timeout_ms);
}

void server_http1_leave(exchange *x) {
  exchange_close(x);
  free(x);
}

void server_http1_end(connection *c) {
  if (c->protocol == &http1_protocol && server_http1_front_of(c)->stage == HEAD && c->in.size == 0)
    connection_end(c);
}
