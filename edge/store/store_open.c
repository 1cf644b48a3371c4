/*
 * store_open.c - opens the database of a store, which is not trusted: see store.h.
 *
 * Nothing is written to a file, and no table of it is read, before its schema is known to equal ours exactly:
 * with a view in place of a table, a trigger, or a column that may be NULL, the author of the file would
 * control what our statements do. The schema to compare with is made in memory by the same SQL. Rows may
 * still be damaged; every reader of a row checks store_row_is. A statement that takes long is interrupted
 * (PROGRESS_OPS, CPU_MS).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/store_private.h"
#include "base/wait.h"

enum { SCHEMA = 2, BUSY_MS = 5000, RETRY_MS = 10 };
enum { PROGRESS_OPS = 10000, CPU_MS = 5000, SLOW_CPU_MS = 100, CHECKED_BYTES = 4 << 20 };

/* ---- the files ---- */

/* Whether a rollback journal names another file, which SQLite would then read and might delete. */
static bool store_open_names_another(int folder, const char *name) {
  static const uint8_t magic[] = {0xd9, 0xd5, 0x05, 0xf9,
                                  0x20, 0xa1, 0x63, 0xd7}; /* SQLite's magic at the end */
  uint8_t end[sizeof magic];
  struct stat about;
  int fd;
  if (file_open_at(folder, name, &fd) != 0) return false;
  bool found = fstat(fd, &about) == 0 && about.st_size >= (off_t)sizeof end &&
               pread(fd, end, sizeof end, about.st_size - (off_t)sizeof end) == (ssize_t)sizeof end &&
               memcmp(end, magic, sizeof end) == 0;
  close(fd);
  return found;
}

/* Whether the existing files of a database can be ours; if not, `error` says why. */
static bool store_open_check_files(int folder, const char *name, const char *shown, text *error) {
  static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
    text file = {0}, path = {0};
    struct stat about;
    text_printf(&file, "%s%s", name, suffixes[i]);
    text_printf(&path, "%s%s", shown, suffixes[i]);
    int fault = fstatat(folder, file.data, &about, AT_SYMLINK_NOFOLLOW) != 0 ? errno : 0;
    bool there = fault == 0;
    if (there) fault = file_kind_fault(about.st_mode);
    if (fault != 0 && fault != ENOENT) {
      file_explain(error, path.data, fault, 0);
    } else if (there && (about.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
      text_printf(error, "%s: others than its owner may write to it (mode %03o): chmod go-w it", path.data,
                  (unsigned)about.st_mode & 0777);
    } else if (there && strcmp(suffixes[i], "-journal") == 0 && store_open_names_another(folder, file.data)) {
      text_printf(error, "%s: it is the journal of more than one database, which none of ours has",
                  path.data);
    }
    text_free(&file);
    text_free(&path);
    if (error->size != 0) return false;
  }
  return true;
}

/* ---- the schema ---- */

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

/* ---- limits ---- */

/* Limits of statements, far above what our own need. */
static void store_open_set_limits(sqlite3 *db) {
  static const struct {
    int which, most;
  } limits[] = {{SQLITE_LIMIT_LENGTH, STORE_ROW_MAX},
                {SQLITE_LIMIT_SQL_LENGTH, 16384},
                {SQLITE_LIMIT_COLUMN, 32},
                {SQLITE_LIMIT_EXPR_DEPTH, 64},
                {SQLITE_LIMIT_COMPOUND_SELECT, 8},
                {SQLITE_LIMIT_VDBE_OP, 10000},
                {SQLITE_LIMIT_FUNCTION_ARG, 8},
                {SQLITE_LIMIT_ATTACHED, 0},
                {SQLITE_LIMIT_VARIABLE_NUMBER, 16},
                {SQLITE_LIMIT_TRIGGER_DEPTH, 8},
                {SQLITE_LIMIT_WORKER_THREADS, 0}};
  static const struct {
    int which, on;
  } switches[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                  {SQLITE_DBCONFIG_ENABLE_VIEW, 0}, {SQLITE_DBCONFIG_DQS_DML, 0},
                  {SQLITE_DBCONFIG_DQS_DDL, 0},     {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1}};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    sqlite3_limit(db, limits[i].which, limits[i].most);
  }
  for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
    sqlite3_db_config(db, switches[i].which, switches[i].on, NULL);
  }
}

