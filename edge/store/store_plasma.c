/*
 * store_plasma.c - Plasma in SQLite, and the merge of two nodes' Plasma: see store.h.
 *
 * `plasma` holds a register for each key that was ever set or deleted: the last writer wins, by (stamp,
 * node). The register of a deleted key stays as a tombstone, else a late message of another node could bring
 * the key back. `plasma_counter` holds the PN-counters: the totals that each node added (p) and subtracted
 * (n) since the key's register was written; both only grow. `epoch` is that register's stamp, 0 if there is
 * none. The invariant: a key has only sums of its register's epoch, and none while it holds a value.
 *
 * Merging. What a node knows about a key is the pair (register, sums). The greater register wins with its
 * sums; if the registers are equal, each node's p and n become the greater of both. Registers are totally
 * ordered and sums a lattice, so pairs are a lattice too: merging is commutative, associative, idempotent. So
 * counts on the same register add up, and a set or delete drops the counts on earlier registers at every node
 * that it reaches. A key is always sent whole: its sums mean nothing without their register.
 *
 * `plasma_log` has the number of the last change of each key, maintained by triggers, so a key that a merge
 * changes gets a new number and is sent on. `plasma_peer` has the last merged change of each other node,
 * written in the same transaction as the merge.
 *
 * Sums are stored as 16 big-endian bytes. Stamps come from a hybrid clock: the greater of the time and the
 * latest stamp seen plus one.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"
#include "base/list.h"

enum { SUM_SIZE = 16, SUM_ZEROS = 3 }; /* the first bytes of every possible sum are 0 */

/* The latest stamp that is accepted in a row, in the year 2258, so that stamps cannot overflow. */
#define STAMP_MAX INT64_C(9100000000000000000)

/* plasma.kind. A counter has no kind: it has rows in plasma_counter. */
enum { TOMBSTONE = 0, VALUE = 1 };

/* The sums of a counter. */
typedef struct counter {
  bool exists;
  __int128 value; /* of all nodes */
  store_sum p, n; /* of this node */
  int64_t stamp;  /* the latest */
} counter;

/* A register; `kind` is TOMBSTONE and `stamp` 0 if there is none. */
typedef struct plasma_register {
  int kind;
  int64_t stamp;
} plasma_register;

/* Unlocks the store; calls `changed` if `result` is OK. */
static store_result plasma_conclude(store *s, store_result result) {
  pthread_mutex_unlock(&s->mutex);
  if (result == STORE_OK && s->changed != NULL) s->changed(s->changed_data);
  return result;
}

/* Whether a row of SUMS_GET (node, sums, stamp) can be ours. Valid sums are so small that adding them cannot
 * overflow 128 bits. */
static bool plasma_is_sums(sqlite3_stmt *get) {
  if (!store_row_is(get, "TBBI")) return false;
  bytes node = store_column(get, 0), p = store_column(get, 1), n = store_column(get, 2);
  int64_t stamp = sqlite3_column_int64(get, 3);
  static const uint8_t zeros[SUM_ZEROS];
  return node.size > 0 && node.size <= STORE_NODE_MAX && p.size == SUM_SIZE && n.size == SUM_SIZE &&
         memcmp(p.data, zeros, SUM_ZEROS) == 0 && memcmp(n.data, zeros, SUM_ZEROS) == 0 && stamp >= 0 &&
         stamp <= STAMP_MAX;
}

/* The same for a row of PLASMA_GET, a register. */
static bool plasma_is_register(sqlite3_stmt *get) {
  if (!store_row_is(get, "IBIT")) return false;
  int64_t kind = sqlite3_column_int64(get, 0), stamp = sqlite3_column_int64(get, 2);
  return (kind == TOMBSTONE || kind == VALUE) && stamp >= 0 && stamp <= STAMP_MAX &&
         store_column(get, 3).size <= STORE_NODE_MAX;
}

/* A sum from its 16 big-endian bytes. */
static store_sum plasma_column_sum(sqlite3_stmt *statement, int column) {
  const uint8_t *data = sqlite3_column_blob(statement, column);
  store_sum value = 0;
  for (int i = 0; i < SUM_SIZE; i++) value = value << 8 | data[i];
  return value;
}

/* Binds a sum as 16 big-endian bytes. */
static void plasma_bind_sum(sqlite3_stmt *statement, int index, store_sum value) {
  uint8_t data[SUM_SIZE];
  for (int i = SUM_SIZE; i-- > 0; value >>= 8) data[i] = (uint8_t)value;
  sqlite3_bind_blob(statement, index, data, SUM_SIZE, SQLITE_TRANSIENT);
}

