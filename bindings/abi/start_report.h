/*
 * start_report.h - what the runtime leaves in its memory for who packs: written by runtime/start/, read by
 * edge/engine/engine_wasm2c.c. No packed flare has any of it.
 *
 * Every field is a little-endian u32; what is an address counts from the beginning of linear memory.
 */
#ifndef FLARON_START_REPORT_H
#define FLARON_START_REPORT_H

#include <stdint.h>

/* A line of what `require` says of a module that there is not (runtime/start/bundle.c). The packer, who knows
 * more, takes it out of the message of start-up. */
#define BUNDLE_ONLY "only what was packed can be required: name it under 'modules' in flare.lua"

/* Where things lie once start-up is over; all 0 when it failed. */
typedef struct start_layout {
  uint32_t image_start;  /* first byte that can differ from runtime.wasm's own data */
  uint32_t image_end;    /* one after the last byte of the image */
  uint32_t assets_start; /* constant bytes, after room for the kept image */
  uint32_t arena_start;  /* where the first invocation's blocks begin, after the assets */
} start_layout;

/* What start() leaves. */
typedef struct start_report {
  uint32_t handlers;          /* bit n: the script has handler n of handlers.def */
  uint32_t error, error_size; /* message, with traceback where there is one; 0, 0 = none */
  uint32_t notes, notes_size; /* of modules that are missing (runtime/start/bundle.h) */
  uint32_t cut;               /* 1: nothing reaches what is cut (runtime/start/reach.h), and it is gone */
  start_layout layout;
} start_report;

/* What manifest() leaves. */
typedef struct manifest_report {
  uint32_t good; /* 1: `text` is the table as JSON, 0: it is a message */
  uint32_t text, size;
} manifest_report;

#endif
