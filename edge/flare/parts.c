/*
 * parts.c - see parts.h.
 */
#include "flare/parts.h"

#include <string.h>

/* Functions (indices without the imported ones) or addresses that only some parts have. */
typedef struct part_range {
  uint32_t from, to, owners; /* `to` is not in it */
} part_range;

#include "parts_table.h" /* made by tools/parts.lua */

const part_module part_modules[] = {
#define FLARON_PART(part, module, function) {#part, module},
#include "parts/parts.def"
#undef FLARON_PART
    {NULL, NULL},
};

const part_module *parts_find_module(const char *name) {
  for (const part_module *m = part_modules; m->name != NULL; m++) {
    if (strcmp(m->name, name) == 0) return m;
  }
  return NULL;
}

/* Whether `m` is the first row of its part; the rows of a part follow each other. */
static bool parts_begins(const part_module *m) {
  return m == part_modules || strcmp(m[-1].part, m->part) != 0;
}

const char *parts_name(unsigned n) {
  for (const part_module *m = part_modules; m->name != NULL; m++) {
    if (parts_begins(m) && n-- == 0) return m->part;
  }
  return NULL;
}

uint32_t parts_named(const char *name) {
  const char *part;
  for (unsigned n = 0; (part = parts_name(n)) != NULL; n++) {
    if (strcmp(part, name) == 0) return 1u << n;
  }
  return 0;
}

static const struct {
  const char *name;
  bool reached;
} libraries[] = {
#define LIBRARY_REACHED true
#define LIBRARY_NAMED false
#define FLARON_LIBRARY(name, when, code) {#name, LIBRARY_##when},
#include "abi/libraries.def"
#undef FLARON_LIBRARY
#undef LIBRARY_REACHED
#undef LIBRARY_NAMED
};

enum { LIBRARIES = sizeof libraries / sizeof *libraries };

_Static_assert(PARTS_LIBRARY + LIBRARIES <= 32, "a set of parts has 32 bits");

const char *parts_library_name(unsigned n) { return n < LIBRARIES ? libraries[n].name : NULL; }

uint32_t parts_library(const char *name) {
  for (unsigned n = 0; n < LIBRARIES; n++) {
    if (strcmp(libraries[n].name, name) == 0) return 1u << (PARTS_LIBRARY + n);
  }
  return 0;
}

uint32_t parts_reached(void) {
  uint32_t set = 0;
  for (unsigned n = 0; n < LIBRARIES; n++) set |= (uint32_t)libraries[n].reached << (PARTS_LIBRARY + n);
  return set;
}

/* ---- cutting ---- */

static const struct {
  uint32_t imports, count; /* number of imported functions, and of its own */
  const part_range *functions;
} runtimes[FLARE_RUNTIMES] = {
    [FLARE_RUNTIME_CORE] = {PARTS_IMPORTS_core, PARTS_FUNCTIONS_core, parts_of_core},
    [FLARE_RUNTIME_FULL] = {PARTS_IMPORTS_full, PARTS_FUNCTIONS_full, parts_of_full},
    [FLARE_RUNTIME_BYTECODE] = {PARTS_IMPORTS_bytecode, PARTS_FUNCTIONS_bytecode, parts_of_bytecode},
};

/* The functions of a flare, or slots of its table, asked about in ascending order. */
typedef struct kept {
  const part_range *at;
  uint32_t parts;
} kept;

static bool parts_keep(kept *k, uint32_t function) {
  while (k->at->owners != 0 && function >= k->at->to) k->at++;
  return k->at->owners == 0 || function < k->at->from || (k->at->owners & k->parts) != 0;
}

/* Of a set of parts those that a runtime can have. */
static uint32_t parts_within(flare_runtime_kind kind, uint32_t parts) {
  return kind == FLARE_RUNTIME_CORE ? parts & PARTS_LIBRARIES & ~parts_reached() : parts;
}

/* The number of functions up to the last one that is kept, of all of a runtime. */
static uint32_t parts_cut_at(flare_runtime_kind kind, uint32_t parts) {
  kept k = {runtimes[kind].functions, parts};
  uint32_t stay = 0;
  for (uint32_t i = 0; i < runtimes[kind].count; i++) {
    if (parts_keep(&k, i)) stay = i + 1;
  }
  return stay;
}

static void parts_write_functions(flare_runtime_kind kind, uint32_t parts, wasm_reader *r,
                                  wasm_writer *body) {
  uint32_t stay = parts_cut_at(kind, parts);
  wasm_read_u32(r);
  wasm_write_u32(body, stay);
  while (stay-- > 0) wasm_write_u32(body, wasm_read_u32(r));
}

