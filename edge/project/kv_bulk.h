/*
 * kv_bulk.h - many keys of a store at once (kv.h): handed out as JSON, read from it, removed.
 *
 * The JSON is an array of {"key": "...", "value": ..., "ttl": 60, "counter": true}. The value is a string, or
 * {"base64": "..."} for bytes that are not UTF-8; "ttl" is in seconds and absent when a value never expires;
 * "counter" is there for the counters of Plasma, whose value is a number in decimal.
 */
#ifndef FLARON_EDGE_KV_BULK_H
#define FLARON_EDGE_KV_BULK_H

#include "project/kv.h"

/*
 * Makes the array of all keys that begin with `prefix`, sorted by bytes. The caller frees it; NULL unless the
 * answer is OK. OK, FAILED.
 */
store_result kv_export(kv k, bytes prefix, struct json_t **items);

/*
 * Sets all keys of an array, one after the other, `done` counting them; those that are there are replaced.
 * Nothing is set when an item is wrong or has a value of more than `most` bytes; what went wrong later leaves
 * those before it. False, with a sentence in `error`.
 */
bool kv_import(kv k, const struct json_t *items, size_t most, size_t *done, text *error);

/* Removes all keys that begin with `prefix`, `done` counting them. OK, FAILED. */
store_result kv_clear(kv k, bytes prefix, size_t *done);

#endif
