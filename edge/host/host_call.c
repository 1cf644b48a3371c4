/*
 * host_call.c - the table of imports, and the path of a call from an engine to its import: size limits,
 * permission to wait, counters and the list of recent calls. The imports themselves are in import_*.c.
 */
#include <string.h>

#include "abi/codes.h"
#include "host/host.h"

const host_signature host_signatures[HOST_IMPORTS] = {
#define FLARON_IMPORT(result, name, params, flags, absent) {#name, #result, #params, flags, absent},
#include "abi/abi.def"
#undef FLARON_IMPORT
};

typedef void host_function(host *h, const host_arguments *arguments, host_answer *answer);

static host_function *const functions[HOST_IMPORTS] = {
#define FLARON_IMPORT(result, name, params, flags, absent) host_##name,
#include "abi/abi.def"
#undef FLARON_IMPORT
};

/* Calls the config's `wait` before a call that may wait. True: it may wait long, and `wait` must be called
 * after it too. */
static bool begin_wait(host *h, host_import import) {
  if (h->config.wait == NULL) return false;
  bool may =
      h->config.wait((host_signatures[import].flags & ABI_WAITS) != 0 ? HOST_WAITS : HOST_WAITS_BRIEFLY);
  h->must_not_wait = !may;
  return (host_signatures[import].flags & ABI_WAITS) != 0 && may;
}

/* Replaces a secret in the shown start of an argument by '*'. */
static void hide_secret(bytes argument, const host_secret *secret, char *shown, size_t size) {
  enum { SHORT = 4 }; /* a shorter secret would match by chance */
  const uint8_t *at = argument.data, *end = at + argument.size;
  if (argument.size == 0 || secret->size < SHORT) return;
  if (argument.size > size + secret->size) end = at + size + secret->size;
  while ((at = memmem(at, (size_t)(end - at), secret->value, secret->size)) != NULL) {
    size_t from = (size_t)(at - argument.data), to = from + secret->size < size ? from + secret->size : size;
    if (from < to) memset(shown + from, '*', to - from);
    at += secret->size;
  }
}

void host_hide_secrets(const host *h, bytes whole, char *shown, size_t size) {
  if (h->usage[HOST_secret_get].calls == 0) return;
  for (size_t i = 0; i < h->config.secret_count; i++) hide_secret(whole, &h->config.secrets[i], shown, size);
}

