/*
 * set.h - room for a new table, and values where a table has none yet.
 */
#ifndef FLARON_TABLE_H
#define FLARON_TABLE_H

#include "lobject.h"

/*
 * What luaH_resize does for a table that was just made and has nothing in it: room for `array` values and
 * `hash` fields. Raises LUA_ERRMEM.
 */
void table_room(lua_State *L, Table *t, unsigned array, unsigned hash);

/*
 * What luaV_finishset does: t[key] = value, by way of metamethods. `slot` is the empty one for `key` when `t`
 * is a table, NULL when it is none. Raises what __newindex raises, or that `t` cannot be indexed, or
 * LUA_ERRMEM.
 */
void table_set(lua_State *L, const TValue *t, TValue *key, TValue *value, const TValue *slot);

#endif
