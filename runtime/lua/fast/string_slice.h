/*
 * string_slice.h - string.byte and string.sub, in place of lstrlib.c's (patches/string-functions.patch).
 */
#ifndef FLARON_SLICE_H
#define FLARON_SLICE_H

#include <stddef.h>

struct lua_State;

int slice_byte(struct lua_State *L);
int slice_sub(struct lua_State *L);

/*
 * Where a position in a string of `size` bytes begins, from 0; it counts from 1, or from the end when it is
 * negative. `size` or more when it is after the string, which 32 bits hold, too.
 */
static inline size_t slice_begin(long long position, size_t size) {
  if (position > 0) return position - 1 <= (long long)size ? (size_t)position - 1 : size + 1;
  return position == 0 || position < -(long long)size ? 0 : size + (size_t)position;
}

#endif
