/*
 * flare_json.h - describes a packed flare as JSON, for `flaron-lua inspect` and the page of `dev`.
 */
#ifndef FLARON_EDGE_FLARE_JSON_H
#define FLARON_EDGE_FLARE_JSON_H

#include "flare/flare.h"

/* Sizes are in bytes; the caller frees the object. */
struct json_t *flare_json(const flare *f);

#endif
