/*
 * library_base.c - Lua's base library without the functions that read files, with fast paths for setmetatable
 * and for errors without a position.
 */
#define LUA_CORE
#include "lbaselib.c"

#include "ldebug.h"
#include "lgc.h"
#include "lua/libraries.h"
#include "lobject.h"
#include "lstate.h"
#include "ltm.h"

/* Sets a table's first metatable without finalizer here; all other cases, including errors, are left to Lua's
 * own function. */
static int set_metatable(lua_State *L) {
  StkId first = L->ci->func.p + 1;
  const TValue *t = s2v(first), *metatable = s2v(first + 1);
  if (L->top.p - first < 2 || !ttistable(t) || hvalue(t)->metatable != NULL || !ttistable(metatable) ||
      fasttm(L, hvalue(metatable), TM_GC) != NULL)
    return luaB_setmetatable(L);
  hvalue(t)->metatable = hvalue(metatable);
  luaC_objbarrier(L, gcvalue(t), gcvalue(metatable));
  L->top.p = first + 1;
  return 1;
}

/* An error without a level that is not a string, or is not raised by a Lua function, is raised unchanged. */
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
    {"setmetatable", set_metatable},
    {"tonumber", luaB_tonumber},
    {"tostring", luaB_tostring},
    {"type", luaB_type},
    {"warn", luaB_warn},
    {"xpcall", library_xpcall},
    {NULL, NULL},
};

const lua_CFunction library_ipairs_step = ipairsaux;

void *library_userdata(lua_State *L, int index, size_t size) {
  if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) != size)
    luaL_error(L, "userdata of a C function has been replaced");
  return lua_touserdata(L, index);
}

int library_open_base(lua_State *L) {
  lua_pushglobaltable(L);
  start_setfuncs(L, functions, 0);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, LUA_GNAME);
  lua_pushliteral(L, LUA_VERSION);
  lua_setfield(L, -2, "_VERSION");
  return 1;
}
