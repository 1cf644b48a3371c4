/*
 * interrupt.h - stopping a script from outside, and telling where it is.
 *
 * Nothing is checked while nothing is wrong: the host's watchdog calls the export `interrupt` from a
 * signal handler in the middle of whatever runs, and it arms Lua's own hook, as lua.c does for Ctrl-C. The
 * same hook tells which lines run, when the local edge asks for it (`interrupt_watch`).
 */
#ifndef FLARON_INTERRUPT_H
#define FLARON_INTERRUPT_H

#include <stdbool.h>

#include "lua.h"

/* The Lua state that runs now: the main one or the coroutine it is in. */
lua_State *interrupt_running(void);

/* From now on no interrupt raises an error: the answer is being handed over. */
void interrupt_end(void);

/*
 * Raises an error that nothing catches: it is raised again wherever the script goes on. `message`, which must
 * last, comes after the place. Does not return.
 */
int interrupt_raise(lua_State *L, const char *message);

/* Says that `L`, the main state, runs now. */
void interrupt_set_running(lua_State *L);

/* lua_resume and lua_closethread, which say who runs. */
int interrupt_resume(lua_State *L, lua_State *from, int nargs, int *nresults);
int interrupt_closethread(lua_State *L, lua_State *from);

/*
 * For debug.sethook and debug.gethook: what lua_sethook and lua_gethookmask do, without a script being able
 * to see, move or outlive the hooks of interrupts and of the edge. The `hook` that is set is always the same
 * function.
 */
void interrupt_sethook(lua_State *L, lua_Hook hook, int mask, int count);
int interrupt_gethookmask(const lua_State *L);

/*
 * For luaD_hook: whether a hook of `L`, which is set, is to be called for this event. Where hooks may not run
 * the edge is told of lines nevertheless, here.
 */
bool interrupt_may_hook(lua_State *L, int event, int line);

#endif
