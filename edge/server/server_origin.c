/*
 * server_origin.c - answers of the origin (PASS_THROUGH, TRANSFORM): libcurl's multi interface in the loop of
 * the server, so that no thread waits for it. See server_private.h.
 *
 * An answer is streamed: the client's pace is the origin's. What the origin sends is read as strictly as what
 * clients send (http_read_head_line, http1_read_body), before anything of it goes on: an answer whose end is
 * in doubt is a 502, and its connection is closed.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "host/authorities.h"
#include "host/curl_request.h"
#include "server/server_private.h"

enum { HIGH = 256 << 10, BAD_GATEWAY = 502, GATEWAY_TIMEOUT = 504 };

/* A descriptor of curl's. */
typedef struct origin_socket {
  loop_watch watch;
  struct origin *origin;
} origin_socket;

struct origin {
  server *server;
  CURLM *multi;
  int64_t timer_ms;           /* when curl wants to be asked; -1 = it does not */
  bool inside;                /* of curl: transfers cannot be taken out */
  struct transfer *cancelled; /* that are taken out after that */
  struct transfer *ready;     /* whose head has come meanwhile */
};

typedef struct transfer {
  struct origin *origin;
  exchange *x; /* NULL: nobody waits for it any more */
  task *task;  /* what asked for it; NULL: it was told of */
  CURL *curl;
  curl_lines lines;
  text body;   /* of the request */
  size_t held; /* bytes of it that count among the server's */
  http_head head;
  http1_body chunks;
  host_pairs fields; /* of the answer */
  text kept;         /* its body, for who is told of it: server_answer has how much */
  size_t left;       /* how many more there were */
  const char *wrong; /* what is wrong with it; NULL = nothing */
  bool ready;        /* its head is there */
  bool begun, ended, paused;
  char message[CURL_ERROR_SIZE];
  struct transfer *next, *next_ready;
} transfer;

/* ---- the request ---- */

/* Adds the headers of the request that go further, and takes out what curl would add. */
static void origin_add_headers(transfer *t, const host_pairs *headers) {
  const host_pair *connection = host_pairs_find(headers, bytes_of("connection"));
  curl_lines_begin(&t->lines, headers);
  for (size_t i = 0; i < headers->count; i++) {
    const host_pair *h = &headers->items[i];
    bytes name = {(const uint8_t *)h->name, h->name_size};
    if (curl_request_owns(name) || bytes_same_ignoring_case(name, bytes_of("host"))) continue;
    if (connection != NULL &&
        http_lists((bytes){(const uint8_t *)connection->value, connection->value_size}, h->name))
      continue;
    curl_lines_add_header(&t->lines, h);
  }
  curl_lines_add(&t->lines, "Via: 1.1 flaron-lua"); /* RFC 9110, 7.6.3 */
}

/* ---- the answer ---- */

/* Tells of a transfer that is over; `status` is what the client got, 0 = it has gone. */
static void origin_tell(transfer *t, int status) {
  task *task = t->task;
  t->task = NULL;
  server_answer answer = {&t->fields, text_bytes(&t->kept), t->left};
  server_record_task(task, status, true, t->begun ? &answer : NULL);
  server_end(task);
}

/* Ends with what went wrong, or cuts off what was begun. */
static void origin_fail(transfer *t, int status, const char *why) {
  exchange *x = t->x;
  t->x = NULL;
  x->transfer = NULL;
  text_printf(server_add_line(&t->task->job.response, HOST_ERROR), "origin %s%s: %s",
              x->server->options->origin, http_path(text_string(&t->task->job.request.url)), why);
  origin_tell(t, t->begun ? t->head.status : status);
  if (t->begun) {
    exchange_end(x, false);
  } else {
    exchange_refuse(x, status, "The origin %s gave no answer: %s.", x->server->options->origin, why);
  }
}

/* Takes the headers out that Connection names: they are about the connection to the origin (RFC 9110, 7.6.1).
 */
