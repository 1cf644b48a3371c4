/*
 * redact.h - takes secrets out of bytes: each is replaced by a placeholder of the same length and shape.
 *
 * Found are the value itself and its form inside JSON strings. What a script made of a value by itself (its
 * half, its reverse) is not found: this keeps a file from showing a secret at a glance, it is no proof.
 */
#ifndef FLARON_EDGE_REDACT_H
#define FLARON_EDGE_REDACT_H

#include "base/text.h"

/* A shorter value is replaced only where it stands alone: it may be anywhere by chance. */
enum { REDACT_MIN = 8 };

/* What is replaced by what. Owned; begin with {0}. */
typedef struct redaction {
  struct redact_pair {
    text from, to;
  } * pairs; /* the longest `from` first */
  size_t count;
} redaction;

/*
 * From now on `value`, a secret, is replaced. In its placeholder, which depends on `name` alone, stand other
 * digits for digits, other letters for letters, hex digits for hex digits; punctuation stays.
 */
void redaction_add_secret(redaction *r, bytes name, bytes value);

/* From now on `from` is replaced by `to`, unless it is shorter than REDACT_MIN. */
void redaction_add(redaction *r, bytes from, bytes to);

/* Adds `from` to `to`, with everything replaced; false when there was nothing to replace. */
bool redaction_apply(const redaction *r, bytes from, text *to);

/* Adds the placeholder of a secret. */
void redact_placeholder(bytes name, bytes value, text *to);

void redaction_free(redaction *r);

#endif
