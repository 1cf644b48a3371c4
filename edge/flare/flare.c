/*
 * flare.c - reading a packed flare: see flare.h.
 */
#include "flare/flare.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "flare/parts.h"
#include "flare/wasm.h"

const char *const flare_handler_names[FLARE_HANDLERS] = {
#define FLARON_HANDLER(id, name) #name,
#include "abi/handlers.def"
#undef FLARON_HANDLER
};

enum { PAGE = 65536 };

static void free_list(flare_module *list, size_t count) {
  for (size_t i = 0; i < count; i++) {
    free(list[i].name);
    free(list[i].file);
  }
  free(list);
}

void flare_free(flare *f) {
  text_free(&f->wasm);
  text_free(&f->image);
  free(f->gaps);
  free_list(f->modules, f->module_count);
  free_list(f->assets, f->asset_count);
  json_decref(f->config);
  json_decref(f->vars);
  free(f->name);
  free(f->runtime_hash);
  *f = (flare){0};
}

/* Whether a section must equal the runtime's own, byte for byte. */
static bool is_code(uint8_t id) {
  switch (id) {
    case WASM_SECTION_TYPE:
    case WASM_SECTION_IMPORT:
    case WASM_SECTION_FUNCTION:
    case WASM_SECTION_TABLE:
    case WASM_SECTION_GLOBAL:
    case WASM_SECTION_START:
    case WASM_SECTION_ELEMENT:
    case WASM_SECTION_CODE: return true;
    default: return false;
  }
}

/* Whether a section of a flare equals a runtime's as it is for these parts. */
static bool same_section(const wasm_section *section, flare_runtime_kind kind, uint32_t parts,
                         const wasm_section *runtime) {
  wasm_writer body = {0};
  parts_write_section(kind, parts, runtime, &body);
  bool same = !body.failed && section->size == body.size && memcmp(section->data, body.data, body.size) == 0;
  wasm_writer_free(&body);
  return same;
}

/* Whether the code sections of a flare equal those of a runtime with its parts, in the same order. */
static bool same_code(const flare *f, flare_runtime_kind kind) {
  bytes wasm = text_bytes(&f->wasm), runtime = flare_runtime(kind);
  wasm_reader ours, theirs;
  wasm_section a, b;
  wasm_reader_init(&ours, runtime.data, runtime.size);
  wasm_reader_init(&theirs, wasm.data, wasm.size);
  wasm_check_header(&ours);
  wasm_check_header(&theirs);
  for (;;) {
    bool more_a, more_b;
    while ((more_a = wasm_next_section(&ours, &a)) && !is_code(a.id)) {
    }
    while ((more_b = wasm_next_section(&theirs, &b)) && !is_code(b.id)) {
    }
    if (!more_a || !more_b) return more_a == more_b;
    if (a.id != b.id || !same_section(&b, kind, f->parts, &a)) return false;
  }
}

/* A copy of a string member, which the caller frees; NULL if there is none. */
static char *copy_member(const json_t *object, const char *name) {
  const char *value = json_string_value(json_object_get(object, name));
  return value != NULL ? memory_copy(bytes_of(value)) : NULL;
}

static flare_module *read_list(const json_t *list, size_t *count) {
  json_t *item;
  size_t i;
  flare_module *modules = memory_get((json_array_size(list) + 1) * sizeof *modules);
  json_array_foreach(list, i, item) {
    modules[i].name = copy_member(item, "name");
    modules[i].file = copy_member(item, "file");
    if (modules[i].file == NULL) modules[i].file = memory_copy(bytes_of(""));
    modules[i].size = (size_t)json_integer_value(json_object_get(item, "bytes"));
    *count = i + 1;
  }
  return modules;
}

