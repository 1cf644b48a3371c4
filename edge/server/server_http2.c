/*
 * server_http2.c - HTTP/2 on a connection (RFC 9113): nghttp2 knows the frames, each stream is an exchange.
 * See server_private.h.
 *
 * What a client can make us do is bounded, beyond nghttp2's own limits: streams it resets, flares that work
 * for it while it reads nothing, answers that are kept for it. Answers are kept once, and handed to nghttp2
 * as the client's window lets them go.
 */
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "base/list.h"
#include "server/server_private.h"

enum { MAX_STREAMS = 100, STREAM_WINDOW = 256 << 10, CONNECTION_WINDOW = 1 << 20 };
enum { HIGH = 128 << 10, MAX_OUT = 1 << 20, MAX_KEPT = 16 << 20 };
enum { MAX_EMPTY = 1000 }; /* frames with nothing in them */
enum { TOO_LARGE_HEAD = 431 };

typedef struct stream {
  exchange x; /* first: its functions are given it */
  struct http2 *front;
  int32_t id;
  text method, path, authority, scheme; /* until all headers are there */
  host_pairs fields;
  size_t head_size;
  int refused; /* the status of the answer, before the request was taken; 0 = none */
  const char *why;
  bool taken;   /* the headers are there: the exchange is open */
  bool whole;   /* the request is there */
  bool queued;  /* it waits for its turn */
  bool running; /* a flare works for it */
  bool ended;   /* the answer is */
  text out;     /* of the answer's body, what is not sent yet from `at` on */
  size_t at;
  struct stream *next_queued;
  struct stream *next, **previous; /* of the connection's */
} stream;

typedef struct http2 {
  connection *connection;
  nghttp2_session *session;
  stream *streams;
  stream *queued, **queued_last; /* requests that wait for their turn */
  int running, allowed;          /* flares that work, and that may */
  size_t kept;                   /* bytes of answers in streams */
  bool inside;                   /* of nghttp2 */
  bool asking;                   /* of http2_ask_next */
  bool moved;                    /* something has been asked or answered since the deadline was set */
  int empty;                     /* frames with nothing in them, so far */
  double resets;                 /* of streams by the client, that are still held against it */
  int64_t resets_ms;             /* when that was so */
} http2;

static const protocol http2_protocol;

/* ---- sending ---- */

/* Has nghttp2 write until it has no more, or enough waits. True: it has no more. */
static bool http2_fill(http2 *f) {
  connection *c = f->connection;
  while (c->unsent < HIGH) {
    const uint8_t *data;
    ssize_t n = nghttp2_session_mem_send(f->session, &data);
    if (n < 0) connection_break(c);
    if (n <= 0) return true;
    connection_write(c, data, (size_t)n);
  }
  return false;
}

/* Sends what may be sent, as long as the client takes it. */
static void http2_flush(http2 *f) {
  connection *c = f->connection;
  bool all = false;
  if (f->inside) return;
  f->inside = true;
  while (!all && c->unsent < HIGH && !c->broken) {
    all = http2_fill(f);
    connection_flush(c);
  }
  f->inside = false;
  if (c->unsent > 0) c->waits = true;
  if (c->unsent > MAX_OUT) connection_pause(c); /* it asks for more than it reads */
  if (!nghttp2_session_want_read(f->session) && !nghttp2_session_want_write(f->session)) connection_end(c);
}

/* Counts bytes of answers that are kept, or (negative) are no more. */
static void http2_keep(http2 *f, ptrdiff_t bytes) {
  f->kept += (size_t)bytes;
  connection_hold(f->connection, bytes);
}

/* nghttp2: the next piece of an answer. */
static ssize_t http2_read_answer(nghttp2_session *session, int32_t id, uint8_t *to, size_t size,
                                 uint32_t *flags, nghttp2_data_source *source, void *data) {
  stream *s = source->ptr;
  http2 *f = data;
  size_t left = s->out.size - s->at, n = left < size ? left : size;
  (void)session, (void)id;
  if (n == 0 && !s->ended) return NGHTTP2_ERR_DEFERRED;
  if (n > 0) memcpy(to, s->out.data + s->at, n);
  s->at += n;
  http2_keep(f, -(ptrdiff_t)n);
  f->moved = true;
  f->connection->progress_ms = f->connection->server->clients.now_ms;
  if (s->at == s->out.size) {
    text_free(&s->out);
    s->at = 0;
    if (s->ended) *flags |= NGHTTP2_DATA_FLAG_EOF;
  }
  return (ssize_t)n;
}

