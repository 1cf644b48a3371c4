/*
 * redact.h - removes secrets from bytes: replaces each by a placeholder of the same length and shape.
 *
 * It finds the value itself and its form inside JSON strings. It does not find what a script derives from the
 * value itself (a half, the reverse): this avoids showing secrets by accident, it does not guarantee that a
 * file has none.
 */
#ifndef FLARON_EDGE_REDACT_H
#define FLARON_EDGE_REDACT_H

#include "base/text.h"

/* Shorter values are not searched for, since they may occur anywhere by chance; only a whole value that is
 * known to be a secret is replaced. */
enum { REDACT_MIN = 8 };

/* A list of replacements. Owned; begin with {0}. */
typedef struct redaction {
  struct redact_pair {
    text from, to;
  } * pairs; /* the longest `from` first */
  size_t count;
} redaction;

/*
 * Adds a replacement of the secret `value`. The placeholder's random choices depend only on `name`: digits
 * become digits, hex digits hex digits, other letters letters; punctuation stays.
 */
void redaction_add_secret(redaction *r, bytes name, bytes value);

/* Adds a replacement of `from` by `to`, unless `from` is shorter than REDACT_MIN. */
void redaction_add(redaction *r, bytes from, bytes to);

/* Adds `from` to `to` with all replacements; false if nothing was replaced. */
bool redaction_apply(const redaction *r, bytes from, text *to);

/* Adds the placeholder of a secret. */
void redact_placeholder(bytes name, bytes value, text *to);

void redaction_free(redaction *r);

#endif
