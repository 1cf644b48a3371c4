/*
 * interrupt.h - stops a script from outside, and tells where it is.
 *
 * It costs nothing until it is used: the host's watchdog calls the export `interrupt` from a signal handler
 * at any point of the script, and that sets Lua's own hook, as lua.c does for Ctrl-C. The same hook reports
 * the lines that run, if the local edge asks for it (`interrupt_watch`).
 */
#ifndef FLARON_INTERRUPT_H
#define FLARON_INTERRUPT_H

#include <stdbool.h>

#include "lua.h"

/* The Lua state that runs now: the main one or a coroutine. */
lua_State *interrupt_running(void);

/* From now on no interrupt raises an error, since the response is being passed to the host. */
void interrupt_end(void);

/*
 * Raises an error that nothing catches: it is raised again wherever the script continues. `message` must be
 * static; the place is put before it. Does not return.
 */
int interrupt_raise(lua_State *L, const char *message);

/* Lets `L`, the main state, run on after an interrupt. Coroutines that it ended stay ended. */
void interrupt_forget(lua_State *L);

/* Records that `L`, the main state, runs now. */
void interrupt_set_running(lua_State *L);

/* lua_resume and lua_closethread, which also record the running state. */
int interrupt_resume(lua_State *L, lua_State *from, int nargs, int *nresults);
int interrupt_closethread(lua_State *L, lua_State *from);

/*
 * For debug.sethook and debug.gethook: as lua_sethook and lua_gethookmask, but a script cannot see, remove or
 * evade the hooks of interrupts and of the edge. `hook` must always be the same function.
 */
void interrupt_sethook(lua_State *L, lua_Hook hook, int mask, int count);
int interrupt_gethookmask(const lua_State *L);

/*
 * For luaD_hook: whether the hook that is set in `L` must be called for this event. Where hooks may not run,
 * this call itself reports lines to the edge.
 */
bool interrupt_may_hook(lua_State *L, int event, int line);

#endif
