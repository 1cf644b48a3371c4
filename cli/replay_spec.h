/*
 * replay_spec.h - `flaron-lua replay --spec`: a record as a busted spec.
 */
#ifndef FLARON_CLI_REPLAY_SPEC_H
#define FLARON_CLI_REPLAY_SPEC_H

#include "record/record.h"

/*
 * Makes `clean` the record without secrets that are in it: what record_write replaces. False, with a sentence
 * in `error`, when too much is replaced for a spec. To be freed.
 */
bool replay_spec_clean(const recording *r, recording *clean, text *error);

/*
 * Adds the spec of a clean record to `spec`; `input` is the flare that it is of, as its user calls it. False
 * with a line in `error`.
 */
bool replay_spec_make(const recording *clean, const char *input, text *spec, text *error);

#endif
