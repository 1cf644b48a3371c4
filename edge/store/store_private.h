/*
 * store_private.h - what store_open.c, store.c (Spark) and store_plasma.c share. No other file includes it.
 *
 * Call all of it with the store's mutex held. The statements are prepared once and reused: a function that
 * steps one to a row must finish it.
 */
#ifndef FLARON_EDGE_STORE_PRIVATE_H
#define FLARON_EDGE_STORE_PRIVATE_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/store.h"

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
  LOG_LAST,
  LOG_SINCE,
  LOG_COUNT,
  PEER_GET,
  PEER_PUT,
  STATEMENTS
} statement;

struct store {
  sqlite3 *db;
  sqlite3_stmt *prepared[STATEMENTS];
  pthread_mutex_t mutex; /* every public function holds it, since the prepared statements are shared */
  bool in_memory;
  bool snapshot;    /* the savepoint of store_snapshot is open */
  int64_t stamp;    /* the latest stamp given or seen */
  int64_t begun_ns; /* the thread's CPU time when on_progress was first called in this call; 0 = not yet */
  bool ran_away;    /* the call took too long and was interrupted */
  bool slow;        /* an earlier call ran away, so later ones are stopped sooner */
  char node[STORE_NODE_MAX + 1];
  text message; /* SQLite's, of the last failure */
  void (*changed)(void *data);
  void *changed_data;
};

/*
 * Locks the mutex for a public call and restarts its CPU time. Unlock it with pthread_mutex_unlock. False:
 * the wait for it was ended (wait.h), and it is not locked.
 */
bool store_lock(store *s);

/* Keeps SQLite's message; returns STORE_FAILED. */
store_result store_failed(store *s);

/* Sets the message that a row is not one that flaron-lua writes; returns STORE_FAILED. */
store_result store_damaged(store *s);

/* Whether the columns of a row have these types, a letter each: I integer, T text, B blob. */
bool store_row_is(sqlite3_stmt *statement, const char *types);

/* Reads the node's name. SQLite's code. */
int store_read_node(store *s);

/* Resets a statement, so that it holds no lock and no borrowed bytes. */
void store_finish(sqlite3_stmt *statement);

/* Runs a statement that returns no rows. */
store_result store_run(store *s, sqlite3_stmt *statement);

/* Steps to the first row: OK with a row to read; on ABSENT and FAILED the statement is finished. */
store_result store_first_row(store *s, sqlite3_stmt *statement);

/* Binds a blob; empty bytes become an empty blob, since SQLite would turn a NULL pointer into NULL. */
void store_bind_blob(sqlite3_stmt *statement, int index, bytes b);

/* A statement with its first parameter, the key, bound. */
sqlite3_stmt *store_with_key(store *s, statement which, bytes key);

/* The bytes of a column, borrowed until the statement is stepped or finished. */
bytes store_column(sqlite3_stmt *statement, int column);

/* Compares bytes: < 0 if `a` comes first, 0 if they are equal, > 0 if `b` does. */
int store_compare(bytes a, bytes b);

/* Begins a change that store_end commits or undoes as a whole. It locks for writing at once, so that no
 * reader's lock has to be upgraded. */
store_result store_begin(store *s);

/* Commits a change, or undoes it if `result` is STORE_FAILED. Returns `result`, or STORE_FAILED if the commit
 * fails. */
store_result store_end(store *s, store_result result);

/* Reads the number in a statement's only row; 0 if there is no row. */
store_result store_read_number(store *s, sqlite3_stmt *statement, int64_t *number);

/* Calls `each` with the first column, a key, of up to `most` rows; QUOTA: there are more rows. */
store_result store_read_keys(store *s, sqlite3_stmt *statement, size_t most, store_key_function *each,
                             void *data);

#endif
