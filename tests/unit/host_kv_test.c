/*
 * host_kv_test.c - checks the imports of spark and plasma natively, through host_call, and their store.
 *
 * It makes its database files in a folder of its own under $BUILD (or build/) and removes them. It runs
 * no flare: what a script sees is tested by tests/spec. Prints a line per failed check, then
 * "N passed, N failed".
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/host.h"
#include "store/store.h"

#define SECOND INT64_C(1000000000)

static const int64_t noon = INT64_C(1700000000) * SECOND;

static int passed, failed;
static char folder[256];

/* Counts a check, and prints it when it fails. */
__attribute__((format(printf, 2, 3))) static void check(bool ok, const char *format, ...) {
  va_list arguments;
  *(ok ? &passed : &failed) += 1;
  if (ok) return;
  va_start(arguments, format);
  fputs("failed: ", stdout);
  vprintf(format, arguments);
  putchar('\n');
  va_end(arguments);
}

/* Makes the folder for database files. */
static void make_folder(void) {
  const char *build = getenv("BUILD");
  if (build == NULL || *build == '\0') build = "build";
  mkdir(build, 0777);
  snprintf(folder, sizeof folder, "%s/host_kv_test.XXXXXX", build);
  if (mkdtemp(folder) == NULL) perror(folder), exit(1);
}

