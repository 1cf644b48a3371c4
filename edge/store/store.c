/*
 * store.c - Spark and Plasma in SQLite: see store.h.
 *
 * Durability. The journal is a write-ahead log. A commit is in the log before COMMIT returns, so a killed
 * process loses nothing. With synchronous = FULL the log is also synced at every commit (NORMAL syncs only at
 * checkpoints), so a power cut loses nothing either. On a file system without WAL, SQLite stays with the
 * rollback journal, which needs EXTRA for the same guarantee. EXTRA equals FULL under WAL, so EXTRA is used.
 *
 * Spark. A row per key; `expires` is 0 or a time. An expired row is absent for every reader at once; each
 * write removes up to SWEEP expired rows. The sum of all sizes is kept by triggers in `spark_total`.
 *
 * Plasma is in store_plasma.c, opening in store_open.c; what they share is in store_private.h.
 */
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"
#include "base/wait.h"

enum { SWEEP = 64, SWEEPS = 128 };
#define NS_PER_S INT64_C(1000000000)

bool store_lock(store *s) {
  if (!wait_for_lock(&s->mutex)) return false;
  s->begun_ns = 0;
  s->ran_away = false;
  return true;
}

store_result store_failed(store *s) {
  text_clear(&s->message);
  text_add_string(&s->message, s->ran_away ? "it took too long and was stopped" : sqlite3_errmsg(s->db));
  return STORE_FAILED;
}

store_result store_damaged(store *s) {
  text_clear(&s->message);
  text_add_string(&s->message, "a row is damaged: it has what no flaron-lua writes");
  return STORE_FAILED;
}

bool store_row_is(sqlite3_stmt *statement, const char *types) {
  for (int i = 0; types[i] != '\0'; i++) {
    int type = sqlite3_column_type(statement, i);
    if (type != (types[i] == 'I' ? SQLITE_INTEGER : types[i] == 'T' ? SQLITE_TEXT : SQLITE_BLOB))
      return false;
  }
  return true;
}

void store_finish(sqlite3_stmt *statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
}

store_result store_run(store *s, sqlite3_stmt *statement) {
  store_result result = sqlite3_step(statement) == SQLITE_DONE ? STORE_OK : store_failed(s);
  store_finish(statement);
  return result;
}

store_result store_first_row(store *s, sqlite3_stmt *statement) {
  int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return STORE_OK;
  store_result result = code == SQLITE_DONE ? STORE_ABSENT : store_failed(s);
  store_finish(statement);
  return result;
}

void store_bind_blob(sqlite3_stmt *statement, int index, bytes b) {
  sqlite3_bind_blob64(statement, index, b.size != 0 ? (const void *)b.data : "", b.size, SQLITE_STATIC);
}

sqlite3_stmt *store_with_key(store *s, statement which, bytes key) {
  sqlite3_bind_text64(s->prepared[which], 1, (const char *)key.data, key.size, SQLITE_STATIC, SQLITE_UTF8);
  return s->prepared[which];
}

bytes store_column(sqlite3_stmt *statement, int column) {
  const uint8_t *data = sqlite3_column_blob(statement, column); /* call it before sqlite3_column_bytes */
  return (bytes){data, (size_t)sqlite3_column_bytes(statement, column)};
}

store_result store_begin(store *s) { return store_run(s, s->prepared[s->snapshot ? NEST : BEGIN]); }

int store_compare(bytes a, bytes b) {
  size_t size = a.size < b.size ? a.size : b.size;
  int order = size != 0 ? memcmp(a.data, b.data, size) : 0;
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Undoes a change. SQLite may have undone it already, so its result is ignored. */
static void store_undo_change(store *s) {
  s->begun_ns = 0; /* the undoing must not be interrupted too */
  sqlite3_step(s->prepared[s->snapshot ? UNDO : ROLLBACK]);
  store_finish(s->prepared[s->snapshot ? UNDO : ROLLBACK]);
  if (!s->snapshot) return;
  sqlite3_step(s->prepared[UNNEST]);
  store_finish(s->prepared[UNNEST]);
}

store_result store_end(store *s, store_result result) {
  if (result != STORE_FAILED && store_run(s, s->prepared[s->snapshot ? UNNEST : COMMIT]) == STORE_OK)
    return result;
  store_undo_change(s);
  return STORE_FAILED;
}

store_result store_read_number(store *s, sqlite3_stmt *statement, int64_t *number) {
  *number = 0;
  store_result result = store_first_row(s, statement);
  if (result != STORE_OK) return result == STORE_ABSENT ? STORE_OK : result;
  bool none = sqlite3_column_type(statement, 0) == SQLITE_NULL; /* MAX of no rows */
  *number = sqlite3_column_int64(statement, 0);
  bool good = none || (store_row_is(statement, "I") && *number >= 0);
  store_finish(statement);
  return good ? STORE_OK : store_damaged(s);
}

store_result store_read_keys(store *s, sqlite3_stmt *statement, size_t most, store_key_function *each,
                             void *data) {
  int code;
  text last = {0}; /* a damaged tree may repeat keys without end */
  size_t count = 0;
  bool sound = true;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW && count++ < most) {
    bytes key = store_column(statement, 0);
    sound = store_row_is(statement, "T") && store_key_valid(key) && store_compare(text_bytes(&last), key) < 0;
    if (!sound) break;
    text_clear(&last);
    text_add(&last, key.data, key.size);
    each(data, key);
  }
  text_free(&last);
  store_result result = !sound                ? store_damaged(s)
                        : code == SQLITE_DONE ? STORE_OK
                        : code == SQLITE_ROW  ? STORE_QUOTA
                                              : store_failed(s);
  store_finish(statement);
  return result;
}

