/*
 * gossip_wire.h - the messages between edges, as bytes. It knows neither sockets nor stores.
 *
 * A frame is a size (4 bytes, of the rest), a type (1 byte) and fields. Numbers are little-endian; bytes have
 * their size (4 bytes) in front. Lists extend to the end of the frame.
 *
 *   HELLO    token edge node      the edge that opens a link, and its node's name
 *   WELCOME  node upto            the other node, and the last change of the opener's Plasma that it has
 *   DELTA    upto plasma...       keys that changed since then, up to change `upto`
 *   ACK      upto                 it was merged
 *   PULL     token edge key...    spark.pull: on a connection of its own
 *   PULLED   (key ttl value)...   the keys that exist
 */
#ifndef FLARON_EDGE_GOSSIP_WIRE_H
#define FLARON_EDGE_GOSSIP_WIRE_H

#include "store/store.h"

enum { GOSSIP_TOKEN_SIZE = 16, GOSSIP_HEAD_SIZE = 5 };

/* The most bytes of a frame, and of a frame that opens a connection, such as a pull with its keys. */
enum { GOSSIP_FRAME_MAX = 256 << 20, GOSSIP_STRANGER_MAX = 1 << 20 };

typedef enum gossip_type {
  GOSSIP_HELLO = 1,
  GOSSIP_WELCOME,
  GOSSIP_DELTA,
  GOSSIP_ACK,
  GOSSIP_PULL,
  GOSSIP_PULLED
} gossip_type;

/* A value of Spark. */
typedef struct gossip_value {
  bytes key, value;
  uint32_t ttl_s; /* 0 = it never expires */
} gossip_value;

/* A frame that was read; it borrows the bytes that it was read from. Fields that its type does not have are
 * empty. */
typedef struct gossip_frame {
  gossip_type type;
  bytes token;
  unsigned edge;
  bytes node;
  int64_t upto;
  store_plasma *plasma;
  gossip_value *values; /* of PULL: only the keys */
  size_t count;         /* of `plasma` or `values` */
} gossip_frame;

/*
 * Reads the first frame of `in`. 1: `frame` is it, which the caller frees, and `size` its length in bytes; 0:
 * it is incomplete; -1: it is not valid, or longer than `most`.
 */
int gossip_read(bytes in, size_t most, gossip_frame *frame, size_t *size);

void gossip_frame_free(gossip_frame *frame);

/* Begins a frame in an empty text. Write its fields, then gossip_end. */
void gossip_begin(text *out, gossip_type type);
void gossip_end(text *out);

void gossip_write_token(text *out, const uint8_t *token, unsigned edge);
void gossip_write_upto(text *out, int64_t upto);
void gossip_write_bytes(text *out, bytes b);
void gossip_write_plasma(text *out, const store_plasma *plasma);
void gossip_write_value(text *out, bytes key, bytes value, uint32_t ttl_s);

#endif
