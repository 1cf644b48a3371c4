/*
 * set.h - preallocation of a new table, and assignment to keys that a table does not have yet.
 */
#ifndef FLARON_TABLE_H
#define FLARON_TABLE_H

#include "lobject.h"

/*
 * As luaH_resize, for a new and empty table: makes room for `array` values and `hash` fields. Raises
 * LUA_ERRMEM.
 */
void table_room(lua_State *L, Table *t, unsigned array, unsigned hash);

/*
 * As luaV_finishset: t[key] = value, through metamethods. `slot` is the empty slot for `key` if `t` is a
 * table, else NULL. Raises what __newindex raises, that `t` cannot be indexed, or LUA_ERRMEM.
 */
void table_set(lua_State *L, const TValue *t, TValue *key, TValue *value, const TValue *slot);

#endif
