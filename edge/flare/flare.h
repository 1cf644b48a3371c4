/*
 * flare.h - a packed flare: the parts of a .wasm file that `flaron-lua pack` made.
 *
 * flare_runs_here checks that the code is that of the runtime in this executable, byte for byte, so that
 * engine_wasm2c.c may run the image on it. Nothing here runs anything.
 */
#ifndef FLARON_EDGE_FLARE_H
#define FLARON_EDGE_FLARE_H

#include "base/text.h"
#include "flare/runtime.h"

/* The version of flaron-lua, and of the custom section's layout. */
#define FLARON_LUA_VERSION "0.1.0"
enum { FLARE_FORMAT = 1 };

/* The handlers that a flare can have and a host calls: FLARE_HANDLE_REQUEST and so on. */
typedef enum flare_handler {
#define FLARON_HANDLER(id, name) FLARE_##id,
#include "abi/handlers.def"
#undef FLARON_HANDLER
  FLARE_HANDLERS
} flare_handler;

extern const char *const flare_handler_names[FLARE_HANDLERS];

/* A module of the bundle. */
typedef struct flare_module {
  char *name, *file; /* as required; its path relative to the project */
  size_t size;       /* bytes of source */
} flare_module;

/* Bytes of an image that no segment has, so that they are zeros: offsets in it. */
typedef struct flare_gap {
  size_t from, to;
} flare_gap;

struct json_t;

/* A packed flare. Owned; free it with flare_free. */
typedef struct flare {
  text wasm;             /* the whole file */
  unsigned handlers;     /* bit n: it has flare_handler n */
  flare_module *modules; /* the main script first */
  size_t module_count;
  flare_module *assets; /* `name` is NULL */
  size_t asset_count;
  char *name;            /* from the manifest; NULL = none */
  struct json_t *config; /* the manifest's keys for the host (manifest.h); NULL = there is no manifest */
  struct json_t *vars;   /* list of the names that os.getenv answers; NULL = none */
  uint32_t memory_pages, memory_max_pages; /* in pages of 64 KiB: at the start, at most */
  uint32_t image_start;                    /* address of the first byte of `image` */
  text image;                              /* the data section, with gaps filled with zeros */
  flare_gap *gaps;                         /* the large ones in `image`, in ascending order */
  size_t gap_count;
  uint32_t arena_start; /* address where the memory of an invocation begins */
  uint32_t parts;       /* the optional parts and the libraries that it has, as a set (parts.h) */
  uint32_t left_out;    /* the libraries that flare.lua leaves out, as such a set */
  bool cut;             /* parts have no library that it cannot reach, though its runtime has them */
  bool stripped;        /* without debug information */
  char *runtime_hash;   /* SHA-256 of the runtime, lower-case hex */
} flare;

/*
 * Reads a packed flare from `wasm` and takes ownership of it. False, with a sentence in `error`, if it is not
 * a module, incomplete or not made by `flaron-lua pack`; `f` then holds nothing.
 */
bool flare_read(flare *f, text *wasm, text *error);

/* Whether this executable can run it; false, with a sentence in `error`, if it has another runtime. */
bool flare_runs_here(const flare *f, text *error);

/* Whether it was packed, on a runtime of this executable, without the parts that it cannot reach
 * (abi/cut.def). */
bool flare_is_cut(const flare *f);

/* Calls `visit` for each optional part that it has (parts.h), with the bytes of code and data that only that
 * part needs; 0 if it was packed on another runtime. */
void flare_each_part(const flare *f, void (*visit)(void *data, const char *name, uint32_t size), void *data);

/* Calls `visit` for each library of Lua that flare.lua leaves out. */
void flare_each_left_out(const flare *f, void (*visit)(void *data, const char *name), void *data);

/* Calls `visit` for each import or export of the module, in order, with an import's module (for exports "")
 * and the name. */
void flare_each_name(const flare *f, bool imports, void (*visit)(void *data, bytes module, bytes name),
                     void *data);

/* Frees what `f` holds and leaves it empty. */
void flare_free(flare *f);

#endif
