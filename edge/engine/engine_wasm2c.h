/*
 * engine_wasm2c.h - a flare's instance on the wasm2c build of the runtime, inside this process.
 *
 * Imports reach the host given at opening. An instance belongs to one thread at a time. The CPU time limit is
 * a timer of the calling thread (watchdog.h), so the code that runs checks nothing.
 */
#ifndef FLARON_EDGE_INSTANCE_H
#define FLARON_EDGE_INSTANCE_H

#include "engine/engine.h"

/* Opens an instance of a packed flare. All arguments are borrowed. `watcher` may be NULL. Never NULL. */
engine *instance_open(const flare *f, host *h, const engine_watcher *watcher);

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
