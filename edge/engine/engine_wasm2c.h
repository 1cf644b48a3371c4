/*
 * engine_wasm2c.h - a flare's instance on the wasm2c build of the runtime, inside this process.
 *
 * Imports reach the host given at opening. An instance belongs to one thread at a time. The CPU time
 * limit works by a timer of the calling thread (watchdog); nothing is checked while nothing is wrong.
 */
#ifndef FLARON_EDGE_INSTANCE_H
#define FLARON_EDGE_INSTANCE_H

#include "engine/engine.h"

/* Opens an instance of a packed flare; all are borrowed. `watcher` may be NULL. Never NULL. */
engine *instance_open(const flare *f, host *h, const engine_watcher *watcher);

/* What start-up of a script left, for pack.c. `memory` and the texts point into the instance's memory. */
typedef struct instance_start_report {
  unsigned handlers;                                         /* bit n: flare_handler n */
  bool cut;                                                  /* runtime/start/reach.h: the core is enough */
  bytes error, notes;                                        /* notes: bundle_push_notes */
  uint32_t data_start, image_end, assets_start, arena_start; /* addresses */
  const uint8_t *memory;
} instance_start_report;

/*
 * Whoever start-up asks for a module that its bundle has not: adds a bundle of it and of all it requires to
 * `bundle`; false when there is none.
 */
typedef struct instance_finder {
  bool (*find)(void *data, bytes name, text *bundle);
  void *data;
} instance_finder;

/*
 * Runs start-up on a bundle (runtime/start/bundle.c) in a fresh instance with `memory_limit` bytes (a
 * multiple of 64 KiB), and at most `cpu_ms` of CPU time. False, with a sentence and where the script was in
 * `error`, when it was stopped or trapped; the script's own errors are in the report. The instance must
 * be closed either way. `watcher` may be NULL: what it sees leaves its marks in memory, so that is not to be
 * packed. Nor is it when `finder`, which may be NULL, found something.
 */
bool instance_start(engine **instance, bytes bundle, uint32_t memory_limit, uint32_t hash, bool strip,
                    int cpu_ms, const engine_watcher *watcher, const instance_finder *finder,
                    instance_start_report *report, text *error);

/*
 * Evaluates a file of Lua that returns a table (runtime/start/manifest.c), less a byte order mark, into JSON,
 * in a fresh instance that is gone afterwards. False, with a message that begins with `name`, the file's
 * name, in `error`, when it fails or takes more than a second.
 */
bool instance_evaluate(const char *name, bytes source, text *json, text *error);

#endif
