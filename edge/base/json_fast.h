/*
 * json_fast.h - long strings in JSON, at the speed of a copy: Jansson takes 15 ns for each byte that it reads
 * and 100 for each that it escapes, and what a flare hands over may have 16 MiB.
 */
#ifndef FLARON_EDGE_JSON_FAST_H
#define FLARON_EDGE_JSON_FAST_H

#include "base/text.h"

struct json_error_t;
struct json_t;

/*
 * What json_loadb makes of `json` with JSON_ALLOW_NUL, if that is an object; else NULL. The strings that are
 * its values are read here, anything else by Jansson. `why` (may be NULL) gets the rest of a sentence: "not
 * JSON: ...". The caller owns it.
 */
struct json_t *json_load_object(bytes json, text *why);

/*
 * Adds a JSON string of bytes, as Jansson writes it; each byte that is not UTF-8 becomes U+FFFD. Returns how
 * many did.
 */
size_t json_add_string(text *to, bytes b);

#endif