/* Called by SQLite every PROGRESS_OPS steps of a statement; 1 ends it: it takes too long, or its result is
 * not wanted any more. */
static int store_open_on_progress(void *data) {
  store *s = data;
  if (wait_is_over()) return 1;
  int64_t now = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  if (s->begun_ns == 0) s->begun_ns = now;
  s->ran_away = now - s->begun_ns > (s->slow ? SLOW_CPU_MS : CPU_MS) * (int64_t)CLOCK_NS_PER_MS;
  s->slow = s->slow || s->ran_away;
  return s->ran_away;
}

/* ---- checks of the schema ---- */

/* Runs SQL, again and again while another process holds a lock, up to BUSY_MS. SQLite's code. */
static int store_open_run_sql(sqlite3 *db, const char *sql) {
  int code = SQLITE_BUSY;
  for (int waited = 0; code == SQLITE_BUSY && waited < BUSY_MS; waited += RETRY_MS) {
    code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (code == SQLITE_BUSY) sqlite3_sleep(RETRY_MS);
  }
  return code;
}

/* Adds the schema of a database: for each entry a line feed, then type, name, table and SQL, each with a NUL
 * after it. SQLite's code. */
static int store_open_read_schema(sqlite3 *db, text *out) {
  enum { COLUMNS = 4 };
  static const char sql[] = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type DESC, name";
  sqlite3_stmt *rows = NULL;
  int code = sqlite3_prepare_v2(db, sql, -1, &rows, NULL);
  while (code == SQLITE_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
    code = SQLITE_OK;
    text_add_string(out, "\n");
    for (int i = 0; i < COLUMNS; i++) {
      bytes b = store_column(rows, i);
      text_add(out, b.data, b.size);
      text_add(out, "", 1);
    }
  }
  sqlite3_finalize(rows);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Makes the schema of a new database. SQLite's code. */
static int store_open_make_schema(text *out) {
  sqlite3 *db = NULL;
  int code = sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (code == SQLITE_OK) code = sqlite3_exec(db, schema, NULL, NULL, NULL);
  if (code == SQLITE_OK) code = store_open_read_schema(db, out);
  sqlite3_close(db);
  return code;
}

/* The entry of a schema at offset `at`, from its line feed to the next entry. */
static bytes store_open_part_of(const text *schema, size_t at) {
  enum { COLUMNS = 4 };
  size_t end = at;
  for (int i = 0; i < COLUMNS; i++) end += strlen(schema->data + end) + 1;
  return (bytes){(const uint8_t *)schema->data + at, end - at};
}

/* The first entry of schema `a` that is not in `b` unchanged; NULL if all are. */
static const char *store_open_find_other(const text *a, const text *b) {
  for (size_t at = 0; at < a->size;) {
    bytes part = store_open_part_of(a, at);
    if (b->size == 0 || memmem(b->data, b->size, part.data, part.size) == NULL)
      return (const char *)part.data + 1;
    at += part.size;
  }
  return NULL;
}

/* Adds why a database of this version and schema is not ours. */
static void store_open_say_other(int version, const text *there, const text *ours, text *error) {
  const char *other = store_open_find_other(there, ours), *what = "is not part";
  if (version > SCHEMA) {
    text_printf(error, "made by a newer flaron-lua, or by another program: schema %d, expected %d", version,
                SCHEMA);
    return;
  }
  text_add_string(error, "not a store of flaron-lua: ");
  if (other == NULL && version == SCHEMA) {
    other = store_open_find_other(ours, there);
    what = "is missing, a part";
  }
  if (version < 0) {
    text_printf(error, "schema %d, expected %d", version, SCHEMA);
  } else if (other == NULL) {
    text_printf(error, "schema %d, but no tables", version);
  } else {
    text_printf(error, "%s '%s' %s of schema %d", other, other + strlen(other) + 1, what, version);
  }
}

/*
 * Reads the schema version of a database into `version`: 0 if it is empty. SQLite's code, or SQLITE_OK with a
 * sentence in `error` if the database is not ours.
 */
static int store_open_find_version(sqlite3 *db, int *version, text *error) {
  text there = {0}, ours = {0};
  sqlite3_stmt *statement = NULL;
  int code = store_open_run_sql(db, "BEGIN"); /* both are written in one transaction, so read both in one */
  if (code == SQLITE_OK) code = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL);
  if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
    *version = sqlite3_column_int(statement, 0);
    code = SQLITE_OK;
  }
  sqlite3_finalize(statement);
  if (code == SQLITE_OK) code = store_open_read_schema(db, &there);
  if (code == SQLITE_OK) code = store_open_make_schema(&ours);
  if (code == SQLITE_OK) {
    bool empty = there.size == 0;
    bool known = *version == SCHEMA ? there.size == ours.size && store_open_find_other(&there, &ours) == NULL
                 : *version == 0    ? empty
                                    : *version > 0 && *version < SCHEMA && !empty &&
                                       store_open_find_other(&there, &ours) == NULL;
    if (!known) store_open_say_other(*version, &there, &ours, error);
  }
  if (code == SQLITE_OK) code = store_open_run_sql(db, "COMMIT");
  text_free(&there);
  text_free(&ours);
  return code;
}

