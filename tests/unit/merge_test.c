/*
 * merge_test.c - checks that nodes which tell each other of their Plasma in any order, twice or never, end up
 * with the same, and that this is what it should be. What they tell each other goes through the wire format.
 *
 * Prints a line per failed check, then "N passed, N failed". SEED chooses other random numbers.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gossip/gossip_wire.h"
#include "store/store.h"

#define SECOND INT64_C(1000000000)

enum { NODES = 5, KEYS = 9, BAG = 64, REGISTERS = 4096, VALUE_SIZE = 24, NAME_SIZE = STORE_NODE_MAX + 1 };

static int passed, failed;
static char folder[256];
static uint64_t random_state;

/* Counts a check, and prints it when it fails. */
__attribute__((format(printf, 2, 3))) static void check(bool ok, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  *(ok ? &passed : &failed) += 1;
  if (!ok) {
    fputs("failed: ", stdout);
    vprintf(format, arguments);
    putchar('\n');
  }
  va_end(arguments);
}

/* A random number below `limit`: xorshift64. */
static int any(int limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (int)(random_state % (uint64_t)limit);
}

/* ---- nodes and messages ---- */

typedef struct node {
  store *store;
  bool on_disk;
  int index;
  int64_t skew_ns;
  int64_t have[NODES]; /* of each other node's changes; what is noted in the store may be less */
} node;

static void open_node(node *n) {
  char path[300];
  text error = {0};
  snprintf(path, sizeof path, "%s/%d.db", folder, n->index);
  n->store = store_open(n->on_disk ? path : NULL, &error);
  if (n->store == NULL) printf("failed: store_open: %s\n", text_string(&error)), exit(1);
  text_free(&error);
}

static void make_nodes(node *nodes, int count, bool on_disk) {
  for (int i = 0; i < count; i++) {
    nodes[i] = (node){.on_disk = on_disk, .index = i, .skew_ns = (any(5) - 2) * SECOND};
    open_node(&nodes[i]);
  }
}

static void close_nodes(node *nodes, int count) {
  static const char *const ends[] = {"", "-wal", "-shm"};
  for (int i = 0; i < count; i++) {
    store_close(nodes[i].store);
    for (int k = 0; nodes[i].on_disk && k < 3; k++) {
      char path[300];
      snprintf(path, sizeof path, "%s/%d.db%s", folder, i, ends[k]);
      unlink(path);
    }
  }
}

static void add_plasma(void *items, const store_plasma *plasma) { gossip_write_plasma(items, plasma); }

/* Makes `out` a frame of what changed after `since`, of about `size` bytes. */
static int64_t make_delta(store *s, int64_t since, size_t size, text *out) {
  text items = {0};
  int64_t upto;
  check(store_plasma_delta(s, since, size, add_plasma, &items, &upto) == STORE_OK, "a delta");
  gossip_begin(out, GOSSIP_DELTA);
  gossip_write_upto(out, upto);
  text_add(out, items.data, items.size);
  gossip_end(out);
  text_free(&items);
  return upto;
}

/* Merges a frame into a store, noting that it is from `from` unless that is empty. */
static void deliver(store *s, const text *message, const char *from) {
  gossip_frame frame;
  size_t size;
  if (gossip_read(text_bytes(message), GOSSIP_FRAME_MAX, &frame, &size) != 1 || size != message->size) {
    check(false, "a frame that was written cannot be read");
    return;
  }
  check(store_plasma_merge(s, frame.plasma, frame.count, bytes_of(from), frame.upto) == STORE_OK, "a merge");
  gossip_frame_free(&frame);
}

/* All that a node knows, keys in order, as text. */
typedef struct dump {
  text keys[KEYS];
} dump;

static int key_index(bytes key) { return key.data[1] - '0'; }

static void dump_key(void *data, const store_plasma *p) {
  gossip_write_plasma(&((dump *)data)->keys[key_index(p->key)], p);
}

static dump dump_store(store *s) {
  dump d = {0};
  int64_t upto;
  store_plasma_delta(s, 0, SIZE_MAX, dump_key, &d, &upto);
  return d;
}

static bool same_dump(const dump *a, const dump *b) {
  for (int i = 0; i < KEYS; i++) {
    if (a->keys[i].size != b->keys[i].size) return false;
    if (a->keys[i].size != 0 && memcmp(a->keys[i].data, b->keys[i].data, a->keys[i].size) != 0) return false;
  }
  return true;
}

