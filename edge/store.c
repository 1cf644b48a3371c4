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
 * Plasma. `plasma` holds a register per key that was ever set or deleted: the last writer wins, by
 * (stamp, node). The register of a deleted key stays as a tombstone, else a late message of another node
 * could bring the key back. `plasma_counter` holds the PN-counters: what each node added (p) and took
 * away (n) in all, both only ever growing, so that nodes merge by taking the greater. Such a sum counts
 * from an `epoch`: the stamp of the tombstone it began on, 0 when there was none. Nodes that begin a
 * counter at the same time thus add up, and a set or delete with a later stamp ends the sums of earlier
 * epochs wherever it arrives. The invariant kept here: a key has no sums of an epoch before its
 * register's stamp, and none at all while its register holds a value.
 *
 * Sums are 128 bits wide, as 16 big-endian bytes (so SQL's max() merges them): p and n can both outgrow
 * an int64_t while their difference does not.
 *
 * Stamps come from a hybrid clock: the time, or one more than the latest stamp seen when that is more.
 */
#include "store.h"

#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { SCHEMA = 1, BUSY_MS = 5000, RETRY_MS = 10, SWEEP = 64, NODE_MAX = 32, SUM_SIZE = 16 };
enum { MAX_KEY = 256 };
#define NS_PER_S INT64_C(1000000000)

/* plasma.kind. A counter has no kind: it has rows in plasma_counter. */
enum { TOMBSTONE = 0, VALUE = 1 };

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
    "INSERT OR IGNORE INTO plasma_node VALUES(0, lower(hex(randomblob(8))));";

typedef enum statement {
  BEGIN,
  COMMIT,
  ROLLBACK,
  NEST,
  UNNEST,
  UNDO,
  SPARK_GET,
  SPARK_SIZE,
  SPARK_TOTAL,
  SPARK_SET,
  SPARK_DELETE,
  SPARK_SWEEP,
  SPARK_LIST,
  PLASMA_GET,
  PLASMA_PUT,
  PLASMA_LIST,
  SUMS_GET,
  SUMS_PUT,
  SUMS_DELETE,
  STATEMENTS
} statement;

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
    [PLASMA_GET] = "SELECT kind, value, stamp FROM plasma WHERE key = ?1",
    [PLASMA_PUT] =
        "INSERT INTO plasma(key, kind, value, stamp, node) VALUES(?1, ?2, ?3, ?4, ?5)"
        " ON CONFLICT(key) DO UPDATE SET kind = excluded.kind, value = excluded.value,"
        " stamp = excluded.stamp, node = excluded.node",
    [PLASMA_LIST] = "SELECT key FROM plasma WHERE kind = 1 UNION SELECT key FROM plasma_counter ORDER BY 1",
    [SUMS_GET] = "SELECT node, p, n, stamp FROM plasma_counter WHERE key = ?1",
    [SUMS_PUT] =
        "INSERT INTO plasma_counter(key, node, epoch, p, n, stamp) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
        " ON CONFLICT(key, node) DO UPDATE SET epoch = excluded.epoch, p = excluded.p,"
        " n = excluded.n, stamp = excluded.stamp",
    [SUMS_DELETE] = "DELETE FROM plasma_counter WHERE key = ?1",
};

struct store {
  sqlite3 *db;
  sqlite3_stmt *prepared[STATEMENTS];
  pthread_mutex_t mutex; /* held by every public function: the prepared statements are shared */
  bool in_memory;
  bool snapshot; /* the savepoint of store_snapshot is open */
  int64_t stamp; /* the latest given or seen */
  char node[NODE_MAX];
  text message; /* of the last failure */
};

typedef unsigned __int128 sum;

/* The sums of a counter. */
typedef struct counter {
  bool exists;
  __int128 value; /* of all nodes */
  sum p, n;       /* of this node */
  int64_t stamp;  /* the latest */
} counter;

