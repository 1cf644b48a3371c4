/*
 * store.c - Spark and Plasma in SQLite: see store.h.
 *
 * Durability. The journal is a write-ahead log. There, a commit is in the log before COMMIT answers, so a
 * killed process loses nothing; with synchronous = FULL the log is also synced at every commit (NORMAL
 * syncs only at checkpoints), so a power cut loses nothing either. Where a file system cannot do WAL,
 * SQLite stays with the rollback journal, which needs EXTRA for the same promise. EXTRA is FULL under WAL,
 * so EXTRA it is.
 *
 * Spark. A row per key; `expires` is 0 or a time. An expired row is absent for every reader at once; each
 * write removes up to SWEEP expired rows. The sum of all sizes is kept by triggers in `spark_total`.
 *
 * Plasma is in store_plasma.c; what both share is in store_inside.h.
 */
#include <stdlib.h>
#include <string.h>

#include "store_inside.h"

enum { SCHEMA = 2, BUSY_MS = 5000, RETRY_MS = 10, SWEEP = 64 };
enum { MAX_KEY = 256 };
#define NS_PER_S INT64_C(1000000000)

/* The SQL of a trigger that gives the key of a changed row the next number of plasma_log. */
#define LOG_CHANGES(name, change)                       \
  "CREATE TRIGGER IF NOT EXISTS " name " AFTER " change \
  " BEGIN"                                              \
  "  DELETE FROM plasma_log WHERE key = new.key; INSERT INTO plasma_log(key) VALUES(new.key); END;"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS spark("
    "  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value BLOB NOT NULL, expires INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS spark_expires ON spark(expires) WHERE expires > 0;"
    "CREATE TABLE IF NOT EXISTS spark_total(id INTEGER PRIMARY KEY CHECK(id = 0), bytes INTEGER NOT NULL);"
    "INSERT OR IGNORE INTO spark_total VALUES(0, 0);"
    "CREATE TRIGGER IF NOT EXISTS spark_inserted AFTER INSERT ON spark BEGIN"
    "  UPDATE spark_total SET bytes = bytes + length(CAST(new.key AS BLOB)) + length(new.value); END;"
    "CREATE TRIGGER IF NOT EXISTS spark_updated AFTER UPDATE OF value ON spark BEGIN"
    "  UPDATE spark_total SET bytes = bytes + length(new.value) - length(old.value); END;"
    "CREATE TRIGGER IF NOT EXISTS spark_deleted AFTER DELETE ON spark BEGIN"
    "  UPDATE spark_total SET bytes = bytes - length(CAST(old.key AS BLOB)) - length(old.value); END;"
    "CREATE TABLE IF NOT EXISTS plasma("
    "  key TEXT NOT NULL PRIMARY KEY, kind INTEGER NOT NULL, value BLOB NOT NULL,"
    "  stamp INTEGER NOT NULL, node TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS plasma_counter("
    "  key TEXT NOT NULL, node TEXT NOT NULL, epoch INTEGER NOT NULL, p BLOB NOT NULL, n BLOB NOT NULL,"
    "  stamp INTEGER NOT NULL, PRIMARY KEY(key, node)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS plasma_node(id INTEGER PRIMARY KEY CHECK(id = 0), node TEXT NOT NULL);"
    "INSERT OR IGNORE INTO plasma_node VALUES(0, lower(hex(randomblob(8))));"
    "CREATE TABLE IF NOT EXISTS plasma_log(seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE);"
    "INSERT OR IGNORE INTO plasma_log(key) SELECT key FROM plasma UNION SELECT key FROM plasma_counter;"
    LOG_CHANGES("plasma_set", "INSERT ON plasma") LOG_CHANGES("plasma_set_again", "UPDATE ON plasma")
    LOG_CHANGES("plasma_counted", "INSERT ON plasma_counter")
    LOG_CHANGES("plasma_counted_again", "UPDATE ON plasma_counter")
    "CREATE TABLE IF NOT EXISTS plasma_peer(node TEXT NOT NULL PRIMARY KEY, seq INTEGER NOT NULL);";

static const char *const statements[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [NEST] = "SAVEPOINT change",
    [UNNEST] = "RELEASE change",
    [UNDO] = "ROLLBACK TO change",
    [SPARK_GET] = "SELECT value, expires FROM spark WHERE key = ?1 AND (expires = 0 OR expires > ?2)",
    [SPARK_SIZE] = "SELECT length(CAST(key AS BLOB)) + length(value) FROM spark WHERE key = ?1",
    [SPARK_TOTAL] = "SELECT bytes FROM spark_total WHERE id = 0",
    [SPARK_SET] =
        "INSERT INTO spark(key, value, expires) VALUES(?1, ?2, ?3)"
        " ON CONFLICT(key) DO UPDATE SET value = excluded.value, expires = excluded.expires",
    [SPARK_DELETE] = "DELETE FROM spark WHERE key = ?1",
    [SPARK_SWEEP] =
        "DELETE FROM spark WHERE id IN"
        " (SELECT id FROM spark WHERE expires > 0 AND expires <= ?1 ORDER BY expires LIMIT ?2)",
    [SPARK_LIST] = "SELECT key FROM spark WHERE expires = 0 OR expires > ?1 ORDER BY key",
    [PLASMA_GET] = "SELECT kind, value, stamp, node FROM plasma WHERE key = ?1",
    [PLASMA_PUT] =
        "INSERT INTO plasma(key, kind, value, stamp, node) VALUES(?1, ?2, ?3, ?4, ?5)"
        " ON CONFLICT(key) DO UPDATE SET kind = excluded.kind, value = excluded.value,"
        " stamp = excluded.stamp, node = excluded.node",
    [PLASMA_LIST] = "SELECT key FROM plasma WHERE kind = 1 UNION SELECT key FROM plasma_counter ORDER BY 1",
    [SUMS_GET] = "SELECT node, p, n, stamp FROM plasma_counter WHERE key = ?1 ORDER BY node",
    [SUMS_PUT] =
        "INSERT INTO plasma_counter(key, node, epoch, p, n, stamp) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
        " ON CONFLICT(key, node) DO UPDATE SET epoch = excluded.epoch, p = excluded.p,"
        " n = excluded.n, stamp = excluded.stamp",
    [SUMS_DELETE] = "DELETE FROM plasma_counter WHERE key = ?1",
    [LOG_LAST] = "SELECT max(seq) FROM plasma_log",
    [LOG_SINCE] = "SELECT seq, key FROM plasma_log WHERE seq > ?1 ORDER BY seq",
    [LOG_COUNT] = "SELECT count(*) FROM plasma_log WHERE seq > ?1",
    [PEER_GET] = "SELECT seq FROM plasma_peer WHERE node = ?1",
    [PEER_PUT] =
        "INSERT INTO plasma_peer(node, seq) VALUES(?1, ?2)"
        " ON CONFLICT(node) DO UPDATE SET seq = excluded.seq",
};

/* Whether `c` may stand in a key. */
static bool key_character(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '.' ||
         c == '_' || c == '-';
}

/* Whether `b` begins with `prefix`. */
static bool begins_with(bytes b, const char *prefix) {
  size_t size = strlen(prefix);
  return b.size >= size && memcmp(b.data, prefix, size) == 0;
}

/* See store.h. */
bool store_key_valid(bytes key) {
  if (key.size == 0 || key.size > MAX_KEY) return false;
  for (size_t i = 0; i < key.size; i++) {
    if (!key_character(key.data[i])) return false;
  }
  return !begins_with(key, "__flaron:") && !begins_with(key, "__sys:");
}

store_result store_failed(store *s) {
  text_clear(&s->message);
  text_add_string(&s->message, sqlite3_errmsg(s->db));
  return STORE_FAILED;
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
  const uint8_t *data = sqlite3_column_blob(statement, column); /* before its size is asked for */
  return (bytes){data, (size_t)sqlite3_column_bytes(statement, column)};
}

store_result store_begin(store *s) { return store_run(s, s->prepared[s->snapshot ? NEST : BEGIN]); }

/* Takes a change back; SQLite may have done it by itself, so what it answers does not count. */
static void undo_change(store *s) {
  sqlite3_step(s->prepared[s->snapshot ? UNDO : ROLLBACK]);
  store_finish(s->prepared[s->snapshot ? UNDO : ROLLBACK]);
  if (!s->snapshot) return;
  sqlite3_step(s->prepared[UNNEST]);
  store_finish(s->prepared[UNNEST]);
}

store_result store_end(store *s, store_result result) {
  if (result != STORE_FAILED && store_run(s, s->prepared[s->snapshot ? UNNEST : COMMIT]) == STORE_OK)
    return result;
  undo_change(s);
  return STORE_FAILED;
}

store_result store_read_number(store *s, sqlite3_stmt *statement, int64_t *number) {
  *number = 0;
  store_result result = store_first_row(s, statement);
  if (result != STORE_OK) return result == STORE_ABSENT ? STORE_OK : result;
  *number = sqlite3_column_int64(statement, 0);
  store_finish(statement);
  return STORE_OK;
}

store_result store_read_keys(store *s, sqlite3_stmt *statement, store_key_function *each, void *data) {
  int code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    const uint8_t *key = sqlite3_column_text(statement, 0);
    each(data, (bytes){key, (size_t)sqlite3_column_bytes(statement, 0)});
  }
  store_result result = code == SQLITE_DONE ? STORE_OK : store_failed(s);
  store_finish(statement);
  return result;
}

