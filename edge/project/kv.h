/*
 * kv.h - Spark and Plasma behind one face, for people who look into them: `flaron-lua kv` and the page of
 * `dev`.
 *
 * Nothing here knows of a flare's capabilities, and its limits only as they are given; the quota of Spark
 * holds. A kv is a view: it owns nothing.
 */
#ifndef FLARON_EDGE_KV_H
#define FLARON_EDGE_KV_H

#include "store/store.h"

struct json_t;

typedef struct kv {
  store *store; /* borrowed */
  bool plasma;  /* else Spark */
} kv;

/* What a key is, for the end of a sentence. */
#define KV_KEY_RULE                                                               \
  "a key has 1 to 256 characters of a-z A-Z 0-9 : . _ - and does not begin with " \
  "__flaron: or __sys:"

/* Adds the value to `value`; `ttl_s`: seconds left, 0 = it never expires. OK, ABSENT, FAILED. */
store_result kv_get(kv k, bytes key, text *value, uint32_t *ttl_s);

/* Sets a value; `ttl_s` seconds from now it expires, never when 0 and in Plasma. OK, QUOTA, FAILED. */
store_result kv_set(kv k, bytes key, bytes value, uint32_t ttl_s);

/* Changes a counter of Plasma. OK, NOT_COUNTER, OVERFLOW, FAILED. */
store_result kv_add(kv k, bytes key, int64_t delta, int64_t *total);

/* Removes a key, which must be there. OK, ABSENT, FAILED. */
store_result kv_delete(kv k, bytes key);

/*
 * Makes an array of the first `most` keys that begin with `prefix`, sorted by bytes: {"key", "bytes"}, with
 * "ttl" (seconds left) when it expires and "counter": true when it is one. `total` is how many keys there
 * are. The caller frees `list`, which is NULL unless the answer is OK. OK, FAILED.
 */
store_result kv_list(kv k, bytes prefix, size_t most, size_t *total, struct json_t **list);

/* Adds what there is to say of a value of `size` bytes, more than the `most` that a flare may write. */
void kv_explain_size(size_t size, size_t most, text *message);

/* Adds a sentence about what became of a call on `key` that was not OK. */
void kv_explain(kv k, bytes key, store_result result, text *message);

#endif