/* ---- answers ---- */

typedef struct fields {
  nghttp2_nv *items;
  size_t count;
} fields;

static void http2_add_field(void *to, bytes name, bytes value) {
  fields *f = to;
  LIST_ROOM(f->items, f->count);
  f->items[f->count++] =
      (nghttp2_nv){(uint8_t *)name.data, (uint8_t *)(value.data != NULL ? value.data : name.data), name.size,
                   value.size, NGHTTP2_NV_FLAG_NONE};
}

/* A flare has answered, or its request is over: others may go on. */
static void http2_turn_over(stream *s);
static void http2_ask_next(http2 *f);

static void http2_begin(exchange *x, const reply *r) {
  stream *s = (stream *)x;
  http2 *f = s->front;
  char status[16], length[32];
  fields all = {0};
  nghttp2_data_provider body = {.source.ptr = s, .read_callback = http2_read_answer};
  snprintf(status, sizeof status, "%03d", r->status);
  snprintf(length, sizeof length, "%lld", (long long)r->length);
  http2_add_field(&all, bytes_of(":status"), bytes_of(status));
  if (!http_ends_at_head(r->status) && r->length >= 0)
    http2_add_field(&all, bytes_of("content-length"), bytes_of(length));
  reply_fields(x->server, r, http2_add_field, &all);
  bool empty = x->bodiless || r->length == 0;
  if (nghttp2_submit_response(f->session, s->id, all.items, all.count, empty ? NULL : &body) != 0)
    nghttp2_submit_rst_stream(f->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_INTERNAL_ERROR);
  free(all.items);
  f->moved = true;
}

static void http2_add(exchange *x, text *part) {
  stream *s = (stream *)x;
  http2 *f = s->front;
  if (f->kept == 0) f->connection->progress_ms = x->server->clients.now_ms;
  http2_keep(f, (ptrdiff_t)part->size);
  if (s->out.size == 0) {
    text_free(&s->out);
    s->out = *part;
    *part = (text){0};
  } else {
    text_add(&s->out, part->data, part->size);
    text_reuse(part);
  }
  nghttp2_session_resume_data(f->session, s->id);
  if (x->transfer != NULL || x->data != NULL) http2_flush(f); /* more may take a while */
}

/* Lets more flares work for a client that takes what it gets, and fewer for one whose answers pile up. */
static void http2_learn(http2 *f, size_t answer) {
  enum { A_LOT = 1 << 20, LITTLE = 64 << 10, STEP = 4, FEWEST = 2, MOST = 32 };
  if (answer > A_LOT) f->allowed = f->allowed / 2 > FEWEST ? f->allowed / 2 : FEWEST;
  if (answer <= LITTLE) f->allowed = f->allowed + STEP < MOST ? f->allowed + STEP : MOST;
}

static void http2_end(exchange *x, bool whole) {
  stream *s = (stream *)x;
  http2 *f = s->front;
  s->ended = true;
  http2_learn(f, s->out.size - s->at);
  if (whole) {
    nghttp2_session_resume_data(f->session, s->id);
  } else {
    nghttp2_submit_rst_stream(f->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_INTERNAL_ERROR);
  }
  http2_turn_over(s);
  http2_flush(f);
  http2_ask_next(f);
}

static size_t http2_unsent(const exchange *x) {
  const stream *s = (const stream *)x;
  return s->out.size - s->at;
}

static const exchange_way http2_way = {http2_begin, http2_add, http2_end, http2_unsent};

/* ---- turns ---- */

/* Asks the flares of requests whose turn it is. */
static void http2_ask_next(http2 *f) {
  if (f->asking || f->inside) return;
  f->asking = true; /* an answer at once leads here again */
  while (f->queued != NULL && f->running < f->allowed && f->kept < MAX_KEPT) {
    stream *s = f->queued;
    f->queued = s->next_queued;
    if (f->queued == NULL) f->queued_last = &f->queued;
    s->queued = false;
    s->running = true;
    f->running++;
    exchange_ask(&s->x);
  }
  f->asking = false;
}

