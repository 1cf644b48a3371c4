/*
 * host.h - the host side of `flaron/v1`: what a flare may ask for, and what it answers with.
 *
 * A host serves one invocation at a time. It sees bytes and numbers, not linear memory, so every engine
 * (engine_wasm2c.c: the wasm2c build; engine_process.c: another process) runs flares against the same host.
 * Each import is one function in a file host_MODULE.c; abi.def is the list of them.
 */
#ifndef FLARON_EDGE_HOST_H
#define FLARON_EDGE_HOST_H

#include "abi/flags.h"
#include "base/text.h"

/* The imports, numbered in the order of abi.def. */
typedef enum host_import {
#define FLARON_IMPORT(result, name, params, flags, absent) HOST_##name,
#include "abi/abi.def"
#undef FLARON_IMPORT
  HOST_IMPORTS
} host_import;

/* What an import gives and takes, as the strings of abi.def: "PACKED", "BBN"... */
typedef struct host_signature {
  const char *name, *result, *params;
  unsigned flags; /* of enum abi_flag */
  int32_t absent; /* the number that says "not available"; 0 = none does */
} host_signature;

extern const host_signature host_signatures[HOST_IMPORTS];

/* Arguments of a call: byte arguments in order, then the number if there is one. Borrowed. */
typedef struct host_arguments {
  bytes a, b;
  int64_t n;
} host_arguments;

/*
 * The answer of a call. For PACKED: `data`, when `present`, borrowed from the host until its next call.
 * For I32: `number`.
 */
typedef struct host_answer {
  bool present;
  bytes data;
  int32_t number;
} host_answer;

/* Names with values, in order. Owned. */
typedef struct host_pair {
  char *name, *value; /* each with a NUL after it, which `name_size` and `value_size` do not count */
  size_t name_size, value_size;
  size_t room; /* bytes of the block at `name`, which has both */
} host_pair;

typedef struct host_pairs {
  host_pair *items;
  size_t count, capacity; /* those after `count` keep their blocks for the next ones */
  size_t size;            /* bytes of all names and values */
} host_pairs;

/* Adds a pair; with `overwrite`, in place of one whose name is the same but for case. Copies both. */
void host_pairs_set(host_pairs *pairs, bytes name, bytes value, bool overwrite);

/*
 * Adds a header line of a request: after the value of one of the same name, case ignored, with ", " between,
 * or "; " for a Cookie (RFC 9110, 5.3; RFC 9113, 8.2.3). Copies both.
 */
void host_pairs_join(host_pairs *pairs, bytes name, bytes value);

/* The value of a name, case ignored; NULL when there is none. */
const host_pair *host_pairs_find(const host_pairs *pairs, bytes name);

/* Takes out the pairs of a name, case ignored. */
void host_pairs_remove(host_pairs *pairs, const char *name);

void host_pairs_free(host_pairs *pairs);

/* An event of a ws connection: what ws_event_type and its kin answer. */
typedef struct host_event {
  const char *type; /* "open", "message", "close"; static; NULL = there is no event */
  text conn_id, data;
  int close_code; /* the peer's, in "close" */
} host_event;

/*
 * What an invocation is about: a request, or an event with the request that opened the connection. Owned by
 * whoever made it; a host borrows it for one invocation.
 */
typedef struct host_request {
  text method, url, body;
  host_pairs headers;
  host_event event;
} host_request;

void host_request_free(host_request *request);

/* Makes it empty but keeps its memory, unless that is large, for the next request. */
void host_request_clear(host_request *request);

typedef enum host_level { HOST_INFO, HOST_WARN, HOST_ERROR } host_level;

/* "info", "warn", "error". */
const char *host_level_name(host_level level);

typedef struct host_line {
  host_level level;
  text line;
} host_line;

/* A fetch that is over, for who tells of the invocation. */
typedef struct host_fetch {
  text url;   /* as the flare gave it, at most HOST_FETCH_URL bytes; secrets that it read are '*' */
  text why;   /* no answer came; empty = one did */
  bool told;  /* a line of the log has that already */
  int status; /* of the answer; 0 = none came */
  int64_t us; /* how long it took */
} host_fetch;

enum { HOST_FETCH_URL = 1000 };

typedef enum host_action { HOST_RESPOND = 1, HOST_TRANSFORM = 2, HOST_PASS_THROUGH = 3 } host_action;

/* What became of an invocation. */
typedef struct host_response {
  host_action action;
  int status; /* 200 when the flare set none */
  host_pairs headers;
  text body;
  host_line *lines; /* the log, those of the edge itself included */
  size_t line_count;
  host_fetch *fetches; /* not those beyond max_fetch_requests, nor those that a tape answered */
  size_t fetch_count;
  text *frames; /* what the flare sent on a ws connection */
  size_t frame_count, frame_bytes;
  int close_code; /* of a ws connection the flare closed, 0 = it did not */
  text error;     /* why the invocation failed (runner.h), with a traceback; empty = it did not */
} host_response;

/* A secret. Owned by whoever made it; a host borrows it. One of size 0 counts as not set. */
typedef struct host_secret {
  char *name;
  uint8_t *value;
  size_t size;
} host_secret;