/* The path of a database file; good until the next call. */
static const char *path_of(const char *name) {
  static char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

/* Removes a database file and what SQLite keeps beside it. */
static void remove_store(const char *name) {
  char beside[600];
  unlink(path_of(name));
  snprintf(beside, sizeof beside, "%s-wal", path_of(name));
  unlink(beside);
  snprintf(beside, sizeof beside, "%s-shm", path_of(name));
  unlink(beside);
}

/* Opens a store, in memory when `path` is NULL; ends the test when it cannot. */
static store *open_store(const char *path) {
  text error = {0};
  store *s = store_open(path, &error);
  if (s == NULL) printf("failed: store_open: %s\n", text_string(&error)), exit(1);
  text_free(&error);
  return s;
}

/* A host on a store, its clock at noon, within an invocation. */
static host new_host(store *s) {
  static const host_request request;
  host h = {.config = host_config_default()};
  h.config.store = s;
  h.config.now_ns = noon;
  host_begin(&h, &request);
  return h;
}

/* Calls an import with two byte arguments and a number. */
static host_answer call(host *h, host_import import, bytes a, bytes b, int64_t n) {
  host_arguments arguments = {a, b, n};
  host_answer answer;
  host_call(h, import, &arguments, &answer);
  return answer;
}

/* spark.set of strings. */
static int32_t spark_set(host *h, const char *key, const char *value, int64_t ttl) {
  return call(h, HOST_spark_set, bytes_of(key), bytes_of(value), ttl).number;
}

/* Whether spark.get answers a value with seconds left. */
static bool spark_is(host *h, const char *key, const char *value, uint32_t ttl) {
  host_answer answer = call(h, HOST_spark_get, bytes_of(key), (bytes){0}, 0);
  if (!answer.present || answer.data.size < 4) return false;
  const uint8_t *d = answer.data.data;
  uint32_t left = d[0] | (uint32_t)d[1] << 8 | (uint32_t)d[2] << 16 | (uint32_t)d[3] << 24;
  return left == ttl && bytes_are((bytes){d + 4, answer.data.size - 4}, value);
}

/* Whether spark.get answers nothing. */
static bool spark_absent(host *h, const char *key) {
  return !call(h, HOST_spark_get, bytes_of(key), (bytes){0}, 0).present;
}

/* Removes a key from spark. */
static void spark_delete(host *h, const char *key) {
  call(h, HOST_spark_delete, bytes_of(key), (bytes){0}, 0);
}

/* Whether a listing is this JSON. */
static bool list_is(host *h, host_import import, const char *json) {
  host_answer answer = call(h, import, (bytes){0}, (bytes){0}, 0);
  return answer.present && bytes_are(answer.data, json);
}

/* plasma.set of strings. */
static int32_t plasma_set(host *h, const char *key, const char *value) {
  return call(h, HOST_plasma_set, bytes_of(key), bytes_of(value), 0).number;
}

/* Removes a key from plasma. */
static int32_t plasma_delete(host *h, const char *key) {
  return call(h, HOST_plasma_delete, bytes_of(key), (bytes){0}, 0).number;
}

/* Whether plasma.get answers a value; NULL = nothing. */
static bool plasma_is(host *h, const char *key, const char *value) {
  host_answer answer = call(h, HOST_plasma_get, bytes_of(key), (bytes){0}, 0);
  return value != NULL ? answer.present && bytes_are(answer.data, value) : !answer.present;
}

/* plasma.increment or decrement: false when there is no answer. */
static bool counted(host *h, host_import import, const char *key, int64_t delta, int64_t *sum) {
  host_answer answer = call(h, import, bytes_of(key), (bytes){0}, delta);
  if (!answer.present || answer.data.size != 8) return false;
  uint64_t number = 0;
  for (int i = 8; i-- > 0;) number = number << 8 | answer.data.data[i];
  *sum = (int64_t)number;
  return true;
}

/* Whether plasma.increment answers a number. */
static bool plus_is(host *h, const char *key, int64_t delta, int64_t expected) {
  int64_t sum;
  return counted(h, HOST_plasma_increment, key, delta, &sum) && sum == expected;
}

/* Whether plasma.decrement answers a number. */
static bool minus_is(host *h, const char *key, int64_t delta, int64_t expected) {
  int64_t sum;
  return counted(h, HOST_plasma_decrement, key, delta, &sum) && sum == expected;
}

/* Whether neither of them answers. */
static bool not_counted(host *h, const char *key, int64_t delta) {
  int64_t sum;
  return !counted(h, HOST_plasma_increment, key, delta, &sum) &&
         !counted(h, HOST_plasma_decrement, key, delta, &sum);
}

/* Whether the last line of the log has `part` in it. */
static bool logged(const host *h, const char *part) {
  size_t count = h->response.line_count;
  return count != 0 && strstr(text_string(&h->response.lines[count - 1].line), part) != NULL;
}

/* The bytes the store counts in spark. */
static uint64_t spark_bytes(store *s) {
  uint64_t size = UINT64_MAX;
  store_spark_bytes(s, &size);
  return size;
}

/* ---- spark ---- */

/* Values come back as they were set, and deletes and lists show it. */
static void test_spark_values(void) {
  store *s = open_store(NULL);
  host h = new_host(s);
  check(spark_absent(&h, "a"), "a key that was never set is absent");
  check(list_is(&h, HOST_spark_list, "[]"), "the list of nothing is []");
  check(spark_set(&h, "a", "one", 0) == 0 && spark_is(&h, "a", "one", 0),
        "a value comes back, without a ttl");
  check(spark_set(&h, "a", "two", 0) == 0 && spark_is(&h, "a", "two", 0), "a value is replaced");
  check(spark_set(&h, "e", "", 0) == 0 && spark_is(&h, "e", "", 0), "an empty value is not an absent one");
  spark_set(&h, "B", "1", 0);
  spark_set(&h, "a:1", "1", 0);
  check(list_is(&h, HOST_spark_list, "[\"B\",\"a\",\"a:1\",\"e\"]"), "the list is sorted by bytes");
  spark_delete(&h, "a");
  spark_delete(&h, "never");
  check(spark_absent(&h, "a"), "a deleted key is absent");
  uint8_t all[1024];
  for (size_t i = 0; i < sizeof all; i++) all[i] = (uint8_t)i;
  check(call(&h, HOST_spark_set, bytes_of("bin"), (bytes){all, sizeof all}, 0).number == 0,
        "set of all bytes");
  host_answer answer = call(&h, HOST_spark_get, bytes_of("bin"), (bytes){0}, 0);
  check(answer.present && answer.data.size == 4 + sizeof all &&
            memcmp(answer.data.data + 4, all, sizeof all) == 0,
        "all bytes come back");
  host_free(&h);
  store_close(s);
}

/* Which keys are keys, in both stores. */
static void test_spark_keys(void) {
  store *s = open_store(NULL);
  host h = new_host(s);
  char longest[258];
  memset(longest, 'k', sizeof longest);
  longest[256] = '\0';
  check(spark_set(&h, longest, "v", 0) == 0 && spark_is(&h, longest, "v", 0), "256 characters are a key");
  longest[256] = 'k', longest[257] = '\0';
  check(spark_set(&h, longest, "v", 0) == 8, "257 characters are none");
  const char *const bad[] = {"",         " ",          "a b",     "a/b",    "a\n",
                             "\xc3\xa9", "__flaron:x", "__sys:x", "__sys:", "a\"b"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    check(spark_set(&h, bad[i], "v", 0) == 8, "spark.set refuses the key '%s'", bad[i]);
    check(plasma_set(&h, bad[i], "v") == 4, "plasma.set refuses the key '%s'", bad[i]);
    check(plasma_delete(&h, bad[i]) == 4, "plasma.delete refuses the key '%s'", bad[i]);
    check(spark_absent(&h, bad[i]) && plasma_is(&h, bad[i], NULL), "get answers nothing for '%s'", bad[i]);
    check(not_counted(&h, bad[i], 1), "no counter for '%s'", bad[i]);
    spark_delete(&h, bad[i]);
    check(logged(&h, "spark.delete: bad key"), "spark.delete logs the bad key '%s'", bad[i]);
  }
  check(call(&h, HOST_spark_set, (bytes){(const uint8_t *)"a\0b", 3}, bytes_of("v"), 0).number == 8,
        "no NUL");
  const char *const good[] = {"__flaron", "__syst:", "_", "-", ".", ":", "azAZ09:._-", "x__sys:"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    check(spark_set(&h, good[i], "v", 0) == 0, "spark.set takes the key '%s'", good[i]);
  }
  host_free(&h);
  store_close(s);
}

/* A clock that moves forward lets keys expire. */
static void test_spark_ttl(void) {
  store *s = open_store(NULL);
  host h = new_host(s);
  check(spark_set(&h, "t", "v", -1) == 1, "a negative ttl is refused");
  check(spark_set(&h, "t", "v", INT32_MIN) == 1, "the least ttl is refused");
  check(spark_set(&h, "t", "v", 315360001) == 1, "a ttl over ten years is refused");
  check(spark_set(&h, "t", "v", 315360000) == 0 && spark_is(&h, "t", "v", 315360000), "ten years are taken");
  spark_set(&h, "t", "v", 10);
  check(spark_is(&h, "t", "v", 10), "10 s are left at once");
  h.config.now_ns = noon + 1;
  check(spark_is(&h, "t", "v", 10), "10 s are left, rounded up, after a nanosecond");
  h.config.now_ns = noon + SECOND;
  check(spark_is(&h, "t", "v", 9), "9 s are left after one");
  h.config.now_ns = noon + 10 * SECOND - 1;
  check(spark_is(&h, "t", "v", 1), "1 s is left a nanosecond before the end");
  check(list_is(&h, HOST_spark_list, "[\"t\"]"), "it is listed until then");
  h.config.now_ns = noon + 10 * SECOND;
  check(spark_absent(&h, "t"), "it is absent at the end");
  check(list_is(&h, HOST_spark_list, "[]"), "it is not listed any more");
  check(spark_set(&h, "t", "w", 0) == 0 && spark_is(&h, "t", "w", 0), "it can be set again, for ever");
  spark_set(&h, "t", "w", 5);
  spark_set(&h, "t", "w", 0);
  h.config.now_ns += 100 * SECOND;
  check(spark_is(&h, "t", "w", 0), "ttl 0 takes an earlier ttl away");
  host_free(&h);
  store_close(s);
}

/* Expired rows go in bounded batches, or as many as the quota needs. */
static void test_spark_sweep(void) {
  store *s = open_store(NULL);
  host h = new_host(s);
  char key[16];
  for (int i = 0; i < 200; i++) {
    snprintf(key, sizeof key, "k%03d", i);
    spark_set(&h, key, "123456", 1);
  }
  check(spark_bytes(s) == 2000, "200 keys are 2000 bytes");
  h.config.now_ns += SECOND;
  spark_set(&h, "x", "y", 0);
  check(spark_bytes(s) == 2 + 136 * 10, "a write removes 64 expired keys, not all: %" PRIu64, spark_bytes(s));
  spark_delete(&h, "x");
  check(spark_bytes(s) == 72 * 10, "so does a delete: %" PRIu64, spark_bytes(s));
  h.config.spark_quota_bytes = 20;
  check(spark_set(&h, "x", "y", 0) == 0 && spark_bytes(s) == 2,
        "expired keys are not in the way of the quota");
  host_free(&h);
  store_close(s);
}

/* Sizes, the quota, and reads and writes of an invocation. */
static void test_spark_limits(void) {
  store *s = open_store(NULL);
  host h = new_host(s);
  char *large = memory_get(65537 + 1);
  memset(large, 'x', 65537);
  check(spark_set(&h, "large", large, 0) == 2, "64 KiB and a byte are too large");
  large[65536] = '\0';
  check(spark_set(&h, "large", large, 0) == 0 && spark_is(&h, "large", large, 0), "64 KiB are not");
  free(large);
  spark_delete(&h, "large");
  check(spark_bytes(s) == 0, "nothing is left of it");
  h.config.spark_quota_bytes = 10;
  check(spark_set(&h, "a", "123456789", 0) == 0, "the quota may be used up");
  check(spark_set(&h, "b", "", 0) == 4, "a byte more is over it");
  check(spark_set(&h, "a", "1234567890", 0) == 4 && spark_is(&h, "a", "123456789", 0),
        "a replacement counts too");
  check(spark_set(&h, "a", "1234", 0) == 0 && spark_set(&h, "b", "1234", 0) == 0,
        "what was replaced does not");
  h.config.spark_quota_bytes = 5;
  check(spark_set(&h, "a", "123", 0) == 0, "a value may shrink though the quota is exceeded");
  check(spark_set(&h, "a", "1234", 0) == 4, "but not grow");
  h.config.spark_quota_bytes = 1000;
  h.config.max_spark_writes = 2;
  host_begin(&h, h.request);
  check(spark_set(&h, "!", "v", 0) == 8 && spark_set(&h, "w", "v", -1) == 1, "two refused writes");
  check(spark_set(&h, "w", "1", 0) == 0, "the first write of two");
  spark_delete(&h, "w");
  check(spark_set(&h, "w", "2", 0) == 3 && spark_absent(&h, "w"),
        "a delete counts; the third is over the limit");
  spark_delete(&h, "a");
  check(logged(&h, "spark.delete: write limit") && !spark_absent(&h, "a"), "so is a delete");
  host_begin(&h, h.request);
  check(spark_set(&h, "w", "2", 0) == 0, "the next invocation may write again");
  h.config.max_spark_reads = 2;
  host_begin(&h, h.request);
  check(spark_is(&h, "w", "2", 0) && list_is(&h, HOST_spark_list, "[\"a\",\"b\",\"w\"]"), "two reads");
  check(spark_absent(&h, "w") && logged(&h, "spark.get: read limit"), "the third answers nothing");
  check(!call(&h, HOST_spark_list, (bytes){0}, (bytes){0}, 0).present, "neither does a listing");
  check(logged(&h, "spark.list: read limit"), "and it says so");
  host_free(&h);
  store_close(s);
}

/* What the default limits leave room for. */
static void test_spark_many_reads(void) {
  store *s = open_store(NULL);
  host h = new_host(s);
  spark_set(&h, "a", "1", 0);
  bool all = true;
  for (int i = 0; i < 10000; i++) all = all && spark_is(&h, "a", "1", 0);
  check(all, "10,000 reads in an invocation");
  for (int i = 1; i < 1000; i++) all = all && spark_set(&h, "a", "1", 0) == 0;
  check(all && spark_set(&h, "a", "1", 0) == 3, "1,000 writes by default");
  host_free(&h);
  store_close(s);
}

/* What is answered without a store and without the capabilities. */
static void test_spark_refusals(void) {
  store *s = open_store(NULL);
  host h = new_host(NULL);
  check(spark_set(&h, "a", "1", 0) == 5, "without a store: not available");
  check(spark_absent(&h, "a") && logged(&h, "no store"), "get without a store");
  check(!call(&h, HOST_spark_list, (bytes){0}, (bytes){0}, 0).present, "list without a store");
  spark_delete(&h, "a");
  check(logged(&h, "spark.delete: this edge has no store"), "delete without a store");
  h.config.store = s;
  spark_set(&h, "a", "1", 0);
  h.config.writes_spark_kv = false;
  check(spark_set(&h, "a", "2", 0) == 9, "without the capability: no capability");
  spark_delete(&h, "a");
  check(logged(&h, "spark.delete: no capability") && spark_is(&h, "a", "1", 0),
        "delete without the capability");
  h.config.writes_plasma_kv = false;
  check(plasma_set(&h, "a", "1") == 5 && plasma_delete(&h, "a") == 5, "plasma without the capability");
  check(not_counted(&h, "a", 1) && logged(&h, "plasma.decrement: no capability"), "no counter without it");
  h.config.writes_plasma_kv = true;
  h.config.store = NULL;
  check(plasma_set(&h, "a", "1") == 1 && plasma_delete(&h, "a") == 1, "plasma without a store");
  check(not_counted(&h, "a", 1) && plasma_is(&h, "a", NULL), "neither counter nor get without it");
  check(!call(&h, HOST_plasma_list, (bytes){0}, (bytes){0}, 0).present, "nor list");
  host_free(&h);
  store_close(s);
}

/* ---- spark.pull ---- */

/* What the other edge of test_pull is like. */
typedef struct other_edge {
  bool reachable;
  size_t asked;
  host *h;
  const char *break_file;
} other_edge;

/* A host_pull_function: every key but `none` has the value `from ORIGIN`, and some extras come with it. */
static bool pull_values(void *data, bytes origin, const bytes *keys, size_t count,
                        host_pulled_function *pulled, void *taker) {
  other_edge *other = data;
  text value = {0};
  other->asked = count;
  if (!other->reachable) return false;
  text_printf(&value, "from %.*s", (int)origin.size, (const char *)origin.data);
  for (size_t i = 0; i < count; i++) {
    if (bytes_are(keys[i], "none")) continue;
    if (bytes_are(keys[i], "large")) text_room(&value, 70000);
    pulled(taker, keys[i], text_bytes(&value), bytes_are(keys[i], "ttl") ? 30 : 0);
    pulled(taker, keys[i], bytes_of("a second time"), 0);
  }
  pulled(taker, bytes_of("unasked"), text_bytes(&value), 0);
  text_free(&value);
  return true;
}

/* spark.pull in an invocation of its own. */
static int32_t pull(host *h, const char *keys) {
  host_begin(h, h->request);
  return call(h, HOST_spark_pull, bytes_of("fra-1"), bytes_of(keys), 0).number;
}

/* spark.pull with every code it has. */
static void test_pull(void) {
  store *s = open_store(NULL);
  host h = new_host(s);
  other_edge other = {.reachable = true};
  check(pull(&h, "[\"a\"]") == -5, "no other edges: not available");
  h.config.pull = pull_values;
  h.config.pull_data = &other;
  check(pull(&h, "[\"a\",\"none\",\"ttl\",\"a\"]") == 2, "two of three keys are moved");
  check(other.asked == 3, "a key is asked for once");
  check(spark_is(&h, "a", "from fra-1", 0) && spark_is(&h, "ttl", "from fra-1", 30), "with value and ttl");
  check(spark_absent(&h, "unasked"), "what was not asked for is not kept");
  check(call(&h, HOST_spark_pull, bytes_of("fra-1"), bytes_of("[\"b\"]"), 0).number == -3,
        "once an invocation");
  check(pull(&h, "[]") == 0, "nothing to pull");
  const char *const bad[] = {"",          "x",
                             "{}",        "\"a\"",
                             "[1]",       "[\"a\",null]",
                             "[\"a b\"]", "[\"__sys:x\"]",
                             "[\"\"]",    "[\"a\\u0000\"]",
                             "[\"a\"",    "[[\"a\"]]"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    check(pull(&h, bad[i]) == -8, "pull refuses the keys %s", bad[i]);
  }
  check(pull(&h, "[\"large\"]") == 0 && logged(&h, "too large"), "a value that is too large is left out");
  h.config.spark_quota_bytes = 1;
  check(pull(&h, "[\"c\"]") == 0 && logged(&h, "quota"), "so is one over the quota");
  h.config.max_spark_pull_per_invocation = 1;
  check(pull(&h, "[\"a\",\"b\"]") == -3, "more keys than allowed");
  other.reachable = false;
  check(pull(&h, "[\"a\"]") == -5, "the other edge is not there");
  h.config.writes_spark_kv = false;
  check(pull(&h, "[\"a\"]") == -9, "no capability");
  h.config.writes_spark_kv = true;
  h.config.store = NULL;
  check(pull(&h, "[\"a\"]") == -5, "no store");
  host_free(&h);
  store_close(s);
}

/* ---- plasma ---- */

/* Registers: the last writer wins. */
static void test_plasma_values(void) {
  store *s = open_store(NULL);
  host h = new_host(s);
  check(plasma_is(&h, "a", NULL), "a key that was never set is absent");
  check(list_is(&h, HOST_plasma_list, "[]"), "the list of nothing is []");
  check(plasma_set(&h, "a", "one") == 0 && plasma_is(&h, "a", "one"), "a value comes back");
  check(plasma_set(&h, "a", "two") == 0 && plasma_is(&h, "a", "two"),
        "the last writer wins, in the same instant");
  h.config.now_ns -= 3600 * SECOND;
  check(plasma_set(&h, "a", "three") == 0 && plasma_is(&h, "a", "three"), "also when the clock went back");
  check(plasma_delete(&h, "a") == 0 && plasma_is(&h, "a", NULL), "a deleted key is absent");
  check(plasma_delete(&h, "a") == 0 && plasma_delete(&h, "never") == 0, "deleting nothing is fine");
  check(plasma_set(&h, "a", "four") == 0 && plasma_is(&h, "a", "four"), "it can be set again");
  check(plasma_set(&h, "e", "") == 0 && plasma_is(&h, "e", NULL), "an empty value cannot be handed over");
  plus_is(&h, "C", 1, 1);
  check(list_is(&h, HOST_plasma_list, "[\"C\",\"a\",\"e\"]"), "the list has values and counters, sorted");
  uint8_t all[512];
  for (size_t i = 0; i < sizeof all; i++) all[i] = (uint8_t)(255 - i);
  check(call(&h, HOST_plasma_set, bytes_of("bin"), (bytes){all, sizeof all}, 0).number == 0,
        "set of all bytes");
  host_answer answer = call(&h, HOST_plasma_get, bytes_of("bin"), (bytes){0}, 0);
  check(answer.present && answer.data.size == sizeof all && memcmp(answer.data.data, all, sizeof all) == 0,
        "all bytes come back");
  h.config.max_kv_value_bytes = 3;
  check(plasma_set(&h, "a", "1234") == 3 && plasma_set(&h, "a", "123") == 0,
        "a value over the limit is too large");
  check(spark_is(&h, "a", "", 0) == false, "spark does not see it");
  host_free(&h);
  store_close(s);
}

/* Counters, their range, and how they and registers replace each other. */
static void test_plasma_counters(void) {
  store *s = open_store(NULL);
  host h = new_host(s);
  check(plus_is(&h, "c", 1, 1) && plus_is(&h, "c", 41, 42) && minus_is(&h, "c", 50, -8), "counting");
  check(plus_is(&h, "c", -2, -10) && minus_is(&h, "c", -20, 10) && plus_is(&h, "c", 0, 10),
        "negative deltas, 0");
  check(plasma_is(&h, "c", "10"), "get answers a counter in decimal");
  check(plus_is(&h, "zero", 0, 0) && plasma_is(&h, "zero", "0"), "a counter may begin with 0");
  check(plus_is(&h, "m", INT64_MAX, INT64_MAX) && !plus_is(&h, "m", 1, 0), "over the top: nothing");
  check(logged(&h, "range of 64 bits") && plus_is(&h, "m", 0, INT64_MAX),
        "it says so, and nothing has changed");
  check(minus_is(&h, "m", INT64_MAX, 0) && plus_is(&h, "m", INT64_MAX, INT64_MAX), "its sums may go beyond");
  check(minus_is(&h, "m", INT64_MAX, 0) && plus_is(&h, "m", 7, 7), "and again");
  check(plus_is(&h, "l", INT64_MIN, INT64_MIN) && !minus_is(&h, "l", 1, 0), "below the bottom: nothing");
  check(plasma_is(&h, "l", "-9223372036854775808"), "the least number in decimal");
  check(minus_is(&h, "l", INT64_MIN, 0), "taking the least number away adds it");
  int64_t sum;
  check(!counted(&h, HOST_plasma_decrement, "l", INT64_MIN, &sum), "but only where there is room");
  plasma_set(&h, "v", "5");
  check(not_counted(&h, "v", 1) && logged(&h, "not a counter"), "a value is no counter, not even a number");
  check(plasma_is(&h, "v", "5"), "and it is still there");
  check(plasma_delete(&h, "v") == 0 && plus_is(&h, "v", 3, 3), "a counter may follow a deleted value");
  check(plasma_set(&h, "c", "x") == 0 && plasma_is(&h, "c", "x") && not_counted(&h, "c", 1),
        "set ends a counter");
  check(plasma_delete(&h, "c") == 0 && plus_is(&h, "c", 1, 1), "a new one begins at 0");
  check(plasma_delete(&h, "c") == 0 && plasma_is(&h, "c", NULL), "delete ends a counter too");
  check(list_is(&h, HOST_plasma_list, "[\"l\",\"m\",\"v\",\"zero\"]"), "and it is not listed any more");
  check(plus_is(&h, "c", 2, 2), "one more begins at 0");
  h.config.max_plasma_writes = 2;
  host_begin(&h, h.request);
  check(plasma_set(&h, "w", "1") == 0 && plasma_delete(&h, "w") == 0, "two writes");
  check(plasma_set(&h, "w", "1") == 2 && plasma_delete(&h, "w") == 2, "more are over the limit");
  check(not_counted(&h, "c", 1) && logged(&h, "write limit"), "counting as well");
  host_free(&h);
  store_close(s);
}

/* ---- the store ---- */

/* What specs use to begin each case alike. */
static void test_snapshot(void) {
  store *s = open_store(NULL);
  host h = new_host(s);
  check(!store_restore(s), "nothing to restore yet");
  spark_set(&h, "a", "1", 0);
  plus_is(&h, "c", 5, 5);
  check(store_snapshot(s), "snapshot");
  for (int i = 0; i < 3; i++) {
    spark_set(&h, "a", "2", 0);
    spark_set(&h, "b", "2", 0);
    h.config.spark_quota_bytes = 0;
    check(spark_set(&h, "c", "3", 0) == 4, "a refused change within a snapshot");
    h.config.spark_quota_bytes = 1000;
    check(plus_is(&h, "c", 1, 6) && plasma_set(&h, "p", "x") == 0, "changes after a snapshot");
    check(store_restore(s), "restore");
    check(spark_is(&h, "a", "1", 0) && spark_absent(&h, "b") && plasma_is(&h, "c", "5"), "all is as it was");
    check(plasma_is(&h, "p", NULL) && spark_bytes(s) == 2, "the sum of sizes too");
  }
  spark_set(&h, "a", "9", 0);
  check(store_snapshot(s), "a later snapshot takes the place of the first");
  check(store_clear(s) == STORE_OK && spark_bytes(s) == 0, "clear");
  check(list_is(&h, HOST_spark_list, "[]") && list_is(&h, HOST_plasma_list, "[]"), "nothing is left");
  check(store_restore(s) && spark_is(&h, "a", "9", 0) && plasma_is(&h, "c", "5"), "clear is taken back too");
  host_free(&h);
  store_close(s);
  s = open_store(path_of("snapshot"));
  check(!store_snapshot(s) && !store_restore(s), "a file has no snapshots");
  store_close(s);
  remove_store("snapshot");
}

/* A file keeps everything. */
static void test_restart(void) {
  store *s = open_store(path_of("restart"));
  host h = new_host(s);
  spark_set(&h, "for-ever", "1", 0);
  spark_set(&h, "a-minute", "2", 60);
  plasma_set(&h, "p", "3");
  plasma_set(&h, "gone", "3");
  plasma_delete(&h, "gone");
  plus_is(&h, "c", 4, 4);
  store_close(s);
  h.config.store = s = open_store(path_of("restart"));
  h.config.now_ns += 30 * SECOND;
  check(spark_is(&h, "for-ever", "1", 0) && spark_is(&h, "a-minute", "2", 30), "spark outlives a restart");
  check(plasma_is(&h, "p", "3") && plasma_is(&h, "gone", NULL), "plasma too");
  check(plus_is(&h, "c", 1, 5) && plus_is(&h, "c", 0, 5), "counters too");
  check(spark_bytes(s) == 18, "the sum of sizes too: %" PRIu64, spark_bytes(s));
  host_free(&h);
  store_close(s);
  remove_store("restart");
}

/* Two handles of one file see each other, as two processes would. */
static void test_two_handles(void) {
  store *one = open_store(path_of("two")), *two = open_store(path_of("two"));
  host h = new_host(one), g = new_host(two);
  spark_set(&h, "a", "1", 0);
  check(spark_is(&g, "a", "1", 0), "what one handle writes another sees");
  check(plus_is(&h, "c", 1, 1) && plus_is(&g, "c", 1, 2) && plus_is(&h, "c", 1, 3), "both count on");
  check(plasma_set(&g, "p", "g") == 0 && plasma_set(&h, "p", "h") == 0 && plasma_is(&g, "p", "h"),
        "both set");
  host_free(&h);
  host_free(&g);
  store_close(one);
  store_close(two);
  remove_store("two");
}

/* Files that cannot be opened, and the sentence that says so. */
static void test_open_errors(void) {
  text error = {0};
  check(store_open("/no/such/folder/file", &error) == NULL && strstr(text_string(&error), "/no/such/folder"),
        "a folder that is not there: %s", text_string(&error));
  text_clear(&error);
  FILE *file = fopen(path_of("text"), "w");
  for (int i = 0; i < 1000; i++) fputs("this is no database. ", file);
  fclose(file);
  check(store_open(path_of("text"), &error) == NULL && strstr(text_string(&error), "not a database"),
        "a file that is no database: %s", text_string(&error));
  remove_store("text");
  text_clear(&error);
  sqlite3 *db;
  sqlite3_open(path_of("newer"), &db);
  sqlite3_exec(db, "PRAGMA user_version = 99; CREATE TABLE t(x)", NULL, NULL, NULL);
  sqlite3_close(db);
  check(store_open(path_of("newer"), &error) == NULL && strstr(text_string(&error), "newer"),
        "a file of a newer version: %s", text_string(&error));
  remove_store("newer");
  text_free(&error);
}

/* Every call while its tables are missing. */
static void test_internal_errors(void) {
  store *s = open_store(path_of("broken"));
  host h = new_host(s);
  other_edge other = {.reachable = true};
  h.config.pull = pull_values;
  h.config.pull_data = &other;
  sqlite3 *db;
  sqlite3_open(path_of("broken"), &db);
  sqlite3_exec(db, "DROP TABLE spark; DROP TABLE plasma; DROP TABLE plasma_counter", NULL, NULL, NULL);
  sqlite3_close(db);
  check(spark_set(&h, "a", "1", 0) == 6 && logged(&h, "spark.set: no such table"), "spark.set: internal");
  check(spark_absent(&h, "a") && logged(&h, "spark.get: no such table"), "spark.get says so in the log");
  spark_delete(&h, "a");
  check(logged(&h, "spark.delete: no such table"), "spark.delete too");
  check(!call(&h, HOST_spark_list, (bytes){0}, (bytes){0}, 0).present, "spark.list answers nothing");
  check(pull(&h, "[\"a\"]") == -6, "spark.pull: internal");
  check(plasma_set(&h, "a", "1") == 6 && plasma_delete(&h, "a") == 6, "plasma: internal");
  check(plasma_is(&h, "a", NULL) && not_counted(&h, "a", 1), "plasma.get and counters answer nothing");
  check(!call(&h, HOST_plasma_list, (bytes){0}, (bytes){0}, 0).present, "nor does plasma.list");
  check(store_clear(s) == STORE_FAILED, "clear fails");
  host_free(&h);
  store_close(s);
  remove_store("broken");
}

/* A thread of test_busy: gives its lock back after a while. */
static void *unlock_later(void *db) {
  usleep(300000);
  sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
  return NULL;
}

/* Another process holds the lock for a while. */
static void test_busy(void) {
  store *s = open_store(path_of("busy"));
  host h = new_host(s);
  sqlite3 *db;
  pthread_t thread;
  sqlite3_open(path_of("busy"), &db);
  sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  pthread_create(&thread, NULL, unlock_later, db);
  check(spark_set(&h, "a", "1", 0) == 0 && spark_is(&h, "a", "1", 0), "a write waits for another's lock");
  pthread_join(thread, NULL);
  sqlite3_close(db);
  host_free(&h);
  store_close(s);
  remove_store("busy");
}

/* A thread of test_threads: counts 500 times. */
static void *count_up(void *s) {
  int64_t total;
  text value = {0};
  uint32_t ttl;
  for (int i = 0; i < 500; i++) {
    if (store_plasma_add(s, bytes_of("c"), 1, false, noon, &total) != STORE_OK) break;
    store_spark_set(s, bytes_of("k"), bytes_of("v"), 0, noon, 1000);
    store_spark_get(s, bytes_of("k"), noon, &value, &ttl);
  }
  text_free(&value);
  return NULL;
}

/* One handle in several threads. */
static void test_threads(void) {
  store *s = open_store(NULL);
  host h = new_host(s);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, count_up, s);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  check(plus_is(&h, "c", 0, 2000), "four threads count to 2000");
  host_free(&h);
  store_close(s);
}

