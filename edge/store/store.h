/*
 * store.h - the two key-value stores of an edge, Spark and Plasma, in one SQLite database.
 *
 * A store owns its database file. It does not check capabilities and limits of an invocation: import_spark.c
 * and import_plasma.c do. It does not talk to other edges either (gossip.c does), but it lists the changes in
 * Plasma and merges those of other edges.
 *
 * A change that a call acknowledged with STORE_OK survives a kill of the process and a power cut. Several
 * threads may use a store, and several processes a file.
 *
 * Times are nanoseconds since 1970, given by the caller.
 */
#ifndef FLARON_EDGE_STORE_H
#define FLARON_EDGE_STORE_H

#include "base/text.h"

typedef struct store store;

/* The longest time to live that is allowed, in seconds: ten years. */
enum { STORE_TTL_MAX_S = 10 * 365 * 24 * 60 * 60 };

/* The result of a call. */
typedef enum store_result {
  STORE_OK,
  STORE_ABSENT,      /* there is no such key */
  STORE_QUOTA,       /* the value would not fit */
  STORE_NOT_COUNTER, /* the key holds a value, not a counter */
  STORE_OVERFLOW,    /* the counter would leave the range of an int64_t */
  STORE_FAILED       /* SQLite failed: store_message tells why */
} store_result;

/* Takes a key of a listing, borrowed for the call. */
typedef void store_key_function(void *data, bytes key);

/*
 * Opens the database at `path`, creating it if it is missing, or one in memory if `path` is NULL. The file is
 * not trusted: a link, a database of another program, a damaged one and one with another schema are refused
 * and not written to. A call that takes more than 5 s of CPU time on it is stopped. NULL: `error` says why.
 */
store *store_open(const char *path, text *error);

/* The same for `name` in an open folder; `shown` is its path for messages. */
store *store_open_in(int folder, const char *name, const char *shown, text *error);

/* The most bytes of a key and its value together: for more, a call returns STORE_FAILED. */
enum { STORE_ROW_MAX = 64 << 20 };

/* Closes the store and frees it; NULL is ignored. */
void store_close(store *s);

/* Whether a flare may use `key`: it must match [a-zA-Z0-9:._-]{1,256} and not begin with `__flaron:` or
 * `__sys:`. */
bool store_key_valid(bytes key);

/* Adds SQLite's message from the last call that returned STORE_FAILED. */
void store_message(store *s, text *message);

/* Adds the value to `value`; `ttl_s`: seconds left, rounded up, 0 = it never expires. OK, ABSENT, FAILED. */
store_result store_spark_get(store *s, bytes key, int64_t now_ns, text *value, uint32_t *ttl_s);

/*
 * Sets a value that expires `ttl_s` seconds from now; 0 = never. QUOTA if keys and values together, without
 * expired ones, would exceed `quota` bytes and also grow. To make room, a call removes some thousands of
 * expired rows; if more of them are in the way it also returns QUOTA, and the next call continues. OK, QUOTA,
 * FAILED.
 */
store_result store_spark_set(store *s, bytes key, bytes value, uint32_t ttl_s, int64_t now_ns,
                             uint64_t quota);

/* Removes a key; also OK if it does not exist. OK, FAILED. */
store_result store_spark_delete(store *s, bytes key, int64_t now_ns);

/*
 * Calls `each` with each unexpired key, sorted by bytes; `each` must not use the store. OK, FAILED, or QUOTA
 * if there are more than `most` keys: then it was called for the first `most`.
 */
store_result store_spark_list(store *s, int64_t now_ns, size_t most, store_key_function *each, void *data);

/* The bytes of all keys and values, including expired ones that are not removed yet. OK, FAILED. */
store_result store_spark_bytes(store *s, uint64_t *size);

/* Adds the value to `value`; for a counter its number in decimal. OK, ABSENT, FAILED. */
store_result store_plasma_get(store *s, bytes key, text *value);

/* Whether a key is a counter; `is_counter` is also false if the key does not exist. OK, FAILED. */
store_result store_plasma_is_counter(store *s, bytes key, bool *is_counter);