/*
 * For spark_pull: takes a key with its value that another edge has. `ttl_s`: seconds left, 0 = it never
 * expires. Copies what it needs.
 */
typedef void host_pulled_function(void *taker, bytes key, bytes value, uint32_t ttl_s);

/*
 * For spark_pull: asks the edge `origin` for keys, and calls `pulled` for each that it has. False: the edge
 * cannot be reached. `data` is the config's pull_data.
 */
typedef bool host_pull_function(void *data, bytes origin, const bytes *keys, size_t count,
                                host_pulled_function *pulled, void *taker);

/* What a fetch brought back. Owned by the host. */
typedef struct host_fetched {
  int status; /* 0 = no answer came; then the body is the message of the error, empty = without one */
  host_pairs headers;
  text body;
} host_fetched;

/*
 * Answers a fetch in place of the network, for specs. False: not this one, ask the network; true: `fetched`,
 * given empty, is the answer. `data` is the config's stub_data.
 */
typedef bool host_fetch_function(void *data, const host_request *request, host_fetched *fetched);

/* What a call waits for: the disk or a lock; another machine or another edge; that is over. */
typedef enum host_wait_kind { HOST_WAITS_BRIEFLY, HOST_WAITS, HOST_WAITED } host_wait_kind;

/* Told of that, on the thread of the flare. False, of HOST_WAITS alone: it may not wait, the call is refused.
 */
typedef bool host_wait_function(host_wait_kind kind);

/* What a flare is allowed, and the limits it runs under. host_config_default gives the documented ones. */
typedef struct host_config {
#define FLARON_LIMIT(name, type, value, set_by) type name;
#include "host/limits.def"
#undef FLARON_LIMIT
  bool requires_body;                     /* else req_body answers nothing */
  bool requires_raw_auth;                 /* else Authorization, Cookie and X-Flaron-* are withheld */
  bool writes_spark_kv, writes_plasma_kv; /* else writing is answered with "no capability" */
  int64_t now_ns;                         /* the clock: nanoseconds since 1970; 0 = the machine's */
  int64_t skew_ns;                        /* how far the clock is ahead of the machine's */
  const host_secret *secrets;             /* borrowed, as the next list is */
  size_t secret_count;
  char *const *allowed_secrets; /* names of the secrets a flare may use */
  size_t allowed_secret_count;
  bool all_secrets;         /* a flare may use them all, whatever the list: there is no manifest */
  uint16_t machine_id;      /* 0 to 1023, goes into snowflakes */
  uint64_t random_seed;     /* of ids and random bytes, for specs; 0 = true randomness. Not for AES nonces */
  struct store *store;      /* of spark and plasma, borrowed; NULL = not available */
  host_pull_function *pull; /* NULL = there are no other edges */
  void *pull_data;
  char *const *allowed_fetch_urls; /* see fetch_url.h; borrowed */
  size_t allowed_fetch_url_count;
  bool all_fetch_urls;       /* any URL may be fetched, whatever the list: there is no manifest */
  host_wait_function *wait;  /* told of calls that wait for something; NULL = nobody is */
  host_fetch_function *stub; /* NULL = none */
  void *stub_data;
} host_config;

host_config host_config_default(void);

/* Where a sequence of ids stands that must not repeat or go back (import_id.c). Begin with {0}. */
typedef struct host_sequence {
  bool started;
  uint64_t ms, high, low; /* the time of the last id, and what follows the time in it */
} host_sequence;

/* An import that is made to fail, for specs: with the code, or no answer. */
typedef struct host_failure {
  bool on;
  int32_t code;
} host_failure;

/* What an invocation asked of one import, with the bytes it handed over and the bytes it got. */
typedef struct host_usage {
  size_t calls;
  uint64_t in, out;
} host_usage;

/* One of the last calls of an invocation, for who looks for what went wrong. */
typedef struct host_recent {
  host_import import;
  char argument[64]; /* the beginning of the first one, what is not printable ASCII as '.', NUL at the end */
  bool shortened;    /* there is more of it */
  host_answer answered; /* without the bytes: `data.size` alone */
} host_recent;

enum { HOST_RECENT = 8 };

/* Sits between a flare and its host for one invocation, to record or to answer in the host's place. */
typedef struct host_tape {
  /* Before a call. True: `answer` is the answer and the host is not asked. May be NULL. */
  bool (*before)(struct host_tape *tape, host_import import, const host_arguments *arguments,
                 host_answer *answer);
  /* After a call, whoever answered it. May be NULL. */
  void (*after)(struct host_tape *tape, host_import import, const host_arguments *arguments,
                const host_answer *answer);
  bool stop; /* set in one of them: the invocation ends there, with a traceback (in this process only) */
} host_tape;

