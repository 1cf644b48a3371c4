/*
 * modules.h - what opens each module, for flaron.c. Each adds its module to the table on top (`flaron`).
 */
#ifndef FLARON_MODULES_H
#define FLARON_MODULES_H

#include "lua.h"

void request_open(lua_State *L);
void response_open(lua_State *L);
void logging_open(lua_State *L);
void time_open(lua_State *L);

/* Fits Lua's own libraries to a flare. Leaves the stack as it was. */
void stdlib_open(lua_State *L);

#endif
