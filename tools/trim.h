/*
 * trim.h - removes exports of a module and the functions behind them.
 */
#ifndef FLARON_TOOLS_TRIM_H
#define FLARON_TOOLS_TRIM_H

#include "../edge/flare/wasm.h"

/*
 * Appends the module of `in_size` bytes at `in` to `out`, with only the exports in `keep`, a comma-separated
 * list of names; '*' at the end of a name matches any rest. A function that was exported only under other
 * names becomes a trap; it keeps its index and its places in tables. wasm-opt can then remove what is
 * unreachable. Custom sections are dropped.
 *
 * False with a sentence in `error` (at most `error_size` bytes) if the input is malformed or memory runs out.
 */
bool trim(const uint8_t *in, size_t in_size, const char *keep, wasm_writer *out, char *error,
          size_t error_size);

#endif
