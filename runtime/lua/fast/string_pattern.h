/*
 * string_pattern.h - string.find, match, gmatch and gsub, in place of lstrlib.c's
 * (patches/string-functions.patch).
 */
#ifndef FLARON_PATTERN_H
#define FLARON_PATTERN_H

struct lua_State;

int pattern_find(struct lua_State *L);
int pattern_match(struct lua_State *L);
int pattern_gmatch(struct lua_State *L);
int pattern_gsub(struct lua_State *L);

#endif