/* The result of reading rows until SQLite returned `code`; SQLITE_ROW means that the last row was not
 * valid. */
static store_result plasma_read_end(store *s, int code) {
  return code == SQLITE_DONE ? STORE_OK : code == SQLITE_ROW ? store_damaged(s) : store_failed(s);
}

/* Reads the sums of a counter. OK, also if there is none; FAILED. */
static store_result plasma_read_counter(store *s, bytes key, counter *c) {
  sqlite3_stmt *get = store_with_key(s, SUMS_GET, key);
  int code;
  *c = (counter){0};
  while ((code = sqlite3_step(get)) == SQLITE_ROW && plasma_is_sums(get)) {
    store_sum p = plasma_column_sum(get, 1), n = plasma_column_sum(get, 2);
    int64_t stamp = sqlite3_column_int64(get, 3);
    c->exists = true;
    c->value += (__int128)p - (__int128)n;
    if (stamp > c->stamp) c->stamp = stamp;
    if (bytes_are(store_column(get, 0), s->node)) {
      c->p = p;
      c->n = n;
    }
  }
  store_result result = plasma_read_end(s, code);
  store_finish(get);
  return result;
}

/* Reads a register, adding its value to `value` unless that is NULL. OK, also if there is none; FAILED. */
static store_result plasma_read_register(store *s, bytes key, plasma_register *r, text *value) {
  *r = (plasma_register){0};
  sqlite3_stmt *get = store_with_key(s, PLASMA_GET, key);
  store_result result = store_first_row(s, get);
  if (result != STORE_OK) return result == STORE_ABSENT ? STORE_OK : result;
  if (!plasma_is_register(get)) {
    store_finish(get);
    return store_damaged(s);
  }
  r->kind = sqlite3_column_int(get, 0);
  if (r->kind == VALUE && value != NULL) {
    bytes found = store_column(get, 1);
    text_add(value, found.data, found.size);
  }
  r->stamp = sqlite3_column_int64(get, 2);
  store_finish(get);
  return STORE_OK;
}

/* Advances the hybrid clock to a stamp that was seen. */
static void plasma_see_stamp(store *s, int64_t seen) {
  if (seen > s->stamp) s->stamp = seen;
}

/* A new stamp of the hybrid clock: later than all earlier ones and than `seen`. */
static int64_t plasma_next_stamp(store *s, int64_t now_ns, int64_t seen) {
  plasma_see_stamp(s, seen);
  s->stamp = now_ns > s->stamp ? now_ns : s->stamp + 1;
  return s->stamp;
}

/* See store.h. A counter that several nodes together moved out of an int64_t's range is clamped to it. */
store_result store_plasma_get(store *s, bytes key, text *value) {
  plasma_register r;
  counter c = {0};
  if (!store_lock(s)) return STORE_FAILED;
  store_result result = plasma_read_register(s, key, &r, value);
  if (result == STORE_OK && r.kind != VALUE) result = plasma_read_counter(s, key, &c);
  if (result == STORE_OK && r.kind != VALUE && !c.exists) result = STORE_ABSENT;
  pthread_mutex_unlock(&s->mutex);
  if (!c.exists || result != STORE_OK) return result;
  int64_t number = c.value > INT64_MAX ? INT64_MAX : c.value < INT64_MIN ? INT64_MIN : (int64_t)c.value;
  text_printf(value, "%" PRId64, number);
  return STORE_OK;
}

/* See store.h. A key that holds a value has no sums. */
store_result store_plasma_is_counter(store *s, bytes key, bool *is_counter) {
  counter c;
  *is_counter = false;
  if (!store_lock(s)) return STORE_FAILED;
  store_result result = plasma_read_counter(s, key, &c);
  pthread_mutex_unlock(&s->mutex);
  *is_counter = c.exists;
  return result;
}

/* Replaces the key's register and removes its sums. */
static store_result plasma_put_register(store *s, bytes key, int kind, bytes value, int64_t stamp,
                                        bytes node) {
  sqlite3_stmt *put = store_with_key(s, PLASMA_PUT, key);
  sqlite3_bind_int(put, 2, kind);
  store_bind_blob(put, 3, value);
  sqlite3_bind_int64(put, 4, stamp);
  sqlite3_bind_text64(put, 5, (const char *)node.data, node.size, SQLITE_STATIC, SQLITE_UTF8);
  store_result result = store_run(s, put);
  return result == STORE_OK ? store_run(s, store_with_key(s, SUMS_DELETE, key)) : result;
}

