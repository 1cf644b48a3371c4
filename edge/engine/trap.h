/*
 * trap.h - the support library of the wasm2c'd runtime: its memory, its traps, and who catches them.
 *
 * It implements wabt's wasm-rt.h. wabt's own implementation keeps its jump buffer and alternate stack in
 * plain globals and takes every SIGSEGV of the process for a trap; this one works in many threads and
 * inside a host program of which it is only a module.
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

/* What ends a protected call beside Wasm's own traps: trap_stop, and a tape (host.h) that wants no more. */
enum { TRAP_STOPPED = 100, TRAP_ENDED };

/*
 * Calls `function(data)`, which runs Wasm code on `memory`. Returns 0 when it came back, else the trap
 * (a wasm_rt_trap_t, TRAP_STOPPED or TRAP_ENDED) that ended it; the instance must then not be called again.
 */
int trap_call(const wasm_rt_memory_t *memory, void (*function)(void *), void *data);

/*
 * From a signal handler on the thread of a protected call: ends the innermost one with TRAP_STOPPED.
 * False when it cannot now, because the thread is in a host function.
 */
bool trap_stop(void);

/* Around host functions: their locks and memory must not be jumped out of. */
void trap_enter_host(void);
void trap_leave_host(void);

/* Whether this thread is between them. */
bool trap_in_host(void);

/* A sentence for what trap_call returned, static. */
const char *trap_message(int trap);

#endif