/* See store_private.h. */
int store_read_node(store *s) {
  sqlite3_stmt *node = NULL;
  int code = sqlite3_prepare_v2(s->db, "SELECT node FROM plasma_node WHERE id = 0", -1, &node, NULL);
  if (code == SQLITE_OK) {
    code = sqlite3_step(node) == SQLITE_ROW && store_row_is(node, "T") ? SQLITE_OK : SQLITE_CORRUPT;
    bytes name = code == SQLITE_OK ? store_column(node, 0) : (bytes){0};
    if (name.size == 0 || name.size > STORE_NODE_MAX || memchr(name.data, '\0', name.size) != NULL) {
      code = SQLITE_CORRUPT;
    } else {
      memcpy(s->node, name.data, name.size);
      s->node[name.size] = '\0';
    }
  }
  sqlite3_finalize(node);
  return code;
}

/* See store.h. */
void store_close(store *s) {
  if (s == NULL) return;
  for (int i = 0; i < STATEMENTS; i++) sqlite3_finalize(s->prepared[i]);
  sqlite3_close(s->db);
  pthread_mutex_destroy(&s->mutex);
  text_free(&s->message);
  free(s);
}

/* See store.h. */
void store_message(store *s, text *message) {
  if (!store_lock(s)) {
    text_add_string(message, "the wait for the store was ended");
    return;
  }
  text_add(message, s->message.data, s->message.size);
  pthread_mutex_unlock(&s->mutex);
}

