/*
 * store_memory.c - the stores of one command, in memory: store/store.h without files, other edges and
 * snapshots; edge/store has the one that keeps them, in SQLite.
 *
 * Both stores are lists sorted by key, since a command has few keys.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/store.h"

#define NS_PER_S INT64_C(1000000000)

/* A key of one store. Owned. */
typedef struct row {
  text key, value;
  int64_t expires; /* of Spark: nanoseconds since 1970, 0 = never */
  bool is_counter; /* of Plasma */
  int64_t total;
} row;

typedef struct table {
  row *rows;
  size_t count;
} table;

struct store {
  table spark, plasma;
};

/* ---- rows ---- */

static int compare(bytes a, bytes b) {
  int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
  return order != 0 ? order : a.size < b.size ? -1 : a.size > b.size;
}

/* Finds a key, or the place for it in `at`. */
static row *find(const table *t, bytes key, size_t *at) {
  for (*at = 0; *at < t->count; ++*at) {
    int order = compare(text_bytes(&t->rows[*at].key), key);
    if (order == 0) return &t->rows[*at];
    if (order > 0) break;
  }
  return NULL;
}

/* The row of a key, made if it is missing. */
static row *get(table *t, bytes key) {
  size_t at;
  row *found = find(t, key, &at);
  if (found != NULL) return found;
  t->rows = memory_resize(t->rows, (t->count + 1) * sizeof *t->rows);
  memmove(t->rows + at + 1, t->rows + at, (t->count++ - at) * sizeof *t->rows);
  t->rows[at] = (row){0};
  text_add(&t->rows[at].key, key.data, key.size);
  return &t->rows[at];
}

static void free_row(row *r) {
  text_free(&r->key);
  text_free(&r->value);
}

static store_result delete (table *t, bytes key) {
  size_t at;
  row *found = find(t, key, &at);
  if (found == NULL) return STORE_OK;
  free_row(found);
  memmove(t->rows + at, t->rows + at + 1, (--t->count - at) * sizeof *t->rows);
  return STORE_OK;
}

static bool is_over(const row *r, int64_t now_ns) { return r->expires != 0 && r->expires <= now_ns; }

static store_result list(const table *t, int64_t now_ns, size_t most, store_key_function *each, void *data) {
  size_t listed = 0;
  for (size_t i = 0; i < t->count; i++) {
    if (is_over(&t->rows[i], now_ns)) continue;
    if (listed++ == most) return STORE_QUOTA;
    each(data, text_bytes(&t->rows[i].key));
  }
  return STORE_OK;
}

static uint64_t size_of(const row *r) { return r->key.size + r->value.size; }

/* ---- the store ---- */

store *store_open(const char *path, text *error) {
  if (path == NULL) return memory_get(sizeof(store));
  text_printf(error, "%s: this flaron-lua keeps no stores", path);
  return NULL;
}

/* What a folder has is not read, which is said. */
store *store_open_in(int folder, const char *name, const char *shown, text *error) {
  struct stat about;
  if (fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0)
    fprintf(stderr, "%s: not read without the native flaron-lua: the stores are empty and forgotten\n",
            shown);
  return store_open(NULL, error);
}

void store_close(store *s) {
  if (s == NULL) return;
  for (size_t i = 0; i < s->spark.count; i++) free_row(&s->spark.rows[i]);
  for (size_t i = 0; i < s->plasma.count; i++) free_row(&s->plasma.rows[i]);
  free(s->spark.rows);
  free(s->plasma.rows);
  free(s);
}

void store_message(store *s, text *message) {
  (void)s;
  text_add_string(message, "the key and its value are too large");
}

/* ---- Spark ---- */

store_result store_spark_get(store *s, bytes key, int64_t now_ns, text *value, uint32_t *ttl_s) {
  size_t at;
  const row *r = find(&s->spark, key, &at);
  if (r == NULL || is_over(r, now_ns)) return STORE_ABSENT;
  text_add(value, r->value.data, r->value.size);
  *ttl_s = r->expires != 0 ? (uint32_t)((r->expires - now_ns + NS_PER_S - 1) / NS_PER_S) : 0;
  return STORE_OK;
}

store_result store_spark_set(store *s, bytes key, bytes value, uint32_t ttl_s, int64_t now_ns,
                             uint64_t quota) {
  uint64_t before = 0, others = 0;
  if (key.size + value.size > STORE_ROW_MAX) return STORE_FAILED;
  for (size_t i = 0; i < s->spark.count; i++) {
    const row *r = &s->spark.rows[i];
    bool same = compare(text_bytes(&r->key), key) == 0;
    if (is_over(r, now_ns)) continue;
    if (same) before = size_of(r);
    if (!same) others += size_of(r);
  }
  uint64_t after = key.size + value.size;
  if (others + after > quota && after > before) return STORE_QUOTA;
  row *r = get(&s->spark, key);
  text_clear(&r->value);
  text_add(&r->value, value.data, value.size);
  r->expires = ttl_s != 0 ? now_ns + ttl_s * NS_PER_S : 0;
  return STORE_OK;
}

store_result store_spark_delete(store *s, bytes key, int64_t now_ns) {
  (void)now_ns;
  return delete (&s->spark, key);
}

store_result store_spark_list(store *s, int64_t now_ns, size_t most, store_key_function *each, void *data) {
  return list(&s->spark, now_ns, most, each, data);
}

/* ---- Plasma ---- */

store_result store_plasma_get(store *s, bytes key, text *value) {
  size_t at;
  const row *r = find(&s->plasma, key, &at);
  if (r == NULL) return STORE_ABSENT;
  if (r->is_counter) text_printf(value, "%" PRId64, r->total);
  if (!r->is_counter) text_add(value, r->value.data, r->value.size);
  return STORE_OK;
}

store_result store_plasma_set(store *s, bytes key, bytes value, int64_t now_ns) {
  (void)now_ns;
  if (key.size + value.size > STORE_ROW_MAX) return STORE_FAILED;
  row *r = get(&s->plasma, key);
  r->is_counter = false;
  text_clear(&r->value);
  text_add(&r->value, value.data, value.size);
  return STORE_OK;
}

store_result store_plasma_delete(store *s, bytes key, int64_t now_ns) {
  (void)now_ns;
  return delete (&s->plasma, key);
}

store_result store_plasma_add(store *s, bytes key, int64_t delta, bool subtract, int64_t now_ns,
                              int64_t *total) {
  size_t at;
  const row *found = find(&s->plasma, key, &at);
  int64_t sum, before = found != NULL ? found->total : 0;
  (void)now_ns;
  if (found != NULL && !found->is_counter) return STORE_NOT_COUNTER;
  bool over =
      subtract ? __builtin_sub_overflow(before, delta, &sum) : __builtin_add_overflow(before, delta, &sum);
  if (over) return STORE_OVERFLOW;
  row *r = get(&s->plasma, key);
  r->is_counter = true;
  r->total = *total = sum;
  return STORE_OK;
}

store_result store_plasma_list(store *s, size_t most, store_key_function *each, void *data) {
  return list(&s->plasma, 0, most, each, data);
}
