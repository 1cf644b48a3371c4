/*
 * library_debug.c - Lua's debug library. Hooks are set through interrupt.h; debug.debug raises an error,
 * since a flare has no terminal.
 *
 * No userdata of a flare has user values, so none can be read or set.
 *
 * A table in the registry maps coroutines to their hook functions, as in stock Lua. If a script removes it,
 * it has no hook.
 */
#define LUA_LIB
#include "life/interrupt.h"

#include "ldblib.c"

#include <string.h>

#include "lua/libraries.h"

/* Pushes `thread` without using its stack. */
static void push_thread(lua_State *L, lua_State *thread) {
  checkstack(L, thread, 1);
  lua_pushthread(thread);
  lua_xmove(thread, L, 1);
}

/* Pushes the hook function of `thread`, or another value if there is none; returns its type. */
static int push_hook(lua_State *L, lua_State *thread) {
  if (lua_getfield(L, LUA_REGISTRYINDEX, HOOKKEY) == LUA_TTABLE) {
    push_thread(L, thread);
    lua_rawget(L, -2);
  }
  return lua_type(L, -1);
}

/* lua_Hook: calls the hook of the coroutine that runs. */
static void call_hook(lua_State *L, lua_Debug *ar) {
  static const char *const events[] = {"call", "return", "line", "count", "tail call"};
  if (push_hook(L, L) != LUA_TFUNCTION) return;
  lua_pushstring(L, events[ar->event]);
  lua_pushinteger(L, ar->currentline);
  if (ar->currentline < 0) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
  lua_call(L, 2, 0);
}

static int gethook(lua_State *L) {
  int arg;
  char text[5];
  lua_State *thread = getthread(L, &arg);
  int mask = interrupt_gethookmask(thread);
  if (mask == 0) {
    luaL_pushfail(L);
    return 1;
  }
  push_hook(L, thread);
  lua_pushstring(L, unmakemask(mask, text));
  lua_pushinteger(L, lua_gethookcount(thread));
  return 3;
}

static int sethook(lua_State *L) {
  int arg, mask = 0, count = 0;
  lua_State *thread = getthread(L, &arg);
  if (lua_isnoneornil(L, arg + 1)) {
    lua_settop(L, arg + 1);
  } else {
    const char *events = luaL_checkstring(L, arg + 2);
    luaL_checktype(L, arg + 1, LUA_TFUNCTION);
    count = (int)luaL_optinteger(L, arg + 3, 0);
    mask = makemask(events, count);
  }
  if (!luaL_getsubtable(L, LUA_REGISTRYINDEX, HOOKKEY)) { /* created now: it is its own metatable */
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_pushvalue(L, -1);
    lua_setmetatable(L, -2);
  }
  push_thread(L, thread);
  lua_pushvalue(L, arg + 1);
  lua_rawset(L, -3);
  interrupt_sethook(thread, call_hook, mask, count);
  return 0;
}

/* Return what Lua's own functions return for a userdata without user values, and for other values. */
static int getuservalue(lua_State *L) {
  luaL_optinteger(L, 2, 1);
  luaL_pushfail(L);
  return 1;
}

static int setuservalue(lua_State *L) {
  luaL_optinteger(L, 3, 1);
  luaL_checktype(L, 1, LUA_TUSERDATA);
  luaL_checkany(L, 2);
  luaL_pushfail(L);
  return 1;
}

static int no_terminal(lua_State *L) {
  return luaL_error(L, "debug.debug needs a terminal: a flare has none");
}

/* The names are not constants, so that they can be zeroed before packing, as the tables of start_setfuncs
 * are. */
static struct {
  char name[15];
  lua_CFunction function;
} functions[] = {
    {"debug", no_terminal},
    {"gethook", gethook},
    {"getinfo", db_getinfo},
    {"getlocal", db_getlocal},
    {"getmetatable", db_getmetatable},
    {"getregistry", db_getregistry},
    {"getupvalue", db_getupvalue},
    {"getuservalue", getuservalue},
    {"setcstacklimit", db_setcstacklimit},
    {"sethook", sethook},
    {"setlocal", db_setlocal},
    {"setmetatable", db_setmetatable},
    {"setupvalue", db_setupvalue},
    {"setuservalue", setuservalue},
    {"traceback", db_traceback},
    {"upvalueid", db_upvalueid},
    {"upvaluejoin", db_upvaluejoin},
};

int library_open_debug(lua_State *L) {
  enum { COUNT = sizeof functions / sizeof *functions };
  lua_createtable(L, 0, COUNT);
  for (int i = 0; i < COUNT; i++) {
    lua_pushcfunction(L, functions[i].function);
    lua_setfield(L, -2, functions[i].name);
  }
  memset(functions, 0, sizeof functions);
  return 1;
}