/* Looks for damage, unless the file is too large for a quick check. SQLite's code, or SQLITE_OK with a
 * sentence in `error`. */
static int store_open_find_damage(sqlite3 *db, off_t size, text *error) {
  sqlite3_stmt *check = NULL;
  if (size > CHECKED_BYTES) return SQLITE_OK;
  int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &check, NULL);
  if (code == SQLITE_OK && (code = sqlite3_step(check)) == SQLITE_ROW) {
    bytes said = store_column(check, 0);
    if (!bytes_are(said, "ok")) {
      text_add_string(error, "damaged: ");
      for (size_t i = 0; i < said.size; i++)
        text_add(error, said.data[i] == '\n' ? " " : (const char *)&said.data[i], 1);
    }
    code = SQLITE_OK;
  }
  sqlite3_finalize(check);
  return code;
}

/* ---- setting up ---- */

/* Sets journal and syncing. Retries, since SQLite itself does not wait here for another process that opens
 * the same new file. */
static int store_open_set_journal(sqlite3 *db) {
  return store_open_run_sql(db,
                            "PRAGMA journal_mode = WAL; PRAGMA synchronous = EXTRA; PRAGMA fullfsync = ON;"
                            "PRAGMA checkpoint_fullfsync = ON");
}

/* Makes the tables, all or none, and sets the version, in one transaction. SQLite's code. */
static int store_open_make_tables(sqlite3 *db) {
  int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  if (code == SQLITE_OK) code = sqlite3_exec(db, schema, NULL, NULL, NULL);
  if (code == SQLITE_OK) code = sqlite3_exec(db, "PRAGMA user_version = 2; COMMIT", NULL, NULL, NULL);
  return code;
}

/*
 * Sets up a database of that version, prepares the statements and, for a new one, reads the node's name. A
 * database that is already set up is not written, so that a reader waits for no writer. SQLite's code.
 */
static int store_open_set_up(store *s, int version) {
  int code = store_open_set_journal(s->db);
  if (code == SQLITE_OK && version < SCHEMA) code = store_open_make_tables(s->db);
  if (code == SQLITE_OK && version == 0) code = store_read_node(s);
  for (int i = 0; code == SQLITE_OK && i < STATEMENTS; i++) {
    code = sqlite3_prepare_v3(s->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &s->prepared[i], NULL);
  }
  if (code == SQLITE_OK) sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  return code;
}

/*
 * SQLite's busy handler: waits a little before retry `n`. 0: give up, after BUSY_MS or when the waits of this
 * thread are ended.
 */
