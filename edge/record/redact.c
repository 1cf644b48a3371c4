/*
 * redact.c - see redact.h.
 */
#include "record/redact.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/list.h"

/* A character of the same kind as `c`, chosen by a random byte. */
static char other(char c, uint8_t random) {
  static const char digits[] = "0123456789", lower_hex[] = "abcdef", upper_hex[] = "ABCDEF",
                    lower[] = "ghijklmnopqrstuvwxyz", upper[] = "GHIJKLMNOPQRSTUVWXYZ";
  static const char *const kinds[] = {digits, lower_hex, upper_hex, lower, upper};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (c != '\0' && strchr(kinds[i], c) != NULL) return kinds[i][random % strlen(kinds[i])];
  }
  return c == '\n' || (c >= ' ' && c <= '~') ? c : 'x';
}

void redact_placeholder(bytes name, bytes value, text *to) {
  uint8_t random[DIGEST_SHA512_SIZE] = {0};
  for (size_t i = 0; i < value.size; i++) {
    if (i % sizeof random == 0) { /* the next random bytes: a hash of the name and the offset */
      text seed = {0};
      text_printf(&seed, "%zu ", i);
      text_add(&seed, name.data, name.size);
      digest_sha512(text_bytes(&seed), random);
      text_free(&seed);
    }
    char c = other((char)value.data[i], random[i % sizeof random]);
    text_add(to, &c, 1);
  }
}

void redaction_add(redaction *r, bytes from, bytes to) {
  if (from.size < REDACT_MIN) return;
  size_t at = 0;
  for (; at < r->count && r->pairs[at].from.size >= from.size; at++) {
    const struct redact_pair *p = &r->pairs[at];
    if (p->from.size == from.size && memcmp(p->from.data, from.data, from.size) == 0) return;
  }
  LIST_ROOM(r->pairs, r->count);
  memmove(&r->pairs[at + 1], &r->pairs[at], (r->count++ - at) * sizeof *r->pairs);
  r->pairs[at] = (struct redact_pair){{0}, {0}};
  text_add(&r->pairs[at].from, from.data, from.size);
  text_add(&r->pairs[at].to, to.data, to.size);
}

/*
 * Adds a value in the form that it has in a JSON string of a flare: lua-cjson also escapes DEL, and '/'
 * unless the script has turned that off.
 */
static void add_escaped(text *to, bytes value, bool slash) {
  static const char escapes[] = "\"\\/\b\f\n\r\t", names[] = "\"\\/bfnrt";
  for (size_t i = 0; i < value.size; i++) {
    char c = (char)value.data[i];
    const char *at = c != '\0' && (slash || c != '/') ? strchr(escapes, c) : NULL;
    if (at != NULL) {
      text_printf(to, "\\%c", names[at - escapes]);
    } else if ((uint8_t)c < ' ' || c == 0x7f) {
      text_printf(to, "\\u%04x", (unsigned)c);
    } else {
      text_add(to, &c, 1);
    }
  }
}

void redaction_add_secret(redaction *r, bytes name, bytes value) {
  text to = {0}, escaped = {0}, escaped_to = {0};
  redact_placeholder(name, value, &to);
  redaction_add(r, value, text_bytes(&to));
  for (int slash = 0; slash <= 1; slash++) {
    text_clear(&escaped);
    text_clear(&escaped_to);
    add_escaped(&escaped, value, slash);
    add_escaped(&escaped_to, text_bytes(&to), slash);
    redaction_add(r, text_bytes(&escaped), text_bytes(&escaped_to));
  }
  text_free(&to);
  text_free(&escaped);
  text_free(&escaped_to);
}

bool redaction_apply(const redaction *r, bytes from, text *to) {
  text now = {0}, next = {0};
  bool found = false;
  text_add(&now, from.data, from.size);
  for (size_t i = 0; i < r->count && now.size != 0; i++) {
    const struct redact_pair *p = &r->pairs[i];
    const char *at = now.data, *end = now.data + now.size, *hit;
    while ((hit = memmem(at, (size_t)(end - at), p->from.data, p->from.size)) != NULL) {
      text_add(&next, at, (size_t)(hit - at));
      text_add(&next, p->to.data, p->to.size);
      at = hit + p->from.size;
      found = true;
    }
    if (at == now.data) continue;
    text_add(&next, at, (size_t)(end - at));
    text swap = now;
    now = next;
    next = swap;
    text_clear(&next);
  }
  text_add(to, now.data, now.size);
  text_free(&now);
  text_free(&next);
  return found;
}

void redaction_free(redaction *r) {
  for (size_t i = 0; i < r->count; i++) {
    text_free(&r->pairs[i].from);
    text_free(&r->pairs[i].to);
  }
  free(r->pairs);
  *r = (redaction){0};
}