/* Sets journal and syncing up. Who else opens a new file now may lock it without SQLite waiting for that. */
static int set_journal(sqlite3 *db) {
  static const char pragmas[] =
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = EXTRA; PRAGMA fullfsync = ON;"
      "PRAGMA checkpoint_fullfsync = ON; PRAGMA trusted_schema = OFF;";
  int code = SQLITE_BUSY;
  for (int waited = 0; code == SQLITE_BUSY && waited < BUSY_MS; waited += RETRY_MS) {
    code = sqlite3_exec(db, pragmas, NULL, NULL, NULL);
    if (code == SQLITE_BUSY) sqlite3_sleep(RETRY_MS);
  }
  return code;
}

/* Makes the tables of a new database, all or none: with its version set, they are there. SQLite's code. */
static int make_tables(sqlite3 *db) {
  int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  if (code == SQLITE_OK) code = sqlite3_exec(db, schema, NULL, NULL, NULL);
  if (code == SQLITE_OK) code = sqlite3_exec(db, "PRAGMA user_version = 2; COMMIT", NULL, NULL, NULL);
  return code;
}

/* Reads the node's name. SQLite's code. */
static int read_node(store *s) {
  sqlite3_stmt *node = NULL;
  int code = sqlite3_prepare_v2(s->db, "SELECT node FROM plasma_node", -1, &node, NULL);
  if (code == SQLITE_OK && sqlite3_step(node) == SQLITE_ROW) {
    sqlite3_snprintf(sizeof s->node, s->node, "%s", sqlite3_column_text(node, 0));
  }
  sqlite3_finalize(node);
  return code;
}

