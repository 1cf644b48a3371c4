/*
 * values.h - the heap as it is packed: the same on every machine that packs, and zeros where nobody reads.
 */
#ifndef FLARON_START_VALUES_H
#define FLARON_START_VALUES_H

#include "lua.h"

/*
 * Sets the bits that have no meaning in all that the state holds: of a NaN the sign and payload, which are
 * the packing machine's; of what is nil, empty, a boolean or a pointer the bits that its type does not use;
 * of stacks what is above their tops; what only a collection uses. Zeros are not packed. For start-up's end,
 * after life_freeze; raises nothing and allocates nothing.
 */
void values_settle(lua_State *L);

#endif
