/*
 * kv_bulk.h - many keys of a store at once (kv.h): writes them as JSON, reads them from it, removes them.
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
 * result is OK. OK, FAILED.
 */
store_result kv_export(kv k, bytes prefix, struct json_t **items);

/*
 * Sets all keys of an array, one after the other, replacing existing ones; `done` counts them. Nothing is set
 * if an item is wrong or has a value of more than `most` bytes; after a later failure the keys before it stay
 * set. False, with a sentence in `error`.
 */
bool kv_import(kv k, const struct json_t *items, size_t most, size_t *done, text *error);

/* Removes all keys that begin with `prefix`; `done` counts them. OK, FAILED. */
store_result kv_clear(kv k, bytes prefix, size_t *done);

#endif
