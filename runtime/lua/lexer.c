/*
 * lexer.c - Lua's lexer, in which reading a character is a function: as the macro it is in lzio.h, it stands
 * in 50 places, a kilobyte and a half of them.
 */
#define LUA_CORE
#include "lzio.h"

#undef zgetc

/* The next character, or EOZ. */
static __attribute__((noinline)) int zgetc(ZIO *z) { return z->n-- > 0 ? cast_uchar(*z->p++) : luaZ_fill(z); }

#include "llex.c"