static void origin_drop_named(host_pairs *fields) {
  const host_pair *connection = host_pairs_find(fields, bytes_of("connection"));
  if (connection == NULL) return;
  text list = {0};
  text_add(&list, connection->value, connection->value_size);
  bytes rest = text_bytes(&list);
  while (rest.size != 0) {
    char *name = memory_copy(http_next_element(&rest));
    host_pairs_remove(fields, name);
    free(name);
  }
  text_free(&list);
}

/* The head of the answer is there. */
static void origin_begin(transfer *t) {
  bool sized = t->head.has_length || http_ends_at_head(t->head.status);
  reply r = {.status = t->head.status,
             .length = t->head.has_length ? (int64_t)t->head.length
                       : sized            ? 0
                                          : -1,
             .headers = &t->fields};
  origin_drop_named(&t->fields);
  t->begun = true;
  exchange_begin(t->x, &r);
}

static size_t origin_on_head(char *data, size_t one, size_t size, void *to) {
  enum { MOST_STATUS = 599 }; /* RFC 9110, 15 */
  transfer *t = to;
  http_field field;
  if (t->x == NULL || t->wrong != NULL) return 0;
  t->wrong = http_read_head_line(&t->head, (bytes){(const uint8_t *)data, size}, &field);
  if (t->wrong == NULL && t->head.framed) t->wrong = "the answer is of HTTP/2 or 3, for which nobody asked";
  if (t->wrong == NULL && t->head.status > MOST_STATUS) t->wrong = "the answer's status is over 599";
  if (t->wrong != NULL) return 0;
  if (!t->head.inside && !t->head.over) { /* after an interim answer */
    host_pairs_free(&t->fields);
  } else if (field.name.data != NULL && !t->ready) {
    host_pairs_set(&t->fields, field.name, field.value, false);
  } else if (t->head.over && !t->ready) {
    t->ready = true; /* the answer begins with what of the body is there already, if that is right */
    t->next_ready = t->origin->ready;
    t->origin->ready = t;
  }
  return one * size;
}

/* Adds a piece of the body to the answer. */
static void origin_add(transfer *t, bytes piece) {
  text part = {0};
  if (piece.size == 0) return;
  if (!t->begun) origin_begin(t);
  size_t most = server_has_audience(t->origin->server) ? SERVER_ANSWER : SERVER_ANSWER_UNSEEN;
  size_t room = t->kept.size < most && t->left == 0 ? most - t->kept.size : 0;
  size_t keep = piece.size < room ? piece.size : room;
  text_add(&t->kept, piece.data, keep);
  t->left += piece.size - keep;
  text_add(&part, piece.data, piece.size);
  exchange_add(t->x, &part);
  text_free(&part);
}

