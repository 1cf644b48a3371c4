/*
 * runtime.h - the runtimes in this executable, as the bytes of Wasm modules. Nothing here reads them.
 */
#ifndef FLARON_EDGE_RUNTIME_H
#define FLARON_EDGE_RUNTIME_H

#include "base/text.h"

/* The runtimes. Each contains those before it. */
typedef enum flare_runtime_kind {
  FLARE_RUNTIME_CORE, /* without the parts that most flares cannot reach (runtime/start/reach.h) */
  FLARE_RUNTIME_FULL,
  FLARE_RUNTIME_BYTECODE, /* reads bytecode */
  FLARE_RUNTIMES
} flare_runtime_kind;

/*
 * A runtime in this executable; the SHA-256 that identifies all of them, as lower-case hex. Static.
 */
bytes flare_runtime(flare_runtime_kind kind);
const char *flare_runtime_hash(void);

#endif