/* Reads the custom section that pack.c made: the description of the flare. */
static bool read_custom(flare *f, const wasm_section *section, text *error) {
  json_t *about = json_loadb((const char *)section->body, section->body_size, 0, NULL);
  json_int_t format = json_integer_value(json_object_get(about, "format"));
  const char *hash = json_string_value(json_object_get(about, "runtime"));
  json_t *part;
  size_t i;
  f->parts = PARTS_LIBRARIES;
  if (format != FLARE_FORMAT || hash == NULL) {
    text_printf(error, "its custom section 'flaron-lua' cannot be read (format %lld, this is %d)",
                (long long)format, FLARE_FORMAT);
    json_decref(about);
    return false;
  }
  f->runtime_hash = memory_copy(bytes_of(hash));
  f->stripped = json_is_true(json_object_get(about, "stripped"));
  f->arena_start = (uint32_t)json_integer_value(json_object_get(about, "arena"));
  f->modules = read_list(json_object_get(about, "modules"), &f->module_count);
  f->assets = read_list(json_object_get(about, "assets"), &f->asset_count);
  f->config = json_incref(json_object_get(about, "config"));
  f->vars = json_incref(json_object_get(about, "vars"));
  f->name = copy_member(about, "name");
  json_array_foreach(json_object_get(about, "parts"), i, part) {
    const char *name = json_string_value(part);
    if (name != NULL) f->parts |= parts_named(name);
  }
  json_array_foreach(json_object_get(about, "without"), i, part) {
    const char *name = json_string_value(part);
    if (name != NULL) f->left_out |= parts_library(name);
  }
  f->cut = json_is_true(json_object_get(about, "cut"));
  f->parts &= ~(f->cut ? f->left_out | parts_reached() : f->left_out);
  json_decref(about);
  return true;
}

static void read_memory(flare *f, wasm_reader *r) {
  enum { HAS_MAX = 1 };
  if (wasm_read_u32(r) != 1 || wasm_read_u8(r) != HAS_MAX) wasm_reader_fail(r, "its memory has no limit");
  f->memory_pages = wasm_read_u32(r);
  f->memory_max_pages = wasm_read_u32(r);
  if (f->memory_pages > f->memory_max_pages || f->memory_max_pages >= PAGE) {
    wasm_reader_fail(r, "its memory's size is not allowed");
  }
}

static void read_exports(flare *f, wasm_reader *r) {
  for (uint32_t n = wasm_read_u32(r); n > 0 && r->error == NULL; n--) {
    uint32_t size;
    const char *name = wasm_read_name(r, &size);
    wasm_read_u8(r);
    wasm_read_u32(r);
    for (int h = 0; h < FLARE_HANDLERS && name != NULL; h++) {
      if (bytes_are((bytes){(const uint8_t *)name, size}, flare_handler_names[h])) f->handlers |= 1u << h;
    }
  }
}

/* Fills the image from the data section. Such a gap as the constants of a part that the flare does not have
 * is recorded, since instances need no memory for it. */
static void read_data(flare *f, wasm_reader *r) {
  enum { ACTIVE = 0, I32_CONST = 0x41, END = 0x0B, GAP_MAX = 256 << 20, GAP_LARGE = 32 << 10 };
  size_t gaps = 0;
  for (uint32_t n = wasm_read_u32(r); n > 0 && r->error == NULL; n--) {
    if (wasm_read_u32(r) != ACTIVE || wasm_read_u8(r) != I32_CONST)
      wasm_reader_fail(r, "its data is not a memory image");
    uint32_t at = (uint32_t)wasm_read_s32(r);
    if (wasm_read_u8(r) != END) wasm_reader_fail(r, "its data is not a memory image");
    uint32_t size = wasm_read_u32(r);
    const uint8_t *data = wasm_read_bytes(r, size);
    if (r->error != NULL) return;
    if (f->image.size == 0) f->image_start = at;
    size_t offset = (size_t)at - f->image_start;
    if (at < f->image_start || offset < f->image.size ||
        (uint64_t)at + size > (uint64_t)f->memory_pages * PAGE) {
      wasm_reader_fail(r, "its data does not fit its memory");
      return;
    }
    size_t gap = offset - f->image.size;
    gaps += gap;
    if (gaps > GAP_MAX) { /* no script leaves such gaps, and filling them costs us memory */
      wasm_reader_fail(r, "its data is not a memory image");
      return;
    }
    if (gap >= GAP_LARGE) {
      LIST_ROOM(f->gaps, f->gap_count);
      f->gaps[f->gap_count++] = (flare_gap){f->image.size, offset};
    }
    memset(text_room(&f->image, gap), 0, gap);
    text_add(&f->image, data, size);
  }
}

/* Whether pack.c made it: false, with a sentence in `error`, if not or if the module is incomplete. */
static bool is_ours(bytes wasm, text *error) {
  wasm_reader r;
  wasm_section section;
  bool found = false;
  wasm_reader_init(&r, wasm.data, wasm.size);
  wasm_check_header(&r);
  while (wasm_next_section(&r, &section)) found = found || wasm_section_is(&section, "flaron-lua");
  if (r.error != NULL) {
    text_add_string(error, r.error);
  } else if (!found) {
    text_add_string(error, "it was not packed by flaron-lua (no custom section 'flaron-lua')");
  }
  return r.error == NULL && found;
}