static int store_open_wait_while_busy(void *unused, int n) {
  enum { SHORT = 5, LONG_MS = 25, SHORT_IN_ALL_MS = (1 << SHORT) - 1 };
  (void)unused;
  if (n >= SHORT && SHORT_IN_ALL_MS + (n - SHORT) * LONG_MS >= BUSY_MS) return 0;
  return wait_for_ns((int64_t)(n < SHORT ? 1 << n : LONG_MS) * (int64_t)CLOCK_NS_PER_MS);
}

/* Checks that an open database is ours, and sets it up. SQLite's code, or SQLITE_OK with a sentence in
 * `error`. */
static int store_open_check_and_set_up(store *s, off_t size, text *error) {
  int version = 0;
  store_open_set_limits(s->db);
  sqlite3_progress_handler(s->db, PROGRESS_OPS, store_open_on_progress, s);
  int code = sqlite3_busy_handler(s->db, store_open_wait_while_busy, NULL);
  if (code == SQLITE_OK)
    code = store_open_run_sql(s->db, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0");
  if (code == SQLITE_OK) code = store_open_find_version(s->db, &version, error);
  if (code == SQLITE_OK && error->size == 0 && version != 0)
    code = store_open_find_damage(s->db, size, error);
  if (code == SQLITE_OK && error->size == 0 && version != 0) code = store_read_node(s);
  return code == SQLITE_OK && error->size == 0 ? store_open_set_up(s, version) : code;
}

/* Opens a database of `size` bytes at a path without links (NULL: in memory); `shown` is its path for
 * messages. */
static store *store_open_open_database(const char *path, const char *shown, off_t size, text *error) {
  store *s = memory_get(sizeof *s);
  text why = {0};
  pthread_mutex_init(&s->mutex, NULL);
  s->in_memory = path == NULL;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_NOFOLLOW;
  int code = sqlite3_open_v2(path != NULL ? path : ":memory:", &s->db, flags, NULL);
  if (code == SQLITE_OK) code = store_open_check_and_set_up(s, size, &why);
  if (code == SQLITE_OK && why.size == 0) return s;
  if (why.size == 0 && s->ran_away) {
    text_printf(&why, "looking at it took longer than %d s", CPU_MS / 1000);
  } else if (why.size == 0) {
    bool said = s->db != NULL && sqlite3_errcode(s->db) != SQLITE_OK &&
                sqlite3_errcode(s->db) != SQLITE_ROW && sqlite3_errcode(s->db) != SQLITE_DONE;
    text_add_string(&why, said ? sqlite3_errmsg(s->db) : sqlite3_errstr(code));
  }
  text_printf(error, "%s: %s", shown, text_string(&why));
  text_free(&why);
  store_close(s);
  return NULL;
}

/* See store.h. SQLite gets the real path, in which it refuses links that another process creates
 * meanwhile. */
store *store_open_in(int folder, const char *name, const char *shown, text *error) {
  char link[32], real[PATH_MAX];
  struct stat about = {0};
  text path = {0};
  if (!store_open_check_files(folder, name, shown, error)) return NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t size = readlink(link, real, sizeof real);
  if (size <= 0 || size == (ssize_t)sizeof real) {
    text_printf(error, "%s: %s", shown, size < 0 ? strerror(errno) : strerror(ENAMETOOLONG));
    return NULL;
  }
  text_printf(&path, "%.*s/%s", (int)size, real, name);
  fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW);
  store *s = store_open_open_database(path.data, shown, about.st_size, error);
  text_free(&path);
  return s;
}

/* See store.h. */
store *store_open(const char *path, text *error) {
  if (path == NULL) return store_open_open_database(NULL, ":memory:", 0, error);
  const char *slash = strrchr(path, '/');
  size_t size = slash != NULL ? (size_t)(slash - path) : 0;
  char *parent = slash == NULL ? memory_copy(bytes_of("."))
                               : memory_copy((bytes){(const uint8_t *)path, size != 0 ? size : 1});
  int folder = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
  store *s = NULL;
  if (folder < 0) {
    text_printf(error, "%s: %s", path, strerror(errno));
  } else {
    s = store_open_in(folder, slash != NULL ? slash + 1 : path, path, error);
    close(folder);
  }
  free(parent);
  return s;
}
