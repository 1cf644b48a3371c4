/*
 * store_private.h - what store_open.c, store.c (Spark) and store_plasma.c share. Nobody else includes it.
 *
 * All of it is called with the store's mutex held. The statements are prepared once and used again: whoever
 * steps one to a row finishes it.
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
  pthread_mutex_t mutex; /* held by every public function: the prepared statements are shared */
  bool in_memory;
  bool snapshot;    /* the savepoint of store_snapshot is open */
  int64_t stamp;    /* the latest given or seen */
  int64_t begun_ns; /* CPU time of this thread when a call was first seen to take long; 0 = it was not */
  bool ran_away;    /* so a statement of it was interrupted */
  bool slow;        /* that happened before: others are stopped sooner */
  char node[STORE_NODE_MAX + 1];
  text message; /* of the last failure */
  void (*changed)(void *data);
  void *changed_data;
};

/*
 * Takes the mutex for a public call, whose time counts from now. It is given back with pthread_mutex_unlock.
 * False: the wait for it was ended (wait.h), and it is not taken.
 */
bool store_lock(store *s);

/* Notes what SQLite said; answers STORE_FAILED. */
store_result store_failed(store *s);

/* Notes that a row has what no flaron-lua writes; answers STORE_FAILED. */
store_result store_damaged(store *s);

/* Whether the columns of a row are what a letter each says: I an integer, T a text, B a blob. */
bool store_row_is(sqlite3_stmt *statement, const char *types);

/* Reads the node's name. SQLite's code. */
int store_read_node(store *s);

/* Ends the use of a statement, so that it holds no lock and no borrowed bytes. */
void store_finish(sqlite3_stmt *statement);

/* Runs a statement that answers no rows. */
store_result store_run(store *s, sqlite3_stmt *statement);

/* Steps to the first row: OK with a row to be read, else the statement is finished: ABSENT, FAILED. */
store_result store_first_row(store *s, sqlite3_stmt *statement);

/* Binds bytes; a blob of no bytes stays a blob, where SQLite would make NULL of a NULL pointer. */
void store_bind_blob(sqlite3_stmt *statement, int index, bytes b);

/* A statement with its first parameter, the key, bound. */
sqlite3_stmt *store_with_key(store *s, statement which, bytes key);

/* The bytes of a column, borrowed until the statement is stepped or finished. */
bytes store_column(sqlite3_stmt *statement, int column);

/* Below 0, 0, above 0: which bytes come first. */
int store_compare(bytes a, bytes b);

/* Begins a change that store_end makes or takes back as a whole; no reader's lock has to be upgraded. */
store_result store_begin(store *s);

/* Makes a change, or takes it back when `result` is STORE_FAILED; answers what came of it. */
store_result store_end(store *s, store_result result);

/* Finds a row's only number; 0 when there is no row. */
store_result store_read_number(store *s, sqlite3_stmt *statement, int64_t *number);

/* Hands the first column of `most` rows to `each`; QUOTA: there are more. */
store_result store_read_keys(store *s, sqlite3_stmt *statement, size_t most, store_key_function *each,
                             void *data);

#endif