static void free_dump(dump *d) {
  for (int i = 0; i < KEYS; i++) text_free(&d->keys[i]);
}

static bool all_same(const node *nodes, int count) {
  dump first = dump_store(nodes[0].store);
  bool same = true;
  for (int i = 1; i < count; i++) {
    dump other = dump_store(nodes[i].store);
    same = same && same_dump(&first, &other);
    free_dump(&other);
  }
  free_dump(&first);
  return same;
}

/* ---- what it should be ---- */

/* A write of a key, with all that was counted on it, by whichever node. Of a key without one: the first. */
typedef struct written {
  int64_t stamp;
  char node[NAME_SIZE], value[VALUE_SIZE];
  bool has_value;
  int64_t sum;
  bool counted;
} written;

typedef struct model {
  written *writes[KEYS];
  int counts[KEYS];
} model;

static void read_state(void *data, const store_plasma *p) {
  written *w = data;
  *w = (written){.stamp = p->stamp, .has_value = p->has_value};
  if (p->node.size > 0) memcpy(w->node, p->node.data, p->node.size);
  if (p->value.size > 0) memcpy(w->value, p->value.data, p->value.size);
}

/* The register that the last change of a store was about. */
static written last_write(store *s) {
  written w = {0};
  int64_t last, upto;
  store_plasma_last(s, &last);
  store_plasma_delta(s, last - 1, 1, read_state, &w, &upto);
  return w;
}

/* The entry of a write in the model, made when it is not there. */
static written *find_write(model *m, int key, const written *w) {
  for (int i = 0; i < m->counts[key]; i++) {
    written *there = &m->writes[key][i];
    if (there->stamp == w->stamp && strcmp(there->node, w->node) == 0) return there;
  }
  if (m->counts[key] == REGISTERS) puts("failed: too many writes"), exit(1);
  m->writes[key] = memory_resize(m->writes[key], (size_t)(m->counts[key] + 1) * sizeof *w);
  m->writes[key][m->counts[key]] = *w;
  return &m->writes[key][m->counts[key]++];
}

/* The write that wins; NULL: there was none and nothing was counted. */
static const written *winner(const model *m, int key) {
  const written *best = NULL;
  for (int i = 0; i < m->counts[key]; i++) {
    const written *w = &m->writes[key][i];
    bool later = best == NULL || w->stamp > best->stamp ||
                 (w->stamp == best->stamp && strcmp(w->node, best->node) > 0);
    if (later) best = w;
  }
  return best;
}

/* Whether a node has what it should have. */
static void check_node(const node *n, const model *m, const char *when) {
  for (int key = 0; key < KEYS; key++) {
    const char name[] = {'k', (char)('0' + key), '\0'};
    const written *w = winner(m, key);
    text value = {0};
    char expected[VALUE_SIZE] = "";
    store_result result = store_plasma_get(n->store, bytes_of(name), &value);
    bool there = w != NULL && (w->has_value || w->counted);
    if (there && w->has_value) memcpy(expected, w->value, sizeof expected);
    if (there && !w->has_value) snprintf(expected, sizeof expected, "%" PRId64, w->sum);
    check(result == (there ? STORE_OK : STORE_ABSENT) && strcmp(text_string(&value), expected) == 0,
          "%s: %s on node %d is '%s', expected '%s'", when, name, n->index, text_string(&value), expected);
    text_free(&value);
  }
}

static void free_model(model *m) {
  for (int i = 0; i < KEYS; i++) free(m->writes[i]);
}

/* ---- random histories ---- */

/* Counts on a key, unless it holds a value. */
static void count_something(const node *n, model *m, int key, int64_t now) {
  const char name[] = {'k', (char)('0' + key), '\0'};
  int64_t delta = any(100) - 40, total;
  bool subtract = any(2);
  if (store_plasma_add(n->store, bytes_of(name), delta, subtract, now, &total) != STORE_OK) return;
  written w = last_write(n->store);
  written *there = find_write(m, key, &w);
  there->counted = true;
  there->sum += subtract ? -delta : delta;
}

