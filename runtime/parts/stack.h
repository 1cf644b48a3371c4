/*
 * stack.h - how much of C's stack is left, for parts whose C recurses as deep as its data is nested.
 *
 * The stack begins at address 0 and grows down to it (mk/runtime.mk), so an address on it is what is left. An
 * overflow would be a trap; a part that asks here raises an error.
 */
#ifndef FLARON_PARTS_STACK_H
#define FLARON_PARTS_STACK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether fewer than `bytes` are left. The caller gets at least 208 bytes of C's stack by it, even if it has
 * nothing of its own there: so its depth in the engine's stack, which nothing can measure, is bounded as
 * well: to 1,890 frames where a quarter of 512 KiB is to be left (docs/internals/engines.md).
 */
static inline __attribute__((always_inline)) bool part_stack_is_below(uintptr_t bytes) {
  volatile char here[208];
  here[0] = 0;
  return (uintptr_t)here < bytes;
}

#endif
