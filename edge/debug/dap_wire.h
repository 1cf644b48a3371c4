/*
 * dap_wire.h - messages of the Debug Adapter Protocol on two descriptors: "Content-Length: N", an empty line,
 * N bytes of JSON.
 *
 * It frames bytes and numbers what is written. What the messages mean is dap.c's.
 */
#ifndef FLARON_EDGE_DAP_WIRE_H
#define FLARON_EDGE_DAP_WIRE_H

#include "base/text.h"

struct json_t;

/* The most bytes of a message's head and of its JSON that are read. */
enum { DAP_HEAD_MAX = 4096, DAP_BODY_MAX = 16 << 20 };

/* What stands at the start of bytes that came. */
typedef enum dap_wire_frame {
  DAP_FRAME_MORE,    /* not yet a whole message */
  DAP_FRAME_WHOLE,   /* a message */
  DAP_FRAME_REFUSED, /* none, and what follows cannot be read either */
} dap_wire_frame;

/*
 * Looks for a message at the start of `input`. WHOLE: `body` is its JSON, borrowed, and `used` the bytes of
 * it with its head. REFUSED: a sentence is added to `why`.
 */
dap_wire_frame dap_wire_read(bytes input, size_t *used, bytes *body, text *why);

/* A connection. The descriptors are the caller's; begin with their numbers and zeros. */
typedef struct dap_wire {
  int in, out;
  text input; /* what came; the first `used` bytes are done with */
  size_t used;
  int64_t sent; /* messages so far: the `seq` of the last one */
  bool ended;   /* nothing more comes */
  bool deaf;    /* nobody reads what is written: the rest is dropped */
} dap_wire;

/* What dap_wire_take found. */
typedef enum dap_taken {
  DAP_TAKEN_NONE,    /* nothing whole has come so far */
  DAP_TAKEN_MESSAGE, /* a message */
  DAP_TAKEN_END,     /* the client has closed its end, between two messages */
  DAP_TAKEN_REFUSED, /* what came is no message, or the end is in the middle of one */
} dap_taken;

/* Reads what can be read from `in` at once. Call it when poll(2) says that there is something. */
void dap_wire_fill(dap_wire *w);

/*
 * Takes the next message that has come; it never waits. MESSAGE: `message` is the object, the caller's.
 * REFUSED: a sentence is added to `why`.
 */
dap_taken dap_wire_take(dap_wire *w, struct json_t **message, text *why);

/*
 * Writes an object as a message with the next `seq`, and frees it. Waits until all is written; a client that
 * reads nothing for ten seconds is taken for deaf, if `out` does not block.
 */
void dap_wire_write(dap_wire *w, struct json_t *message);

/* Frees what it holds; the descriptors stay open. */
void dap_wire_free(dap_wire *w);

#endif