static void http2_turn_over(stream *s) {
  http2 *f = s->front;
  if (!s->running) return;
  s->running = false;
  f->running--;
}

/* A request is there. */
static void http2_queue(stream *s) {
  http2 *f = s->front;
  s->whole = s->queued = true;
  s->next_queued = NULL;
  *f->queued_last = s;
  f->queued_last = &s->next_queued;
}

static void http2_unqueue(stream *s) {
  http2 *f = s->front;
  stream **at = &f->queued;
  if (!s->queued) return;
  while (*at != s) at = &(*at)->next_queued;
  *at = s->next_queued;
  if (f->queued_last == &s->next_queued) f->queued_last = at;
  s->queued = false;
}

/* ---- requests ---- */

static void http2_free_head(stream *s) {
  text_free(&s->method);
  text_free(&s->path);
  text_free(&s->authority);
  text_free(&s->scheme);
  host_pairs_free(&s->fields);
}

static void http2_free_stream(stream *s) {
  http2 *f = s->front;
  http2_unqueue(s);
  http2_turn_over(s);
  if (s->taken) exchange_close(&s->x);
  http2_keep(f, -(ptrdiff_t)(s->out.size - s->at));
  text_free(&s->out);
  http2_free_head(s);
  *s->previous = s->next;
  if (s->next != NULL) s->next->previous = s->previous;
  free(s);
}

static stream *http2_find(nghttp2_session *session, int32_t id) {
  return nghttp2_session_get_stream_user_data(session, id);
}

static int http2_on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *data) {
  http2 *f = data;
  if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  stream *s = memory_get(sizeof *s);
  s->front = f;
  s->id = frame->hd.stream_id;
  s->next = f->streams;
  s->previous = &f->streams;
  if (s->next != NULL) s->next->previous = &s->next;
  f->streams = s;
  nghttp2_session_set_stream_user_data(session, s->id, s);
  return 0;
}

/* Refuses a request whose headers still come. */
static void http2_refuse_head(stream *s, int status, const char *why) {
  if (s->refused == 0) s->why = why;
  if (s->refused == 0) s->refused = status;
}

static int http2_on_field(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                          size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                          void *data) {
  enum { OVERHEAD = 32, MOST_READ = 4 * HTTP1_MAX_HEAD }; /* RFC 9113, 6.5.2; no answer is worth more */
  static const struct {
    const char *name;
    size_t at;
  } pseudo[] = {{":method", offsetof(stream, method)},
                {":path", offsetof(stream, path)},
                {":authority", offsetof(stream, authority)},
                {":scheme", offsetof(stream, scheme)}};
  stream *s = http2_find(session, frame->hd.stream_id);
  bytes n = {name, name_size}, v = {value, value_size};
  (void)flags, (void)data;
  if (s == NULL || s->taken) return 0; /* trailers */
  s->head_size += name_size + value_size + OVERHEAD;
  if (s->head_size > MOST_READ) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* looks at no more of it */
  if (s->head_size > HTTP1_MAX_HEAD)
    http2_refuse_head(s, TOO_LARGE_HEAD, "The headers are larger than 64 KiB.");
  if (s->refused != 0) return 0;
  for (size_t i = 0; i < sizeof pseudo / sizeof *pseudo; i++) {
    if (bytes_are(n, pseudo[i].name)) {
      text_add((text *)((char *)s + pseudo[i].at), value, value_size);
      return 0;
    }
  }
  bool crumb = bytes_are(n, "cookie"); /* browsers send one line for each */
  if (!crumb && s->fields.count >= HTTP1_MAX_FIELDS) {
    http2_refuse_head(s, TOO_LARGE_HEAD, "There are more than 100 headers.");
  } else {
    host_pairs_set(&s->fields, n, v, false);
  }
  return 0;
}

/* A field that none may send: the request is malformed (RFC 9113, 8.2.1). */
static int http2_on_bad_field(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                              size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                              void *data) {
  (void)name, (void)name_size, (void)value, (void)value_size, (void)flags, (void)data;
  nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR);
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