/* A register; `kind` is TOMBSTONE and `stamp` 0 when there is none. */
typedef struct plasma_register {
  int kind;
  int64_t stamp;
} plasma_register;

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

/* Notes what SQLite said; answers STORE_FAILED. */
static store_result failed(store *s) {
  text_clear(&s->message);
  text_add_string(&s->message, sqlite3_errmsg(s->db));
  return STORE_FAILED;
}

/* Ends the use of a statement, so that it holds no lock and no borrowed bytes. */
static void finish(sqlite3_stmt *statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
}

/* Runs a statement that answers no rows. */
static store_result run(store *s, sqlite3_stmt *statement) {
  store_result result = sqlite3_step(statement) == SQLITE_DONE ? STORE_OK : failed(s);
  finish(statement);
  return result;
}

/* Steps to the first row: OK with a row to be read, else the statement is finished: ABSENT, FAILED. */
static store_result first_row(store *s, sqlite3_stmt *statement) {
  int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return STORE_OK;
  store_result result = code == SQLITE_DONE ? STORE_ABSENT : failed(s);
  finish(statement);
  return result;
}

/* Binds bytes; a blob of no bytes stays a blob, where SQLite would make NULL of a NULL pointer. */
static void bind_blob(sqlite3_stmt *statement, int index, bytes b) {
  sqlite3_bind_blob64(statement, index, b.size != 0 ? (const void *)b.data : "", b.size, SQLITE_STATIC);
}

/* A statement with its first parameter, the key, bound. */
static sqlite3_stmt *with_key(store *s, statement which, bytes key) {
  sqlite3_bind_text64(s->prepared[which], 1, (const char *)key.data, key.size, SQLITE_STATIC, SQLITE_UTF8);
  return s->prepared[which];
}

/* Adds a column's bytes to `t`. */
static void add_column(sqlite3_stmt *statement, int column, text *t) {
  const void *data = sqlite3_column_blob(statement, column); /* before its size is asked for */
  text_add(t, data, (size_t)sqlite3_column_bytes(statement, column));
}

/* Begins a change that end_change makes or takes back as a whole; no reader's lock has to be upgraded. */
static store_result begin_change(store *s) { return run(s, s->prepared[s->snapshot ? NEST : BEGIN]); }

/* Takes a change back; SQLite may have done it by itself, so what it answers does not count. */
static void undo_change(store *s) {
  sqlite3_step(s->prepared[s->snapshot ? UNDO : ROLLBACK]);
  finish(s->prepared[s->snapshot ? UNDO : ROLLBACK]);
  if (!s->snapshot) return;
  sqlite3_step(s->prepared[UNNEST]);
  finish(s->prepared[UNNEST]);
}

/* Makes a change, or takes it back when `result` is STORE_FAILED; answers what came of it. */
static store_result end_change(store *s, store_result result) {
  if (result != STORE_FAILED && run(s, s->prepared[s->snapshot ? UNNEST : COMMIT]) == STORE_OK) return result;
  undo_change(s);
  return STORE_FAILED;
}

/* Finds a row's only number; 0 when there is no row. */
static store_result read_number(store *s, sqlite3_stmt *statement, int64_t *number) {
  *number = 0;
  store_result result = first_row(s, statement);
  if (result != STORE_OK) return result == STORE_ABSENT ? STORE_OK : result;
  *number = sqlite3_column_int64(statement, 0);
  finish(statement);
  return STORE_OK;
}

/* Hands the first column of every row to `each`. */
static store_result read_keys(store *s, sqlite3_stmt *statement, store_key_function *each, void *data) {
  int code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    const uint8_t *key = sqlite3_column_text(statement, 0);
    each(data, (bytes){key, (size_t)sqlite3_column_bytes(statement, 0)});
  }
  store_result result = code == SQLITE_DONE ? STORE_OK : failed(s);
  finish(statement);
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
  if (code == SQLITE_OK) code = sqlite3_exec(db, "PRAGMA user_version = 1; COMMIT", NULL, NULL, NULL);
  return code;
}

