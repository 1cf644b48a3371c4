/*
 * build.h - tables made at once of values on the stack, and passed through by position: what lua-cjson does
 * most.
 */
#ifndef FLARON_BUILD_H
#define FLARON_BUILD_H

#include "lua.h"

/*
 * Replaces the 2 * `pairs` values on top of the stack, each a key, which is a string, and its value, not nil,
 * by a table of them. Of equal keys the last counts. There must be room for one more value. Raises
 * LUA_ERRMEM.
 */
void table_of_pairs(lua_State *L, int pairs);

/* Replaces the `count` values on top of the stack by a table that has them from 1 on, else as table_of_pairs.
 */
void table_of_list(lua_State *L, int count);

/*
 * As lua_next, without the search for the last key: pushes a key and its value of the table at `index`, in
 * the order of lua_next, or nothing at its end. `*position` begins with 0. The table must stay as it is
 * meanwhile.
 */
int table_next(lua_State *L, int index, unsigned *position);

#endif