/*
 * Sets a database of that version up, prepares the statements and reads the node's name. Who only reads from
 * one that is set up writes nothing and waits for no writer. SQLite's code.
 */
static int set_up(store *s, int version) {
  int code = set_journal(s->db);
  if (code == SQLITE_OK && version < SCHEMA) code = make_tables(s->db);
  if (code == SQLITE_OK) code = read_node(s);
  for (int i = 0; code == SQLITE_OK && i < STATEMENTS; i++) {
    code = sqlite3_prepare_v3(s->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &s->prepared[i], NULL);
  }
  return code;
}

/* The schema version of the database, 0 for a new one, -1 when it cannot be read. */
static int schema_version(store *s) {
  sqlite3_stmt *statement = NULL;
  int version = -1;
  if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    version = sqlite3_column_int(statement, 0);
  }
  sqlite3_finalize(statement);
  return version;
}

/* See store.h. */
store *store_open(const char *path, text *error) {
  const char *name = path != NULL ? path : ":memory:";
  store *s = memory_get(sizeof *s);
  pthread_mutex_init(&s->mutex, NULL);
  s->in_memory = path == NULL;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  int code = sqlite3_open_v2(name, &s->db, flags, NULL);
  if (code == SQLITE_OK) code = sqlite3_busy_timeout(s->db, BUSY_MS);
  int version = code == SQLITE_OK ? schema_version(s) : -1;
  if (version > SCHEMA) {
    text_printf(error, "%s: made by a newer flaron-lua: schema %d, expected %d", name, version, SCHEMA);
  } else if (version < 0 || set_up(s, version) != SQLITE_OK) {
    text_printf(error, "%s: %s", name, s->db != NULL ? sqlite3_errmsg(s->db) : "out of memory");
  } else {
    return s;
  }
  store_close(s);
  return NULL;
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
  pthread_mutex_lock(&s->mutex);
  text_add(message, s->message.data, s->message.size);
  pthread_mutex_unlock(&s->mutex);
}

