/*
 * fuzz_gossip.c - reading frames of gossip that somebody made up: what is read must write to the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "gossip/gossip_wire.h"

/* What gossip_wire.c wants of store.c, which would bring SQLite with it: a rule as strict as the real one. */
bool store_key_valid(bytes key) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-";
  if (key.size == 0 || key.size > 256) return false;
  for (size_t i = 0; i < key.size; i++) {
    if (memchr(allowed, key.data[i], sizeof allowed - 1) == NULL) return false;
  }
  return true;
}

static void write_again(const gossip_frame *f, text *out) {
  gossip_begin(out, f->type);
  if (f->token.size != 0) gossip_write_token(out, f->token.data, f->edge);
  if (f->node.size != 0) gossip_write_bytes(out, f->node);
  if (f->type == GOSSIP_WELCOME || f->type == GOSSIP_DELTA || f->type == GOSSIP_ACK)
    gossip_write_upto(out, f->upto);
  for (size_t i = 0; i < f->count; i++) {
    if (f->type == GOSSIP_DELTA) gossip_write_plasma(out, &f->plasma[i]);
    if (f->type == GOSSIP_PULL) gossip_write_bytes(out, f->values[i].key);
    if (f->type == GOSSIP_PULLED)
      gossip_write_value(out, f->values[i].key, f->values[i].value, f->values[i].ttl_s);
  }
  gossip_end(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  bytes left = {data, size};
  gossip_frame frame;
  size_t taken;
  while (gossip_read(left, GOSSIP_FRAME_MAX, &frame, &taken) == 1) {
    text out = {0};
    write_again(&frame, &out);
    if (out.size != taken || memcmp(out.data, left.data, taken) != 0) abort();
    text_free(&out);
    gossip_frame_free(&frame);
    left = (bytes){left.data + taken, left.size - taken};
  }
  return 0;
}