/* The child of test_kill: writes as fast as it can and acknowledges each write, until it is killed. */
static void write_storm(int acknowledge, uint32_t first) {
  store *s = open_store(path_of("kill"));
  host h = new_host(s);
  h.config.max_spark_writes = h.config.max_plasma_writes = SIZE_MAX;
  for (uint32_t i = first;; i++) {
    char key[32], value[32];
    int64_t sum;
    snprintf(key, sizeof key, "k%" PRIu32, i);
    snprintf(value, sizeof value, "value %" PRIu32, i);
    if (spark_set(&h, key, value, 0) != 0 || plasma_set(&h, key, value) != 0) _exit(1);
    if (!counted(&h, HOST_plasma_increment, "count", 1, &sum)) _exit(1);
    if (write(acknowledge, &i, sizeof i) != sizeof i) _exit(1);
  }
}

/* Runs a storm and kills it after some time: the first write that was not acknowledged. */
static uint32_t storm(uint32_t first, unsigned milliseconds) {
  int ends[2];
  if (pipe(ends) != 0) perror("pipe"), exit(1);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) close(ends[0]), write_storm(ends[1], first);
  close(ends[1]);
  uint32_t number, next = first;
  int status = 0;
  if (read(ends[0], &number, sizeof number) == sizeof number) next = number + 1; /* it has begun */
  usleep(milliseconds * 1000);
  kill(child, SIGKILL);
  while (read(ends[0], &number, sizeof number) == sizeof number) next = number + 1;
  waitpid(child, &status, 0);
  check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the child was writing when it was killed");
  close(ends[0]);
  return next;
}

