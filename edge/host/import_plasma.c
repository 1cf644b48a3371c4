/*
 * import_plasma.c - the imports of `plasma`: the key-value store that edges share.
 *
 * It enforces the rights and limits of a flare; store.c keeps the values and counts. If more than one code
 * fits, the answer is the first of: no capability, not available, bad key, too large, write limit. Only a
 * write that gets as far as the write limit counts towards it; deletes and counting are writes.
 *
 * plasma_get, plasma_list and the counters have no codes: a refusal is a warning in the log. A write without
 * the capability gives both its code and a warning.
 */
#include <jansson.h>

#include "abi/codes.h"
#include "host/host.h"
#include "store/store.h"

enum { NUMBER_SIZE = 8 };

/* Why a counter was not changed, for each code. */
static const char *const reasons[] = {
    [PLASMA_NOT_AVAILABLE] = "this edge has no store",
    [PLASMA_WRITE_LIMIT] = "write limit",
    [PLASMA_BAD_KEY] = "bad key",
};

/* Whether `what` may write `size` bytes under a key: 0 or a code. Counts the write. */
static int check_writing(host *h, const char *what, bytes key, size_t size) {
  if (!h->config.writes_plasma_kv) {
    host_no_capability(h, what, "writes_plasma_kv");
    return PLASMA_NO_CAPABILITY;
  }
  if (h->config.store == NULL) return PLASMA_NOT_AVAILABLE;
  if (!store_key_valid(key)) return PLASMA_BAD_KEY;
  if (size > h->config.max_kv_value_bytes) return PLASMA_TOO_LARGE;
  return h->plasma_writes++ < h->config.max_plasma_writes ? 0 : PLASMA_WRITE_LIMIT;
}

/* The code for the result of a write. */
static int write_code(host *h, const char *what, store_result result) {
  if (result == STORE_OK) return 0;
  host_store_failed(h, what);
  return PLASMA_INTERNAL;
}

/* plasma_get(key) -> value; for a counter its number in decimal. */
void host_plasma_get(host *h, const host_arguments *arguments, host_answer *answer) {
  if (h->config.store == NULL) host_refused(h, "plasma.get", reasons[PLASMA_NOT_AVAILABLE]);
  if (h->config.store == NULL || !store_key_valid(arguments->a)) return;
  text_clear(&h->answer);
  store_result result = store_plasma_get(h->config.store, arguments->a, &h->answer);
  if (result == STORE_FAILED) host_store_failed(h, "plasma.get");
  if (result == STORE_OK) host_answer_text(h, answer);
}

/* plasma_set(key, value) -> 0 or a code */
void host_plasma_set(host *h, const host_arguments *arguments, host_answer *answer) {
  answer->number = check_writing(h, "plasma.set", arguments->a, arguments->b.size);
  if (answer->number != 0) return;
  store_result result = store_plasma_set(h->config.store, arguments->a, arguments->b, host_now_ns(h));
  answer->number = write_code(h, "plasma.set", result);
}

/* plasma_delete(key) -> 0, also when it is not there, or a code */
void host_plasma_delete(host *h, const host_arguments *arguments, host_answer *answer) {
  answer->number = check_writing(h, "plasma.delete", arguments->a, 0);
  if (answer->number != 0) return;
  store_result result = store_plasma_delete(h->config.store, arguments->a, host_now_ns(h));
  answer->number = write_code(h, "plasma.delete", result);
}

/* Adds to a counter or subtracts: answers the new number as 8 bytes LE; nothing, with a log line, if it
 * fails. */
static void count(host *h, const host_arguments *arguments, bool subtract, host_answer *answer) {
  const char *what = subtract ? "plasma.decrement" : "plasma.increment";
  int64_t total = 0;
  int code = check_writing(h, what, arguments->a, 0);
  if (code != 0) {
    if (code != PLASMA_NO_CAPABILITY) host_refused(h, what, reasons[code]);
    return;
  }
  store_result result =
      store_plasma_add(h->config.store, arguments->a, arguments->n, subtract, host_now_ns(h), &total);
  if (result == STORE_NOT_COUNTER) host_refused(h, what, "the key holds a value, not a counter");
  if (result == STORE_OVERFLOW) host_refused(h, what, "the counter would leave the range of 64 bits");
  if (result == STORE_FAILED) host_store_failed(h, what);
  if (result != STORE_OK) return;
  text_clear(&h->answer);
  char *number = text_room(&h->answer, NUMBER_SIZE);
  for (int i = 0; i < NUMBER_SIZE; i++) number[i] = (char)((uint64_t)total >> 8 * i & 0xff);
  host_answer_text(h, answer);
}

/* plasma_increment(key, delta) -> i64 LE */
void host_plasma_increment(host *h, const host_arguments *arguments, host_answer *answer) {
  count(h, arguments, false, answer);
}

/* plasma_decrement(key, delta) -> i64 LE */
void host_plasma_decrement(host *h, const host_arguments *arguments, host_answer *answer) {
  count(h, arguments, true, answer);
}

/* plasma_list() -> keys as a JSON array, sorted */
void host_plasma_list(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)arguments;
  if (h->config.store == NULL) {
    host_refused(h, "plasma.list", reasons[PLASMA_NOT_AVAILABLE]);
    return;
  }
  json_t *keys = json_array();
  store_result result = store_plasma_list(h->config.store, h->config.max_list_keys, host_add_key, keys);
  host_answer_keys(h, answer, "plasma.list", result, keys);
}
