/*
 * lua_user.h - the settings of luaconf.h that cannot be made before it; lua.h includes this (LUA_USER_H).
 *
 * Endless recursion must end in "stack overflow", with a traceback, before it ends a flare's memory: 200,000
 * slots, and as many call records if each call needs only one slot, take about 12 MB of the 32 MB of memory.
 * Most functions reach a depth of 20,000 to 100,000 calls.
 */
#ifndef FLARON_LUA_USER_H
#define FLARON_LUA_USER_H

#undef LUAI_MAXSTACK
#define LUAI_MAXSTACK 200000

/*
 * Writes an integer in decimal, without a NUL at the end; returns its size, at most 20 (snprintf.c). Most
 * numbers that become text are integers, and snprintf would parse a format for each.
 */
int format_integer(char *text, long long n);
#undef lua_integer2str
#define lua_integer2str(s, size, n) format_integer((s), (n))

#endif
