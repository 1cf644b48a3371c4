/*
 * json.h - the bindings' own JSON: what goes to the host and comes from it.
 */
#ifndef FLARON_JSON_H
#define FLARON_JSON_H

#include <stdbool.h>

#include "lua.h"

/* Makes the functions below work, where no module is opened. Leaves the stack as it was. */
void json_open_alone(lua_State *L);

/*
 * Replaces the value on top of the stack by its JSON text. False, with a message in its place, when it
 * cannot be said in JSON or holds text that is not UTF-8.
 */
bool json_encode(lua_State *L);

/* Replaces the text on top of the stack by its value; false, with nothing in its place, when it is no JSON.
 */
bool json_decode(lua_State *L);

#endif
