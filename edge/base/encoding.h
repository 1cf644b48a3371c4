/*
 * encoding.h - base64 and hex for the files of edge/: linear, safe for every byte.
 *
 * Each function adds to the end of `to`. A decoder that refuses its input answers false and leaves `to`
 * as it was. The imports of `encoding` and these helpers live in host_encoding.c.
 */
#ifndef FLARON_EDGE_ENCODING_H
#define FLARON_EDGE_ENCODING_H

#include "base/text.h"

/* Adds the base64 of `from`: standard alphabet, padded (RFC 4648, section 4). */
void base64_encode(text *to, bytes from);

/* Adds the base64url of `from`: `-` and `_`, not padded (RFC 4648, section 5; what a JWT is made of). */
void base64url_encode(text *to, bytes from);

/* Adds what padded standard base64 stands for; refuses anything base64_encode would not have written. */
bool base64_decode(text *to, bytes from);

/* Adds `from` as lower-case hex, two digits a byte. */
void hex_encode(text *to, bytes from);

/* Adds what hex digits of either case stand for; refuses other bytes and an odd number of digits. */
bool hex_decode(text *to, bytes from);

#endif
