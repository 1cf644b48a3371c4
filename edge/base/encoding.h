/*
 * encoding.h - base64, hex and percent-encoding: linear, safe for every byte.
 *
 * Each function adds to the end of `to`. A decoder that refuses its input returns false and leaves `to` as it
 * was. Nothing here knows text encodings: bytes in, bytes out.
 */
#ifndef FLARON_EDGE_ENCODING_H
#define FLARON_EDGE_ENCODING_H

#include "base/text.h"

/* Adds the base64 of `from`: standard alphabet, padded (RFC 4648, section 4). */
void base64_encode(text *to, bytes from);

/* Adds the base64url of `from`: `-` and `_`, not padded (RFC 4648, section 5; what a JWT is made of). */
void base64url_encode(text *to, bytes from);

/* Decodes padded standard base64; refuses anything that base64_encode would not have written. */
bool base64_decode(text *to, bytes from);

/* The value of a hex digit of either case, 0 to 15; -1 for another byte. */
int hex_value(uint8_t digit);

/* Adds `from` as lower-case hex, two digits a byte. */
void hex_encode(text *to, bytes from);

/* Decodes hex digits of either case; refuses other bytes and an odd number of digits. */
bool hex_decode(text *to, bytes from);

/* Adds `from` by the rules of HTML forms: a space is `+`, other reserved bytes are %XX. */
void url_encode(text *to, bytes from);

/* Decodes the output of url_encode; other bytes than `+` and `%` may also stand unescaped. False: a bad
 * %XX. */
bool url_decode(text *to, bytes from);

#endif
