/*
 * trap.h - the support library of the runtime translated by wasm2c: its memory, its traps and how they are
 * caught.
 *
 * It implements wabt's wasm-rt.h. wabt's own implementation keeps its jump buffer and alternate stack in
 * plain globals and takes every SIGSEGV of the process for a trap. This one works in many threads and as a
 * module inside another program.
 */
#ifndef FLARON_EDGE_TRAP_H
#define FLARON_EDGE_TRAP_H

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "wasm-rt.h"

/* One protected call into Wasm code, on the C stack of trap_call. */
typedef struct trap_frame {
  sigjmp_buf jump;
  struct trap_frame *outer;
  sig_atomic_t in_host;           /* whether the outer call is in a host function */
  const wasm_rt_memory_t *memory; /* faults inside its reservation are traps; others are not ours */
} trap_frame;

/* Ends of a protected call besides Wasm's own traps: trap_stop, and a tape (host.h) that set `stop`. */
enum { TRAP_STOPPED = 100, TRAP_ENDED };

/*
 * Calls `function(data)`, which runs Wasm code on `memory`. Returns 0 if it returned, else the trap (a
 * wasm_rt_trap_t, TRAP_STOPPED or TRAP_ENDED) that ended it; the instance must then not be called again.
 */
int trap_call(const wasm_rt_memory_t *memory, void (*function)(void *), void *data);

/*
 * For a signal handler on the thread of a protected call: ends the innermost call with TRAP_STOPPED. False if
 * that is impossible now because the thread is in a host function.
 */
bool trap_stop(void);

/* Call them around host functions: a jump out of one would leave its locks held and its memory unfreed. */
void trap_enter_host(void);
void trap_leave_host(void);

/* Whether this thread is in a host function. */
bool trap_in_host(void);

/* Makes a memory smaller: `pages` in place of more. What it grows by later is zeros. */
void trap_shrink_memory(wasm_rt_memory_t *memory, uint32_t pages);

/* Has the system provide the pages of `size` bytes from `from` on at once: else each costs a fault when it is
 * first written. Nothing depends on it. */
void trap_provide_memory(wasm_rt_memory_t *memory, size_t from, size_t size);

/* A static sentence for a result of trap_call. */
const char *trap_message(int trap);

#endif
