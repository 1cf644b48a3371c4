/*
 * show.h - values as text, for who looks at a flare on the local edge. A flare has no code of it.
 */
#ifndef FLARON_SHOW_H
#define FLARON_SHOW_H

#include "lua.h"

/* Text that is written from `at` to `end`; what does not fit is dropped. Borrowed. */
typedef struct show_text {
  char *at, *end;
} show_text;

void show_char(show_text *to, char c);
void show_string(show_text *to, const char *string);
void show_integer(show_text *to, lua_Integer n);

/*
 * Writes the value at `index` on one line, as flaron.inspect does but shorter: strings, long or nested tables
 * are cut, and the rest is counted. It calls no metamethod, allocates nothing in Lua's heap and raises no
 * error; it takes some dozens of free slots of the stack, and writes less where there are none.
 */
void show_value(lua_State *L, int index, show_text *to);

#endif