/* Adds a string as it stands between quotes among locals (runtime/debug/show.c). */
static void add_shown(text *to, bytes string) {
  for (size_t i = 0; i < string.size; i++) {
    char c = (char)string.data[i];
    if (c == '\n' || c == '\r' || c == '\t') {
      text_add_string(to, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
    } else {
      bool control = (uint8_t)c < ' ' || c == 0x7f;
      text_printf(to, control ? "\\x%02X" : c == '"' || c == '\\' ? "\\%c" : "%c", (uint8_t)c);
    }
  }
}

/* Replaces a secret by '*' in shown locals, also a long one of which only the start is shown. */
static void hide_shown(text *locals, bytes secret) {
  enum { SHORT = 4, LONG = 16 };
  text shown = {0};
  if (secret.size < SHORT) return;
  add_shown(&shown, secret);
  size_t least = shown.size < LONG ? shown.size : LONG;
  char *at = locals->data, *end = at + locals->size;
  while ((at = memmem(at, (size_t)(end - at), shown.data, least)) != NULL) {
    for (size_t i = 0; i < shown.size && at < end && (i < least || *at == shown.data[i]); i++) *at++ = '*';
  }
  text_free(&shown);
}

void host_keep_locals(host *h, bytes locals) {
  text *kept = &h->response.locals;
  text_clear(kept);
  text_add(kept, locals.data, locals.size);
  if (locals.size == 0 || h->usage[HOST_secret_get].calls == 0) return;
  for (size_t i = 0; i < h->config.secret_count; i++) {
    const host_secret *s = &h->config.secrets[i];
    hide_shown(kept, (bytes){s->value, s->size});
  }
}

/* Adds a call to the recent ones. It shows no value of a secret. */
static void keep_recent(host *h, host_import import, bytes argument) {
  enum { SHOWN = sizeof h->recent->argument - 1 };
  host_recent *r = &h->recent[h->call_count++ % HOST_RECENT];
  size_t size = argument.size < SHOWN ? argument.size : SHOWN;
  r->import = import;
  r->shortened = size < argument.size;
  for (size_t i = 0; i < size; i++)
    r->argument[i] = argument.data[i] >= ' ' && argument.data[i] <= '~' ? (char)argument.data[i] : '.';
  r->argument[size] = '\0';
  host_hide_secrets(h, argument, r->argument, size);
}

/* Bytes that every import accepts; the factor by which encoding lengthens bytes. */
enum { ALWAYS = 64 << 10, LONGER = 3 };

/* The most bytes that an import accepts. Imports with a code for "too large" check that themselves. */
static size_t most_bytes(const host *h, host_import import) {
  switch (import) {
    case HOST_crypto_sign_jwt:
    case HOST_id_uuid:
    case HOST_timestamp:
    case HOST_req_header_get:
    case HOST_spark_get:
    case HOST_plasma_get:
    case HOST_secret_get: return h->config.max_claims_bytes;
    case HOST_resp_header_set:
    case HOST_spark_set:
    case HOST_spark_delete:
    case HOST_spark_pull:
    case HOST_plasma_set:
    case HOST_plasma_delete:
    case HOST_plasma_increment:
    case HOST_plasma_decrement:
    case HOST_ws_send: return SIZE_MAX;
    case HOST_resp_body_set: return h->config.max_response_body;
    case HOST_encoding_base64_decode:
    case HOST_encoding_hex_decode:
    case HOST_encoding_url_decode:
      return LONGER * h->config.max_call_bytes; /* the input is longer, since it is encoded */
    case HOST_crypto_decrypt_aes: return LONGER * (h->config.max_call_bytes / 2);
    default: return h->config.max_call_bytes;
  }
}

/* Refuses a call with more bytes than its import accepts: the import is not called and there is no answer. */
static bool refuse_size(host *h, host_import import, size_t size) {
  text why = {0};
  if (size <= most_bytes(h, import)) return false;
  text_printf(&why, "%zu bytes: %zu are allowed", size, most_bytes(h, import));
  host_refused(h, host_signatures[import].name, text_string(&why));
  text_free(&why);
  return true;
}

void host_call(host *h, host_import import, const host_arguments *arguments, host_answer *answer) {
  host_usage *usage = &h->usage[import];
  *answer = (host_answer){.number = h->failures[import].code};
  usage->calls++;
  usage->in += arguments->a.size + arguments->b.size;
  keep_recent(h, import, arguments->a);
  bool waiting =
      (host_signatures[import].flags & (ABI_WAITS | ABI_WAITS_BRIEFLY)) != 0 && begin_wait(h, import);
  bool large = arguments->a.size > ALWAYS || arguments->b.size > ALWAYS;
  bool refused = large && refuse_size(h, import, arguments->a.size + arguments->b.size);
  if (!refused && !h->failures[import].on) {
    answer->number = 0;
    if (h->tape == NULL || h->tape->before == NULL || !h->tape->before(h->tape, import, arguments, answer))
      functions[import](h, arguments, answer);
  }
  if (waiting) h->config.wait(HOST_WAITED);
  if (answer->present) usage->out += answer->data.size;
  h->recent[(h->call_count - 1) % HOST_RECENT].answered =
      (host_answer){answer->present, {NULL, answer->data.size}, answer->number};
  if (h->tape != NULL && h->tape->after != NULL) h->tape->after(h->tape, import, arguments, answer);
}
