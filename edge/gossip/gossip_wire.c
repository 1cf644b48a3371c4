/*
 * gossip_wire.c - see gossip_wire.h. Reading accepts only what writing can produce: valid keys and names,
 * stamps in their range, sums in the order of their nodes, no sums together with a value.
 */
#include "gossip/gossip_wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"

enum { SIZE_SIZE = 4, NUMBER_SIZE = 8, SUM_SIZE = 16 };

/* ---- writing ---- */

/* Adds the low `size` bytes of a number. */
static void write_number(text *out, store_sum number, int size) {
  char *at = text_room(out, (size_t)size);
  for (int i = 0; i < size; i++, number >>= 8) at[i] = (char)(number & 0xff);
}

void gossip_begin(text *out, gossip_type type) {
  write_number(out, 0, SIZE_SIZE);
  write_number(out, type, 1);
}

void gossip_end(text *out) {
  size_t size = out->size - SIZE_SIZE;
  for (int i = 0; i < SIZE_SIZE; i++) out->data[i] = (char)(size >> 8 * i & 0xff);
}

void gossip_write_token(text *out, const uint8_t *token, unsigned edge) {
  text_add(out, token, GOSSIP_TOKEN_SIZE);
  write_number(out, edge, 1);
}

void gossip_write_upto(text *out, int64_t upto) { write_number(out, (uint64_t)upto, NUMBER_SIZE); }

void gossip_write_bytes(text *out, bytes b) {
  write_number(out, b.size, SIZE_SIZE);
  text_add(out, b.data, b.size);
}

void gossip_write_plasma(text *out, const store_plasma *plasma) {
  gossip_write_bytes(out, plasma->key);
  write_number(out, plasma->has_value, 1);
  gossip_write_bytes(out, plasma->value);
  write_number(out, (uint64_t)plasma->stamp, NUMBER_SIZE);
  gossip_write_bytes(out, plasma->node);
  write_number(out, plasma->sums_count, SIZE_SIZE);
  for (size_t i = 0; i < plasma->sums_count; i++) {
    const store_sums *s = &plasma->sums[i];
    gossip_write_bytes(out, s->node);
    write_number(out, s->added, SUM_SIZE);
    write_number(out, s->taken, SUM_SIZE);
    write_number(out, (uint64_t)s->stamp, NUMBER_SIZE);
  }
}

void gossip_write_value(text *out, bytes key, bytes value, uint32_t ttl_s) {
  gossip_write_bytes(out, key);
  write_number(out, ttl_s, SIZE_SIZE);
  gossip_write_bytes(out, value);
}

/* ---- reading ---- */

/* The rest of the input; `bad` after anything invalid: from then on all reads give empty results. */
typedef struct reader {
  bytes left;
  bool bad;
} reader;

static bytes read_plain(reader *r, size_t size) {
  if (size > r->left.size) r->bad = true;
  if (r->bad) return (bytes){0};
  bytes found = {r->left.data, size};
  r->left = (bytes){r->left.data + size, r->left.size - size};
  return found;
}

static store_sum read_number(reader *r, int size) {
  bytes found = read_plain(r, (size_t)size);
  store_sum number = 0;
  for (size_t i = found.size; i-- > 0;) number = number << 8 | found.data[i];
  return number;
}

static bytes read_bytes(reader *r) { return read_plain(r, (size_t)read_number(r, SIZE_SIZE)); }

/* A number from 0 to `most`. */
static int64_t read_upto(reader *r, int64_t most) {
  uint64_t number = (uint64_t)read_number(r, NUMBER_SIZE);
  if (number > (uint64_t)most) r->bad = true;
  return r->bad ? 0 : (int64_t)number;
}

static bytes read_key(reader *r) {
  bytes key = read_bytes(r);
  if (!store_key_valid(key)) r->bad = true;
  return key;
}

/* The name of a node; with `may_be_none` it may be empty. */
static bytes read_node(reader *r, bool may_be_none) {
  bytes node = read_bytes(r);
  bool valid = node.size <= STORE_NODE_MAX && store_key_valid(node);
  if (!valid && !(may_be_none && node.size == 0)) r->bad = true;
  return node;
}

/* Whether name `a` comes before `b`. */
static bool before(bytes a, bytes b) {
  int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
  return order != 0 ? order < 0 : a.size < b.size;
}

