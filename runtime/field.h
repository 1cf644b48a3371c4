/*
 * field.h - fields that are not in a table itself but in the tables behind it.
 */
#ifndef FLARON_FIELD_H
#define FLARON_FIELD_H

#include "lobject.h"

/*
 * What luaV_finishget does: puts t[key] to `to`, a place on Lua's stack, by way of metamethods. `slot` is the
 * empty one for `key` when `t` is a table, NULL when it is none. Raises what __index raises, or that `t`
 * cannot be indexed.
 */
void field_get(lua_State *L, const TValue *t, TValue *key, StkId to, const TValue *slot);

#endif
