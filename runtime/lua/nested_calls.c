/*
 * nested_calls.c - what C functions ask and tell of nested calls, so that those which call themselves stay
 * within the engine's stack. The calls are counted by Lua.
 */
#define LUA_CORE
#include "lstate.h"
#include "lua/libraries.h"

void library_count_call(lua_State *L) { luaE_incCstack(L); }

void library_forget_call(lua_State *L) { L->nCcalls--; }

int library_frames_left(lua_State *L) { return (LUAI_MAXCCALLS / 10 * 11 - (int)getCcalls(L)) * 8; }