static void parts_write_code(flare_runtime_kind kind, uint32_t parts, wasm_reader *r, wasm_writer *body) {
  static const uint8_t trap[] = {3, 0, 0x00, 0x0B}; /* 3 bytes: no locals, unreachable, end */
  uint32_t stay = parts_cut_at(kind, parts);
  wasm_read_u32(r);
  kept k = {runtimes[kind].functions, parts};
  wasm_write_u32(body, stay);
  for (uint32_t i = 0; i < stay; i++) {
    const uint8_t *whole = r->at;
    wasm_read_bytes(r, wasm_read_u32(r));
    if (parts_keep(&k, i)) {
      wasm_write_bytes(body, whole, (size_t)(r->at - whole));
    } else {
      wasm_write_bytes(body, trap, sizeof trap);
    }
  }
}

/* Of a runtime, whose table one segment fills. */
static void parts_write_elements(flare_runtime_kind kind, uint32_t parts, wasm_reader *r, wasm_writer *body) {
  enum { ACTIVE = 0, I32_CONST = 0x41, END = 0x0B };
  uint32_t end = runtimes[kind].imports + parts_cut_at(kind, parts), segments = 0, run = 0;
  kept k = {parts_slots, parts};
  wasm_writer all = {0}, slots = {0};
  wasm_read_u32(r);
  wasm_read_u32(r);
  wasm_read_u8(r);
  uint32_t slot = (uint32_t)wasm_read_s32(r);
  wasm_read_u8(r);
  for (uint32_t n = wasm_read_u32(r);; n--, slot++) {
    uint32_t index = n > 0 ? wasm_read_u32(r) : 0;
    bool stays = n > 0 && index < end && parts_keep(&k, slot);
    if (stays) {
      wasm_write_u32(&slots, index);
      run++;
    } else if (run > 0) {
      wasm_write_u8(&all, ACTIVE);
      wasm_write_u8(&all, I32_CONST);
      wasm_write_s32(&all, (int32_t)(slot - run));
      wasm_write_u8(&all, END);
      wasm_write_u32(&all, run);
      wasm_write_bytes(&all, slots.data, slots.size);
      slots.size = run = 0;
      segments++;
    }
    if (n == 0) break;
  }
  wasm_write_u32(body, segments);
  wasm_write_bytes(body, all.data, all.size);
  body->failed = body->failed || all.failed || slots.failed;
  wasm_writer_free(&all);
  wasm_writer_free(&slots);
}

void parts_write_section(flare_runtime_kind kind, uint32_t parts, const wasm_section *section,
                         wasm_writer *body) {
  wasm_reader r;
  wasm_reader_init(&r, section->data, section->size);
  parts = parts_within(kind, parts);
  switch (section->id) {
    case WASM_SECTION_FUNCTION: parts_write_functions(kind, parts, &r, body); break;
    case WASM_SECTION_ELEMENT: parts_write_elements(kind, parts, &r, body); break;
    case WASM_SECTION_CODE: parts_write_code(kind, parts, &r, body); break;
    default: wasm_write_bytes(body, section->data, section->size);
  }
}

void parts_clear_data(uint32_t parts, uint8_t *memory, uint32_t from, uint32_t to) {
  for (const part_range *d = parts_data; d->owners != 0; d++) {
    if ((d->owners & parts) == 0 && d->from >= from && d->to <= to)
      memset(memory + d->from - from, 0, d->to - d->from);
  }
}

uint32_t parts_size(flare_runtime_kind kind, unsigned n) {
  uint32_t size = 0, mask = 1u << n;
  bytes blob = flare_runtime(kind);
  wasm_reader r;
  wasm_section section;
  for (const part_range *d = parts_data; d->owners != 0; d++) {
    if (d->owners == mask) size += d->to - d->from;
  }
  wasm_reader_init(&r, blob.data, blob.size);
  wasm_check_header(&r);
  while (wasm_next_section(&r, &section)) {
    if (section.id != WASM_SECTION_CODE) continue;
    wasm_reader code;
    wasm_reader_init(&code, section.data, section.size);
    uint32_t count = wasm_read_u32(&code);
    const part_range *at = runtimes[kind].functions;
    for (uint32_t i = 0; i < count; i++) {
      const uint8_t *whole = code.at;
      wasm_read_bytes(&code, wasm_read_u32(&code));
      while (at->owners != 0 && i >= at->to) at++;
      if (at->owners == mask && i >= at->from) size += (uint32_t)(code.at - whole);
    }
  }
  return size;
}