typedef struct host {
  host_config config;
  host_failure failures[HOST_IMPORTS];
  host_tape *tape;                 /* borrowed; NULL = none */
  host_usage usage[HOST_IMPORTS];  /* of this invocation */
  host_recent recent[HOST_RECENT]; /* the n-th call is at n % HOST_RECENT */
  size_t call_count;
  const host_request *request;
  host_response response;
  size_t log_lines, refused_lines; /* of this invocation: the flare's and host_refused's */
  text answer;                     /* holds the bytes of the last answer */
  host_sequence uuid, ulid, snowflake;
  uint64_t random_words; /* taken from the seeded generator so far */
  size_t spark_reads, spark_writes, spark_pulls, plasma_writes, fetches; /* of this invocation */
  bool must_not_wait; /* the call that is under way is to be refused: too many wait */
  struct {
    void
        *state; /* of import_beam.c: libcurl's handle, made by the first fetch and kept for its connections */
    void (*free)(void *state);
  } fetching;
} host;

/* Begins an invocation: the request is borrowed until the next one, the response is empty. */
void host_begin(host *h, const host_request *request);

/* Makes one call. Never fails: what goes wrong is in the answer, as the ABI has it. */
void host_call(host *h, host_import import, const host_arguments *arguments, host_answer *answer);

/* Adds a line to the log of the invocation, from the edge itself: not counted, not cut. */
void host_log(host *h, host_level level, const char *line, size_t size);

/* Takes back what the flare set on the response and makes it the 500 of a failed invocation. */
void host_fail(host *h);

/*
 * Of import_http.c: takes what goes out with no answer of this kind out of the response, with a warning: the
 * content of a status that has none. Where the origin answers, it warns of what was set and is not sent. Call
 * it once, when the action is known.
 */
void host_look_at_answer(host *h);

/* Whether a response is the 500 of a failed invocation, as host_fail and the runtime make it. */
bool host_is_failure(const host_response *response);

/* What a ws connection is closed with when its handler failed: RFC 6455, 7.4.1. */
enum { HOST_WS_FAILED = 1011 };

/* Takes the response out of the host in place of what `response` held, whose memory serves the next one. */
void host_take_response(host *h, host_response *response);

void host_response_free(host_response *response);

/* Makes it empty but keeps its memory, unless that is large. */
void host_response_clear(host_response *response);

/* Frees what the host holds. */
void host_free(host *h);

/* For import_*.c: makes `answer` bytes that live on until the next call: nothing when there are none. */
void host_answer_bytes(host_answer *answer, bytes b);

/* For import_*.c: makes `answer` the bytes in h->answer, or nothing when there are none. */
void host_answer_text(host *h, host_answer *answer);

/* For import_*.c: the clock a flare sees, nanoseconds since 1970. */
int64_t host_now_ns(const host *h);

/* For import_*.c: fills `to` with random bytes; the same in each process when the config has a seed. */
void host_random(host *h, void *to, size_t size);

/*
 * For import_*.c: the secret of a name, borrowed; NULL, and a line of the log that says why, when it is not
 * set or the flare may not use it.
 */
const host_secret *host_find_secret(host *h, bytes name);

struct json_t;

/* For import_*.c: makes `answer` a JSON value in compact form, and frees the value. */
void host_answer_json(host *h, host_answer *answer, struct json_t *value);

/*
 * Of host_call.c, for import_*.c: makes '*' of what stands of secrets that the flare read in `shown`, the
 * first `size` bytes of `whole`.
 */
void host_hide_secrets(const host *h, bytes whole, char *shown, size_t size);

/* For import_*.c: a store_key_function that adds the key to a JSON array. */
void host_add_key(void *array, bytes key);

/* For import_*.c: answers a list of keys, which is freed, or says why there is none; `result` is a
 * store_result. */
void host_answer_keys(host *h, host_answer *answer, const char *what, int result, struct json_t *keys);

/* For import_*.c: a line of the log that says why `what`, a function of a flare, answers nothing. */
void host_refused(host *h, const char *what, const char *why);

/*
 * For import_*.c: a warning in the log of what a missing right withholds, with the way out. Of lines that are
 * the same an invocation gets one; all count among those of host_refused.
 */
__attribute__((format(printf, 2, 3))) void host_withheld(host *h, const char *format, ...);

/* For import_*.c: the same of a write, by `what`, that needs `right` in flare.lua. */
void host_no_capability(host *h, const char *what, const char *right);

/* For import_*.c: logs what the store said of its failure. */
void host_store_failed(host *h, const char *what);

/* Of import_http.c: whether a request header is kept from flares without requires_raw_auth. */
bool host_header_withheld(bytes name);

/* Of import_secrets.c: whether a flare may use a secret, be it set or not. */
bool host_secret_allowed(const host_config *config, bytes name);

/*
 * Of import_secrets.c: adds the names of the secrets that a manifest allows by name and that are not set, as
 * words for a shell, a blank in front of each.
 */
void host_unset_secrets(const host_config *config, text *names);

/* Of fetch_url.c: whether a flare may fetch a URL. */
bool host_url_allowed(const host_config *config, const char *url);

/* For import_*.c: the functions that host_call calls. */
#define FLARON_IMPORT(result, name, params, flags, absent) \
  void host_##name(host *h, const host_arguments *arguments, host_answer *answer);
#include "abi/abi.def"
#undef FLARON_IMPORT

#endif
