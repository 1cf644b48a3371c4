/*
 * nesting.h - what LPeg's functions ask that recurse as deep as a pattern or its captures are nested
 * (patches/no-deeper.patch).
 */
#ifndef FLARON_PARTS_LPEG_NESTING_H
#define FLARON_PARTS_LPEG_NESTING_H

#include "parts/stack.h"

/* Bytes of C's stack that are left to what LPeg calls. */
enum { LPEG_STACK_LEFT = 131072 };

static inline __attribute__((always_inline)) bool lpeg_is_nested(void) {
  return part_stack_is_below(LPEG_STACK_LEFT);
}

/* Raises the error in whatever runs. */
_Noreturn void lpeg_raise_nested(void);

#endif
