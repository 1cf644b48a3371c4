/*
 * json.h - the bindings' own JSON, for data to and from the host.
 */
#ifndef FLARON_JSON_H
#define FLARON_JSON_H

#include <stdbool.h>

#include "lua.h"

/* Makes the functions below work without opening a module for scripts. Leaves the stack unchanged. */
void json_open_alone(lua_State *L);

/*
 * Replaces the value on top of the stack by its JSON text. False, with a message in its place, if it cannot
 * be encoded or contains text that is not UTF-8.
 */
bool json_encode(lua_State *L);

/* Replaces the text on top of the stack by its value; false, with nothing in its place, if it is not valid
 * JSON. */
bool json_decode(lua_State *L);

#endif