/* Keys 0 to 2 are only counted, 3 to 5 only set and deleted, the others all of it. */
static void write_something(const node *n, model *m, int step) {
  int key = any(KEYS);
  const char name[] = {'k', (char)('0' + key), '\0'};
  char value[VALUE_SIZE] = "";
  int64_t now = 1000 * SECOND + step * (SECOND / 20) + n->skew_ns, before, after;
  if (key / 3 == 0 || (key / 3 == 2 && any(4) != 0)) {
    count_something(n, m, key, now);
    return;
  }
  store_plasma_last(n->store, &before);
  snprintf(value, sizeof value, "v%d", step);
  store_result result = any(3) != 0 ? store_plasma_set(n->store, bytes_of(name), bytes_of(value), now)
                                    : store_plasma_delete(n->store, bytes_of(name), now);
  check(result == STORE_OK, "a write");
  store_plasma_last(n->store, &after);
  written w = last_write(n->store);
  if (after > before) find_write(m, key, &w);
}

/* Closes a store and opens it again; in memory there is nothing to come back to. */
static void reopen(node *n) {
  if (!n->on_disk) return;
  store_close(n->store);
  memset(n->have, 0, sizeof n->have);
  open_node(n);
}

/* Everybody tells everybody all. */
static void exchange_all(const node *nodes, int count) {
  for (int from = 0; from < count; from++) {
    for (int to = 0; to < count; to++) {
      text message = {0};
      make_delta(nodes[from].store, 0, SIZE_MAX, &message);
      if (from != to) deliver(nodes[to].store, &message, "");
      text_free(&message);
    }
  }
}

/* Messages about random ranges arrive late, in any order, several times or never. */
static void test_any_order(int count, bool on_disk, int steps) {
  node nodes[NODES];
  model m = {0};
  text bag[BAG] = {{0}};
  make_nodes(nodes, count, on_disk);
  for (int step = 0; step < steps; step++) {
    node *n = &nodes[any(count)];
    text *message = &bag[any(BAG)];
    int64_t last;
    switch (any(8)) {
      case 0:
      case 1:
      case 2: write_something(n, &m, step); break;
      case 3:
      case 4:
        text_clear(message);
        store_plasma_last(n->store, &last);
        make_delta(n->store, any((int)last + 1), (size_t)any(2000) + 1, message);
        break;
      case 5:
      case 6:
        if (message->size > 0) deliver(n->store, message, "");
        break;
      default:
        if (any(10) == 0) reopen(n);
    }
  }
  exchange_all(nodes, count);
  exchange_all(nodes, count);
  check(all_same(nodes, count), "any order: all nodes have the same");
  for (int i = 0; i < count; i++) check_node(&nodes[i], &m, "any order");
  for (int i = 0; i < BAG; i++) text_free(&bag[i]);
  int64_t before, after;
  store_plasma_last(nodes[0].store, &before);
  exchange_all(nodes, count);
  store_plasma_last(nodes[0].store, &after);
  check(before == after, "what is known already is no change");
  close_nodes(nodes, count);
  free_model(&m);
}

/* Sends one delta from where the other stands; false when there is nothing to send. */
static bool resume(const node *from, node *to, size_t size) {
  const char *name = store_node(from->store);
  int64_t *have = &to->have[from->index], noted, pending;
  text message = {0};
  store_plasma_merged(to->store, bytes_of(name), &noted);
  if (noted > *have) *have = noted;
  store_plasma_pending(from->store, *have, &pending);
  if (pending == 0) return false;
  *have = make_delta(from->store, *have, size, &message);
  deliver(to->store, &message, name);
  text_free(&message);
  return true;
}

/* Links that break and go on where the receiver stands, in random parts, nodes opened again in between. */
static void test_resuming(int count, bool on_disk, int steps) {
  node nodes[NODES];
  model m = {0};
  make_nodes(nodes, count, on_disk);
  for (int step = 0; step < steps; step++) {
    node *a = &nodes[any(count)], *b = &nodes[any(count)];
    int what = any(10);
    if (what < 5) write_something(a, &m, step);
    if (what >= 5 && what < 9 && a != b) resume(a, b, (size_t)any(500) + 1);
    if (what == 9) reopen(a);
  }
  /* A ring alone: what one node merged travels on. Three times round, in parts. */
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < 10000 && resume(&nodes[i], &nodes[(i + 1) % count], 300); k++) continue;
    }
  }
  check(all_same(nodes, count), "resuming: all nodes have the same");
  for (int i = 0; i < count; i++) check_node(&nodes[i], &m, "resuming");
  close_nodes(nodes, count);
  free_model(&m);
}