/* Reads `count` sums; NULL if there are none or they are invalid. */
static store_sums *read_sums(reader *r, size_t count) {
  enum { LEAST = SIZE_SIZE + 1 + 2 * SUM_SIZE + NUMBER_SIZE };
  if (count > r->left.size / LEAST) r->bad = true;
  if (r->bad || count == 0) return NULL;
  store_sums *sums = memory_get(count * sizeof *sums);
  for (size_t i = 0; i < count; i++) {
    bytes node = read_node(r, false);
    store_sum added = read_number(r, SUM_SIZE), taken = read_number(r, SUM_SIZE);
    sums[i] = (store_sums){node, added, taken, read_upto(r, STORE_STAMP_MAX)};
    if (!r->bad && i > 0 && !before(sums[i - 1].node, node)) r->bad = true;
    if (r->bad) break;
  }
  return sums;
}

static void read_plasma(reader *r, gossip_frame *frame) {
  store_plasma p = {.key = read_key(r)};
  unsigned has_value = (unsigned)read_number(r, 1);
  p.has_value = has_value == 1;
  p.value = read_bytes(r);
  p.stamp = read_upto(r, STORE_STAMP_MAX);
  p.node = read_node(r, p.stamp == 0);
  p.sums_count = (size_t)read_number(r, SIZE_SIZE);
  bool fits = has_value <= 1 && (p.has_value ? p.stamp != 0 && p.sums_count == 0 : p.value.size == 0) &&
              (p.stamp != 0 || p.node.size == 0);
  if (!fits) r->bad = true;
  p.sums = read_sums(r, p.sums_count);
  LIST_ROOM(frame->plasma, frame->count);
  frame->plasma[frame->count++] = p;
}

static void read_value(reader *r, gossip_frame *frame) {
  gossip_value v = {.key = read_key(r)};
  if (frame->type == GOSSIP_PULLED) {
    v.ttl_s = (uint32_t)read_number(r, SIZE_SIZE);
    v.value = read_bytes(r);
  }
  LIST_ROOM(frame->values, frame->count);
  frame->values[frame->count++] = v;
}

/* Reads the fields of a frame. */
static void read_fields(reader *r, gossip_frame *frame) {
  if (frame->type == GOSSIP_HELLO || frame->type == GOSSIP_PULL) {
    frame->token = read_plain(r, GOSSIP_TOKEN_SIZE);
    frame->edge = (unsigned)read_number(r, 1);
  }
  if (frame->type == GOSSIP_HELLO || frame->type == GOSSIP_WELCOME) frame->node = read_node(r, false);
  if (frame->type == GOSSIP_WELCOME || frame->type == GOSSIP_DELTA || frame->type == GOSSIP_ACK) {
    frame->upto = read_upto(r, INT64_MAX);
  }
  bool values = frame->type == GOSSIP_PULL || frame->type == GOSSIP_PULLED;
  while (frame->type == GOSSIP_DELTA && !r->bad && r->left.size > 0) read_plasma(r, frame);
  while (values && !r->bad && r->left.size > 0) read_value(r, frame);
  if (r->left.size > 0) r->bad = true;
}

int gossip_read(bytes in, size_t most, gossip_frame *frame, size_t *size) {
  reader all = {in, false};
  if (in.size < GOSSIP_HEAD_SIZE) return 0;
  size_t inside = (size_t)read_number(&all, SIZE_SIZE);
  if (inside < 1 || inside > most) return -1;
  unsigned type = in.data[SIZE_SIZE];
  if (type < GOSSIP_HELLO || type > GOSSIP_PULLED) return -1;
  if (all.left.size < inside) return 0;
  *size = SIZE_SIZE + inside;
  *frame = (gossip_frame){.type = (gossip_type)type};
  reader r = {{in.data + GOSSIP_HEAD_SIZE, inside - 1}, false};
  read_fields(&r, frame);
  if (!r.bad) return 1;
  gossip_frame_free(frame);
  return -1;
}

void gossip_frame_free(gossip_frame *frame) {
  for (size_t i = 0; frame->plasma != NULL && i < frame->count; i++) free((void *)frame->plasma[i].sums);
  free(frame->plasma);
  free(frame->values);
  *frame = (gossip_frame){0};
}
