/*
 * engine_wasm2c.h - a flare's instance on the wasm2c build of the runtime, inside this process.
 *
 * Imports reach the host given at opening. An instance belongs to one thread at a time. The CPU time limit is
 * a timer of the calling thread (watchdog.h), so the code that runs checks nothing.
 */
#ifndef FLARON_EDGE_INSTANCE_H
#define FLARON_EDGE_INSTANCE_H

#include "engine/engine.h"

/* Opens an instance of a packed flare. All arguments are borrowed. `watcher` and `debug` may be NULL, and one
 * of them must be. With `debug` no limit of CPU time holds. Never NULL. */
engine *instance_open(const flare *f, host *h, const engine_watcher *watcher, const engine_debug *debug);

/* ---- for debuggers, inside of a call of engine_debug, on its thread ---- */

/* The linear memory, until it grows: its `size` may be NULL. */
uint8_t *instance_memory(engine *e, size_t *size);

/* The address of the Lua state that runs. */
uint32_t instance_running(engine *e);

/* From now on `returned` is called in this state, until its hooks are set anew: at the next line call it
 * again. */
void instance_tell_returns(engine *e, uint32_t state);

/* For the functions of inside.h. */
struct Z_runtime_instance_t *instance_inside(engine *e);

/* What there is to an instance, without what never changes. Begin with {0}; instance_snapshot_free. */
typedef struct instance_snapshot {
  text memory; /* from `from` on */
  uint32_t from, pages, max_pages, stack, unwinding, ran;
} instance_snapshot;

/* Keeps its state. Until instance_restore the memory may grow by `more` bytes beyond its limit. */
void instance_save(engine *e, uint32_t more, instance_snapshot *to);

/* Makes it what it was. */
void instance_restore(engine *e, const instance_snapshot *from);

/* Makes the limit of the memory what it was, and nothing else. */
void instance_keep(engine *e, const instance_snapshot *from);

void instance_snapshot_free(instance_snapshot *s);

/* Calls `function(data)`, which may call what is inside, for `ms` ms of CPU time at most. False, with a
 * sentence in `error`, if it trapped or was stopped: only instance_restore may follow. */
bool instance_protected(engine *e, void (*function)(void *), void *data, int ms, text *error);

/* Leaves the handler, which fails. Does not return. */
_Noreturn void instance_leave(engine *e);

/* The results of a script's start-up, for pack.c. `memory` and the texts point into the instance's memory. */
typedef struct instance_start_report {
  unsigned handlers;                                         /* bit n: flare_handler n */
  bool cut;                                                  /* runtime/start/reach.h: the core is enough */
  bytes error, notes;                                        /* notes: bundle_push_notes */
  uint32_t data_start, image_end, assets_start, arena_start; /* addresses */
  const uint8_t *memory;
} instance_start_report;

/*
 * Start-up asks this for a module that is not in its bundle. It adds a bundle of the module and of all that
 * it requires to `bundle`; false if there is no such module.
 */
typedef struct instance_finder {
  bool (*find)(void *data, bytes name, text *bundle);
  void *data;
} instance_finder;

/*
 * Runs start-up on a bundle (runtime/start/bundle.c) in a fresh instance with `memory_limit` bytes (a
 * multiple of 64 KiB), for at most `cpu_ms` ms of CPU time. False, with a sentence and a traceback in
 * `error`, if it was stopped or trapped; the script's own errors are in the report. The caller closes the
 * instance in both cases. `watcher` and `finder` may be NULL. The memory must not be packed if there was a
 * watcher, which leaves traces in it, or if the finder found a module.
 */
bool instance_start(engine **instance, bytes bundle, uint32_t memory_limit, uint32_t hash, bool strip,
                    int cpu_ms, const engine_watcher *watcher, const instance_finder *finder,
                    instance_start_report *report, text *error);

/*
 * Runs a Lua file that returns a table (runtime/start/manifest.c) in a fresh instance, which is then closed,
 * and adds the table as JSON. `name` is the file's name; a byte order mark at the start of `source` is
 * skipped. False, with a message that begins with `name` in `error`, if it fails or takes more than a second.
 */
bool instance_evaluate(const char *name, bytes source, text *json, text *error);

#endif
