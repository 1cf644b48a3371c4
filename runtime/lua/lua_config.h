/*
 * lua_config.h - the configuration of Lua for a flare, included before every file of Lua (`-include`).
 *
 * It defines the macros that Lua leaves open. All other changes are patches (patches/series).
 */
#ifndef FLARON_LUA_CONFIG_H
#define FLARON_LUA_CONFIG_H

#include <stddef.h>

/*
 * Lua's own Makefile sets this, so every installed lua5.4 has it: `a <= b` by __lt alone (LUA_COMPAT_LT_LE),
 * and math.pow and other functions (LUA_COMPAT_MATHLIB). The rest of it is macros for C.
 */
#define LUA_COMPAT_5_3

/* Errors: tools/unwind turns the calls into unwinding by plain returns (unwind.S). life.c is told if memory
 * runs out. */
__attribute__((noreturn)) void unwind_throw(void);
void unwind_try(void *f, void *L, void *ud);
#define luai_jmpbuf int
void life_memory_ended(void);
struct lua_State;
#define LUAI_THROW(L, c) ((c)->status == LUA_ERRMEM ? life_memory_ended() : (void)0, unwind_throw())
#define LUAI_TRY(L, c, a) unwind_try((void *)(f), (L), (ud))

/*
 * The collector never throws (manual: lua_gc "never raises errors"): finalizers run in protected calls, and
 * if a resize fails it continues without it. tools/unwind relies on this.
 */
__attribute__((export_name("unwind_never luaC_step"))) void luaC_step(struct lua_State *L);
__attribute__((export_name("unwind_never luaC_fullgc"))) void luaC_fullgc(struct lua_State *L,
                                                                          int isemergency);

/* Whether the flare may load bytecode (runtime/start/bundle.c); lundump_late.c reads it. */
int bundle_takes_bytecode(void);

/* The seed of string hashes comes from the bundle (start.c), so that equal bundles give equal images. So it
 * is not secret (lstring_intern.c). */
unsigned int start_hash_seed(void);
#define luai_makeseed(L) ((void)(L), start_hash_seed())

/* table.sort's pivot for bad cases comes from a simple generator, since the host's clock must not be read. */
unsigned int start_sort_pivot(void);
#define l_randomizePivot() start_sort_pivot()

/* Text written to standard output becomes a line of the log (print itself is in bindings/stdlib.c). */
void floor_write(const char *text, size_t length);
#define lua_writestring(s, l) floor_write((s), (l))
#define lua_writeline() ((void)0)
#define lua_writestringerror(s, p) ((void)(s), (void)(p))

/* luaV_execute includes fast/vm.h, in place of ljumptab.h (patches/interpreter-in-place.patch). */
#define LUA_USE_JUMPTABLE 1

#define lua_getlocaledecpoint() '.'

/* The type of a field that the watchdog's signal handler writes (interrupt.c); wasi-libc has no
 * sig_atomic_t. */
#define l_signalT int

/* For functions of loslib.c that no flare has (bindings/stdlib.c removes them); wasi-libc lacks them too. */
#define LUA_TMPNAMBUFSIZE 1
#define lua_tmpnam(buffer, failed) ((void)(buffer), (failed) = 1)

#endif