/* ---- the laws, on states made up ---- */

static const char *const names[] = {"a", "b", "c"};

/* A state of key k0 with few stamps, names and values, so that many are alike. `sums` has room for three. */
static store_plasma make_up(store_sums *sums) {
  static const char *const values[] = {"", "x", "y"};
  store_plasma p = {.key = bytes_of("k0"), .stamp = any(3), .sums = sums};
  if (p.stamp != 0) p.node = bytes_of(names[any(3)]);
  p.has_value = p.stamp != 0 && any(2);
  if (p.has_value) p.value = bytes_of(values[any(3)]);
  for (int i = 0; !p.has_value && i < 3; i++) {
    if (any(2)) sums[p.sums_count++] = (store_sums){bytes_of(names[i]), any(4), any(4), any(4)};
  }
  return p;
}

/* What comes of merging frames in an order, as all that a store then knows. */
static dump merged(const text *frames, const char *order) {
  store *s = store_open(NULL, NULL);
  for (; *order != '\0'; order++) deliver(s, &frames[*order - 'a'], "");
  dump d = dump_store(s);
  store_close(s);
  return d;
}

static void frame_up(text *out, const store_plasma *p) {
  gossip_begin(out, GOSSIP_DELTA);
  gossip_write_upto(out, 1);
  gossip_write_plasma(out, p);
  gossip_end(out);
}

/* Frame `to` becomes what comes of merging frames in an order. */
static void join(text *frames, int to, const char *order) {
  store *s = store_open(NULL, NULL);
  for (; *order != '\0'; order++) deliver(s, &frames[*order - 'a'], "");
  make_delta(s, 0, SIZE_MAX, &frames[to]);
  store_close(s);
}

static void test_laws(int rounds) {
  /* d = b + c, e = a + b: a + (b + c) and (a + b) + c are "ad" and "ec". */
  static const char *const orders[] = {"acb",    "bac", "bca", "cab", "cba", "abcabc",
                                       "aabbcc", "ad",  "da",  "ec",  "ce"};
  for (int round = 0; round < rounds; round++) {
    text frames[5] = {{0}};
    for (int i = 0; i < 3; i++) {
      store_sums sums[3];
      store_plasma p = make_up(sums);
      frame_up(&frames[i], &p);
    }
    join(frames, 3, "bc");
    join(frames, 4, "ab");
    dump expected = merged(frames, "abc");
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
      dump other = merged(frames, orders[i]);
      check(same_dump(&expected, &other), "round %d: merging %s is another than abc", round, orders[i]);
      free_dump(&other);
    }
    free_dump(&expected);
    for (int i = 0; i < 5; i++) text_free(&frames[i]);
  }
}

/* ---- single rules ---- */

static store_plasma one(int64_t stamp, const char *node, const char *value) {
  return (store_plasma){.key = bytes_of("k0"),
                        .has_value = value != NULL,
                        .stamp = stamp,
                        .node = bytes_of(node),
                        .value = bytes_of(value != NULL ? value : "")};
}

static bool k0_is(store *s, const char *expected) {
  text value = {0};
  bool there = store_plasma_get(s, bytes_of("k0"), &value) == STORE_OK;
  bool same = there == (expected != NULL) && (expected == NULL || strcmp(text_string(&value), expected) == 0);
  text_free(&value);
  return same;
}