/* The change of store_plasma_set and store_plasma_delete. Deleting a key that does not exist leaves no
 * tombstone. */
static store_result plasma_write(store *s, bytes key, int kind, bytes value, int64_t now_ns) {
  plasma_register r;
  counter c;
  store_result result = plasma_read_register(s, key, &r, NULL);
  if (result == STORE_OK) result = plasma_read_counter(s, key, &c);
  if (result != STORE_OK) return result;
  if (kind == TOMBSTONE && r.kind == TOMBSTONE && !c.exists) return STORE_OK;
  int64_t seen = r.stamp > c.stamp ? r.stamp : c.stamp;
  return plasma_put_register(s, key, kind, value, plasma_next_stamp(s, now_ns, seen), bytes_of(s->node));
}

/* plasma_write as a change of its own. */
static store_result plasma_change(store *s, bytes key, int kind, bytes value, int64_t now_ns) {
  if (!store_lock(s)) return STORE_FAILED;
  store_result result = store_begin(s);
  if (result == STORE_OK) result = store_end(s, plasma_write(s, key, kind, value, now_ns));
  return plasma_conclude(s, result);
}

/* See store.h. */
store_result store_plasma_set(store *s, bytes key, bytes value, int64_t now_ns) {
  return plasma_change(s, key, VALUE, value, now_ns);
}

/* See store.h. */
store_result store_plasma_delete(store *s, bytes key, int64_t now_ns) {
  return plasma_change(s, key, TOMBSTONE, (bytes){0}, now_ns);
}

/* Writes the sums of a node. */
static store_result plasma_put_sums(store *s, bytes key, bytes node, int64_t epoch, store_sum added,
                                    store_sum taken, int64_t stamp) {
  sqlite3_stmt *put = store_with_key(s, SUMS_PUT, key);
  sqlite3_bind_text64(put, 2, (const char *)node.data, node.size, SQLITE_STATIC, SQLITE_UTF8);
  sqlite3_bind_int64(put, 3, epoch);
  plasma_bind_sum(put, 4, added);
  plasma_bind_sum(put, 5, taken);
  sqlite3_bind_int64(put, 6, stamp);
  return store_run(s, put);
}

/* The change of store_plasma_add; the type of `delta` is wide enough for its negation. */
static store_result plasma_add(store *s, bytes key, __int128 delta, int64_t now_ns, int64_t *total) {
  plasma_register r;
  counter c;
  store_result result = plasma_read_register(s, key, &r, NULL);
  if (result == STORE_OK && r.kind == VALUE) return STORE_NOT_COUNTER;
  if (result == STORE_OK) result = plasma_read_counter(s, key, &c);
  if (result != STORE_OK) return result;
  __int128 next = c.value + delta;
  if (next < INT64_MIN || next > INT64_MAX) return STORE_OVERFLOW;
  int64_t seen = r.stamp > c.stamp ? r.stamp : c.stamp;
  *total = (int64_t)next;
  return plasma_put_sums(s, key, bytes_of(s->node), r.stamp, delta > 0 ? c.p + (store_sum)delta : c.p,
                         delta < 0 ? c.n + (store_sum)-delta : c.n, plasma_next_stamp(s, now_ns, seen));
}

/* See store.h. */
store_result store_plasma_add(store *s, bytes key, int64_t delta, bool subtract, int64_t now_ns,
                              int64_t *total) {
  if (!store_lock(s)) return STORE_FAILED;
  store_result result = store_begin(s);
  if (result == STORE_OK) {
    result = store_end(s, plasma_add(s, key, subtract ? -(__int128)delta : delta, now_ns, total));
  }
  return plasma_conclude(s, result);
}

