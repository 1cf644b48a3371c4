/*
 * host.h - the host side of `flaron/v1`: the imports that a flare may call.
 *
 * A host serves one invocation at a time. It sees bytes and numbers, not linear memory, so every engine
 * (engine_wasm2c.c: the wasm2c build; engine_process.c: another process) runs flares against the same host.
 * Each import is one function in a file import_MODULE.c; abi.def lists them.
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

/* The result and parameters of an import, as strings of abi.def: "PACKED", "BBN"... */
typedef struct host_signature {
  const char *name, *result, *params;
  unsigned flags; /* of enum abi_flag */
  int32_t absent; /* the result that means "not available"; 0 = there is none */
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
  size_t room; /* bytes of the block at `name`, which holds both */
} host_pair;

typedef struct host_pairs {
  host_pair *items;
  size_t count, capacity; /* pairs after `count` keep their blocks for reuse */
  size_t size;            /* bytes of all names and values */
} host_pairs;

/* Adds a pair; with `overwrite` it replaces one of the same name, case ignored. Copies name and value. */
void host_pairs_set(host_pairs *pairs, bytes name, bytes value, bool overwrite);

/*
 * Adds a header line of a request. If there is a header of the same name, case ignored, the value is appended
 * to it after ", ", or "; " for a Cookie (RFC 9110, 5.3; RFC 9113, 8.2.3). A Content-Length has one value,
 * the first: those that differ are refused before (RFC 9110, 8.6). Copies name and value.
 */
void host_pairs_join(host_pairs *pairs, bytes name, bytes value);

/* The pair of a name, case ignored; NULL if there is none. */
const host_pair *host_pairs_find(const host_pairs *pairs, bytes name);

/* Removes the pairs of a name, case ignored. */
void host_pairs_remove(host_pairs *pairs, const char *name);

/* Removes the pairs for which `keep` is false, in one pass. */
void host_pairs_filter(host_pairs *pairs, bool (*keep)(void *data, const host_pair *pair), void *data);

void host_pairs_free(host_pairs *pairs);

/* An event of a ws connection, which the imports ws_event_* answer. */
typedef struct host_event {
  const char *type; /* "open", "message", "close"; static; NULL = there is no event */
  text conn_id, data;
  int close_code; /* the peer's, in "close" */
} host_event;

/*
 * The input of an invocation: a request, or an event with the request that opened the connection. The caller
 * owns it; a host borrows it for one invocation.
 */
typedef struct host_request {
  text method, url, body;
  host_pairs headers;
  host_event event;
} host_request;

void host_request_free(host_request *request);

/* Empties it but keeps its memory, unless that is large, for the next request. */
void host_request_clear(host_request *request);

typedef enum host_level { HOST_INFO, HOST_WARN, HOST_ERROR } host_level;

/* "info", "warn", "error". */
const char *host_level_name(host_level level);

typedef struct host_line {
  host_level level;
  text line;
} host_line;

/* A finished fetch, for reports about the invocation. */
typedef struct host_fetch {
  text url;  /* as the flare passed it, at most HOST_FETCH_URL bytes; secrets that the flare read are shown as
                '*' */
  text why;  /* why no answer came; empty = one came */
  bool told; /* the log already has a line about it */
  int status; /* of the answer; 0 = no answer came */
  int64_t us; /* duration in microseconds */
} host_fetch;

enum { HOST_FETCH_URL = 1000 };

typedef enum host_action { HOST_RESPOND = 1, HOST_TRANSFORM = 2, HOST_PASS_THROUGH = 3 } host_action;

/* The result of an invocation. */
typedef struct host_response {
  host_action action;
  int status; /* 200 when the flare set none */
  host_pairs headers;
  text body;
  host_line *lines; /* the log, the edge's own events included */
  size_t line_count;
  host_fetch *fetches; /* without those beyond max_fetch_requests and those that a tape answered */
  size_t fetch_count;
  text *frames; /* messages that the flare sent on a ws connection */
  size_t frame_count, frame_bytes;
  int close_code; /* the flare closed the ws connection with it; 0 = it did not */
  text error;     /* why the invocation failed (runner.h), with a traceback; empty = it succeeded */
  text locals; /* of each level of an error, with shows_locals: "FILE:LINE", then "\tNAME = VALUE" each on a
                  line */
} host_response;

/* A secret. The caller owns it; a host borrows it. A secret of size 0 counts as not set. */
typedef struct host_secret {
  char *name;
  uint8_t *value;
  size_t size;
} host_secret;

/*
 * For spark_pull: takes a key and its value from another edge, borrowed for the call. `ttl_s`: seconds left,
 * 0 = it never expires.
 */
typedef void host_pulled_function(void *taker, bytes key, bytes value, uint32_t ttl_s);

/*
 * For spark_pull: asks the edge `origin` for keys, and calls `pulled` for each key that it has. False: the
 * edge cannot be reached. `data` is the config's pull_data.
 */
