/*
 * interrupt.h - stopping a script from outside, and telling where it is.
 *
 * Nothing is checked while nothing is wrong: the host's watchdog calls the export `interrupt` from a
 * signal handler in the middle of whatever runs, and it arms Lua's own hook, as lua.c does for Ctrl-C. The
 * same hook tells which lines run, when the local edge asks for it (`interrupt_watch`).
 */
#ifndef FLARON_INTERRUPT_H
#define FLARON_INTERRUPT_H

#include "lua.h"

/* The Lua state that runs now: the main one or the coroutine it is in. */
lua_State *interrupt_running(void);

/* From now on no interrupt raises an error: the answer is being handed over. */
void interrupt_end(void);

/* Says that `L`, the main state, runs now. */
void interrupt_set_running(lua_State *L);

/* lua_resume and lua_closethread, which say who runs. */
int interrupt_resume(lua_State *L, lua_State *from, int nargs, int *nresults);
int interrupt_closethread(lua_State *L, lua_State *from);

#endif
