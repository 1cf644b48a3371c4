/*
 * store.h - the two key-value stores of an edge, Spark and Plasma, in one SQLite database.
 *
 * A store owns its database file. It keeps what it is given and knows nothing of capabilities and limits
 * of an invocation: host_spark.c and host_plasma.c do. It does not talk to other edges either, but keeps
 * what such talk needs: every plasma row has the node that wrote it and a stamp of a hybrid clock.
 *
 * What a call acknowledged with STORE_OK outlives the process being killed and the power being cut. A
 * store may be used from several threads, and one file by several processes.
 *
 * Times are nanoseconds since 1970, given by the caller.
 */
#ifndef FLARON_EDGE_STORE_H
#define FLARON_EDGE_STORE_H

#include "text.h"

typedef struct store store;

/* The longest time to live that is allowed, in seconds: ten years. */
enum { STORE_TTL_MAX_S = 10 * 365 * 24 * 60 * 60 };

/* What became of a call. */
typedef enum store_result {
  STORE_OK,
  STORE_ABSENT,      /* there is no such key */
  STORE_QUOTA,       /* the value would not fit */
  STORE_NOT_COUNTER, /* the key holds a value, and a counter was asked for */
  STORE_OVERFLOW,    /* the counter would leave the range of an int64_t */
  STORE_FAILED       /* SQLite said no: store_message tells why */
} store_result;

/* Takes a key of a listing, borrowed for the call. */
typedef void store_key_function(void *data, bytes key);

/* Opens the database at `path`, made when missing, or one in memory when NULL. NULL: `error` says why. */
store *store_open(const char *path, text *error);

/* Closes the store and frees it; NULL is fine. */
void store_close(store *s);

/* Whether a flare may use `key`: [a-zA-Z0-9:._-]{1,256}, and not beginning with `__flaron:` or `__sys:`. */
bool store_key_valid(bytes key);

/* Adds to `message` what SQLite said when a call last answered STORE_FAILED. */
void store_message(store *s, text *message);

/* Adds the value to `value`; `ttl_s`: seconds left, rounded up, 0 = it never expires. OK, ABSENT, FAILED. */
store_result store_spark_get(store *s, bytes key, int64_t now_ns, text *value, uint32_t *ttl_s);

/*
 * Sets a value that expires `ttl_s` seconds from now, never when 0. QUOTA when keys and values together
 * would be more than `quota` bytes, expired ones not counted, and more than before. OK, QUOTA, FAILED.
 */
store_result store_spark_set(store *s, bytes key, bytes value, uint32_t ttl_s, int64_t now_ns,
                             uint64_t quota);

/* Removes a key; OK also when it is not there. OK, FAILED. */
store_result store_spark_delete(store *s, bytes key, int64_t now_ns);

/* Hands each unexpired key to `each`, sorted by bytes; `each` must not use the store. OK, FAILED. */
store_result store_spark_list(store *s, int64_t now_ns, store_key_function *each, void *data);

/* The bytes of all keys and values, expired ones that are not yet removed included. OK, FAILED. */
store_result store_spark_bytes(store *s, uint64_t *size);

/* Adds the value to `value`; that of a counter is its number in decimal. OK, ABSENT, FAILED. */
store_result store_plasma_get(store *s, bytes key, text *value);

/* Sets a value, also in place of a counter. OK, FAILED. */
store_result store_plasma_set(store *s, bytes key, bytes value, int64_t now_ns);

/* Removes a value or a counter; OK also when neither is there. OK, FAILED. */
store_result store_plasma_delete(store *s, bytes key, int64_t now_ns);

/* Adds `delta` to a counter or subtracts it; a new one begins at 0. OK, NOT_COUNTER, OVERFLOW, FAILED. */
store_result store_plasma_add(store *s, bytes key, int64_t delta, bool subtract, int64_t now_ns,
                              int64_t *total);

/* Hands every key of a value or a counter to `each`, sorted by bytes; as store_spark_list. OK, FAILED. */
store_result store_plasma_list(store *s, store_key_function *each, void *data);

/* Removes everything from both stores, the traces that plasma keeps of removed keys too. OK, FAILED. */
store_result store_clear(store *s);

/* For tests: remembers the contents of a store in memory, for store_restore. False: it is a file. */
bool store_snapshot(store *s);

/* For tests: brings back what store_snapshot remembered, any number of times. False: there is nothing. */
bool store_restore(store *s);

#endif
