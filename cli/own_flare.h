/*
 * own_flare.h - Lua of flaron-lua itself at work on what others made: as a flare, in the sandbox of one.
 */
#ifndef FLARON_CLI_OWN_FLARE_H
#define FLARON_CLI_OWN_FLARE_H

#include "pack/pack.h"

/*
 * Packs main.lua of `source` and has it handle a request, for `cpu_ms` of CPU time at most; the body of what
 * it answers is added to `answer`. False, with a line in `error`, when it does not answer 200.
 */
bool own_flare_run(const modules_source *source, int cpu_ms, text *answer, text *error);

#endif
