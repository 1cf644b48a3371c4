/*
 * modules.h - functions that open the modules, for flaron.c. Each adds its module to the table on top of the
 * stack (`flaron`).
 */
#ifndef FLARON_MODULES_H
#define FLARON_MODULES_H

#include "lua.h"

void request_open(lua_State *L);
void response_open(lua_State *L);
void logging_open(lua_State *L);
void time_open(lua_State *L);
void beam_open(lua_State *L);
void spark_open(lua_State *L);
void plasma_open(lua_State *L);
void secrets_open(lua_State *L);
void crypto_open(lua_State *L);
void encoding_open(lua_State *L);
void id_open(lua_State *L);
void ws_open(lua_State *L);
void json_open(lua_State *L);

/* Adapts Lua's own libraries to a flare. Leaves the stack unchanged. */
void stdlib_open(lua_State *L);

#endif