/* See store.h. */
store_result store_spark_get(store *s, bytes key, int64_t now_ns, text *value, uint32_t *ttl_s) {
  pthread_mutex_lock(&s->mutex);
  sqlite3_stmt *get = store_with_key(s, SPARK_GET, key);
  sqlite3_bind_int64(get, 2, now_ns);
  store_result result = store_first_row(s, get);
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

/* Removes up to SWEEP expired rows; `removed` is how many. */
static store_result sweep(store *s, int64_t now_ns, int *removed) {
  sqlite3_stmt *statement = s->prepared[SPARK_SWEEP];
  sqlite3_bind_int64(statement, 1, now_ns);
  sqlite3_bind_int(statement, 2, SWEEP);
  store_result result = store_run(s, statement);
  *removed = result == STORE_OK ? sqlite3_changes(s->db) : 0;
  return result;
}

/* Whether `size` bytes under `key` fit into the quota as the rows are now. OK, QUOTA, FAILED. */
static store_result fits(store *s, bytes key, uint64_t size, uint64_t quota) {
  int64_t total, old;
  store_result result = store_read_number(s, s->prepared[SPARK_TOTAL], &total);
  if (result == STORE_OK) result = store_read_number(s, store_with_key(s, SPARK_SIZE, key), &old);
  if (result != STORE_OK) return result;
  uint64_t next = (uint64_t)(total - old) + size;
  return next <= quota || next <= (uint64_t)total ? STORE_OK : STORE_QUOTA;
}

/* The change of store_spark_set. Only where the quota is in the way is more than one batch swept. */
static store_result spark_set(store *s, bytes key, bytes value, int64_t expires, int64_t now_ns,
                              uint64_t quota) {
  int removed;
  store_result result = sweep(s, now_ns, &removed);
  if (result == STORE_OK) result = fits(s, key, key.size + value.size, quota);
  while (result == STORE_QUOTA && removed > 0) {
    result = sweep(s, now_ns, &removed);
    if (result == STORE_OK) result = fits(s, key, key.size + value.size, quota);
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
  pthread_mutex_lock(&s->mutex);
  store_result result = store_begin(s);
  if (result == STORE_OK) result = store_end(s, spark_set(s, key, value, expires, now_ns, quota));
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_spark_delete(store *s, bytes key, int64_t now_ns) {
  int removed;
  pthread_mutex_lock(&s->mutex);
  store_result result = store_begin(s);
  if (result == STORE_OK) {
    result = store_run(s, store_with_key(s, SPARK_DELETE, key));
    if (result == STORE_OK) result = sweep(s, now_ns, &removed);
    result = store_end(s, result);
  }
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_spark_list(store *s, int64_t now_ns, store_key_function *each, void *data) {
  pthread_mutex_lock(&s->mutex);
  sqlite3_bind_int64(s->prepared[SPARK_LIST], 1, now_ns);
  store_result result = store_read_keys(s, s->prepared[SPARK_LIST], each, data);
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_spark_bytes(store *s, uint64_t *size) {
  int64_t total;
  pthread_mutex_lock(&s->mutex);
  store_result result = store_read_number(s, s->prepared[SPARK_TOTAL], &total);
  pthread_mutex_unlock(&s->mutex);
  *size = (uint64_t)total;
  return result;
}

/* See store.h. The node gets a new name: under the old one its sums must only grow. */
store_result store_clear(store *s) {
  static const char clear[] =
      "DELETE FROM spark; DELETE FROM plasma; DELETE FROM plasma_counter; DELETE FROM plasma_log;"
      "DELETE FROM plasma_peer; UPDATE plasma_node SET node = lower(hex(randomblob(8)))";
  pthread_mutex_lock(&s->mutex);
  store_result result = store_begin(s);
  if (result == STORE_OK) {
    result = sqlite3_exec(s->db, clear, NULL, NULL, NULL) == SQLITE_OK ? STORE_OK : store_failed(s);
    result = store_end(s, result);
  }
  if (result == STORE_OK && read_node(s) != SQLITE_OK) result = store_failed(s);
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* Runs the SQL of a snapshot. */
static bool snapshot_sql(store *s, const char *sql) {
  bool done = sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
  if (!done) store_failed(s);
  return done;
}

/* See store.h. A savepoint around all that follows: changes nest in it (NEST instead of BEGIN). */
bool store_snapshot(store *s) {
  if (!s->in_memory) return false;
  pthread_mutex_lock(&s->mutex);
  bool done = snapshot_sql(s, s->snapshot ? "RELEASE snapshot; SAVEPOINT snapshot" : "SAVEPOINT snapshot");
  s->snapshot = done;
  pthread_mutex_unlock(&s->mutex);
  return done;
}

/* See store.h. */
bool store_restore(store *s) {
  pthread_mutex_lock(&s->mutex);
  bool done = s->snapshot && snapshot_sql(s, "ROLLBACK TO snapshot");
  pthread_mutex_unlock(&s->mutex);
  return done;
}