typedef bool host_pull_function(void *data, bytes origin, const bytes *keys, size_t count,
                                host_pulled_function *pulled, void *taker);

/* The result of a fetch. Owned by the host. */
typedef struct host_fetched {
  int status; /* 0 = no answer came; then the body is the error message, which may be empty */
  host_pairs headers;
  text body;
} host_fetched;

/*
 * Answers a fetch in place of the network, for specs. True: it has filled `fetched`, which was empty; false:
 * this fetch goes to the network. `data` is the config's stub_data.
 */
typedef bool host_fetch_function(void *data, const host_request *request, host_fetched *fetched);

/* What a call waits for: the disk or a lock; another machine or another edge; the wait is over. */
typedef enum host_wait_kind { HOST_WAITS_BRIEFLY, HOST_WAITS, HOST_WAITED } host_wait_kind;

/* Called on the thread of the flare. False, for HOST_WAITS only: the call must not wait and is refused. */
typedef bool host_wait_function(host_wait_kind kind);

/* What a host may do in another way (manners.def): the bits of host_config's `manners`. */
typedef enum host_manner {
#define FLARON_MANNER(name, probe, got) HOST_DOES_##name,
#include "host/manners.def"
#undef FLARON_MANNER
  HOST_MANNERS
} host_manner;

/* The rights and limits of a flare. host_config_default gives the documented ones. */
typedef struct host_config {
#define FLARON_LIMIT(name, type, value, set_by) type name;
#include "host/limits.def"
#undef FLARON_LIMIT
  bool requires_body;                     /* false: req_body answers nothing */
  bool requires_raw_auth;                 /* false: Authorization, Cookie and X-Flaron-* are withheld */
  bool writes_spark_kv, writes_plasma_kv; /* false: writes are answered with "no capability" */
  int64_t now_ns;                         /* the clock: nanoseconds since 1970; 0 = the machine's */
  unsigned manners;                       /* bit n: it does host_manner n */
  int64_t skew_ns;                        /* how far the clock is ahead of the machine's */
  const host_secret *secrets;             /* borrowed, as the next list is */
  size_t secret_count;
  char *const *allowed_secrets; /* names of the secrets a flare may use */
  size_t allowed_secret_count;
  bool all_secrets;     /* a flare may use them all, whatever the list: there is no manifest */
  uint16_t machine_id;  /* 0 to 1023, part of snowflakes */
  uint64_t random_seed; /* for ids and random bytes in specs, but not for AES nonces; 0 = true randomness */
  struct store *store;  /* of spark and plasma, borrowed; NULL = not available */
  host_pull_function *pull; /* NULL = there are no other edges */
  void *pull_data;
  char *const *allowed_fetch_urls; /* see fetch_url.h; borrowed */
  size_t allowed_fetch_url_count;
  bool all_fetch_urls;       /* any URL may be fetched, whatever the list: there is no manifest */
  host_wait_function *wait;  /* called when a call of an import waits; NULL = none */
  host_fetch_function *stub; /* NULL = none */
  void *stub_data;
  bool shows_locals; /* the local variables of a script that fails are in host_response.locals */
} host_config;

host_config host_config_default(void);

/* The state of a sequence of ids that must not repeat or go back (import_id.c). Begin with {0}. */
typedef struct host_sequence {
  bool started;
  uint64_t ms, high, low; /* the last id: its time and the bits after the time */
} host_sequence;

/* Makes an import fail, for specs: with the code, or without an answer. */
typedef struct host_failure {
  bool on;
  int32_t code;
} host_failure;

/* An invocation's use of one import: calls, bytes passed and bytes received. */
typedef struct host_usage {
  size_t calls;
  uint64_t in, out;
} host_usage;

/* One of the last calls of an invocation, for the search for an error. */
typedef struct host_recent {
  host_import import;
  char argument[64];    /* the start of the first argument, NUL-terminated; bytes that are not printable ASCII
                           are '.' */
  bool shortened;       /* the argument is longer */
  host_answer answered; /* without the bytes: only `data.size` is valid */
} host_recent;

enum { HOST_RECENT = 8 };

/* Sits between a flare and its host for one invocation, to record or to answer in the host's place. */
typedef struct host_tape {
  /* Before a call. True: `answer` is the answer and the host is not asked. May be NULL. */
  bool (*before)(struct host_tape *tape, host_import import, const host_arguments *arguments,
                 host_answer *answer);
  /* After a call, whether the host or `before` answered it. May be NULL. */
  void (*after)(struct host_tape *tape, host_import import, const host_arguments *arguments,
                const host_answer *answer);
  bool stop; /* set by `before` or `after` to end the invocation there, with a traceback (in this process
                only) */
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
  size_t log_lines, refused_lines; /* of this invocation: lines by the flare and by host_refused */
  text answer;                     /* holds the bytes of the last answer */
  host_sequence uuid, ulid, snowflake;
  uint64_t random_words; /* words taken from the seeded generator so far */
  size_t spark_reads, spark_writes, spark_pulls, plasma_writes, fetches; /* of this invocation */
  bool must_not_wait; /* the current call must be refused, since too many calls wait */
  struct {
    void *state; /* for import_beam.c: libcurl's multi handle, made by the first fetch and kept for its
                    connections */
    void (*free)(void *state);
  } fetching;
} host;

