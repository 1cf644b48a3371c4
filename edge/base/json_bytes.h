/*
 * json_bytes.h - bytes as JSON, which has strings of UTF-8 only: {"base64": "..."} stands for all others.
 *
 * What reads such JSON with Jansson allows JSON_ALLOW_NUL: a string may have a NUL in it.
 */
#ifndef FLARON_EDGE_JSON_BYTES_H
#define FLARON_EDGE_JSON_BYTES_H

#include "base/text.h"

struct json_t;

/* The value of bytes: a string where they are UTF-8. The caller's. */
struct json_t *json_of_bytes(bytes b);

/* Adds the bytes that a value stands for; false, and nothing is added, when it is neither. */
bool json_to_bytes(const struct json_t *value, text *to);

/* Adds a value as JSON, `flags` being those of json_dump_callback, and frees it. */
void json_add_to(text *to, struct json_t *value, size_t flags);

#endif
