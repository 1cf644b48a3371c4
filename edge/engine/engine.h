/*
 * engine.h - what runs a flare's code: an interface with two implementations, engine_wasm2c.c (here, by
 * wasm2c) and engine_process.c (another process, such as Node for V8).
 */
#ifndef FLARON_EDGE_ENGINE_H
#define FLARON_EDGE_ENGINE_H

#include "flare/flare.h"
#include "host/host.h"

typedef struct engine engine;

/* Told of each line of a script that begins: `source` is its file with '@' in front, or another chunk name.
 */
typedef struct engine_watcher {
  void (*line)(void *data, bytes source, int line);
  void *data;
} engine_watcher;

typedef struct engine_class {
  bool (*call)(engine *e, flare_handler handler, int cpu_ms, uint64_t *result, text *error);
  bool (*raised)(const engine *e, bytes *message);
  size_t (*memory)(const engine *e);
  size_t (*peak)(engine *e); /* NULL = it cannot tell */
  void (*close)(engine *e);
} engine_class;

struct engine {
  const engine_class *class;
  bool spent; /* it was interrupted, and so may be the image it keeps: close it after the call */
};

/*
 * Calls a handler, which the flare must have. `cpu_ms` limits its CPU time, 0 = no limit; an engine in
 * another process has none. True with the export's answer in `result`; false, with a sentence in
 * `error`, when it trapped or was stopped: the engine must then be closed.
 */
static inline bool engine_call(engine *e, flare_handler handler, int cpu_ms, uint64_t *result, text *error) {
  return e->class->call(e, handler, cpu_ms, result, error);
}

/*
 * Whether an error of the script ended the handler of the last call, which came back with true; then
 * `message` is that error with its traceback, borrowed until the next call or the engine's end. An engine in
 * another process guesses it from what the flare called last.
 */
static inline bool engine_raised(const engine *e, bytes *message) { return e->class->raised(e, message); }

/* Bytes of linear memory it has. */
static inline size_t engine_memory(const engine *e) { return e->class->memory(e); }

/* The bytes of linear memory that the last call used at most; 0 = not known. */
static inline size_t engine_peak(engine *e) { return e->class->peak != NULL ? e->class->peak(e) : 0; }

/* Ends it; NULL is ignored. */
static inline void engine_close(engine *e) {
  if (e != NULL) e->class->close(e);
}

#endif
