/*
 * json_bytes.h - bytes as JSON. Its strings are UTF-8 only, so other bytes become {"base64": "..."}.
 *
 * Read such JSON with JSON_ALLOW_NUL: a string may contain a NUL.
 */
#ifndef FLARON_EDGE_JSON_BYTES_H
#define FLARON_EDGE_JSON_BYTES_H

#include "base/text.h"

struct json_t;

/* The JSON value of bytes: a string if they are UTF-8, else the object. The caller owns it. */
struct json_t *json_of_bytes(bytes b);

/* Adds the bytes that a value stands for; false, with nothing added, if it is neither form. */
bool json_to_bytes(const struct json_t *value, text *to);

/* A JSON string of bytes, in which what is no UTF-8 is '?': to be shown. The caller owns it. */
struct json_t *json_shown(bytes b);

/* Adds a value as JSON, with the `flags` of json_dump_callback, and frees it. */
void json_add_to(text *to, struct json_t *value, size_t flags);

#endif
