/*
 * own_lua.c - Lua in a static executable. Lua is the stock one: its lua.c is compiled with another name for
 * main, and calls own_lua_open where it would open its libraries (mk/static.mk).
 */
#include "own_lua.h"

#ifndef FLARON_STATIC

const char *own_lua_program(void) { return NULL; }

bool own_lua_is_asked(const char *name) {
  (void)name;
  return false;
}

int own_lua_run(int argc, char **argv) {
  (void)argc;
  (void)argv;
  return 1;
}

bool own_lua_find_modules(text *folder) {
  (void)folder;
  return false;
}

const char *own_lua_linked(void) { return ""; }

#else

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <string.h>

#include "cli.h"

#define MODULES "../share/flaron-lua/lua/5.4"

int own_lua_stock_main(int argc, char **argv); /* lua.c */
void own_lua_open(lua_State *L);

int luaopen_flaron_edge(lua_State *L);
int luaopen_lfs(lua_State *L);
int luaopen_system_core(lua_State *L);
int luaopen_term_core(lua_State *L);

const char *own_lua_program(void) { return "/proc/self/exe"; }

bool own_lua_is_asked(const char *name) {
  const char *slash = strrchr(name, '/');
  return strcmp(slash != NULL ? slash + 1 : name, OWN_LUA_NAME) == 0;
}

int own_lua_run(int argc, char **argv) { return own_lua_stock_main(argc, argv); }

bool own_lua_find_modules(text *folder) { return cli_find_beside(MODULES, MODULES, folder); }

const char *own_lua_linked(void) { return ", static"; }

/* Puts our modules into package.path: where the default has OWN_LUA_MARK (mk/static.mk), or else at its end.
 */
static void own_lua_set_path(lua_State *L) {
  text folder = {0}, places = {0};
  lua_getglobal(L, LUA_LOADLIBNAME);
  lua_getfield(L, -1, "path");
  const char *path = lua_tostring(L, -1);
  if (own_lua_find_modules(&folder)) text_printf(&places, "%s/?.lua;%s/?/init.lua", folder.data, folder.data);
  const char *mark = strstr(path, OWN_LUA_MARK);
  if (mark == NULL) lua_pushfstring(L, "%s;%s", path, text_string(&places));
  if (mark != NULL) luaL_gsub(L, path, OWN_LUA_MARK, text_string(&places));
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
  text_free(&folder);
  text_free(&places);
}

/* A searcher, in place of those for shared objects: says why one that is there cannot be loaded. Upvalue:
 * package. */
static int own_lua_refuse(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_getfield(L, lua_upvalueindex(1), "searchpath");
  lua_pushvalue(L, 1);
  lua_getfield(L, lua_upvalueindex(1), "cpath");
  lua_call(L, 2, 2);
  if (lua_isnil(L, -2)) return 1; /* where it was looked for */
  return luaL_error(L,
                    "module '%s' is a shared object, %s: this flaron-lua is one static executable and cannot "
                    "load it; a flaron-lua "
                    "that is built on this machine can",
                    name, lua_tostring(L, -2));
}

/* Lua's own libraries, and what else is built in, which `require` finds. */
void own_lua_open(lua_State *L) {
  static const luaL_Reg open[] = {{LUA_GNAME, luaopen_base},
                                  {LUA_LOADLIBNAME, luaopen_package},
                                  {LUA_COLIBNAME, luaopen_coroutine},
                                  {LUA_TABLIBNAME, luaopen_table},
                                  {LUA_IOLIBNAME, luaopen_io},
                                  {LUA_OSLIBNAME, luaopen_os},
                                  {LUA_STRLIBNAME, luaopen_string},
                                  {LUA_MATHLIBNAME, luaopen_math},
                                  {LUA_UTF8LIBNAME, luaopen_utf8},
                                  {LUA_DBLIBNAME, luaopen_debug},
                                  {NULL, NULL}};
  static const luaL_Reg found[] = {{"flaron.edge", luaopen_flaron_edge},
                                   {"lfs", luaopen_lfs},
                                   {"system.core", luaopen_system_core},
                                   {"term.core", luaopen_term_core},
                                   {NULL, NULL}};
  enum { SHARED = 3, SHARED_ROOT = 4 }; /* places among package.searchers */
  for (const luaL_Reg *r = open; r->name != NULL; r++) {
    luaL_requiref(L, r->name, r->func, 1);
    lua_pop(L, 1);
  }
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  luaL_setfuncs(L, found, 0);
  lua_getglobal(L, LUA_LOADLIBNAME);
  lua_getfield(L, -1, "searchers");
  lua_pushvalue(L, -2);
  lua_pushcclosure(L, own_lua_refuse, 1);
  lua_rawseti(L, -2, SHARED);
  lua_pushnil(L);
  lua_rawseti(L, -2, SHARED_ROOT);
  lua_pop(L, 3);
  own_lua_set_path(L);
}

#endif
