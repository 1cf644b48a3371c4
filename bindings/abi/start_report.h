/*
 * start_report.h - the reports that the runtime leaves in its memory for the packer: written by
 * runtime/start/, read by edge/engine/engine_wasm2c.c. No packed flare contains them.
 *
 * Every field is a little-endian u32; addresses are offsets in linear memory.
 */
#ifndef FLARON_START_REPORT_H
#define FLARON_START_REPORT_H

#include <stdint.h>

/* A line of `require`'s message about a missing module (runtime/start/bundle.c). The packer, which knows the
 * reason, removes it from start-up's message. */
#define BUNDLE_ONLY "only what was packed can be required: name it under 'modules' in flare.lua"

/* The memory layout after start-up; all 0 if it failed. */
typedef struct start_layout {
  uint32_t image_start;  /* first byte that can differ from runtime.wasm's own data */
  uint32_t image_end;    /* address after the last byte of the image */
  uint32_t assets_start; /* the assets' bytes, after the space for the copy of the image */
  uint32_t arena_start;  /* start of the invocations' memory, after the assets */
} start_layout;

/* The report of start(). */
typedef struct start_report {
  uint32_t handlers;          /* bit n: the script has handler n of handlers.def */
  uint32_t error, error_size; /* the error message, with a traceback if there is one; 0, 0 = none */
  uint32_t notes, notes_size; /* notes about missing modules (runtime/start/bundle.h) */
  uint32_t
      cut; /* 1: the script could not reach what can be cut, and it was removed (runtime/start/reach.h) */
  start_layout layout;
} start_report;

/* The report of manifest(). */
typedef struct manifest_report {
  uint32_t good; /* 1: `text` is the table as JSON, 0: `text` is an error message */
  uint32_t text, size;
} manifest_report;

#endif