/* What is wrong with the pseudo headers; NULL = nothing. */
static const char *http2_check_head(stream *s) {
  const host_pair *host = host_pairs_find(&s->fields, bytes_of("host"));
  if (host != NULL && s->authority.size == 0) text_add(&s->authority, host->value, host->value_size);
  if (host != NULL && !bytes_same_ignoring_case(text_bytes(&s->authority),
                                                (bytes){(const uint8_t *)host->value, host->value_size}))
    return "Host and :authority differ.";
  if (s->method.size == 0 || s->path.size == 0) return "CONNECT is not spoken here.";
  if (!http1_is_authority(text_string(&s->authority), s->authority.size)) return "The host is no host.";
  if (!http1_is_target(s->path.data, s->path.size)) return "The target has a character that no target has.";
  if (s->path.data[0] != '/' && !bytes_are(text_bytes(&s->path), "*")) return "The target is not a path.";
  return NULL;
}

/* All headers of a request are there. */
static void http2_take_head(http2 *f, stream *s) {
  enum { BAD_REQUEST = 400, TARGET_TOO_LONG = 414 };
  const char *why = NULL;
  if (s->refused == 0 && (why = http2_check_head(s)) != NULL) http2_refuse_head(s, BAD_REQUEST, why);
  if (s->refused == 0 && s->path.size > HTTP1_MAX_TARGET)
    http2_refuse_head(s, TARGET_TOO_LONG, "The target is longer than 32 KiB.");
  exchange_open(&s->x, f->connection->server, f->connection, &http2_way);
  s->taken = true;
  if (s->refused == 0 && !exchange_target(&s->x, text_bytes(&s->method), text_bytes(&s->path),
                                          text_bytes(&s->authority), &why)) {
    http2_refuse_head(s, BAD_REQUEST, why);
  }
  for (size_t i = 0; s->refused == 0 && i < s->fields.count; i++) {
    const host_pair *p = &s->fields.items[i];
    exchange_field(&s->x, (bytes){(const uint8_t *)p->name, p->name_size},
                   (bytes){(const uint8_t *)p->value, p->value_size});
  }
  http2_free_head(s);
  if (s->refused != 0) exchange_refuse(&s->x, s->refused, "%s", s->why);
}

static int http2_on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *data) {
  http2 *f = data;
  stream *s = http2_find(session, frame->hd.stream_id);
  bool headers = frame->hd.type == NGHTTP2_HEADERS, body = frame->hd.type == NGHTTP2_DATA;
  if (s == NULL || (!headers && !body)) return 0;
  if (body && frame->hd.length == 0 && !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
    if (++f->empty > MAX_EMPTY) nghttp2_session_terminate_session(session, NGHTTP2_ENHANCE_YOUR_CALM);
    return 0;
  }
  f->moved = true;
  if (headers && !s->taken) http2_take_head(f, s);
  if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) && s->refused == 0 && !s->whole) http2_queue(s);
  return 0;
}

static int http2_on_body(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *piece,
                         size_t size, void *data) {
  http2 *f = data;
  stream *s = http2_find(session, id);
  (void)flags;
  nghttp2_session_consume(session, id, size);
  if (s == NULL || s->refused != 0 || !s->taken) return 0;
  f->moved = true;
  s->refused = exchange_body(&s->x, (bytes){piece, size});
  if (s->refused != 0)
    exchange_refuse(&s->x, s->refused,
                    s->refused == 413 ? "The body is larger than 64 MiB." : "There are too many bodies.");
  return 0;
}

/* After an answer to a request that is not all there: the rest is not wanted (RFC 9113, 8.1). */
static int http2_on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *data) {
  stream *s = http2_find(session, frame->hd.stream_id);
  bool ends = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
              (frame->hd.flags & NGHTTP2_FLAG_END_STREAM);
  (void)data;
  if (s != NULL && ends && !s->whole)
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
  return 0;
}

