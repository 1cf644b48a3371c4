/*
 * unwind_rewrite.h - teaches a linked module to unwind without exceptions.
 *
 * Lua throws and yields by longjmp, and core Wasm has none. So throwing sets a global and returns, and after
 * every call that may return that way this rewriter inserts a check that returns too.
 * docs/internals/runtime.md, "Unwinding", shows it.
 *
 * It works on bytes in memory: no files, no output (tools/unwind.c has those).
 */
#ifndef FLARON_TOOLS_UNWIND_REWRITE_H
#define FLARON_TOOLS_UNWIND_REWRITE_H

#include "../edge/flare/wasm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Figures of a rewrite. Imported functions are not counted, since they cannot throw. */
typedef struct {
  uint32_t functions;  /* functions that the module defines */
  uint32_t throwing;   /* of those, functions that can throw, including unwind_throw, never unwind_try */
  uint32_t checks;     /* calls that got a check */
  size_t bytes_before; /* size of the input */
  size_t bytes_after;  /* size of the output */
} unwind_report;

/*
 * Rewrites the module of `in_size` bytes at `in`, which are borrowed, and appends the result to `out`.
 *
 * The module must export three markers, which the output does not export any more: the function
 * `unwind_throw` () -> (), the function `unwind_try` (i32 f, i32 L, i32 ud) -> (), and the mutable i32 global
 * `unwinding`. Custom sections that contain offsets in code are dropped; functions that need no check and all
 * other sections are kept byte for byte. A function that is exported as "unwind_never NAME" is taken not to
 * throw, whatever it calls; the output does not have this export either. An export `__stack_pointer` names
 * the global that a function restores before it ends. An error thrown outside every unwind_try makes the
 * called export return an arbitrary value, with the global still 1: entry points must catch before they
 * return.
 *
 * True on success, with `*report` filled in. False with a sentence in `error` (at most `error_size` bytes
 * with its NUL, no full stop, no newline) if the input is malformed, uses what the rewriter does not know,
 * lacks a marker, or if memory runs out; `out` may then hold a part of the output. The caller frees `out` in
 * both cases.
 */
bool unwind_rewrite(const uint8_t *in, size_t in_size, wasm_writer *out, unwind_report *report, char *error,
                    size_t error_size);

#endif
