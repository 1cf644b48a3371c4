/*
 * library_base.c - Lua's base library without what reads files.
 */
#include "lbaselib.c"

#include "libraries.h"

static const luaL_Reg functions[] = {
    {"assert", luaB_assert},
    {"collectgarbage", luaB_collectgarbage},
    {"error", luaB_error},
    {"getmetatable", luaB_getmetatable},
    {"ipairs", luaB_ipairs},
    {"load", luaB_load},
    {"next", luaB_next},
    {"pairs", luaB_pairs},
    {"pcall", luaB_pcall},
    {"rawequal", luaB_rawequal},
    {"rawget", luaB_rawget},
    {"rawlen", luaB_rawlen},
    {"rawset", luaB_rawset},
    {"select", luaB_select},
    {"setmetatable", luaB_setmetatable},
    {"tonumber", luaB_tonumber},
    {"tostring", luaB_tostring},
    {"type", luaB_type},
    {"warn", luaB_warn},
    {"xpcall", luaB_xpcall},
    {NULL, NULL},
};

const lua_CFunction library_ipairs_step = ipairsaux;

int library_open_base(lua_State *L) {
  lua_pushglobaltable(L);
  luaL_setfuncs(L, functions, 0);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, LUA_GNAME);
  lua_pushliteral(L, LUA_VERSION);
  lua_setfield(L, -2, "_VERSION");
  return 1;
}