/* Streams that the client resets cost it nothing and us some work: only so many a second are borne. */
static void http2_count_reset(http2 *f) {
  enum { BURST = 500, A_SECOND = 100, MS = 1000 };
  int64_t now = f->connection->server->clients.now_ms;
  f->resets -= (double)(now - f->resets_ms) * A_SECOND / MS;
  if (f->resets < 0) f->resets = 0;
  f->resets_ms = now;
  if (++f->resets > BURST) nghttp2_session_terminate_session(f->session, NGHTTP2_ENHANCE_YOUR_CALM);
}

static int http2_on_close(nghttp2_session *session, int32_t id, uint32_t code, void *data) {
  http2 *f = data;
  stream *s = http2_find(session, id);
  if (s == NULL) return 0;
  if (code != NGHTTP2_NO_ERROR && !s->ended) http2_count_reset(f);
  http2_free_stream(s);
  return 0;
}

/* ---- the protocol of the connection ---- */

static size_t http2_received(connection *c, const char *data, size_t size) {
  http2 *f = c->state;
  f->inside = true;
  ssize_t n = nghttp2_session_mem_recv(f->session, (const uint8_t *)data, size);
  f->inside = false;
  if (n < 0) { /* a flood, or no HTTP/2 at all */
    nghttp2_session_terminate_session(
        f->session, n == NGHTTP2_ERR_BAD_CLIENT_MAGIC ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_ENHANCE_YOUR_CALM);
    http2_flush(f);
    connection_end(c);
    return size;
  }
  http2_ask_next(f);
  http2_flush(f);
  return size;
}

static void http2_drained(connection *c) {
  http2 *f = c->state;
  http2_flush(f);
  for (stream *s = f->streams, *next; s != NULL; s = next) {
    next = s->next;
    if (s->taken) exchange_drained(&s->x);
  }
  http2_ask_next(f);
  http2_flush(f);
  if (c->paused && !c->ending && c->unsent < MAX_OUT) connection_resume(c);
}

static void http2_finished(connection *c) { connection_break(c); }

/* Nothing was asked or answered for a while. Streams that wait for us are in their right. */
static void http2_late(connection *c) {
  http2 *f = c->state;
  bool ours = f->kept == 0 && f->running > 0;
  if (!f->moved && !ours) {
    nghttp2_session_terminate_session(f->session, NGHTTP2_NO_ERROR);
    http2_flush(f);
    connection_end(c);
    if (f->kept > 0) connection_break(c);
    return;
  }
  f->moved = false;
  connection_deadline(c, c->server->options->timeout_ms);
}

static void http2_closed(connection *c) {
  http2 *f = c->state;
  while (f->streams != NULL) http2_free_stream(f->streams);
  nghttp2_session_del(f->session);
  free(f);
}

static const protocol http2_protocol = {http2_received, http2_drained, http2_finished, http2_late,
                                        http2_closed};

static nghttp2_session *http2_make_session(http2 *f) {
  nghttp2_session_callbacks *callbacks;
  nghttp2_option *option;
  nghttp2_session *session;
  if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0)
    memory_get(SIZE_MAX);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, http2_on_begin);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, http2_on_field);
  nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, http2_on_bad_field);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, http2_on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, http2_on_body);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, http2_on_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, http2_on_close);
  if (nghttp2_session_server_new2(&session, callbacks, f, option) != 0) memory_get(SIZE_MAX);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_option_del(option);
  return session;
}

void server_http2_start(connection *c) {
  enum { FIRST_ALLOWED = 4 };
  static const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MAX_STREAMS},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP1_MAX_HEAD},
  };
  http2 *f = memory_get(sizeof *f);
  f->connection = c;
  f->queued_last = &f->queued;
  f->allowed = FIRST_ALLOWED;
  f->session = http2_make_session(f);
  c->tells_progress = true;
  nghttp2_submit_settings(f->session, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof *settings);
  nghttp2_session_set_local_window_size(f->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
  connection_switch(c, &http2_protocol, f);
  connection_deadline(c, c->server->options->timeout_ms);
  http2_flush(f);
}

void server_http2_end(connection *c) {
  if (c->protocol != &http2_protocol || c->broken) return;
  http2 *f = c->state;
  nghttp2_submit_shutdown_notice(f->session);
  nghttp2_submit_goaway(f->session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(f->session),
                        NGHTTP2_NO_ERROR, NULL, 0);
  http2_flush(f);
}
