/*
 * store.h - the two key-value stores of an edge, Spark and Plasma, in one SQLite database.
 *
 * A store owns its database file. It keeps what it is given and knows nothing of capabilities and limits
 * of an invocation: import_spark.c and import_plasma.c do. It does not talk to other edges either (gossip.c
 * does), but hands out what changed in Plasma and merges what changed elsewhere.
 *
 * What a call acknowledged with STORE_OK outlives the process being killed and the power being cut. A
 * store may be used from several threads, and one file by several processes.
 *
 * Times are nanoseconds since 1970, given by the caller.
 */
#ifndef FLARON_EDGE_STORE_H
#define FLARON_EDGE_STORE_H

#include "base/text.h"

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

/*
 * Opens the database at `path`, made when missing, or one in memory when NULL. It may be anybody's: what is a
 * link, is another program's, is damaged or is other than what flaron-lua makes is refused and not written
 * to. A call that takes more than 5 s of CPU time on it is stopped. NULL: `error` says why.
 */
store *store_open(const char *path, text *error);

/* The same for `name` in an open folder; `shown` is its path for people. */
store *store_open_in(int folder, const char *name, const char *shown, text *error);

/* The most bytes that a key and its value may have: beyond, a call answers STORE_FAILED. */
enum { STORE_ROW_MAX = 64 << 20 };

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
 * would be more than `quota` bytes, expired ones not counted, and more than before. Expired ones are removed
 * for that, some thousands at a call: so QUOTA also when there are more in the way, and the next call goes
 * on. OK, QUOTA, FAILED.
 */
store_result store_spark_set(store *s, bytes key, bytes value, uint32_t ttl_s, int64_t now_ns,
                             uint64_t quota);

/* Removes a key; OK also when it is not there. OK, FAILED. */
store_result store_spark_delete(store *s, bytes key, int64_t now_ns);

/*
 * Hands each unexpired key to `each`, sorted by bytes; `each` must not use the store. OK, FAILED, or QUOTA
 * when there are more than `most`: it was given that many then.
 */
store_result store_spark_list(store *s, int64_t now_ns, size_t most, store_key_function *each, void *data);

/* The bytes of all keys and values, expired ones that are not yet removed included. OK, FAILED. */
store_result store_spark_bytes(store *s, uint64_t *size);

/* Adds the value to `value`; that of a counter is its number in decimal. OK, ABSENT, FAILED. */
store_result store_plasma_get(store *s, bytes key, text *value);

/* Whether a key is a counter; `is_counter` is false as well when there is no such key. OK, FAILED. */
store_result store_plasma_is_counter(store *s, bytes key, bool *is_counter);

/* Sets a value, also in place of a counter. OK, FAILED. */
store_result store_plasma_set(store *s, bytes key, bytes value, int64_t now_ns);

/* Removes a value or a counter; OK also when neither is there. OK, FAILED. */
store_result store_plasma_delete(store *s, bytes key, int64_t now_ns);

/* Adds `delta` to a counter or subtracts it; a new one begins at 0. OK, NOT_COUNTER, OVERFLOW, FAILED. */
store_result store_plasma_add(store *s, bytes key, int64_t delta, bool subtract, int64_t now_ns,
                              int64_t *total);

/* Hands every key of a value or a counter to `each`, sorted by bytes; as store_spark_list. */
store_result store_plasma_list(store *s, size_t most, store_key_function *each, void *data);

/* ---- Plasma between edges ---- */

/* The longest name of a node, and the latest stamp that is believed (in the year 2200). */
enum { STORE_NODE_MAX = 31 };
#define STORE_STAMP_MAX INT64_C(7258118400000000000)

/* A sum of the increments or the decrements of a node: both outgrow 64 bits while their difference does not.
 */
typedef unsigned __int128 store_sum;

/* What a node added to a counter and took away from it, in all; `stamp`: when it did so last. */
typedef struct store_sums {
  bytes node;
  store_sum added, taken;
  int64_t stamp;
} store_sums;

/*
 * All that a node knows of a key: the last write (a value or, without one, a delete) and what was counted
 * since. stamp 0 and no node: it was never written. A key with a value has no sums. Borrowed.
 */
typedef struct store_plasma {
  bytes key;
  bool has_value;
  bytes value;
  int64_t stamp;
  bytes node;
  const store_sums *sums; /* one for each node that counted */
  size_t sums_count;
} store_plasma;

/* Takes a key of a delta, borrowed for the call, in which the store must not be used. */
typedef void store_plasma_function(void *data, const store_plasma *plasma);

/* The name of this node: random, made with the database. Borrowed. */
const char *store_node(store *s);

/* Calls `changed` after each change of Plasma through `s`, on the thread that made it. Before others use `s`.
 */
void store_on_change(store *s, void (*changed)(void *data), void *data);

/* The number of the last change in Plasma: they count up, also from one opening to the next. OK, FAILED. */
store_result store_plasma_last(store *s, int64_t *last);

/* How many keys changed after change `since`. OK, FAILED. */
store_result store_plasma_pending(store *s, int64_t since, int64_t *count);

/*
 * Hands the keys that changed after change `since` to `each`, in the order of their last change, until that
 * were about `size` bytes, at least one. `upto`: the change up to which nothing is missing. OK, FAILED.
 */
store_result store_plasma_delta(store *s, int64_t since, size_t size, store_plasma_function *each, void *data,
                                int64_t *upto);

/*
 * Merges what node `from` has up to its change `upto` (see store_plasma_delta), all or nothing. The order of
 * merges does not matter, nor that they are repeated. `from` empty: it is not noted from where they are.
 * Changes count as changes of this store, so they travel on; what was known already does not. OK, FAILED.
 */
store_result store_plasma_merge(store *s, const store_plasma *items, size_t count, bytes from, int64_t upto);

/* The change up to which all of node `from` was merged; 0 = none. OK, FAILED. */
store_result store_plasma_merged(store *s, bytes from, int64_t *upto);

/* ---- all ---- */

/* Removes everything from both stores, the traces that plasma keeps of removed keys too. OK, FAILED. */
store_result store_clear(store *s);

/* For tests: gives the node of a store in memory, which has no Plasma yet, a name. False: it is a file. */
bool store_name_node(store *s, const char *name);

/* For tests: remembers the contents of a store in memory, for store_restore. False: it is a file. */
bool store_snapshot(store *s);

/* For tests: brings back what store_snapshot remembered, any number of times. False: there is nothing. */
bool store_restore(store *s);

#endif
