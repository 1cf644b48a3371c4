/*
 * digest.h - SHA-256 as 64 lower-case hex digits, which names flares and runtimes.
 */
#ifndef FLARON_EDGE_DIGEST_H
#define FLARON_EDGE_DIGEST_H

#include "base/text.h"

enum { DIGEST_HEX_SIZE = 64 };

/* Adds the SHA-256 of bytes, as hex. */
void digest_add_hex(text *to, bytes of);

#endif
