/*
 * library_os.c - the part of Lua's os library that is about time.
 */
#include "loslib.c"

#include "lua/libraries.h"

static const luaL_Reg functions[] = {
    {"date", os_date},
    {"difftime", os_difftime},
    {"time", os_time},
    {NULL, NULL},
};

int library_open_os(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