/*
 * Sets a database of that version up, prepares the statements and reads the node's name. Who only reads from
 * one that is set up writes nothing and waits for no writer. SQLite's code.
 */
static int set_up(store *s, int version) {
  sqlite3_stmt *node = NULL;
  int code = set_journal(s->db);
  if (code == SQLITE_OK && version < SCHEMA) code = make_tables(s->db);
  if (code == SQLITE_OK) code = sqlite3_prepare_v2(s->db, "SELECT node FROM plasma_node", -1, &node, NULL);
  if (code == SQLITE_OK && sqlite3_step(node) == SQLITE_ROW) {
    sqlite3_snprintf(sizeof s->node, s->node, "%s", sqlite3_column_text(node, 0));
  }
  sqlite3_finalize(node);
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
  sqlite3_stmt *get = with_key(s, SPARK_GET, key);
  sqlite3_bind_int64(get, 2, now_ns);
  store_result result = first_row(s, get);
  if (result == STORE_OK) {
    int64_t expires = sqlite3_column_int64(get, 1);
    int64_t left = expires != 0 ? (expires - now_ns - 1) / NS_PER_S + 1 : 0;
    *ttl_s = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
    add_column(get, 0, value);
    finish(get);
  }
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* Removes up to SWEEP expired rows; `removed` is how many. */
static store_result sweep(store *s, int64_t now_ns, int *removed) {
  sqlite3_stmt *statement = s->prepared[SPARK_SWEEP];
  sqlite3_bind_int64(statement, 1, now_ns);
  sqlite3_bind_int(statement, 2, SWEEP);
  store_result result = run(s, statement);
  *removed = result == STORE_OK ? sqlite3_changes(s->db) : 0;
  return result;
}

/* Whether `size` bytes under `key` fit into the quota as the rows are now. OK, QUOTA, FAILED. */
static store_result fits(store *s, bytes key, uint64_t size, uint64_t quota) {
  int64_t total, old;
  store_result result = read_number(s, s->prepared[SPARK_TOTAL], &total);
  if (result == STORE_OK) result = read_number(s, with_key(s, SPARK_SIZE, key), &old);
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
  sqlite3_stmt *set = with_key(s, SPARK_SET, key);
  bind_blob(set, 2, value);
  sqlite3_bind_int64(set, 3, expires);
  return run(s, set);
}

/* See store.h. */
store_result store_spark_set(store *s, bytes key, bytes value, uint32_t ttl_s, int64_t now_ns,
                             uint64_t quota) {
  int64_t expires = 0;
  if (ttl_s != 0 && __builtin_add_overflow(now_ns, (int64_t)ttl_s * NS_PER_S, &expires)) expires = INT64_MAX;
  pthread_mutex_lock(&s->mutex);
  store_result result = begin_change(s);
  if (result == STORE_OK) result = end_change(s, spark_set(s, key, value, expires, now_ns, quota));
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_spark_delete(store *s, bytes key, int64_t now_ns) {
  int removed;
  pthread_mutex_lock(&s->mutex);
  store_result result = begin_change(s);
  if (result == STORE_OK) {
    result = run(s, with_key(s, SPARK_DELETE, key));
    if (result == STORE_OK) result = sweep(s, now_ns, &removed);
    result = end_change(s, result);
  }
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_spark_list(store *s, int64_t now_ns, store_key_function *each, void *data) {
  pthread_mutex_lock(&s->mutex);
  sqlite3_bind_int64(s->prepared[SPARK_LIST], 1, now_ns);
  store_result result = read_keys(s, s->prepared[SPARK_LIST], each, data);
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_spark_bytes(store *s, uint64_t *size) {
  int64_t total;
  pthread_mutex_lock(&s->mutex);
  store_result result = read_number(s, s->prepared[SPARK_TOTAL], &total);
  pthread_mutex_unlock(&s->mutex);
  *size = (uint64_t)total;
  return result;
}

/* A sum from its 16 big-endian bytes; 0 when the column is not that. */
static sum column_sum(sqlite3_stmt *statement, int column) {
  const uint8_t *data = sqlite3_column_blob(statement, column);
  sum value = 0;
  if (sqlite3_column_bytes(statement, column) != SUM_SIZE) return 0;
  for (int i = 0; i < SUM_SIZE; i++) value = value << 8 | data[i];
  return value;
}

/* Binds a sum as 16 big-endian bytes. */
static void bind_sum(sqlite3_stmt *statement, int index, sum value) {
  uint8_t data[SUM_SIZE];
  for (int i = SUM_SIZE; i-- > 0; value >>= 8) data[i] = (uint8_t)value;
  sqlite3_bind_blob(statement, index, data, SUM_SIZE, SQLITE_TRANSIENT);
}

/* Reads the sums of a counter. OK also when there is none, FAILED. */
static store_result read_counter(store *s, bytes key, counter *c) {
  sqlite3_stmt *get = with_key(s, SUMS_GET, key);
  int code;
  *c = (counter){0};
  while ((code = sqlite3_step(get)) == SQLITE_ROW) {
    sum p = column_sum(get, 1), n = column_sum(get, 2);
    int64_t stamp = sqlite3_column_int64(get, 3);
    c->exists = true;
    c->value += (__int128)p - (__int128)n;
    if (stamp > c->stamp) c->stamp = stamp;
    if (strcmp((const char *)sqlite3_column_text(get, 0), s->node) == 0) {
      c->p = p;
      c->n = n;
    }
  }
  store_result result = code == SQLITE_DONE ? STORE_OK : failed(s);
  finish(get);
  return result;
}

/* Reads a register, adding its value to `value` unless NULL. OK also when there is none, FAILED. */
static store_result read_register(store *s, bytes key, plasma_register *r, text *value) {
  *r = (plasma_register){0};
  sqlite3_stmt *get = with_key(s, PLASMA_GET, key);
  store_result result = first_row(s, get);
  if (result != STORE_OK) return result == STORE_ABSENT ? STORE_OK : result;
  r->kind = sqlite3_column_int(get, 0);
  if (r->kind == VALUE && value != NULL) add_column(get, 1, value);
  r->stamp = sqlite3_column_int64(get, 2);
  finish(get);
  return STORE_OK;
}

/* A stamp of the hybrid clock: later than all before and than `seen`. */
static int64_t next_stamp(store *s, int64_t now_ns, int64_t seen) {
  if (seen > s->stamp) s->stamp = seen;
  s->stamp = now_ns > s->stamp ? now_ns : s->stamp + 1;
  return s->stamp;
}

/* See store.h. A counter that nodes together drove out of an int64_t's range shows the end of the range. */
store_result store_plasma_get(store *s, bytes key, text *value) {
  plasma_register r;
  counter c = {0};
  pthread_mutex_lock(&s->mutex);
  store_result result = read_register(s, key, &r, value);
  if (result == STORE_OK && r.kind != VALUE) result = read_counter(s, key, &c);
  if (result == STORE_OK && r.kind != VALUE && !c.exists) result = STORE_ABSENT;
  pthread_mutex_unlock(&s->mutex);
  if (!c.exists || result != STORE_OK) return result;
  int64_t number = c.value > INT64_MAX ? INT64_MAX : c.value < INT64_MIN ? INT64_MIN : (int64_t)c.value;
  text_printf(value, "%" PRId64, number);
  return STORE_OK;
}

/* Writes a register over what the key holds, and ends its sums. */
static store_result put_register(store *s, bytes key, int kind, bytes value, int64_t stamp) {
  sqlite3_stmt *put = with_key(s, PLASMA_PUT, key);
  sqlite3_bind_int(put, 2, kind);
  bind_blob(put, 3, value);
  sqlite3_bind_int64(put, 4, stamp);
  sqlite3_bind_text(put, 5, s->node, -1, SQLITE_STATIC);
  store_result result = run(s, put);
  return result == STORE_OK ? run(s, with_key(s, SUMS_DELETE, key)) : result;
}

/* The change of store_plasma_set and store_plasma_delete. Deleting what is not there leaves no tombstone. */
static store_result plasma_write(store *s, bytes key, int kind, bytes value, int64_t now_ns) {
  plasma_register r;
  counter c;
  store_result result = read_register(s, key, &r, NULL);
  if (result == STORE_OK) result = read_counter(s, key, &c);
  if (result != STORE_OK) return result;
  if (kind == TOMBSTONE && r.kind == TOMBSTONE && !c.exists) return STORE_OK;
  int64_t seen = r.stamp > c.stamp ? r.stamp : c.stamp;
  return put_register(s, key, kind, value, next_stamp(s, now_ns, seen));
}

/* plasma_write as a change of its own. */
static store_result plasma_change(store *s, bytes key, int kind, bytes value, int64_t now_ns) {
  pthread_mutex_lock(&s->mutex);
  store_result result = begin_change(s);
  if (result == STORE_OK) result = end_change(s, plasma_write(s, key, kind, value, now_ns));
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_plasma_set(store *s, bytes key, bytes value, int64_t now_ns) {
  return plasma_change(s, key, VALUE, value, now_ns);
}

/* See store.h. */
store_result store_plasma_delete(store *s, bytes key, int64_t now_ns) {
  return plasma_change(s, key, TOMBSTONE, (bytes){0}, now_ns);
}

/* The change of store_plasma_add, by a delta that is wide enough to be negated. */
static store_result plasma_add(store *s, bytes key, __int128 delta, int64_t now_ns, int64_t *total) {
  plasma_register r;
  counter c;
  store_result result = read_register(s, key, &r, NULL);
  if (result == STORE_OK && r.kind == VALUE) return STORE_NOT_COUNTER;
  if (result == STORE_OK) result = read_counter(s, key, &c);
  if (result != STORE_OK) return result;
  __int128 next = c.value + delta;
  if (next < INT64_MIN || next > INT64_MAX) return STORE_OVERFLOW;
  int64_t seen = r.stamp > c.stamp ? r.stamp : c.stamp;
  sqlite3_stmt *put = with_key(s, SUMS_PUT, key);
  sqlite3_bind_text(put, 2, s->node, -1, SQLITE_STATIC);
  sqlite3_bind_int64(put, 3, r.stamp);
  bind_sum(put, 4, delta > 0 ? c.p + (sum)delta : c.p);
  bind_sum(put, 5, delta < 0 ? c.n + (sum)-delta : c.n);
  sqlite3_bind_int64(put, 6, next_stamp(s, now_ns, seen));
  *total = (int64_t)next;
  return run(s, put);
}

/* See store.h. */
store_result store_plasma_add(store *s, bytes key, int64_t delta, bool subtract, int64_t now_ns,
                              int64_t *total) {
  pthread_mutex_lock(&s->mutex);
  store_result result = begin_change(s);
  if (result == STORE_OK) {
    result = end_change(s, plasma_add(s, key, subtract ? -(__int128)delta : delta, now_ns, total));
  }
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_plasma_list(store *s, store_key_function *each, void *data) {
  pthread_mutex_lock(&s->mutex);
  store_result result = read_keys(s, s->prepared[PLASMA_LIST], each, data);
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_clear(store *s) {
  static const char clear[] = "DELETE FROM spark; DELETE FROM plasma; DELETE FROM plasma_counter";
  pthread_mutex_lock(&s->mutex);
  store_result result = begin_change(s);
  if (result == STORE_OK) {
    result = sqlite3_exec(s->db, clear, NULL, NULL, NULL) == SQLITE_OK ? STORE_OK : failed(s);
    result = end_change(s, result);
  }
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* Runs the SQL of a snapshot. */
static bool snapshot_sql(store *s, const char *sql) {
  bool done = sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
  if (!done) failed(s);
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
