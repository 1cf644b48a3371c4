/*
 * unwind_rewrite.h - teaches a linked module to unwind without exceptions.
 *
 * Lua throws and yields by longjmp, and core Wasm has none. So throwing is setting a global and
 * returning, and this rewriter puts after every call that may come back that way a check which
 * returns too. docs/internals/runtime.md, "Unwinding", shows it.
 *
 * It works on bytes in memory: no files, no output (tools/unwind.c has those).
 */
#ifndef FLARON_TOOLS_UNWIND_REWRITE_H
#define FLARON_TOOLS_UNWIND_REWRITE_H

#include "../edge/flare/wasm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a rewrite did. Imported functions are not counted: they cannot throw. */
typedef struct {
  uint32_t functions;  /* functions the module defines */
  uint32_t throwing;   /* those that can throw, unwind_throw among them, unwind_try never */
  uint32_t checks;     /* calls that got a check */
  size_t bytes_before; /* size of the module that came in */
  size_t bytes_after;  /* and of the one that went out */
} unwind_report;

/*
 * Rewrites the module of `in_size` bytes at `in`, which stay the caller's, onto the end of `out`.
 *
 * The module must export three markers, which the output does not export any more: the function
 * `unwind_throw` () -> (), the function `unwind_try` (i32 f, i32 L, i32 ud) -> (), and the mutable
 * i32 global `unwinding`. Custom sections that speak of offsets in code are dropped; functions that
 * need no check and all other sections are kept byte for byte. A function that is exported as
 * "unwind_never NAME" is known not to throw, whatever it calls; the output does not export that either. An
 * export `__stack_pointer` names the global that a function sets back before it ends. What is thrown outside
 * every unwind_try comes out of the export that was called as any value, with the global still at 1: entry
 * points catch before they return.
 *
 * True when it is done; `*report` is filled in then. False with a sentence in `error` (at most
 * `error_size` bytes with its NUL, no full stop, no newline) when the input is malformed, uses what
 * the rewriter does not know, lacks a marker, or memory runs out; `out` may then hold a part of the
 * output. The caller frees `out` in either case.
 */
bool unwind_rewrite(const uint8_t *in, size_t in_size, wasm_writer *out, unwind_report *report, char *error,
                    size_t error_size);

#endif
