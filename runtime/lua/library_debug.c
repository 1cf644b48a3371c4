/*
 * library_debug.c - the part of Lua's debug library that only looks.
 */
#include "ldblib.c"

#include "lua/libraries.h"

static const luaL_Reg functions[] = {
    {"getinfo", db_getinfo},
    {"traceback", db_traceback},
    {NULL, NULL},
};

int library_open_debug(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