/* Walks the sections; false with a sentence in `error`. */
static bool read_sections(flare *f, text *error) {
  wasm_reader r, body;
  wasm_section section;
  bool ours = false;
  if (!is_ours(text_bytes(&f->wasm), error)) return false;
  wasm_reader_init(&r, f->wasm.data, f->wasm.size);
  wasm_check_header(&r);
  while (wasm_next_section(&r, &section)) {
    wasm_reader_init(&body, section.data, section.size);
    if (wasm_section_is(&section, "flaron-lua")) {
      if (ours) continue;
      ours = true;
      if (!read_custom(f, &section, error)) return false;
    } else if (section.id == WASM_SECTION_MEMORY) {
      read_memory(f, &body);
    } else if (section.id == WASM_SECTION_EXPORT) {
      read_exports(f, &body);
    } else if (section.id == WASM_SECTION_DATA) {
      read_data(f, &body);
    }
    if (body.error != NULL) wasm_reader_fail(&r, body.error);
  }
  if (r.error != NULL) {
    text_add_string(error, r.error);
    return false;
  }
  if (f->image.size == 0 || f->memory_pages == 0 || f->handlers == 0) {
    text_add_string(error, "it has no image or no handler");
    return false;
  }
  return true;
}

bool flare_read(flare *f, text *wasm, text *error) {
  *f = (flare){.wasm = *wasm};
  *wasm = (text){0};
  if (read_sections(f, error)) return true;
  flare_free(f);
  return false;
}

/* The runtime of this executable that it was packed on; FLARE_RUNTIMES = none. */
static flare_runtime_kind kind_of(const flare *f) {
  int kind = 0;
  while (kind < FLARE_RUNTIMES && !same_code(f, (flare_runtime_kind)kind)) kind++;
  return (flare_runtime_kind)kind;
}

bool flare_runs_here(const flare *f, text *error) {
  if (kind_of(f) != FLARE_RUNTIMES) return true;
  text_printf(error, "it was packed with another runtime (%.12s, this flaron-lua has %.12s): pack it again",
              f->runtime_hash, flare_runtime_hash());
  return false;
}

void flare_each_part(const flare *f, void (*visit)(void *data, const char *name, uint32_t size), void *data) {
  bool any = (f->parts & ~PARTS_LIBRARIES) != 0;
  flare_runtime_kind kind = any ? kind_of(f) : FLARE_RUNTIMES;
  const char *name;
  for (unsigned n = 0; (name = parts_name(n)) != NULL; n++) {
    if (f->parts >> n & 1) visit(data, name, kind != FLARE_RUNTIMES ? parts_size(kind, n) : 0);
  }
}

void flare_each_left_out(const flare *f, void (*visit)(void *data, const char *name), void *data) {
  const char *name;
  for (unsigned n = 0; (name = parts_library_name(n)) != NULL; n++) {
    if (f->left_out & parts_library(name)) visit(data, name);
  }
}

bool flare_is_cut(const flare *f) {
  return f->cut ? kind_of(f) != FLARE_RUNTIMES : same_code(f, FLARE_RUNTIME_CORE);
}

void flare_each_name(const flare *f, bool imports, void (*visit)(void *data, bytes module, bytes name),
                     void *data) {
  wasm_reader r, body;
  wasm_section section;
  wasm_reader_init(&r, f->wasm.data, f->wasm.size);
  wasm_check_header(&r);
  while (wasm_next_section(&r, &section)) {
    if (section.id != (imports ? WASM_SECTION_IMPORT : WASM_SECTION_EXPORT)) continue;
    wasm_reader_init(&body, section.data, section.size);
    for (uint32_t n = wasm_read_u32(&body); n > 0 && body.error == NULL; n--) {
      uint32_t module_size = 0, name_size;
      const char *module = imports ? wasm_read_name(&body, &module_size) : "";
      const char *name = wasm_read_name(&body, &name_size);
      wasm_read_u8(&body); /* the kind; flares import only functions, whose type index is one number, as an
                              export's index is */
      wasm_read_u32(&body);
      if (body.error != NULL) return;
      visit(data, (bytes){(const uint8_t *)module, module_size}, (bytes){(const uint8_t *)name, name_size});
    }
  }
}
