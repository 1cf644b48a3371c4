/*
 * library_os.c - Lua's os library: time functions from loslib.c, the manifest's variables as environment, and
 * failures for all that a flare cannot do, with their messages. Functions that need the host's clock are in
 * bindings/stdlib.c.
 */
#include "loslib.c"

#include "life/interrupt.h"
#include "lua/libraries.h"
#include "start/bundle.h"

int library_fail(lua_State *L, const char *name, const char *reason) {
  luaL_pushfail(L);
  lua_pushfstring(L, name != NULL ? "%s: %s" : "%s%s", name != NULL ? name : "", reason + 1);
  lua_pushinteger(L, *reason);
  return 3;
}

/* os.execute([command]): there is no shell */
static int execute(lua_State *L) {
  if (luaL_optstring(L, 1, NULL) != NULL) return library_fail(L, NULL, LIBRARY_READ_ONLY);
  lua_pushboolean(L, false);
  return 1;
}

/* os.exit([code [, close]]) */
static int end_handler(lua_State *L) {
  if (!lua_isboolean(L, 1)) luaL_optinteger(L, 1, 0);
  return interrupt_raise(L, "os.exit ends the handler: there is no process to end");
}

/* os.getenv(name) */
static int get_variable(lua_State *L) {
  bundle_push_var(L, luaL_checkstring(L, 1));
  return 1;
}

static int remove_file(lua_State *L) { return library_fail(L, luaL_checkstring(L, 1), LIBRARY_READ_ONLY); }

static int rename_file(lua_State *L) {
  luaL_checkstring(L, 1);
  luaL_checkstring(L, 2);
  return library_fail(L, NULL, LIBRARY_READ_ONLY);
}

/* os.tmpname(): raises the error that stock Lua raises on failure */
static int temporary_name(lua_State *L) {
  return library_fail(L, NULL, "\36unable to generate a unique filename");
}

/* os.setlocale([locale [, category]]): there is only one locale */
static int set_locale(lua_State *L) {
  const char *name = luaL_optstring(L, 1, "");
  lua_pushstring(L, *name == '\0' || (*name == 'C' && name[1] == '\0') ? "C" : NULL);
  return 1;
}

static const luaL_Reg functions[] = {
    {"date", os_date},
    {"difftime", os_difftime},
    {"execute", execute},
    {"exit", end_handler},
    {"getenv", get_variable},
    {"remove", remove_file},
    {"rename", rename_file},
    {"setlocale", set_locale},
    {"time", os_time},
    {"tmpname", temporary_name},
    {NULL, NULL},
};

int library_open_os(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
