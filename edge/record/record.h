/*
 * record.h - an invocation as one file of JSON: the request, every call of the host with its answer, the
 * response. record.c writes and reads it; replay.h replays it.
 *
 * A record is made in two steps: its tape notes the calls while the flare runs, then record_write makes the
 * file's content. No file is opened here.
 */
#ifndef FLARON_EDGE_RECORD_H
#define FLARON_EDGE_RECORD_H

#include "engine/runner.h"

enum { RECORD_FORMAT = 1, RECORD_HASH_SIZE = 65, RECORD_CALLS = 64 << 20 };

/*
 * Limits of record_read: bytes of all calls, after what they have "from" elsewhere is copied (replaced
 * secrets may make a record longer than RECORD_CALLS); number of calls; number of headers, of frames and of
 * log lines; JSON values.
 */
enum {
  RECORD_CALL = 64, /* bytes counted for each call besides its own bytes */
  RECORD_READ_CALLS = 2 * RECORD_CALLS,
  RECORD_READ_COUNT = RECORD_CALLS / RECORD_CALL,
  RECORD_READ_ITEMS = 65536,
  RECORD_READ_VALUES = 8 << 20
};

/* One call of an import with its arguments and its answer (host.h says which fields an import uses). */
typedef struct record_call {
  host_import import;
  text a, b;
  int64_t n;
  bool present;
  text answer;
  int32_t number;
  int64_t wall_us; /* how long it took; -1 = nobody looked: it answers at once, or it is from a file */
} record_call;

/* Owned; begin with {0} or record_start. */
typedef struct recording {
  host_tape tape;                     /* of record_start */
  record_call *calls;                 /* in order */
  size_t call_count, call_room;       /* those after `call_count` keep their memory for the next ones */
  size_t size;                        /* bytes of them, about */
  size_t most;                        /* of `size`: RECORD_CALLS, or what was set after record_start */
  size_t value_most, value_left;      /* bytes of a value of a call: SIZE_MAX, or what was set after
                                         record_start; and those that are not in it, of all */
  bool cut;                           /* there were more calls, beyond `most`: they are not in it */
  bool late_secret, late_made;        /* one of these read a secret; made something of what it was given */
  size_t request_left, response_left; /* bytes of body, message and frames that are not in it: of the
                                         history of dev, not of a file */
  int64_t asked_ns;                   /* the tape's */
  char *version;                      /* of the flaron-lua that made it */
  char *name, *file; /* of the flare: from its manifest, NULL = none; where it was found, NULL = unknown */
  char hash[RECORD_HASH_SIZE]; /* of the flare: record_hash */
  char *begin;                 /* when it began, RFC 3339, UTC */
  char *redacted;              /* names of the replaced secrets, "A, B"; NULL = none. Set by record_read */
  uint64_t id;                 /* of the request */
  int cpu_ms;                  /* CPU time limit, 0 = none */
  flare_handler handler;
  host_request request;
  host_response response;
  bool handed_on;       /* the origin answered: */
  host_response origin; /* its status, headers and body */
  size_t origin_left;   /* as request_left */
  edge_result result;
  int64_t cpu_us; /* CPU time used */
} recording;

/* Makes an empty record whose tape notes each call. The record must not move until the invocation is over. */
void record_start(recording *r);

/* Leaves out the last calls until the others have at most `size` bytes. */
void record_shorten(recording *r, size_t size);

/* Makes it empty, as record_start does, but keeps memory that is not large for the next invocation. */
void record_again(recording *r);

/* Adds a time of the clock, nanoseconds since 1970, as RFC 3339 has it: "2026-11-22T10:15:00.123Z". */
void record_add_time(text *to, int64_t ns);

/* Whether a record that was read has hidden all of what was asked and answered. */
bool record_hides_all(const recording *r);

/* The SHA-256 of a flare's .wasm, which is all that its code and its data are, as lower-case hex. */
void record_hash(const flare *f, char hash[RECORD_HASH_SIZE]);

/* Which confidential data is in a file. */
typedef struct record_secrets {
  bool secret; /* the flare read a secret: the file has its placeholder, or with `keep` its value */
  bool header; /* Authorization, Proxy-Authorization or Cookie unchanged, since the flare read them */
} record_secrets;

/*
 * Adds the file's content. Unless `keep`, replaces (redact.h) the values of secrets that the flare read
 * wherever they are, values that the host derived from them (base64, hash), and credentials in headers that
 * the flare did not read. `found` (may be NULL) says what is in it, replaced or not.
 */
void record_write(const recording *r, bool keep, text *to, record_secrets *found);

/*
 * Reads a file's content, which is not trusted; the memory it takes is bounded by its size and the limits
 * above. False, with a message in `error` that begins with "LINE:COLUMN: " or names what is wrong; `r` then
 * holds nothing.
 */
bool record_read(recording *r, bytes content, text *error);

void record_free(recording *r);

#endif
