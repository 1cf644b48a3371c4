/*
 * trim.h - takes out of a module what only some of its exports need.
 */
#ifndef FLARON_TOOLS_TRIM_H
#define FLARON_TOOLS_TRIM_H

#include "../edge/flare/wasm.h"

/*
 * Writes the module of `in_size` bytes at `in` onto the end of `out` with no other exports than those in
 * `keep`, names with commas between them; '*' at a name's end is for whatever follows. A function that was
 * exported under other names only becomes a trap; it stays where it is, in tables too. What nobody reaches
 * any more is left for wasm-opt to remove. Custom sections go.
 *
 * False with a sentence in `error` (at most `error_size` bytes) when the input is malformed or memory runs
 * out.
 */
bool trim(const uint8_t *in, size_t in_size, const char *keep, wasm_writer *out, char *error,
          size_t error_size);

#endif