/* Whether the host does something in another way than usual. */
static inline bool host_does(const host *h, host_manner manner) {
  return (h->config.manners & 1u << manner) != 0;
}

/* Begins an invocation with an empty response. The request is borrowed until the next host_begin. */
void host_begin(host *h, const host_request *request);

/* Performs one call. Never fails: errors are in the answer, as the ABI defines them. */
void host_call(host *h, host_import import, const host_arguments *arguments, host_answer *answer);

/* Adds an event of the edge itself to the log of the invocation: not counted, not cut. */
void host_log(host *h, host_level level, const char *line, size_t size);

/* Drops what the flare set on the response and makes it the 500 of a failed invocation. */
void host_fail(host *h);

/*
 * Of import_http.c: takes what goes out with no answer of this kind out of the response, with a warning: the
 * content of a status that has none, headers that the connection sets or that no server sends, a
 * Content-Length that is wrong. Where the origin answers, it warns of what was set and is not sent. Call it
 * once, when the action is known. False, with a sentence in `fault`: the status is none of a final answer
 * (RFC 9110, 15), so the invocation has failed.
 */
bool host_look_at_answer(host *h, text *fault);

/* Whether a response is the 500 of a failed invocation, as host_fail and the runtime make it. */
bool host_is_failure(const host_response *response);

/* The close code of a ws connection whose handler failed: RFC 6455, 7.4.1. */
enum { HOST_WS_FAILED = 1011 };

/* Swaps the host's response into `response`; the host reuses the memory that `response` held. */
void host_take_response(host *h, host_response *response);

void host_response_free(host_response *response);

/* Empties it but keeps its memory, unless that is large. */
void host_response_clear(host_response *response);

/* Frees what the host holds. */
void host_free(host *h);

/* For import_*.c: answers bytes, which must stay valid until the next call; empty bytes are no answer. */
void host_answer_bytes(host_answer *answer, bytes b);

/* For import_*.c: answers the bytes in h->answer; if it is empty, nothing. */
void host_answer_text(host *h, host_answer *answer);

/* For import_*.c: the clock that a flare sees, nanoseconds since 1970. */
int64_t host_now_ns(const host *h);

/* For import_*.c: fills `to` with random bytes; if the config has a seed, they are the same in each
 * process. */
void host_random(host *h, void *to, size_t size);

/*
 * For import_*.c: the secret of a name, borrowed; NULL, with a line in the log that says why, if it is not
 * set or the flare may not use it.
 */
const host_secret *host_find_secret(host *h, bytes name);

struct json_t;

/* For import_*.c: answers a JSON value in compact form, and frees the value. */
void host_answer_json(host *h, host_answer *answer, struct json_t *value);

/*
 * Of host_call.c, for import_*.c: replaces secrets that the flare read by '*' in `shown`, the first `size`
 * bytes of `whole`.
 */
void host_hide_secrets(const host *h, bytes whole, char *shown, size_t size);

/* For an engine: keeps the locals of an error, in which secrets that the flare read are shown as '*'. */
void host_keep_locals(host *h, bytes locals);

/* For import_*.c: a store_key_function that adds the key to a JSON array. */
void host_add_key(void *array, bytes key);

/* For import_*.c: answers a list of keys and frees it, or logs why it cannot; `result` is the store_result of
 * the listing. */
void host_answer_keys(host *h, host_answer *answer, const char *what, int result, struct json_t *keys);

/* For import_*.c: logs why `what`, a function of the SDK, answers nothing. */
void host_refused(host *h, const char *what, const char *why);

/*
 * For import_*.c: logs a warning that a right is missing and how to get it. Equal lines are logged once per
 * invocation; they count as lines of host_refused.
 */
__attribute__((format(printf, 2, 3))) void host_withheld(host *h, const char *format, ...);

/* For import_*.c: the same for a write, by `what`, that needs `right` in flare.lua. */
void host_no_capability(host *h, const char *what, const char *right);

/* For import_*.c: logs the store's message about its failure. */
void host_store_failed(host *h, const char *what);

/* Of import_http.c: whether a request header is kept from flares without requires_raw_auth. */
bool host_header_withheld(bytes name);

/* Of import_secrets.c: whether a flare may use a secret, set or not. */
bool host_secret_allowed(const host_config *config, bytes name);

/* Of import_secrets.c: whether a secret is set, be it allowed or not. */
bool host_secret_is_set(const host_config *config, bytes name);

/*
 * Of import_secrets.c: adds the names of the secrets that a manifest allows by name but that are not set, as
 * words for a shell with a blank before each.
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
