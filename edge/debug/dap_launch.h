/*
 * dap_launch.h - what the arguments of `launch` say: a flare with its state, and what it is asked.
 */
#ifndef FLARON_EDGE_DAP_LAUNCH_H
#define FLARON_EDGE_DAP_LAUNCH_H

#include "pack/pack.h"
#include "project/state.h"
#include "record/record.h"

struct json_t;

/* Owned; begin with {0}. */
typedef struct dap_launch {
  char *input; /* what is run: a folder, a main script or a .wasm */
  flare flare;
  state state;
  host_config config; /* borrows from `state` and `grants` */
  manifest_grants grants;
  flare_handler handler;
  host_request request;
  recording record; /* what answers its calls, if `recorded` */
  bool recorded;
  int cpu_ms;
  bool stop_on_entry, stop_at_end, no_debug;
} dap_launch;

/*
 * Reads the arguments (docs/debugger.md) and all files that they name. `state_folder` adds the folder of the
 * state of an input. The sources and the line map are added to `files` and `map`; there are none of a .wasm
 * without. False, with a sentence in `error`; dap_launch_free is needed either way.
 */
bool dap_launch_read(dap_launch *l, const struct json_t *arguments, const char *otherwise,
                     void (*state_folder)(const char *input, text *path), modules *files, text *map,
                     text *error);

void dap_launch_free(dap_launch *l);

#endif
