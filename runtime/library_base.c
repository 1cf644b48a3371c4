/*
 * library_base.c - Lua's base library without what reads files, and with a short way for errors that get no
 * position.
 */
#define LUA_CORE
#include "lbaselib.c"

#include "ldebug.h"
#include "libraries.h"
#include "lobject.h"
#include "lstate.h"

static int error(lua_State *L) {
  const TValue *value = s2v(L->ci->func.p + 1);
  if (lua_gettop(L) != 1 || (ttisstring(value) && isLua(L->ci->previous))) return luaB_error(L);
  return ttisstring(value) ? lua_error(L) : (luaG_errormsg(L), 0);
}

static const luaL_Reg functions[] = {
    {"assert", luaB_assert},
    {"collectgarbage", luaB_collectgarbage},
    {"error", error},
    {"getmetatable", luaB_getmetatable},
    {"ipairs", luaB_ipairs},
    {"load", luaB_load},
    {"next", luaB_next},
    {"pairs", luaB_pairs},
    {"pcall", library_pcall},
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
    {"xpcall", library_xpcall},
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