static void test_rules(void) {
  store *s = store_open(NULL, NULL);
  int64_t now = 1000 * SECOND, total;
  store_plasma far = one(now + 2 * SECOND, "zz", "far");
  store_plasma_merge(s, &far, 1, (bytes){0}, 0);
  check(store_plasma_set(s, bytes_of("k0"), bytes_of("later"), now) == STORE_OK,
        "set behind the other's clock");
  store_plasma_merge(s, &far, 1, (bytes){0}, 0);
  check(k0_is(s, "later"), "who writes after he saw a write wins, though his clock is behind");
  written w = last_write(s);
  check(w.stamp == now + 2 * SECOND + 1, "its stamp is one more than the one that was seen");
  store_plasma_set(s, bytes_of("k1"), bytes_of("other"), now);
  w = last_write(s);
  check(w.stamp == now + 2 * SECOND + 2, "the clock goes on from there, for other keys as well");
  store_plasma old = one(now, "zz", "old"), gone = one(now + 3 * SECOND, "zz", NULL);
  store_plasma_merge(s, &old, 1, (bytes){0}, 0);
  check(k0_is(s, "later"), "an older write changes nothing");
  store_plasma_merge(s, &gone, 1, (bytes){0}, 0);
  store_plasma_merge(s, &far, 1, (bytes){0}, 0);
  check(k0_is(s, NULL), "what was deleted does not come back");
  check(store_plasma_add(s, bytes_of("k0"), 5, false, now, &total) == STORE_OK && total == 5,
        "a counter again");
  store_sums others[] = {{bytes_of("aa"), (store_sum)INT64_MAX + 7, (store_sum)INT64_MAX, now}};
  store_plasma counted = gone;
  counted.sums = others;
  counted.sums_count = 1;
  store_plasma_merge(s, &counted, 1, (bytes){0}, 0);
  check(k0_is(s, "12"), "counted on the same delete: both count, sums beyond 64 bits as well");
  counted.stamp--;
  others[0].added *= 2;
  store_plasma_merge(s, &counted, 1, (bytes){0}, 0);
  check(k0_is(s, "12"), "counted on an earlier delete: it counts no more");
  char before[NAME_SIZE];
  snprintf(before, sizeof before, "%s", store_node(s));
  store_clear(s);
  check(strcmp(before, store_node(s)) != 0, "a store that was emptied is another node");
  store_close(s);
}

/* A node that counts and merges is killed. What it acknowledged is there, and its links go on. */
static void test_killed(void) {
  node nodes[2];
  int pipes[2], acknowledged = 0;
  char byte;
  int64_t total;
  make_nodes(nodes, 2, true);
  for (int i = 0; i < 20; i++) store_plasma_add(nodes[1].store, bytes_of("k1"), 1, false, SECOND, &total);
  store_close(nodes[0].store);
  store_close(nodes[1].store);
  if (pipe(pipes) != 0) perror("pipe"), exit(1);
  pid_t child = fork();
  if (child == 0) {
    open_node(&nodes[0]);
    open_node(&nodes[1]);
    for (;;) {
      resume(&nodes[1], &nodes[0], 1);
      if (store_plasma_add(nodes[0].store, bytes_of("k0"), 1, false, SECOND, &total) != STORE_OK) _exit(1);
      if (write(pipes[1], "+", 1) != 1) _exit(1);
      store_plasma_add(nodes[1].store, bytes_of("k1"), 1, false, SECOND, &total);
    }
  }
  close(pipes[1]);
  while (acknowledged < 30 && read(pipes[0], &byte, 1) == 1) acknowledged++;
  kill(child, SIGKILL);
  while (read(pipes[0], &byte, 1) == 1) acknowledged++;
  waitpid(child, NULL, 0);
  close(pipes[0]);
  open_node(&nodes[0]);
  open_node(&nodes[1]);
  text value = {0};
  store_plasma_get(nodes[0].store, bytes_of("k0"), &value);
  int kept = atoi(text_string(&value));
  check(kept == acknowledged || kept == acknowledged + 1, "killed: %d kept, %d acknowledged", kept,
        acknowledged);
  for (int i = 0; i < 1000 && resume(&nodes[0], &nodes[1], 1); i++) continue;
  for (int i = 0; i < 1000 && resume(&nodes[1], &nodes[0], 1); i++) continue;
  check(all_same(nodes, 2), "killed: the two have the same afterwards");
  text_free(&value);
  close_nodes(nodes, 2);
}

int main(void) {
  const char *build = getenv("BUILD"), *seed = getenv("SEED");
  snprintf(folder, sizeof folder, "%s/merge_test.XXXXXX", build != NULL && *build != '\0' ? build : "build");
  if (mkdtemp(folder) == NULL) perror(folder), exit(1);
  random_state = seed != NULL ? strtoull(seed, NULL, 10) | 1 : UINT64_C(88172645463325252);
  test_rules();
  test_laws(300);
  for (int round = 0; round < 60; round++) {
    test_any_order(3 + any(NODES - 2), false, 400);
    test_resuming(3 + any(NODES - 2), false, 400);
  }
  test_any_order(3, true, 300);
  test_resuming(3, true, 300);
  test_killed();
  rmdir(folder);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
