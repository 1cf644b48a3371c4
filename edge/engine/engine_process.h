/*
 * engine_process.h - an engine in another process, driven over its standard input and output.
 *
 * The same host serves it, so a flare can run on any Wasm engine behind a program that speaks this protocol;
 * tests/engines has such programs.
 *
 * Every message is a u32 length (little-endian), then that many bytes: a tag, then fields. A number is
 * 8 bytes little-endian; bytes are a u32 length and the bytes.
 *
 *   to the engine    'O' import count as a number, for each its name, result and parameters (abi.def) as
 *                        bytes; then the .wasm as bytes            open; answered by 'R' or 'E'
 *                    'C' name of an export as bytes               call; answered by 'I's, then 'R' or 'E'
 *                    'A' present (0 or 1), data as bytes, number  answer of an import
 *   from the engine  'I' index of an import, its byte arguments, then its number if it has one
 *                        an import without a result is not answered
 *                    'R' result as a number, bytes of memory as a number
 *                    'E' sentence as bytes                        trap
 */
#ifndef FLARON_EDGE_PROCESS_H
#define FLARON_EDGE_PROCESS_H

#include "engine/engine.h"

/*
 * Starts `command` (its words, ended by NULL) and opens the flare in it; flare, host and command are
 * borrowed. NULL, with a sentence in `error`, if that fails.
 */
engine *process_open(const flare *f, host *h, const char *const *command, text *error);

#endif
