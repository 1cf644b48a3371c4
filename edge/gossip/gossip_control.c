/*
 * gossip_control.c - edges and their links over HTTP: see gossip_control in gossip.h.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "gossip/gossip_private.h"
#include "base/json_bytes.h"
#include "server/server.h"

enum { OK = 200, BAD_REQUEST = 400, WRONG_METHOD = 405 };

/* Answers with a JSON value, and frees it. */
static void answer_json(control_answer *answer, int status, json_t *value) {
  answer->status = status;
  json_add_to(&answer->body, value, JSON_COMPACT);
  text_add_string(&answer->body, "\n");
}

__attribute__((format(printf, 3, 4))) static void answer_error(control_answer *answer, int status,
                                                               const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  json_t *message = json_vsprintf(format, arguments); /* NULL if it is not UTF-8 */
  va_end(arguments);
  if (message == NULL) message = json_string("the query is not UTF-8");
  answer_json(answer, status, json_pack("{s:o}", "error", message));
}

static json_t *edge_json(const gossip *g, const gossip_edge *e) {
  json_t *json =
      json_pack("{s:s, s:I, s:s}", "name", e->name, "skew_ms",
                (json_int_t)(gossip_skew_ns(g, e->index) / GOSSIP_MS), "node", store_node(e->store));
  if (e->port != 0) json_object_set_new(json, "port", json_integer(e->port));
  if (e->error.size > 0) json_object_set_new(json, "error", json_string(e->error.data));
  return json;
}

static json_t *link_json(gossip *g, int from, int to) {
  const gossip_link *l = &g->links[from][to];
  int64_t pending = 0;
  gossip_note(&g->edges[from], store_plasma_pending(g->edges[from].store, l->acknowledged, &pending));
  const char *state = l->cut ? "cut" : l->conn != NULL && l->conn->greeted ? "up" : "down";
  return json_pack("{s:s, s:s, s:s, s:I}", "from", g->edges[from].name, "to", g->edges[to].name, "state",
                   state, "pending", (json_int_t)pending);
}

static void answer_edges(gossip *g, control_answer *answer) {
  json_t *edges = json_array(), *links = json_array();
  pthread_mutex_lock(&g->mutex);
  for (int from = 0; from < g->options.count; from++) {
    json_array_append_new(edges, edge_json(g, &g->edges[from]));
    for (int to = 0; to < g->options.count; to++) {
      if (to != from) json_array_append_new(links, link_json(g, from, to));
    }
  }
  pthread_mutex_unlock(&g->mutex);
  answer_json(answer, OK,
              json_pack("{s:o, s:I, s:o}", "edges", edges, "latency_ms",
                        (json_int_t)(g->options.latency_ns / GOSSIP_MS), "links", links));
}

/* The edge of a name; GOSSIP_ANY if there is none. */
static int find_edge(const gossip *g, bytes name) {
  for (int i = 0; i < g->options.count; i++) {
    if (bytes_are(name, g->edges[i].name)) return i;
  }
  return GOSSIP_ANY;
}

/* Reads "a=NAME&b=NAME", "a=NAME" or "". False: it is wrong, and `answer` says why. */
static bool read_links(const gossip *g, bytes query, int *a, int *b, control_answer *answer) {
  *a = *b = GOSSIP_ANY;
  for (const uint8_t *at = query.data, *end = at + query.size; query.size > 0 && at <= end;) {
    const uint8_t *stop = memchr(at, '&', (size_t)(end - at));
    if (stop == NULL) stop = end;
    bool named = stop - at > 2 && (*at == 'a' || *at == 'b') && at[1] == '=';
    int edge = named ? find_edge(g, (bytes){at + 2, (size_t)(stop - at) - 2}) : GOSSIP_ANY;
    if (edge == GOSSIP_ANY) {
      answer_error(answer, BAD_REQUEST,
                   named ? "there is no edge '%.*s'" : "expected a=NAME&b=NAME, not '%.*s'",
                   (int)(stop - at) - (named ? 2 : 0), (const char *)at + (named ? 2 : 0));
      return false;
    }
    *(*at == 'a' ? a : b) = edge;
    at = stop + 1;
  }
  if (*a == GOSSIP_ANY && *b != GOSSIP_ANY) answer_error(answer, BAD_REQUEST, "b=NAME needs a=NAME");
  if (*a != GOSSIP_ANY && *a == *b) answer_error(answer, BAD_REQUEST, "an edge has no link to itself");
  return answer->body.size == 0;
}

bool gossip_control(gossip *g, bytes method, bytes path, bytes query, bytes body, control_answer *answer) {
  int a, b;
  (void)body;
  bool cut = bytes_are(path, "partition"), heal = bytes_are(path, "heal"), edges = bytes_are(path, "edges");
  if (!cut && !heal && !edges) return false;
  const char *expected = edges ? "GET" : "POST";
  if (!bytes_are(method, expected)) {
    answer_error(answer, WRONG_METHOD, "expected %s, not %.*s", expected, (int)method.size,
                 (const char *)method.data);
    return true;
  }
  if (!edges && !read_links(g, query, &a, &b, answer)) return true;
  if (!edges) gossip_cut(g, a, b, cut);
  answer_edges(g, answer);
  return true;
}