/* Sets a value, also in place of a counter. OK, FAILED. */
store_result store_plasma_set(store *s, bytes key, bytes value, int64_t now_ns);

/* Removes a value or a counter; also OK if neither exists. OK, FAILED. */
store_result store_plasma_delete(store *s, bytes key, int64_t now_ns);

/* Adds `delta` to a counter or subtracts it; a new counter starts at 0. OK, NOT_COUNTER, OVERFLOW, FAILED. */
store_result store_plasma_add(store *s, bytes key, int64_t delta, bool subtract, int64_t now_ns,
                              int64_t *total);

/* Calls `each` with every key of a value or a counter, sorted by bytes; otherwise as store_spark_list. */
store_result store_plasma_list(store *s, size_t most, store_key_function *each, void *data);

/* ---- Plasma between edges ---- */

/* The longest name of a node in bytes, and the latest stamp that is accepted (in the year 2200). */
enum { STORE_NODE_MAX = 31 };
#define STORE_STAMP_MAX INT64_C(7258118400000000000)

/* The sum of a node's increments or of its decrements: each may exceed 64 bits although their difference does
 * not. */
typedef unsigned __int128 store_sum;

/* What a node added to a counter and subtracted from it in total; `stamp`: when it last did so. */
typedef struct store_sums {
  bytes node;
  store_sum added, taken;
  int64_t stamp;
} store_sums;

/*
 * All that a node knows about a key: the last write (a value or, without one, a delete) and the sums counted
 * since. stamp 0 and no node: it was never written. A key with a value has no sums. Borrowed.
 */
typedef struct store_plasma {
  bytes key;
  bool has_value;
  bytes value;
  int64_t stamp;
  bytes node;
  const store_sums *sums; /* one for each node that counted it */
  size_t sums_count;
} store_plasma;

/* Takes a key of a delta, borrowed for the call. It must not use the store. */
typedef void store_plasma_function(void *data, const store_plasma *plasma);

/* The name of this node, random and created with the database. Borrowed. */
const char *store_node(store *s);

/* Calls `changed` after each change of Plasma through `s`, on the thread that made the change. Set it before
 * other threads use `s`. */
void store_on_change(store *s, void (*changed)(void *data), void *data);

/* The number of the last change in Plasma. The numbers only grow, also across openings. OK, FAILED. */
store_result store_plasma_last(store *s, int64_t *last);

/* How many keys changed after change `since`. OK, FAILED. */
store_result store_plasma_pending(store *s, int64_t since, int64_t *count);

/*
 * Calls `each` with the keys that changed after change `since`, in the order of their last change, up to
 * about `size` bytes but at least one key. `upto`: the change up to which the delta is complete. OK, FAILED.
 */
store_result store_plasma_delta(store *s, int64_t since, size_t size, store_plasma_function *each, void *data,
                                int64_t *upto);

/*
 * Merges a delta of node `from` up to its change `upto` (see store_plasma_delta), all or nothing. The order
 * of merges does not matter, and a merge may be repeated. `from` empty: the source is not recorded. What the
 * merge changes counts as a change of this store and so is sent on; what was already known is not. OK,
 * FAILED.
 */
store_result store_plasma_merge(store *s, const store_plasma *items, size_t count, bytes from, int64_t upto);

/* The change of node `from` up to which all was merged; 0 = none. OK, FAILED. */
store_result store_plasma_merged(store *s, bytes from, int64_t *upto);

/* ---- both stores ---- */

/* Removes everything from both stores, including Plasma's tombstones. OK, FAILED. */
store_result store_clear(store *s);

/* For tests: names the node of a store in memory that has no Plasma yet. False if the store is a file. */
bool store_name_node(store *s, const char *name);

/* For tests: saves the contents of a store in memory, for store_restore. False if the store is a file. */
bool store_snapshot(store *s);

/* For tests: restores what store_snapshot saved, any number of times. False if there is no snapshot. */
bool store_restore(store *s);

#endif
