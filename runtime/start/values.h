/*
 * values.h - makes the packed heap the same on every machine, with zeros in bits that are never read.
 */
#ifndef FLARON_START_VALUES_H
#define FLARON_START_VALUES_H

#include "lua.h"

/*
 * Clears the bits without meaning in all objects of the state: sign and payload of a NaN, which depend on the
 * packing machine; the bits that nil, empty slots, booleans and pointers do not use; the stacks above their
 * tops; fields that only a collection uses. Zeros are not packed. Call it at the end of start-up, after
 * life_freeze; raises nothing and allocates nothing.
 */
void values_settle(lua_State *L);

#endif
