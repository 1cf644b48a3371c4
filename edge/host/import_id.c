/*
 * import_id.c - the imports of `id`: UUID, ULID, KSUID, Nano ID and snowflakes, on the host's clock.
 *
 * Owns the sequences in the host (`uuid`, `ulid`, `snowflake`), which continue across invocations. Invariant:
 * UUIDs v7, ULIDs and snowflakes of one host strictly increase, even if the clock stands still or goes back.
 * They then keep their last time, and run ahead of the clock if that millisecond is used up.
 */
#include <inttypes.h>
#include <jansson.h>

#include "base/clock.h"
#include "host/host.h"

enum { NANOID_LENGTH = 21, NANOID_MAX_LENGTH = 1024, ULID_LENGTH = 26, KSUID_LENGTH = 27, KSUID_WORDS = 5 };
enum { SNOWFLAKE_SEQUENCE_BITS = 12, SNOWFLAKE_MACHINE_BITS = 10, SNOWFLAKE_TIME_BITS = 41 };

static const int64_t snowflake_epoch_ms = 1288834974657; /* 2010-11-04T01:42:54.657Z */
static const int64_t ksuid_epoch_s = 1400000000;

/* The low `count` bits of a word, count 1 to 64. */
static uint64_t low_bits(uint64_t word, int count) { return word & (UINT64_MAX >> (64 - count)); }

/* The clock in milliseconds since `epoch_ms`, never below 0. */
static uint64_t clock_ms(const host *h, int64_t epoch_ms) {
  int64_t ms = host_now_ns(h) / CLOCK_NS_PER_MS - epoch_ms;
  return ms > 0 ? (uint64_t)ms : 0;
}

/* 64 random bits. */
static uint64_t random_word(host *h) {
  uint64_t word;
  host_random(h, &word, sizeof word);
  return word;
}

/* Starts a new millisecond of a sequence with random bits. */
static void sequence_restart(host *h, host_sequence *s, uint64_t ms, int high_size, int low_size) {
  *s = (host_sequence){.started = true, .ms = ms};
  s->high = low_bits(random_word(h), high_size);
  s->low = low_bits(random_word(h), low_size);
}

/*
 * Advances a sequence: a new millisecond gets new random bits; within a millisecond, the number made of the
 * high and low bits grows by `step`. If it would overflow, the next millisecond begins early.
 */
static void sequence_next(host *h, host_sequence *s, int high_size, int low_size, uint64_t step) {
  uint64_t now = clock_ms(h, 0), before = s->low;
  if (!s->started || now > s->ms) {
    sequence_restart(h, s, now, high_size, low_size);
    return;
  }
  s->low = low_bits(s->low + step, low_size);
  if (s->low > before) return;
  s->high = low_bits(s->high + 1, high_size);
  if (s->high == 0) sequence_restart(h, s, s->ms + 1, high_size, low_size);
}

/* Answers 128 bits as the text of a UUID, with version and variant set. */
static void answer_uuid(host *h, uint64_t high, uint64_t low, unsigned version, host_answer *answer) {
  high = (high & ~UINT64_C(0xf000)) | (uint64_t)version << 12;
  low = low_bits(low, 62) | UINT64_C(1) << 63;
  text_clear(&h->answer);
  text_printf(&h->answer, "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64, high >> 32,
              high >> 16 & 0xffff, high & 0xffff, low >> 48, low_bits(low, 48));
  host_answer_text(h, answer);
}

/* Answers a UUID v7 (RFC 9562, section 6.2, method 2), with random steps so that it cannot be guessed. */
static void answer_uuid_v7(host *h, host_answer *answer) {
  sequence_next(h, &h->uuid, 12, 62, 1 + low_bits(random_word(h), 32));
  answer_uuid(h, h->uuid.ms << 16 | h->uuid.high, h->uuid.low, 7, answer);
}