/* See store.h. */
store_result store_plasma_list(store *s, size_t most, store_key_function *each, void *data) {
  if (!store_lock(s)) return STORE_FAILED;
  store_result result = store_read_keys(s, s->prepared[PLASMA_LIST], most, each, data);
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* ---- between edges ---- */

/* See store.h. */
const char *store_node(store *s) { return s->node; }

/* See store.h. */
void store_on_change(store *s, void (*changed)(void *data), void *data) {
  s->changed = changed;
  s->changed_data = data;
}

/* See store.h. */
store_result store_plasma_last(store *s, int64_t *last) {
  if (!store_lock(s)) return STORE_FAILED;
  store_result result = store_read_number(s, s->prepared[LOG_LAST], last);
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_plasma_pending(store *s, int64_t since, int64_t *count) {
  if (!store_lock(s)) return STORE_FAILED;
  sqlite3_bind_int64(s->prepared[LOG_COUNT], 1, since);
  store_result result = store_read_number(s, s->prepared[LOG_COUNT], count);
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* See store.h. */
store_result store_plasma_merged(store *s, bytes from, int64_t *upto) {
  if (!store_lock(s)) return STORE_FAILED;
  store_result result = store_read_number(s, store_with_key(s, PEER_GET, from), upto);
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* All sums of a key, with the bytes that they borrow. */
typedef struct sums_list {
  store_sums *items;
  size_t count;
  text names;
} sums_list;

static void plasma_free_sums(sums_list *list) {
  free(list->items);
  text_free(&list->names);
}

/* Reads the sums of a key. OK, FAILED. */
static store_result plasma_read_sums(store *s, bytes key, sums_list *list) {
  sqlite3_stmt *get = store_with_key(s, SUMS_GET, key);
  int code;
  while ((code = sqlite3_step(get)) == SQLITE_ROW && plasma_is_sums(get)) {
    bytes node = store_column(get, 0);
    LIST_ROOM(list->items, list->count);
    list->items[list->count++] = (store_sums){{NULL, node.size},
                                              plasma_column_sum(get, 1),
                                              plasma_column_sum(get, 2),
                                              sqlite3_column_int64(get, 3)};
    text_add(&list->names, node.data, node.size);
  }
  const uint8_t *at = text_bytes(&list->names).data;
  for (size_t i = 0; i < list->count; at += list->items[i++].node.size) list->items[i].node.data = at;
  store_result result = plasma_read_end(s, code);
  store_finish(get);
  return result;
}

/* Calls `each` with all that is known about a key; adds its size to `size`. OK, FAILED. */
static store_result plasma_hand_over(store *s, bytes key, store_plasma_function *each, void *data,
                                     size_t *size) {
  enum { SUMS_SIZE = 64 };
  sums_list list = {0};
  store_plasma plasma = {.key = key};
  store_result result = plasma_read_sums(s, key, &list);
  sqlite3_stmt *get = store_with_key(s, PLASMA_GET, key);
  if (result == STORE_OK) result = store_first_row(s, get);
  if (result == STORE_OK && !plasma_is_register(get)) result = store_damaged(s);
  if (result == STORE_OK) {
    plasma.has_value = sqlite3_column_int(get, 0) == VALUE;
    if (plasma.has_value) plasma.value = store_column(get, 1);
    plasma.stamp = sqlite3_column_int64(get, 2);
    plasma.node = store_column(get, 3);
  }
  if (result != STORE_FAILED) {
    plasma.sums = list.items;
    plasma.sums_count = list.count;
    *size += key.size + plasma.value.size + (list.count + 1) * SUMS_SIZE;
    each(data, &plasma);
    result = STORE_OK;
  }
  store_finish(get);
  plasma_free_sums(&list);
  return result;
}

/* The reading part of store_plasma_delta. */
static store_result plasma_read_delta(store *s, int64_t since, size_t size, store_plasma_function *each,
                                      void *data, int64_t *upto) {
  sqlite3_stmt *log = s->prepared[LOG_SINCE];
  size_t handed = 0;
  store_result result = STORE_OK;
  int code = SQLITE_DONE;
  sqlite3_bind_int64(log, 1, since);
  while (result == STORE_OK && handed < size && (code = sqlite3_step(log)) == SQLITE_ROW) {
    if (!store_row_is(log, "IT") || !store_key_valid(store_column(log, 1))) {
      result = store_damaged(s);
      break;
    }
    result = plasma_hand_over(s, store_column(log, 1), each, data, &handed);
    *upto = sqlite3_column_int64(log, 0);
  }
  if (result == STORE_OK && code != SQLITE_DONE && code != SQLITE_ROW) result = store_failed(s);
  store_finish(log);
  return result;
}

/* See store.h. Reads within a savepoint, so that no other process changes anything between two reads. */
store_result store_plasma_delta(store *s, int64_t since, size_t size, store_plasma_function *each, void *data,
                                int64_t *upto) {
  *upto = since;
  if (!store_lock(s)) return STORE_FAILED;
  store_result result = store_run(s, s->prepared[NEST]);
  if (result == STORE_OK) {
    result = plasma_read_delta(s, since, size, each, data, upto);
    store_result ended = store_run(s, s->prepared[UNNEST]);
    if (result == STORE_OK) result = ended;
  }
  pthread_mutex_unlock(&s->mutex);
  return result;
}

/* Compares a received register with the stored one: `order` is < 0 if it is less, 0 if equal, > 0 if
 * greater. */
static store_result plasma_compare(store *s, const store_plasma *p, int *order) {
  sqlite3_stmt *get = store_with_key(s, PLASMA_GET, p->key);
  store_result result = store_first_row(s, get);
  *order = p->stamp != 0;
  if (result != STORE_OK) return result == STORE_ABSENT ? STORE_OK : result;
  if (!plasma_is_register(get)) {
    store_finish(get);
    return store_damaged(s);
  }
  int64_t stamp = sqlite3_column_int64(get, 2);
  bool has_value = sqlite3_column_int(get, 0) == VALUE;
  *order = (p->stamp > stamp) - (p->stamp < stamp);
  if (*order == 0) *order = store_compare(p->node, store_column(get, 3));
  /* Two writes of a node have different stamps, unless its clock and its file were set back. */
  if (*order == 0) *order = p->has_value - has_value;
  if (*order == 0 && has_value) *order = store_compare(p->value, store_column(get, 1));
  store_finish(get);
  return STORE_OK;
}

static store_sum plasma_greater(store_sum a, store_sum b) { return a > b ? a : b; }

/* Sets a node's sums of a key to the greater of the stored and the received ones. */
static store_result plasma_merge_sums(store *s, const store_plasma *p, const store_sums *arrived,
                                      const sums_list *list) {
  store_sums there = {0};
  for (size_t i = 0; i < list->count; i++) {
    if (store_compare(list->items[i].node, arrived->node) == 0) there = list->items[i];
  }
  bool known = there.node.size != 0 && arrived->added <= there.added && arrived->taken <= there.taken &&
               arrived->stamp <= there.stamp;
  if (known) return STORE_OK;
  int64_t stamp = arrived->stamp > there.stamp ? arrived->stamp : there.stamp;
  return plasma_put_sums(s, p->key, arrived->node, p->stamp, plasma_greater(arrived->added, there.added),
                         plasma_greater(arrived->taken, there.taken), stamp);
}

/* Merges a key. OK, FAILED. */
static store_result plasma_merge(store *s, const store_plasma *p) {
  int order;
  sums_list list = {0};
  plasma_see_stamp(s, p->stamp);
  for (size_t i = 0; i < p->sums_count; i++) plasma_see_stamp(s, p->sums[i].stamp);
  store_result result = plasma_compare(s, p, &order);
  if (result != STORE_OK || order < 0) return result;
  if (order > 0) {
    result = plasma_put_register(s, p->key, p->has_value ? VALUE : TOMBSTONE, p->value, p->stamp, p->node);
  } else {
    result = plasma_read_sums(s, p->key, &list);
  }
  for (size_t i = 0; result == STORE_OK && i < p->sums_count; i++) {
    result = plasma_merge_sums(s, p, &p->sums[i], &list);
  }
  plasma_free_sums(&list);
  return result;
}

/*
 * The change of store_plasma_merge. The last merged change of `from` is recorded if the merge changed
 * anything, or after FAR changes that were already known: a commit that writes nothing is free, and merging
 * known changes again does no harm.
 */
static store_result plasma_merge_all(store *s, const store_plasma *items, size_t count, bytes from,
                                     int64_t upto, bool *changed) {
  enum { FAR = 256 };
  int64_t noted = upto;
  store_result result = STORE_OK;
  int before = sqlite3_total_changes(s->db);
  for (size_t i = 0; result == STORE_OK && i < count; i++) result = plasma_merge(s, &items[i]);
  *changed = sqlite3_total_changes(s->db) != before;
  if (result != STORE_OK || from.size == 0) return result;
  if (!*changed) result = store_read_number(s, store_with_key(s, PEER_GET, from), &noted);
  if (result != STORE_OK || (!*changed && upto < noted + FAR)) return result;
  sqlite3_stmt *put = store_with_key(s, PEER_PUT, from);
  sqlite3_bind_int64(put, 2, upto);
  return store_run(s, put);
}

/* See store.h. */
store_result store_plasma_merge(store *s, const store_plasma *items, size_t count, bytes from, int64_t upto) {
  bool changed = false;
  if (!store_lock(s)) return STORE_FAILED;
  store_result result = store_begin(s);
  if (result == STORE_OK) result = store_end(s, plasma_merge_all(s, items, count, from, upto, &changed));
  if (changed) return plasma_conclude(s, result);
  pthread_mutex_unlock(&s->mutex);
  return result;
}
