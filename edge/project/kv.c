/*
 * kv.c - see kv.h.
 */
#include "project/kv.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/list.h"
#include "host/host.h"

/* The clock of the stores. */
static int64_t now_ns(void) { return clock_ns(CLOCK_REALTIME); }

store_result kv_get(kv k, bytes key, text *value, uint32_t *ttl_s) {
  *ttl_s = 0;
  if (k.plasma) return store_plasma_get(k.store, key, value);
  return store_spark_get(k.store, key, now_ns(), value, ttl_s);
}

store_result kv_set(kv k, bytes key, bytes value, uint32_t ttl_s) {
  if (k.plasma) return store_plasma_set(k.store, key, value, now_ns());
  return store_spark_set(k.store, key, value, ttl_s, now_ns(), host_config_default().spark_quota_bytes);
}

store_result kv_add(kv k, bytes key, int64_t delta, int64_t *total) {
  return store_plasma_add(k.store, key, delta, false, now_ns(), total);
}

/* The stores return OK if there is no such key; a user wants to know that. */
store_result kv_delete(kv k, bytes key) {
  text value = {0};
  uint32_t ttl_s;
  store_result result = kv_get(k, key, &value, &ttl_s);
  text_free(&value);
  if (result != STORE_OK) return result;
  return k.plasma ? store_plasma_delete(k.store, key, now_ns()) : store_spark_delete(k.store, key, now_ns());
}

/* Keys of a listing. */
typedef struct keys {
  bytes prefix;
  size_t most, count, total; /* the first `count` keys are kept */
  char **items;
} keys;

/* store_key_function: keeps a copy of the key, since the store cannot be used during a listing. */
static void add_key(void *list, bytes key) {
  keys *all = list;
  bytes prefix = all->prefix;
  if (key.size < prefix.size || (prefix.size > 0 && memcmp(key.data, prefix.data, prefix.size) != 0)) return;
  all->total++;
  if (all->count == all->most) return;
  LIST_ROOM(all->items, all->count);
  all->items[all->count++] = memory_copy(key);
}

/* Adds the description of a key to an array; nothing if the key was removed meanwhile. */
static store_result describe(kv k, const char *key, json_t *list) {
  text value = {0};
  uint32_t ttl_s;
  bool counter = false;
  store_result result = kv_get(k, bytes_of(key), &value, &ttl_s);
  if (result == STORE_OK && k.plasma) result = store_plasma_is_counter(k.store, bytes_of(key), &counter);
  if (result == STORE_OK) {
    json_t *about = json_pack("{s:s, s:I}", "key", key, "bytes", (json_int_t)value.size);
    if (ttl_s != 0) json_object_set_new(about, "ttl", json_integer(ttl_s));
    if (counter) json_object_set_new(about, "counter", json_true());
    json_array_append_new(list, about);
  }
  text_free(&value);
  return result == STORE_ABSENT ? STORE_OK : result;
}

store_result kv_list(kv k, bytes prefix, size_t most, size_t *total, json_t **list) {
  keys all = {.prefix = prefix, .most = most};
  store_result result = k.plasma ? store_plasma_list(k.store, SIZE_MAX, add_key, &all)
                                 : store_spark_list(k.store, now_ns(), SIZE_MAX, add_key, &all);
  *list = json_array();
  for (size_t i = 0; i < all.count; i++) {
    if (result == STORE_OK) result = describe(k, all.items[i], *list);
    free(all.items[i]);
  }
  free(all.items);
  *total = all.total;
  if (result != STORE_OK) {
    json_decref(*list);
    *list = NULL;
  }
  return result;
}

bool kv_check_size(size_t size, size_t most, text *message) {
  if (size <= most) return true;
  text_printf(message, "%zu bytes, and a flare may write %zu: max_kv_value_bytes in flare.lua", size, most);
  return false;
}

void kv_explain(kv k, bytes key, store_result result, text *message) {
  int size = (int)key.size;
  const char *name = (const char *)key.data;
  switch (result) {
    case STORE_OK: break;
    case STORE_ABSENT:
      text_printf(message, "there is no key '%.*s' in %s", size, name, k.plasma ? "plasma" : "spark");
      break;
    case STORE_QUOTA:
      text_printf(message,
                  "'%.*s': with it, keys and values would be more than the %" PRIu64 " bytes of spark", size,
                  name, host_config_default().spark_quota_bytes);
      break;
    case STORE_NOT_COUNTER: text_printf(message, "'%.*s' holds a value, not a counter", size, name); break;
    case STORE_OVERFLOW:
      text_printf(message, "'%.*s': the counter would leave the range of 64 bits", size, name);
      break;
    case STORE_FAILED:
      text_add_string(message, "the stores: ");
      store_message(k.store, message);
      break;
  }
}
