/*
 * import_spark.c - the imports of `spark`: the key-value store of this edge.
 *
 * It enforces the rights and limits of a flare; store.c keeps the values. If more than one code fits, the
 * answer is the first of: no capability, not available, bad key, invalid TTL, too large, write limit, quota.
 * Only a write that gets as far as the write limit counts towards it.
 *
 * spark_get, spark_delete and spark_list have no codes: a refusal is a warning in the log. A write without
 * the capability gives both its code and a warning.
 */
#include <jansson.h>
#include <stdlib.h>

#include "abi/codes.h"
#include "host/host.h"
#include "store/store.h"

enum { TTL_SIZE = 4 };

/* Whether one more read is allowed and there is a store; logs the reason for `what` if not. */
static bool may_read(host *h, const char *what) {
  if (h->config.store == NULL) {
    host_refused(h, what, "this edge has no store");
  } else if (h->spark_reads++ >= h->config.max_spark_reads) {
    host_refused(h, what, "read limit");
  } else {
    return true;
  }
  return false;
}

/* spark_get(key) -> u32 LE seconds left, 0 = it never expires, and the value */
void host_spark_get(host *h, const host_arguments *arguments, host_answer *answer) {
  uint32_t ttl = 0;
  if (!may_read(h, "spark.get") || !store_key_valid(arguments->a)) return;
  text_clear(&h->answer);
  text_room(&h->answer, TTL_SIZE);
  store_result result = store_spark_get(h->config.store, arguments->a, host_now_ns(h), &h->answer, &ttl);
  if (result == STORE_FAILED) host_store_failed(h, "spark.get");
  if (result != STORE_OK) return;
  for (int i = 0; i < TTL_SIZE; i++) h->answer.data[i] = (char)(ttl >> 8 * i & 0xff);
  host_answer_text(h, answer);
}

/* Whether `what` may write keys at all: 0 or a code. */
static int check_writing(host *h, const char *what) {
  if (h->config.writes_spark_kv) return h->config.store != NULL ? 0 : SPARK_NOT_AVAILABLE;
  host_no_capability(h, what, "writes_spark_kv");
  return SPARK_NO_CAPABILITY;
}

/* spark_set(key, value, seconds to live, 0 = forever) -> 0 or a code */
static int set(host *h, bytes key, bytes value, int64_t ttl) {
  int code = check_writing(h, "spark.set");
  if (code != 0) return code;
  if (!store_key_valid(key)) return SPARK_BAD_KEY;
  if (ttl < 0 || ttl > STORE_TTL_MAX_S) return SPARK_INVALID_TTL;
  if (value.size > h->config.max_kv_value_bytes) return SPARK_TOO_LARGE;
  if (h->spark_writes++ >= h->config.max_spark_writes) return SPARK_WRITE_LIMIT;
  store_result result = store_spark_set(h->config.store, key, value, (uint32_t)ttl, host_now_ns(h),
                                        h->config.spark_quota_bytes);
  if (result == STORE_OK) return 0;
  if (result == STORE_QUOTA) return SPARK_QUOTA;
  host_store_failed(h, "spark.set");
  return SPARK_INTERNAL;
}

/* spark_set: see `set`. */
void host_spark_set(host *h, const host_arguments *arguments, host_answer *answer) {
  answer->number = set(h, arguments->a, arguments->b, arguments->n);
}

/* spark_delete(key): counts as a write. */
void host_spark_delete(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)answer;
  int code = check_writing(h, "spark.delete");
  if (code == SPARK_NO_CAPABILITY) return;
  if (code != 0) {
    host_refused(h, "spark.delete", "this edge has no store");
  } else if (!store_key_valid(arguments->a)) {
    host_refused(h, "spark.delete", "bad key");
  } else if (h->spark_writes++ >= h->config.max_spark_writes) {
    host_refused(h, "spark.delete", "write limit");
  } else if (store_spark_delete(h->config.store, arguments->a, host_now_ns(h)) != STORE_OK) {
    host_store_failed(h, "spark.delete");
  }
}

