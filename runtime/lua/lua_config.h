/*
 * lua_config.h - how Lua is configured for a flare; in front of every file of Lua (`-include`).
 *
 * What is said here are the macros that Lua leaves open. What they cannot say is in the patches
 * (patches/series).
 */
#ifndef FLARON_LUA_CONFIG_H
#define FLARON_LUA_CONFIG_H

#include <stddef.h>

/*
 * What Lua's own Makefile, and so every lua5.4 that is installed somewhere, is built with: `a <= b` by __lt
 * alone (LUA_COMPAT_LT_LE), and math.pow and its like (LUA_COMPAT_MATHLIB). The rest of it are macros for C.
 */
#define LUA_COMPAT_5_3

/* Errors: plain returns, made into unwinding by tools/unwind (unwind.S). That memory ended is told (life.c).
 */
__attribute__((noreturn)) void unwind_throw(void);
void unwind_try(void *f, void *L, void *ud);
#define luai_jmpbuf int
void life_memory_ended(void);
struct lua_State;
#define LUAI_THROW(L, c) ((c)->status == LUA_ERRMEM ? life_memory_ended() : (void)0, unwind_throw())
#define LUAI_TRY(L, c, a) unwind_try((void *)(f), (L), (ud))

/*
 * The collector throws nothing (manual: lua_gc "never raises errors"): finalizers run in protected calls, and
 * where it resizes something it goes without when there is no memory. tools/unwind believes this.
 */
__attribute__((export_name("unwind_never luaC_step"))) void luaC_step(struct lua_State *L);
__attribute__((export_name("unwind_never luaC_fullgc"))) void luaC_fullgc(struct lua_State *L,
                                                                          int isemergency);

/* Whether the flare may load bytecode (runtime/start/bundle.c); what is loaded is read by lundump_late.c. */
int bundle_takes_bytecode(void);

/* The seed of string hashes: from the bundle (start.c), so that equal bundles give equal images; so it is no
 * secret (lstring_intern.c). */
unsigned int start_hash_seed(void);
#define luai_makeseed(L) ((void)(L), start_hash_seed())

/* table.sort's pivot for bad cases: from a plain generator, since the host's clock may not be asked. */
unsigned int start_sort_pivot(void);
#define l_randomizePivot() start_sort_pivot()

/* What is written to standard output becomes a line of the log (print itself is in bindings/stdlib.c). */
void floor_write(const char *text, size_t length);
#define lua_writestring(s, l) floor_write((s), (l))
#define lua_writeline() ((void)0)
#define lua_writestringerror(s, p) ((void)(s), (void)(p))

/* luaV_execute includes fast/vm.h, in place of ljumptab.h (patches/interpreter-in-place.patch). */
#define LUA_USE_JUMPTABLE 1

#define lua_getlocaledecpoint() '.'

/* What the watchdog's signal handler writes (interrupt.c); wasi-libc has no sig_atomic_t. */
#define l_signalT int

/* loslib.c's functions that no flare gets (bindings/stdlib.c takes them out): wasi-libc has none either. */
#define LUA_TMPNAMBUFSIZE 1
#define lua_tmpnam(buffer, failed) ((void)(buffer), (failed) = 1)

#endif
