/*
 * nesting.c - see nesting.h.
 */
#include "parts/lpeg/nesting.h"

#include "lauxlib.h"
#include "life/interrupt.h"

_Noreturn void lpeg_raise_nested(void) {
  luaL_error(interrupt_running(), "pattern is nested too deep");
  __builtin_unreachable();
}
