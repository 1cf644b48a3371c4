/*
 * json_fast.h - reads and writes long JSON strings at the speed of a copy. Jansson takes 15 ns for each byte
 * that it reads and 100 for each that it escapes, and a flare may pass 16 MiB.
 */
#ifndef FLARON_EDGE_JSON_FAST_H
#define FLARON_EDGE_JSON_FAST_H

#include "base/text.h"

struct json_error_t;
struct json_t;

/*
 * Parses `json` as json_loadb does with JSON_ALLOW_NUL; NULL if it is not an object. Strings that are members
 * of the object are read here, anything else by Jansson. `why` (may be NULL) gets the rest of a sentence:
 * "not JSON: ...". The caller owns the result.
 */
struct json_t *json_load_object(bytes json, text *why);

/*
 * Adds bytes as a JSON string, as Jansson writes it; each byte that is not UTF-8 becomes U+FFFD. Returns the
 * number of those bytes.
 */
size_t json_add_string(text *to, bytes b);

#endif