/* id_uuid({"version"}) -> text; nothing for a version other than v4 and v7 */
void host_id_uuid(host *h, const host_arguments *arguments, host_answer *answer) {
  json_t *args = json_loadb((const char *)arguments->a.data, arguments->a.size, 0, NULL);
  const char *version = json_string_value(json_object_get(args, "version"));
  if (version != NULL && bytes_are(bytes_of(version), "v4")) {
    uint64_t high = random_word(h);
    answer_uuid(h, high, random_word(h), 4, answer);
  } else if (version != NULL && bytes_are(bytes_of(version), "v7")) {
    answer_uuid_v7(h, answer);
  }
  json_decref(args);
}

/* id_ulid() -> 48 bits of milliseconds and 80 of a sequence, in Crockford's base32 */
void host_id_ulid(host *h, const host_arguments *arguments, host_answer *answer) {
  static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  (void)arguments;
  sequence_next(h, &h->ulid, 16, 64, 1);
  uint64_t high = h->ulid.ms << 16 | h->ulid.high, low = h->ulid.low;
  text_clear(&h->answer);
  char *out = text_room(&h->answer, ULID_LENGTH);
  for (int i = ULID_LENGTH - 1; i >= 0; i--) {
    out[i] = alphabet[low & 31];
    low = low >> 5 | high << 59;
    high >>= 5;
  }
  host_answer_text(h, answer);
}

/* Writes a 160-bit number (most significant word first) in base 62; leaves the words 0. */
static void write_base62(char *out, uint32_t words[KSUID_WORDS]) {
  static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int i = KSUID_LENGTH - 1; i >= 0; i--) {
    uint64_t rest = 0;
    for (int k = 0; k < KSUID_WORDS; k++) {
      rest = rest << 32 | words[k];
      words[k] = (uint32_t)(rest / 62);
      rest %= 62;
    }
    out[i] = alphabet[rest];
  }
}

/* id_ksuid() -> 32 bits of seconds and 128 random ones, in base 62; ordered by the second only */
void host_id_ksuid(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)arguments;
  int64_t seconds = host_now_ns(h) / CLOCK_NS_PER_S - ksuid_epoch_s;
  uint32_t words[KSUID_WORDS];
  words[0] = seconds > 0 ? (uint32_t)seconds : 0;
  host_random(h, words + 1, sizeof words - sizeof *words);
  text_clear(&h->answer);
  write_base62(text_room(&h->answer, KSUID_LENGTH), words);
  host_answer_text(h, answer);
}

/* id_nanoid(length) -> characters that need no escape in a URL; nothing for a length over 1024 */
void host_id_nanoid(host *h, const host_arguments *arguments, host_answer *answer) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  if (arguments->n > NANOID_MAX_LENGTH) return;
  size_t length = arguments->n > 0 ? (size_t)arguments->n : NANOID_LENGTH;
  text_clear(&h->answer);
  char *out = text_room(&h->answer, length);
  host_random(h, out, length);
  for (size_t i = 0; i < length; i++) out[i] = alphabet[(uint8_t)out[i] & 63];
  host_answer_text(h, answer);
}

/* Advances the host's snowflakes and returns the new one: time, machine, number within the millisecond. */
static uint64_t next_snowflake(host *h) {
  host_sequence *s = &h->snowflake;
  uint64_t now = clock_ms(h, snowflake_epoch_ms);
  if (!s->started || now > s->ms) {
    *s = (host_sequence){.started = true, .ms = now};
  } else {
    s->low = low_bits(s->low + 1, SNOWFLAKE_SEQUENCE_BITS);
    if (s->low == 0) s->ms++;
  }
  return low_bits(s->ms, SNOWFLAKE_TIME_BITS) << (SNOWFLAKE_MACHINE_BITS + SNOWFLAKE_SEQUENCE_BITS) |
         low_bits(h->config.machine_id, SNOWFLAKE_MACHINE_BITS) << SNOWFLAKE_SEQUENCE_BITS | s->low;
}

/* id_snowflake() -> decimal text */
void host_id_snowflake(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)arguments;
  text_clear(&h->answer);
  text_printf(&h->answer, "%" PRIu64, next_snowflake(h));
  host_answer_text(h, answer);
}

/* snowflake_id() -> the same, from the same sequence */
void host_snowflake_id(host *h, const host_arguments *arguments, host_answer *answer) {
  host_id_snowflake(h, arguments, answer);
}