static size_t origin_on_body(char *data, size_t one, size_t size, void *to) {
  transfer *t = to;
  if (t->x == NULL || t->wrong != NULL) return 0;
  if (t->x->way->unsent(t->x) > HIGH) {
    t->paused = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (!t->head.chunked) origin_add(t, (bytes){(const uint8_t *)data, size});
  for (size_t at = 0, used; t->head.chunked && at < size; at += used) {
    bytes piece;
    http1_result result =
        t->ended ? HTTP1_REFUSED : http1_read_body(&t->chunks, data + at, size - at, &used, &piece);
    if (result == HTTP1_REFUSED) {
      t->wrong = "the answer's chunks are wrong";
      return 0;
    }
    origin_add(t, piece);
    t->ended = result == HTTP1_DONE;
  }
  return one * size;
}

/* Takes a transfer out of those whose head has come. */
static void origin_forget_ready(transfer *t) {
  for (transfer **at = &t->origin->ready; *at != NULL; at = &(*at)->next_ready) {
    if (*at != t) continue;
    *at = t->next_ready;
    return;
  }
}

static void origin_free_transfer(transfer *t) {
  origin_forget_ready(t);
  curl_multi_remove_handle(t->origin->multi, t->curl);
  curl_easy_cleanup(t->curl);
  curl_slist_free_all(t->lines.first);
  server_hold_body(t->origin->server, -(ptrdiff_t)t->held);
  text_free(&t->body);
  text_free(&t->kept);
  host_pairs_free(&t->fields);
  free(t);
}

/* A transfer is over. */
static void origin_on_over(transfer *t, CURLcode code) {
  exchange *x = t->x;
  if (x == NULL) return;
  bool short_of_end = t->head.chunked && !t->ended && !x->bodiless;
  if (t->wrong != NULL) {
    origin_fail(t, BAD_GATEWAY, t->wrong);
  } else if (code != CURLE_OK) {
    text why = {0};
    text_add_string(&why, t->message[0] != '\0' ? t->message : curl_easy_strerror(code));
    text_add_string(&why, authorities_explain(code));
    origin_fail(t, code == CURLE_OPERATION_TIMEDOUT ? GATEWAY_TIMEOUT : BAD_GATEWAY, why.data);
    text_free(&why);
  } else if (!t->ready || short_of_end) {
    origin_fail(t, BAD_GATEWAY, "the answer ends too early");
  } else {
    if (!t->begun) origin_begin(t);
    t->x = NULL;
    origin_tell(t, t->head.status);
    exchange_end(x, true);
  }
}

/* ---- curl in the loop ---- */

/* After curl did something: takes out what is over, or was cancelled meanwhile. */
static void origin_finish(struct origin *o) {
  CURLMsg *message;
  int left;
  o->inside = true;
  while ((message = curl_multi_info_read(o->multi, &left)) != NULL) {
    transfer *t;
    CURLcode code = message->data.result;
    if (message->msg != CURLMSG_DONE) continue;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
    bool known = t->x != NULL; /* else it is among the cancelled */
    origin_on_over(t, code);
    if (known) origin_free_transfer(t);
  }
  while (o->ready != NULL) {
    transfer *t = o->ready;
    text nothing = {0};
    o->ready = t->next_ready;
    if (t->x == NULL || t->begun || t->wrong != NULL) continue;
    origin_begin(t);
    exchange_add(t->x, &nothing);
  }
  o->inside = false;
  while (o->cancelled != NULL) {
    transfer *t = o->cancelled;
    o->cancelled = t->next;
    origin_free_transfer(t);
  }
}

static void origin_act(struct origin *o, curl_socket_t fd, int events) {
  int running;
  o->inside = true;
  curl_multi_socket_action(o->multi, fd, events, &running);
  o->inside = false;
  origin_finish(o);
}

static void origin_on_ready(loop_watch *watch, unsigned what) {
  origin_socket *s = (origin_socket *)watch;
  int events = (what & LOOP_READ ? CURL_CSELECT_IN : 0) | (what & LOOP_WRITE ? CURL_CSELECT_OUT : 0) |
               (what & LOOP_GONE ? CURL_CSELECT_ERR : 0);
  origin_act(s->origin, watch->fd, events);
}

/* curl: what it wants to hear of a descriptor. */
static int origin_on_socket(CURL *curl, curl_socket_t fd, int what, void *data, void *known) {
  struct origin *o = data;
  origin_socket *s = known;
  (void)curl;
  if (what == CURL_POLL_REMOVE) {
    if (s == NULL) return 0;
    loop_unwatch(o->server->loop, &s->watch);
    loop_free(o->server->loop, s);
    curl_multi_assign(o->multi, fd, NULL);
    return 0;
  }
  if (s == NULL) {
    s = memory_get(sizeof *s);
    *s = (origin_socket){{fd, origin_on_ready}, o};
    curl_multi_assign(o->multi, fd, s);
  }
  unsigned events = (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);
  return loop_watch_for(o->server->loop, &s->watch, events) ? 0 : -1;
}

static int origin_on_timer(CURLM *multi, long ms, void *data) {
  struct origin *o = data;
  (void)multi;
  o->timer_ms = ms < 0 ? -1 : o->server->clients.now_ms + ms;
  return 0;
}

int server_origin_round(struct origin *o, int most_ms) {
  if (o->timer_ms >= 0 && o->timer_ms <= o->server->clients.now_ms) {
    o->timer_ms = -1;
    origin_act(o, CURL_SOCKET_TIMEOUT, 0);
  }
  if (o->timer_ms < 0 || o->timer_ms - o->server->clients.now_ms >= most_ms) return most_ms;
  int64_t left = o->timer_ms - o->server->clients.now_ms;
  return left > 0 ? (int)left : 0;
}

/* ---- transfers ---- */

static void origin_set_options(transfer *t, const host_request *request) {
  CURL *curl = t->curl;
  const server_options *o = t->origin->server->options;
  text url = {0};
  enum { MS_PER_S = 1000 };
  text_printf(&url, "%s%s", o->origin, http_path(text_string(&request->url)));
  curl_easy_setopt(curl, CURLOPT_URL, url.data);
  text_free(&url);
  curl_easy_setopt(curl, CURLOPT_PRIVATE, (char *)t);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  authorities_use(curl);
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_HTTP_TRANSFER_DECODING, 0L); /* http1.c does it */
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)o->timeout_ms);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)(o->timeout_ms / MS_PER_S));
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->message);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, origin_on_head);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, origin_on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
  origin_add_headers(t, &request->headers);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, t->lines.first);
  curl_request_set_method(curl, &request->method, &t->body);
}

