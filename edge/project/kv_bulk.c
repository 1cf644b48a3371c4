/*
 * kv_bulk.c - see kv_bulk.h.
 */
#include "project/kv_bulk.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_bytes.h"
#include "base/nearest.h"

/* The fields that an item may have. */
static const char *const fields[] = {"key", "value", "ttl", "counter"};
enum { FIELDS = sizeof fields / sizeof *fields };

static bytes key_of(const json_t *item) {
  const json_t *key = json_object_get(item, "key");
  return (bytes){(const uint8_t *)json_string_value(key), json_string_length(key)};
}

/* ---- writing ---- */

/* Replaces the size in an item of kv_list by the value. */
static store_result add_value(kv k, json_t *item) {
  text value = {0};
  uint32_t ttl_s;
  store_result result = kv_get(k, key_of(item), &value, &ttl_s);
  json_object_del(item, "bytes");
  if (result == STORE_OK) json_object_set_new(item, "value", json_of_bytes(text_bytes(&value)));
  text_free(&value);
  return result;
}

store_result kv_export(kv k, bytes prefix, json_t **items) {
  size_t total, i = 0;
  store_result result = kv_list(k, prefix, SIZE_MAX, &total, items);
  while (result == STORE_OK && i < json_array_size(*items)) {
    result = add_value(k, json_array_get(*items, i));
    if (result == STORE_ABSENT) json_array_remove(*items, i); /* it was removed meanwhile */
    if (result == STORE_OK) i++;
    if (result == STORE_ABSENT) result = STORE_OK;
  }
  if (result == STORE_OK) return STORE_OK;
  json_decref(*items);
  *items = NULL;
  return result;
}

store_result kv_clear(kv k, bytes prefix, size_t *done) {
  size_t total, i;
  json_t *items, *item;
  *done = 0;
  store_result result = kv_list(k, prefix, SIZE_MAX, &total, &items);
  json_array_foreach(items, i, item) {
    result = kv_delete(k, key_of(item));
    if (result == STORE_OK) ++*done;
    if (result == STORE_ABSENT) result = STORE_OK;
    if (result != STORE_OK) break;
  }
  json_decref(items);
  return result;
}

/* ---- reading ---- */

/* An item that was read. Owned: `value`. */
typedef struct entry {
  bytes key; /* borrowed from the JSON */
  text value;
  uint32_t ttl_s;
  bool is_counter;
  int64_t count; /* of a counter */
} entry;

/* Reads the number of a counter; false if it is not a valid 64-bit integer. */
static bool read_count(const text *value, int64_t *count) {
  const char *digits = text_string(value), *at = digits + (*digits == '-');
  char *end;
  errno = 0;
  *count = strtoll(digits, &end, 10);
  return *at >= '0' && *at <= '9' && end == digits + value->size && errno == 0;
}

/* Checks that an item has no unknown field; false, with a message about it. */
static bool check_fields(const json_t *item, text *error) {
  const char *name;
  json_t *value;
  json_object_foreach((json_t *)item, name, value) {
    nearest n = {.name = name};
    bool known = false;
    for (int i = 0; i < FIELDS; i++) {
      known = known || strcmp(fields[i], name) == 0;
      nearest_try(&n, fields[i]);
    }
    if (known) continue;
    text_printf(error, "it has an unknown field '%s'", name);
    nearest_add(&n, error);
    return false;
  }
  return true;
}

/* Reads an item; false, with a message about it. */
static bool read_entry(kv k, const json_t *item, size_t most, entry *e, text *error) {
  const json_t *ttl = json_object_get(item, "ttl"), *counter = json_object_get(item, "counter");
  if (!json_is_object(item)) {
    text_add_string(error, "it is no object");
    return false;
  }
  if (!check_fields(item, error)) return false;
  e->key = key_of(item);
  if (e->key.data == NULL || !store_key_valid(e->key)) {
    text_add_string(error, "its \"key\" is none: " KV_KEY_RULE);
    return false;
  }
  text_printf(error, "'%s': ", (const char *)e->key.data);
  size_t named = error->size;
  if (!json_to_bytes(json_object_get(item, "value"), &e->value)) {
    text_add_string(error, "its \"value\" is neither a string nor {\"base64\": \"...\"}");
  } else if (!kv_check_size(e->value.size, most, error)) {
    /* it said so */
  } else if (ttl != NULL && (!json_is_integer(ttl) || json_integer_value(ttl) < 0 ||
                             json_integer_value(ttl) > STORE_TTL_MAX_S)) {
    text_printf(error, "its \"ttl\" is no integer from 0 to %d", STORE_TTL_MAX_S);
  } else if (ttl != NULL && k.plasma) {
    text_add_string(error, "it has a \"ttl\", and keys of plasma do not expire");
  } else if (counter != NULL && !json_is_boolean(counter)) {
    text_add_string(error, "its \"counter\" is no boolean");
  } else if (json_is_true(counter) && !k.plasma) {
    text_add_string(error, "it is a counter, and those are in plasma");
  } else if (json_is_true(counter) && !read_count(&e->value, &e->count)) {
    text_add_string(error, "it is a counter, and its \"value\" is no whole number of 64 bits");
  }
  if (error->size != named) return false;
  text_clear(error);
  e->ttl_s = (uint32_t)json_integer_value(ttl);
  e->is_counter = json_is_true(counter);
  return true;
}

static store_result set(kv k, const entry *e) {
  int64_t total;
  if (!e->is_counter) return kv_set(k, e->key, text_bytes(&e->value), e->ttl_s);
  store_result result = kv_delete(k, e->key);
  return result == STORE_OK || result == STORE_ABSENT ? kv_add(k, e->key, e->count, &total) : result;
}

/* Reads all items. False, with a sentence about the first one that is wrong. */
static bool read_entries(kv k, const json_t *items, size_t most, entry *entries, text *error) {
  size_t i;
  json_t *item;
  text fault = {0};
  bool good = true;
  json_array_foreach((json_t *)items, i, item) {
    good = read_entry(k, item, most, &entries[i], &fault);
    if (!good) text_printf(error, "item %zu: %s", i + 1, text_string(&fault));
    if (!good) break;
  }
  text_free(&fault);
  return good;
}

bool kv_import(kv k, const json_t *items, size_t most, size_t *done, text *error) {
  *done = 0;
  if (!json_is_array(items)) {
    text_add_string(error, "it is no array of {\"key\": \"...\", \"value\": \"...\"}");
    return false;
  }
  size_t count = json_array_size(items);
  entry *entries = memory_get(count * sizeof *entries);
  bool good = read_entries(k, items, most, entries, error);
  while (good && *done < count) {
    const entry *e = &entries[*done];
    store_result result = set(k, e);
    good = result == STORE_OK;
    if (good) ++*done;
    if (!good) kv_explain(k, e->key, result, error);
  }
  for (size_t i = 0; i < count; i++) text_free(&entries[i].value);
  free(entries);
  return good;
}
