/*
 * own_lua.h - the Lua 5.4 that is in an executable which is linked statically, and can load no shared object:
 * it runs busted for `flaron-lua test`, with flaron.edge and what busted has in C built in. In any other
 * executable there is none, and the machine's lua5.4 and flaron/edge.so serve. docs/decisions/0017 says why.
 */
#ifndef FLARON_OWN_LUA_H
#define FLARON_OWN_LUA_H

#include <stdbool.h>

#include "base/text.h"

/* The program to start as Lua, whose first word is to be OWN_LUA_NAME; NULL: there is none in here. Static.
 */
const char *own_lua_program(void);
#define OWN_LUA_NAME "lua5.4"

/* Whether this process was started as that Lua, by `name`, its first word. */
bool own_lua_is_asked(const char *name);

/* Is that Lua, with its usual words; the exit code. */
int own_lua_run(int argc, char **argv);

/* Sets `folder` to that of the Lua modules that came with this executable; false: none came. */
bool own_lua_find_modules(text *folder);

/* How this executable is linked, to be added to what --version says: "" or ", ...". Static. */
const char *own_lua_linked(void);

#endif
