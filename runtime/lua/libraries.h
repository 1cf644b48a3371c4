/*
 * libraries.h - the libraries of Lua that a flare has only in part or changed. Each library_*.c includes
 * Lua's own source and has its own table of functions, so that unreachable functions are not linked.
 */
#ifndef FLARON_LIBRARIES_H
#define FLARON_LIBRARIES_H

#include <stddef.h>

#include "lua.h"

/*
 * For luaL_requiref. The base library: all but dofile and loadfile (bindings/stdlib.c) and print
 * (bindings/logging.c).
 */
int library_open_base(lua_State *L);

/* The iterator that ipairs returns. */
extern const lua_CFunction library_ipairs_step;

/* pcall, xpcall and coroutine.yield (fast/pcall.c). */
int library_pcall(lua_State *L);
int library_xpcall(lua_State *L);
int library_yield(lua_State *L);

/*
 * How many frames of the engine's stack a C function may take that calls itself as deep as its data is
 * nested: 8 for each C call that Lua still allows, those for message handlers included (nested_calls.c).
 */
int library_frames_left(lua_State *L);

/*
 * Counts one more C call, until library_forget_call or an error, for C functions that call themselves and may
 * call Lua; raises "C stack overflow" when there are too many.
 */
void library_count_call(lua_State *L);
void library_forget_call(lua_State *L);

/* All of os but clock, which bindings/stdlib.c adds. */
int library_open_os(lua_State *L);

/* All of io. */
int library_open_io(lua_State *L);

/* The iterator that io.lines returns; it is in no table. */
int library_next_line(lua_State *L);

/* Reasons of failures: Linux's errno value as the first byte, then the message. */
#define LIBRARY_NO_FILE "\2No such file or directory"
#define LIBRARY_BAD_FILE "\11Bad file descriptor"
#define LIBRARY_INVALID "\26Invalid argument"
#define LIBRARY_NO_SEEK "\35Illegal seek"
#define LIBRARY_READ_ONLY "\36Read-only file system"

/*
 * Pushes nil, "NAME: MESSAGE" (only MESSAGE if `name` is NULL) and the number of one of these reasons;
 * returns 3, as luaL_fileresult does.
 */
int library_fail(lua_State *L, const char *name, const char *reason);

/* All of debug; debug.debug raises an error. */
int library_open_debug(lua_State *L);

/*
 * The block of a full userdata of `size` bytes at `index`. Raises an error if another value is there, which a
 * script can achieve with the debug library.
 */
void *library_userdata(lua_State *L, int index, size_t size);

/* All of table. */
int library_open_table(lua_State *L);

#endif