/* spark_list() -> keys as a JSON array, sorted: counts as a read. */
void host_spark_list(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)arguments;
  if (!may_read(h, "spark.list")) return;
  json_t *keys = json_array();
  store_result result =
      store_spark_list(h->config.store, host_now_ns(h), h->config.max_list_keys, host_add_key, keys);
  host_answer_keys(h, answer, "spark.list", result, keys);
}

/* A pull under way. */
typedef struct pull {
  host *h;
  json_t *wanted; /* an object of the requested keys that have not come yet */
  int count, code;
} pull;

/* host_pulled_function: keeps a value. One that is too large or over the quota is skipped with a warning,
 * since no code can say it. */
static void keep(void *taker, bytes key, bytes value, uint32_t ttl_s) {
  pull *p = taker;
  const host_config *config = &p->h->config;
  if (p->code != 0 || json_object_deln(p->wanted, (const char *)key.data, key.size) != 0) return;
  if (value.size > config->max_kv_value_bytes) {
    host_refused(p->h, "spark.pull", "a value is too large and was left out");
    return;
  }
  store_result result =
      store_spark_set(config->store, key, value, ttl_s, host_now_ns(p->h), config->spark_quota_bytes);
  if (result == STORE_OK) {
    p->count++;
  } else if (result == STORE_QUOTA) {
    host_refused(p->h, "spark.pull", "a value is over the quota and was left out");
  } else {
    host_store_failed(p->h, "spark.pull");
    p->code = SPARK_INTERNAL;
  }
}

/* The keys of a JSON array as the keys of an object, each once; NULL if it is not an array of valid keys. */
static json_t *parse_keys(bytes json) {
  enum { MOST = 1 << 20 }; /* bytes: more than the most keys that any config allows */
  if (json.size > MOST) return NULL;
  json_t *array = json_loadb((const char *)json.data, json.size, JSON_ALLOW_NUL, NULL);
  json_t *keys = json_is_array(array) ? json_object() : NULL;
  for (size_t i = 0; keys != NULL && i < json_array_size(array); i++) {
    const json_t *item = json_array_get(array, i);
    bytes key = {(const uint8_t *)json_string_value(item), json_string_length(item)};
    if (store_key_valid(key)) {
      json_object_setn_new(keys, (const char *)key.data, key.size, json_true());
    } else {
      json_decref(keys);
      keys = NULL;
    }
  }
  json_decref(array);
  return keys;
}

/* Asks `origin` for the keys of an object. Returns how many were kept, or -code. */
static int pull_keys(host *h, bytes origin, json_t *keys) {
  size_t count = 0;
  bytes *list = memory_get(json_object_size(keys) * sizeof *list);
  for (void *at = json_object_iter(keys); at != NULL; at = json_object_iter_next(keys, at)) {
    list[count++] = (bytes){(const uint8_t *)json_object_iter_key(at), json_object_iter_key_len(at)};
  }
  pull p = {.h = h, .wanted = json_copy(keys)};
  if (!h->config.pull(h->config.pull_data, origin, list, count, keep, &p)) p.code = SPARK_NOT_AVAILABLE;
  json_decref(p.wanted);
  free(list);
  return p.code != 0 ? -p.code : p.count;
}

/* spark_pull(origin, keys) -> how many were kept, or -code. Once an invocation. */
static int pull_from(host *h, bytes origin, bytes json) {
  int code = check_writing(h, "spark.pull");
  if (code != 0) return -code;
  if (h->config.pull == NULL) return -SPARK_NOT_AVAILABLE;
  if (h->must_not_wait) {
    host_refused(h, "spark.pull", "too many calls wait for an answer already");
    return -SPARK_NOT_AVAILABLE;
  }
  json_t *keys = parse_keys(json);
  if (keys == NULL) return -SPARK_BAD_KEY;
  bool allowed = h->spark_pulls == 0 && json_object_size(keys) <= h->config.max_spark_pull_per_invocation;
  if (allowed) h->spark_pulls++;
  int result = allowed ? pull_keys(h, origin, keys) : -SPARK_WRITE_LIMIT;
  json_decref(keys);
  return result;
}

/* spark_pull: see `pull_from`. */
void host_spark_pull(host *h, const host_arguments *arguments, host_answer *answer) {
  answer->number = pull_from(h, arguments->a, arguments->b);
}
