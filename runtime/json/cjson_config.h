/*
 * cjson_config.h - the configuration of lua-cjson for a flare, included before each of its files
 * (`-include`).
 *
 * Depths: 1,000 nested tables need about 200 KiB of C stack (tests/flare/json_spec.lua). lua-cjson would end
 * the process when memory runs out; here bindings/json.c raises Lua's error instead.
 */
#ifndef FLARON_JSON_CONFIG_H
#define FLARON_JSON_CONFIG_H

#include <stdio.h>
#include <stdlib.h>

#define DISABLE_INVALID_NUMBERS /* strict JSON: no NaN, Infinity or hexadecimal unless asked for */

/* As malloc and realloc, but they do not return if memory runs out. */
void *json_malloc(size_t size);
void *json_realloc(void *memory, size_t size);
#define malloc(size) json_malloc(size)
#define realloc(memory, size) json_realloc(memory, size)

/* runtime/lua/libraries.h */
struct lua_State;
void *library_userdata(struct lua_State *L, int index, size_t size);
void library_count_call(struct lua_State *L);
void library_forget_call(struct lua_State *L);

/* runtime/lua/fast/build.h */
void table_of_pairs(struct lua_State *L, int pairs);
void table_of_list(struct lua_State *L, int count);
int table_next(struct lua_State *L, int index, unsigned *position);

#define fprintf(...) ((void)0)
#define vfprintf(...) ((void)0)

#endif