/* See store.h. */
store_result store_spark_get(store *s, bytes key, int64_t now_ns, text *value, uint32_t *ttl_s) {
  if (!store_lock(s)) return STORE_FAILED;
  sqlite3_stmt *get = store_with_key(s, SPARK_GET, key);
  sqlite3_bind_int64(get, 2, now_ns);
  store_result result = store_first_row(s, get);
  if (result == STORE_OK && !store_row_is(get, "BI")) {
    result = store_damaged(s);
    store_finish(get);
  }
  if (result == STORE_OK) {
    int64_t expires = sqlite3_column_int64(get, 1);
    int64_t left = expires != 0 ? (expires - now_ns - 1) / NS_PER_S + 1 : 0;
    *ttl_s = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
    bytes found = store_column(get, 0);
    text_add(value, found.data, found.size);
    store_finish(get);
  }
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* Removes up to SWEEP expired rows; `removed` is their number. */
static store_result store_sweep(store *s, int64_t now_ns, int *removed) {
  sqlite3_stmt *statement = s->prepared[SPARK_SWEEP];
  sqlite3_bind_int64(statement, 1, now_ns);
  sqlite3_bind_int(statement, 2, SWEEP);
  store_result result = store_run(s, statement);
  *removed = result == STORE_OK ? sqlite3_changes(s->db) : 0;
  return result;
}

/* Whether `size` bytes under `key` fit into the quota with the current rows. OK, QUOTA, FAILED. */
static store_result store_fits(store *s, bytes key, uint64_t size, uint64_t quota) {
  int64_t total, old;
  store_result result = store_read_number(s, s->prepared[SPARK_TOTAL], &total);
  if (result == STORE_OK) result = store_read_number(s, store_with_key(s, SPARK_SIZE, key), &old);
  if (result != STORE_OK) return result;
  if (old > total) return store_damaged(s);
  uint64_t next = (uint64_t)(total - old) + size;
  return next <= quota || next <= (uint64_t)total ? STORE_OK : STORE_QUOTA;
}

/* The change of store_spark_set. Sweeps one batch, or up to SWEEPS while the quota is exceeded. */
static store_result store_change_spark(store *s, bytes key, bytes value, int64_t expires, int64_t now_ns,
                                       uint64_t quota) {
  int removed;
  store_result result = store_sweep(s, now_ns, &removed);
  if (result == STORE_OK) result = store_fits(s, key, key.size + value.size, quota);
  for (int sweeps = 1; result == STORE_QUOTA && removed > 0 && sweeps < SWEEPS; sweeps++) {
    result = store_sweep(s, now_ns, &removed);
    if (result == STORE_OK) result = store_fits(s, key, key.size + value.size, quota);
  }
  if (result != STORE_OK) return result;
  sqlite3_stmt *set = store_with_key(s, SPARK_SET, key);
  store_bind_blob(set, 2, value);
  sqlite3_bind_int64(set, 3, expires);
  return store_run(s, set);
}

/* See store.h. */
store_result store_spark_set(store *s, bytes key, bytes value, uint32_t ttl_s, int64_t now_ns,
                             uint64_t quota) {
  int64_t expires = 0;
  if (ttl_s != 0 && __builtin_add_overflow(now_ns, (int64_t)ttl_s * NS_PER_S, &expires)) expires = INT64_MAX;
  if (!store_lock(s)) return STORE_FAILED;
  store_result result = store_begin(s);
  if (result == STORE_OK) result = store_end(s, store_change_spark(s, key, value, expires, now_ns, quota));
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_spark_delete(store *s, bytes key, int64_t now_ns) {
  int removed;
  if (!store_lock(s)) return STORE_FAILED;
  store_result result = store_begin(s);
  if (result == STORE_OK) {
    result = store_run(s, store_with_key(s, SPARK_DELETE, key));
    if (result == STORE_OK) result = store_sweep(s, now_ns, &removed);
    result = store_end(s, result);
  }
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_spark_list(store *s, int64_t now_ns, size_t most, store_key_function *each, void *data) {
  if (!store_lock(s)) return STORE_FAILED;
  sqlite3_bind_int64(s->prepared[SPARK_LIST], 1, now_ns);
  store_result result = store_read_keys(s, s->prepared[SPARK_LIST], most, each, data);
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_spark_bytes(store *s, uint64_t *size) {
  int64_t total;
  *size = 0;
  if (!store_lock(s)) return STORE_FAILED;
  store_result result = store_read_number(s, s->prepared[SPARK_TOTAL], &total);
  pthread_mutex_unlock(&s->mutex);
  *size = (uint64_t)total;
  return result;
}

/* See store.h. The node gets a new name, since the sums under the old name must never shrink. */
store_result store_clear(store *s) {
  static const char clear[] =
      "DELETE FROM spark; DELETE FROM plasma; DELETE FROM plasma_counter; DELETE FROM plasma_log;"
      "DELETE FROM plasma_peer; UPDATE plasma_node SET node = lower(hex(randomblob(8)))";
  if (!store_lock(s)) return STORE_FAILED;
  store_result result = store_begin(s);
  if (result == STORE_OK) {
    result = sqlite3_exec(s->db, clear, NULL, NULL, NULL) == SQLITE_OK ? STORE_OK : store_failed(s);
    result = store_end(s, result);
  }
  if (result == STORE_OK && store_read_node(s) != SQLITE_OK) result = store_failed(s);
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* Runs SQL for the functions for tests. */
static bool store_run_sql(store *s, const char *sql) {
  bool done = sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
  if (!done) store_failed(s);
  return done;
}

/* See store.h. */
bool store_name_node(store *s, const char *name) {
  if (!s->in_memory || strlen(name) > STORE_NODE_MAX || !store_lock(s)) return false;
  char *sql = sqlite3_mprintf("UPDATE plasma_node SET node = %Q", name);
  bool done = store_run_sql(s, sql) && store_read_node(s) == SQLITE_OK;
  sqlite3_free(sql);
  pthread_mutex_unlock(&s->mutex);
  return done;
}

/* See store.h. Opens a savepoint around all later changes, which nest in it (NEST instead of BEGIN). */
bool store_snapshot(store *s) {
  if (!s->in_memory || !store_lock(s)) return false;
  bool done = store_run_sql(s, s->snapshot ? "RELEASE snapshot; SAVEPOINT snapshot" : "SAVEPOINT snapshot");
  s->snapshot = done;
  pthread_mutex_unlock(&s->mutex);
  return done;
}

/* See store.h. */
bool store_restore(store *s) {
  if (!store_lock(s)) return false;
  bool done = s->snapshot && store_run_sql(s, "ROLLBACK TO snapshot");
  pthread_mutex_unlock(&s->mutex);
  return done;
}
