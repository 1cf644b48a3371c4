/*
 * gossip_wire.h - what edges say to each other, as bytes. Nothing here knows of sockets or stores.
 *
 * A frame is its size (4 bytes, of what follows), a type (1 byte) and fields. Numbers are little-endian;
 * bytes have their size (4 bytes) in front. Lists go on to the end of the frame.
 *
 *   HELLO    token edge node      who opens a link, and its node's name
 *   WELCOME  node upto            the other's name, and up to which change it has the first one's Plasma
 *   DELTA    upto plasma...       what changed since
 *   ACK      upto                 it was merged
 *   PULL     token edge key...    spark.pull: on a connection of its own
 *   PULLED   (key ttl value)...   those that are there
 */
#ifndef FLARON_EDGE_GOSSIP_WIRE_H
#define FLARON_EDGE_GOSSIP_WIRE_H

#include "store/store.h"

enum { GOSSIP_TOKEN_SIZE = 16, GOSSIP_HEAD_SIZE = 5 };

/* The most bytes of a frame, and of one that opens a connection: the keys of a pull. */
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

/* A frame that was read; it borrows the bytes it was read from. What its type does not have is empty. */
typedef struct gossip_frame {
  gossip_type type;
  bytes token;
  unsigned edge;
  bytes node;
  int64_t upto;
  store_plasma *plasma;
  gossip_value *values; /* of PULL: the keys alone */
  size_t count;         /* of one of the two */
} gossip_frame;

/*
 * Reads the frame that `in` begins with. 1: `frame` is it, to be freed, and `size` how long it was; 0: it is
 * not there as a whole; -1: it is none that may be believed, or longer than `most`.
 */
int gossip_read(bytes in, size_t most, gossip_frame *frame, size_t *size);

void gossip_frame_free(gossip_frame *frame);

/* Begins a frame in an empty text; gossip_end closes it. Between them its fields are written. */
void gossip_begin(text *out, gossip_type type);
void gossip_end(text *out);

void gossip_write_token(text *out, const uint8_t *token, unsigned edge);
void gossip_write_upto(text *out, int64_t upto);
void gossip_write_bytes(text *out, bytes b);
void gossip_write_plasma(text *out, const store_plasma *plasma);
void gossip_write_value(text *out, bytes key, bytes value, uint32_t ttl_s);

#endif
