/*
 * fuzz_store.c - a stores.db that somebody made up (edge/store*.c): opening refuses it with a sentence or
 * gives a store, in which every call answers. What SQLite itself reads wrongly is not looked for.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store.h"

enum { PATH = 64 };

static char folder[PATH];

static void remove_files(void) {
  static const char *const names[] = {"db", "db-wal", "db-shm", "db-journal"};
  char path[PATH + 16];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    unlink(path);
  }
}

static void remove_folder(void) {
  remove_files();
  rmdir(folder);
}

/* Keys of a listing are good ones, in order. */
static void take_key(void *data, bytes key) {
  size_t *count = data;
  if (!store_key_valid(key)) abort();
  ++*count;
}

static void take_plasma(void *data, const store_plasma *p) {
  take_key(data, p->key);
  for (size_t i = 0; i < p->sums_count; i++) {
    if (p->sums[i].node.size == 0 || p->sums[i].node.size > STORE_NODE_MAX) abort();
  }
}

/* What failed says why. */
static void check(store *s, store_result result) {
  text why = {0};
  if (result != STORE_FAILED) return;
  store_message(s, &why);
  if (why.size == 0) abort();
  text_free(&why);
}

static void use(store *s) {
  text value = {0};
  uint32_t ttl;
  size_t count = 0;
  int64_t number;
  uint64_t size;
  bool counter;
  bytes spark = bytes_of("a"), counted = bytes_of("c"), set = bytes_of("v"), fresh = bytes_of("new");
  check(s, store_spark_list(s, 5, SIZE_MAX, take_key, &count));
  check(s, store_plasma_list(s, SIZE_MAX, take_key, &count));
  check(s, store_spark_get(s, spark, 5, &value, &ttl));
  check(s, store_spark_bytes(s, &size));
  check(s, store_spark_set(s, spark, bytes_of("other"), 9, 5, 1 << 20));
  check(s, store_spark_set(s, fresh, bytes_of("x"), 0, 5, 1 << 20));
  check(s, store_spark_delete(s, spark, 5));
  check(s, store_plasma_get(s, counted, &value));
  check(s, store_plasma_is_counter(s, counted, &counter));
  check(s, store_plasma_add(s, counted, INT64_MAX, false, 5, &number));
  check(s, store_plasma_add(s, fresh, INT64_MIN, true, 5, &number));
  check(s, store_plasma_get(s, set, &value));
  check(s, store_plasma_set(s, set, bytes_of("other"), 5));
  check(s, store_plasma_delete(s, counted, 5));
  check(s, store_plasma_last(s, &number));
  check(s, store_plasma_pending(s, 0, &number));
  check(s, store_plasma_delta(s, 0, SIZE_MAX, take_plasma, &count, &number));
  store_sums sums = {bytes_of("n"), 1, 2, 3};
  store_plasma arrived = {.key = counted, .stamp = 9, .node = bytes_of("n"), .sums = &sums, .sums_count = 1};
  check(s, store_plasma_merge(s, &arrived, 1, bytes_of("n"), 4));
  check(s, store_plasma_merged(s, bytes_of("n"), &number));
  check(s, store_clear(s));
  text_free(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[PATH + 16];
  text error = {0};
  if (*folder == '\0') {
    snprintf(folder, sizeof folder, "/dev/shm/fuzz_store-XXXXXX"); /* in memory: a commit waits for no disk */
    if (mkdtemp(folder) == NULL) abort();
    atexit(remove_folder);
  }
  snprintf(path, sizeof path, "%s/db", folder);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
  close(fd);
  store *s = store_open(path, &error);
  if (s != NULL) {
    use(s);
  } else if (error.size == 0) {
    abort();
  }
  store_close(s);
  text_free(&error);
  remove_files();
  return 0;
}
