/*
 * values.h - values as they are packed: the same on every machine that packs.
 */
#ifndef FLARON_START_VALUES_H
#define FLARON_START_VALUES_H

#include "lua.h"

/*
 * Sets the bits of values that have no meaning, in all that the state holds: of a NaN the sign and payload,
 * which are the packing machine's, and of what is nil the bits of what was there before. For start-up's end;
 * raises nothing.
 */
void values_settle(lua_State *L);

#endif
