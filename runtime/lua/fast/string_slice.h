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
 * The offset of a position in a string of `size` bytes. A position counts from 1, or from the end if it is
 * negative. After the end of the string the result is `size` or more, and still fits into 32 bits.
 */
static inline size_t slice_begin(long long position, size_t size) {
  if (position > 0) return position - 1 <= (long long)size ? (size_t)position - 1 : size + 1;
  return position == 0 || position < -(long long)size ? 0 : size + (size_t)position;
}

#endif
