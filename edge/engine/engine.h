/*
 * engine.h - the interface of what runs a flare's code. It has two implementations: engine_wasm2c.c (in this
 * process, by wasm2c) and engine_process.c (another process, such as Node for V8).
 */
#ifndef FLARON_EDGE_ENGINE_H
#define FLARON_EDGE_ENGINE_H

#include "flare/flare.h"
#include "host/host.h"

typedef struct engine engine;

/* Called before each line of a script runs: `source` is its file with '@' in front, or another chunk name. */
typedef struct engine_watcher {
  void (*line)(void *data, bytes source, int line);
  void *data;
} engine_watcher;

/* Whom an engine in this process tells what a debugger must know. Addresses are those of Lua states in the
 * memory. */
typedef struct engine_debug {
  void *data;
  bool lines;                                                       /* `line` is to be called */
  void (*line)(void *data, uint32_t state, bytes source, int line); /* as engine_watcher */
  /* A function is about to return, where instance_tell_returns was called for its state. */
  void (*returned)(void *data, uint32_t state);
  void (*thrown)(void *data, uint32_t state,
                 int status); /* an error is raised, the stack is whole: 2, LUA_ERRRUN,
                                 the value is on top of it, or 4, LUA_ERRMEM */
} engine_debug;

typedef struct engine_class {
  bool (*call)(engine *e, flare_handler handler, int cpu_ms, uint64_t *result, text *error);
  bool (*raised)(const engine *e, bytes *message);
  size_t (*memory)(const engine *e);
  size_t (*peak)(engine *e); /* NULL = not known */
  void (*keep)(engine *e);   /* NULL = it cannot */
  void (*close)(engine *e);
} engine_class;

struct engine {
  const engine_class *class;
  bool spent; /* it was interrupted, perhaps in the middle of changing its image: close it after the call */
};

/*
 * Calls a handler, which the flare must have. `cpu_ms` limits its CPU time, 0 = no limit; an engine in
 * another process has none. True with the export's result in `result`; false, with a sentence in `error`, if
 * it trapped or was stopped: the caller must then close the engine.
 */
static inline bool engine_call(engine *e, flare_handler handler, int cpu_ms, uint64_t *result, text *error) {
  return e->class->call(e, handler, cpu_ms, result, error);
}

/*
 * Whether an error of the script ended the handler of the last engine_call, which must have returned true.
 * `message` is then that error with its traceback, borrowed until the next call or until the engine is
 * closed. An engine in another process guesses it from the flare's last calls.
 */
static inline bool engine_raised(const engine *e, bytes *message) { return e->class->raised(e, message); }

/* The size of its linear memory in bytes. */
static inline size_t engine_memory(const engine *e) { return e->class->memory(e); }

/* The most bytes of linear memory that the last call used; 0 = not known. */
static inline size_t engine_peak(engine *e) { return e->class->peak != NULL ? e->class->peak(e) : 0; }

/*
 * The next call goes on with the memory that the last one left, which must have returned true: nothing of it
 * is restored, and an interrupt is forgotten. An engine in another process restores it all the same.
 */
static inline void engine_keep(engine *e) {
  if (e->class->keep != NULL) e->class->keep(e);
}

/* Closes and frees it; NULL is ignored. */
static inline void engine_close(engine *e) {
  if (e != NULL) e->class->close(e);
}

#endif