void server_origin_ask(exchange *x, task *task) {
  struct origin *o = x->server->origin;
  transfer *t = memory_get(sizeof *t);
  t->origin = o;
  t->x = x;
  t->chunks = http1_body_of(HTTP1_CHUNKED, 0);
  t->curl = curl_easy_init();
  if (t->curl == NULL) memory_get(SIZE_MAX);
  t->task = task;
  t->body = task->job.request.body;
  t->held = task->body;
  task->job.request.body = (text){0};
  task->body = 0;
  origin_set_options(t, &task->job.request);
  x->transfer = t;
  curl_multi_add_handle(o->multi, t->curl); /* it begins by its timer */
}

void server_origin_cancel(transfer *t) {
  t->x = NULL;
  origin_tell(t, t->begun ? t->head.status : 0);
  if (!t->origin->inside) {
    origin_free_transfer(t);
    return;
  }
  t->next = t->origin->cancelled;
  t->origin->cancelled = t;
}

void server_origin_go_on(transfer *t) {
  struct origin *o = t->origin;
  if (!t->paused || o->inside || t->x->way->unsent(t->x) > HIGH / 2) return;
  t->paused = false;
  o->inside = true;
  curl_easy_pause(t->curl, CURLPAUSE_CONT);
  o->inside = false;
  origin_finish(o);
}

/* ---- the origin ---- */

bool server_is_origin(const char *url) {
  CURLU *parsed = curl_url();
  char *path = NULL, *query = NULL, *scheme = NULL, *user = NULL, *fragment = NULL;
  bool good = curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
              curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
              curl_url_get(parsed, CURLUPART_PATH, &path, 0) == CURLUE_OK && strcmp(path, "/") == 0 &&
              curl_url_get(parsed, CURLUPART_QUERY, &query, 0) != CURLUE_OK &&
              curl_url_get(parsed, CURLUPART_FRAGMENT, &fragment, 0) != CURLUE_OK &&
              curl_url_get(parsed, CURLUPART_USER, &user, 0) != CURLUE_OK;
  curl_free(path);
  curl_free(query);
  curl_free(scheme);
  curl_free(user);
  curl_free(fragment);
  curl_url_cleanup(parsed);
  return good;
}

struct origin *server_origin_open(server *s) {
  struct origin *o = memory_get(sizeof *o);
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0) memory_get(SIZE_MAX);
  o->server = s;
  o->timer_ms = -1;
  o->multi = curl_multi_init();
  if (o->multi == NULL) memory_get(SIZE_MAX);
  curl_multi_setopt(o->multi, CURLMOPT_SOCKETFUNCTION, origin_on_socket);
  curl_multi_setopt(o->multi, CURLMOPT_SOCKETDATA, o);
  curl_multi_setopt(o->multi, CURLMOPT_TIMERFUNCTION, origin_on_timer);
  curl_multi_setopt(o->multi, CURLMOPT_TIMERDATA, o);
  return o;
}

void server_origin_close(struct origin *o) {
  curl_multi_cleanup(o->multi);
  free(o);
}
