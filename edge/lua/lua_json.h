/*
 * lua_json.h - JSON for native Lua: what a flare answered, for specs to look into.
 */
#ifndef FLARON_EDGE_LUA_JSON_H
#define FLARON_EDGE_LUA_JSON_H

#include <lua.h>

/* lua_CFunction: (text) -> the value; nil and where and why when it is no JSON. null is a light userdata,
 * NULL.
 */
int lua_json_decode(lua_State *L);

#endif
