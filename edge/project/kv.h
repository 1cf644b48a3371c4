/*
 * kv.h - one interface to Spark and Plasma, for `flaron-lua kv` and the page of `dev`.
 *
 * A flare's capabilities are not checked, and only limits that are passed as arguments; the quota of Spark
 * applies. A kv owns nothing.
 */
#ifndef FLARON_EDGE_KV_H
#define FLARON_EDGE_KV_H

#include "store/store.h"

struct json_t;

typedef struct kv {
  store *store; /* borrowed */
  bool plasma;  /* false: Spark */
} kv;

/* What a valid key is, for the end of a sentence. */
#define KV_KEY_RULE                                                               \
  "a key has 1 to 256 characters of a-z A-Z 0-9 : . _ - and does not begin with " \
  "__flaron: or __sys:"

/* Adds the value to `value`; `ttl_s`: seconds left, 0 = it never expires. OK, ABSENT, FAILED. */
store_result kv_get(kv k, bytes key, text *value, uint32_t *ttl_s);

/* Sets a value, which expires `ttl_s` seconds from now; never if `ttl_s` is 0, and never in Plasma. OK,
 * QUOTA, FAILED. */
store_result kv_set(kv k, bytes key, bytes value, uint32_t ttl_s);

/* Changes a counter of Plasma. OK, NOT_COUNTER, OVERFLOW, FAILED. */
store_result kv_add(kv k, bytes key, int64_t delta, int64_t *total);

/* Removes a key. OK, ABSENT, FAILED. */
store_result kv_delete(kv k, bytes key);

/*
 * Makes an array of the first `most` keys that begin with `prefix`, sorted by bytes: {"key", "bytes"}, with
 * "ttl" (seconds left) if it expires and "counter": true if it is a counter. `total` is the number of all
 * such keys. The caller frees `list`, which is NULL unless the result is OK. OK, FAILED.
 */
store_result kv_list(kv k, bytes prefix, size_t most, size_t *total, struct json_t **list);

/* Whether a value of `size` bytes is none of more than the `most` that a flare may write; else adds a
 * sentence.
 */
bool kv_check_size(size_t size, size_t most, text *message);

/* Adds a sentence about a result of a call on `key` that is not OK. */
void kv_explain(kv k, bytes key, store_result result, text *message);

#endif