/* A writer is killed again and again, and loses nothing it acknowledged. */
static void test_kill(void) {
  uint32_t next = 0;
  int rounds = 5, lost = 0;
  for (int i = 0; i < rounds; i++) next = storm(next, 40 + 37 * (unsigned)i);
  store *s = open_store(path_of("kill"));
  host h = new_host(s);
  for (uint32_t i = 0; i < next; i++) {
    char key[32], value[32];
    snprintf(key, sizeof key, "k%" PRIu32, i);
    snprintf(value, sizeof value, "value %" PRIu32, i);
    lost += !spark_is(&h, key, value, 0) || !plasma_is(&h, key, value);
  }
  int64_t sum = 0;
  check(lost == 0, "%d of %" PRIu32 " acknowledged writes were lost", lost, next);
  check(next > (uint32_t)rounds, "there were writes: %" PRIu32, next);
  bool has_count = counted(&h, HOST_plasma_increment, "count", 0, &sum);
  check(has_count && sum >= next && sum <= next + rounds,
        "the counter is %" PRId64 " for %" PRIu32 " acknowledged writes", sum, next);
  host_free(&h);
  store_close(s);
  remove_store("kill");
}

/* The journal mode, which the file itself remembers. */
static void test_durable_settings(void) {
  store *s = open_store(path_of("settings"));
  sqlite3 *db;
  sqlite3_stmt *statement;
  sqlite3_open(path_of("settings"), &db);
  sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &statement, NULL);
  sqlite3_step(statement);
  check(strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0,
        "the journal is a write-ahead log");
  sqlite3_finalize(statement);
  sqlite3_close(db);
  store_close(s);
  remove_store("settings");
}

/* Runs every test. */
int main(void) {
  make_folder();
  test_spark_values();
  test_spark_keys();
  test_spark_ttl();
  test_spark_sweep();
  test_spark_limits();
  test_spark_many_reads();
  test_spark_refusals();
  test_pull();
  test_plasma_values();
  test_plasma_counters();
  test_snapshot();
  test_restart();
  test_two_handles();
  test_open_errors();
  test_internal_errors();
  test_busy();
  test_threads();
  test_kill();
  test_durable_settings();
  rmdir(folder);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
