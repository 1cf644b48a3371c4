/*
 * record.h - an invocation as one file of JSON: the request, every call of the host with its answer, the
 * response. record.c makes and reads it; who runs it again is replay.h.
 *
 * A record is made in two steps: its tape notes the calls while the flare runs, and afterwards record_write
 * makes the file's content. No file is opened here.
 */
#ifndef FLARON_EDGE_RECORD_H
#define FLARON_EDGE_RECORD_H

#include "engine/runner.h"

enum { RECORD_FORMAT = 1, RECORD_HASH_SIZE = 65, RECORD_CALLS = 64 << 20 };

/*
 * What record_read takes: bytes of all calls, once what they have "from" somewhere is copied (what was
 * replaced in a record may be longer); how many of them; headers, frames and lines each; values of JSON.
 */
enum {
  RECORD_CALL = 64, /* what a call counts besides its bytes */
  RECORD_READ_CALLS = 2 * RECORD_CALLS,
  RECORD_READ_COUNT = RECORD_CALLS / RECORD_CALL,
  RECORD_READ_ITEMS = 65536,
  RECORD_READ_VALUES = 8 << 20
};

/* One call of the host: an import, what it was given, what it answered (host.h tells which of them count). */
typedef struct record_call {
  host_import import;
  text a, b;
  int64_t n;
  bool present;
  text answer;
  int32_t number;
} record_call;

/* Owned; begin with {0} or record_start. */
typedef struct recording {
  host_tape tape;     /* of record_start */
  record_call *calls; /* in order */
  size_t call_count;
  size_t size;       /* bytes of them, about */
  bool cut;          /* there were more calls, beyond RECORD_CALLS bytes: they are not in it */
  char *version;     /* of the flaron-lua that made it */
  char *name, *file; /* of the flare: from its manifest, NULL = none; where it was found, NULL = unknown */
  char hash[RECORD_HASH_SIZE]; /* of the flare: record_hash */
  char *begin;                 /* when it began, RFC 3339, UTC */
  char *redacted; /* names of the secrets that were replaced, "A, B"; NULL = none. Of record_read */
  uint64_t id;    /* of the request */
  int cpu_ms;     /* the limit, 0 = none */
  flare_handler handler;
  host_request request;
  host_response response;
  edge_result result;
  int64_t cpu_us; /* CPU time it took */
} recording;

/* Makes an empty record whose tape notes each call. Its address must not change until the invocation is over.
 */
void record_start(recording *r);

/* The SHA-256 of a flare's .wasm, which is all that its code and its data are, as lower-case hex. */
void record_hash(const flare *f, char hash[RECORD_HASH_SIZE]);

/* What a file has in it that is nobody else's business. */
typedef struct record_secrets {
  bool secret; /* a secret was read: its value, or with `keep` the value itself */
  bool header; /* Authorization, Proxy-Authorization or Cookie as they were: the flare read them */
} record_secrets;

/*
 * Adds the file's content. Unless `keep`, the values of secrets that the flare read are replaced (redact.h)
 * wherever they are, also in what the host made of them (base64, hash), and credentials in headers that the
 * flare did not read are as well. `found` (may be NULL) says what is in it, be it replaced or not.
 */
void record_write(const recording *r, bool keep, text *to, record_secrets *found);

/*
 * Reads a file's content, which may be anything, in memory that its size and the limits above bound. False,
 * with a message that begins with "LINE:COLUMN: " or the name of what is wrong in `error`; `r` then holds
 * nothing.
 */
bool record_read(recording *r, bytes content, text *error);

void record_free(recording *r);

#endif
