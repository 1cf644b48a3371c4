/*
 * library_base.c - Lua's base library without what reads files, with a short way for setmetatable.
 */
#define LUA_CORE
#include "lbaselib.c"

#include "lgc.h"
#include "libraries.h"
#include "lobject.h"
#include "lstate.h"
#include "ltm.h"

/* A table's first metatable, without finalizer, is set here; all else, all errors among it, by Lua's own. */
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
    {"setmetatable", set_metatable},
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
