/*
 * wire.h - the protocol of edge/engine/engine_process.h for engines with an interface in C: wire.c has `main`
 * and the loop, an engine's own file the three functions below. Neither knows what an import means.
 */
#ifndef FLARON_TESTS_WIRE_H
#define FLARON_TESTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An import of flaron/v1, as abi.def has it: `result` is VOID, I32 or PACKED, `params` letters of B, N and L,
 * or NONE. */
typedef struct wire_import {
  int64_t index;
  const char *name, *result, *params;
} wire_import;

/* What an engine's file has. Sentences of failures are borrowed until the next call; NULL: none. */

/* Makes the instance. All that is given stays for the life of the process. */
const char *engine_open(const wire_import *imports, size_t count, const uint8_t *wasm, uint32_t size);

/* Calls an export without arguments; `*result` is its result, an i32 with its sign, 0 if it has none. */
const char *engine_call(const char *name, int64_t *result);

/* The instance's memory, and its bytes. */
uint8_t *engine_memory(uint32_t *size);

/* What the export `alloc` gives for `size` bytes, to an import that runs; false if it trapped. */
bool engine_alloc(uint32_t size, uint32_t *at);

/* For an engine's file. */

/* The letters for parameters: for i32 and i64 one of `letters` each ("iI"), NUL after them; returns their
 * number. At most 16. */
int wire_parameters(const wire_import *import, const char *letters, char *to);

/*
 * Runs an import whose arguments are in `slots`, 8 bytes each; `*result` is what it gives, an i32 in its low
 * half. NULL, or the sentence of a trap.
 */
const char *wire_serve(const wire_import *import, const uint64_t *slots, uint64_t *result);

#endif
