/*
 * unwind_rewrite.c - teaches a linked module to unwind without exceptions.
 *
 * Three steps: read what matters for calls, find the functions that can throw, write the module with checks
 * after the calls of them. The module is borrowed from the caller's bytes; only the arrays in `module` are
 * owned, and unwind_rewrite frees them.
 *
 * It is not a validator: it checks what it needs to stay inside the bytes and to find every call, not that
 * operand types match. It refuses what it does not know, since an overlooked call would be an overlooked
 * error.
 *
 * Section numbers are those of the WebAssembly Core Specification 2.0.
 */
#include "unwind_rewrite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_INDEX UINT32_MAX

/* Every count and index of a module this small fits a uint32_t, and so do their sums. */
#define LARGEST_MODULE ((size_t)1 << 30)

enum {
  OP_UNREACHABLE = 0x00,
  OP_NOP = 0x01,
  OP_BLOCK = 0x02,
  OP_LOOP = 0x03,
  OP_IF = 0x04,
  OP_ELSE = 0x05,
  OP_END = 0x0B,
  OP_BR = 0x0C,
  OP_BR_IF = 0x0D,
  OP_BR_TABLE = 0x0E,
  OP_RETURN = 0x0F,
  OP_CALL = 0x10,
  OP_CALL_INDIRECT = 0x11,
  OP_DROP = 0x1A,
  OP_SELECT = 0x1B,
  OP_LOCAL_GET = 0x20,
  OP_LOCAL_TEE = 0x22,
  OP_GLOBAL_GET = 0x23,
  OP_GLOBAL_SET = 0x24,
  OP_FIRST_LOAD = 0x28,
  OP_LAST_STORE = 0x3E,
  OP_MEMORY_SIZE = 0x3F,
  OP_MEMORY_GROW = 0x40,
  OP_I32_CONST = 0x41,
  OP_I64_CONST = 0x42,
  OP_F32_CONST = 0x43,
  OP_F64_CONST = 0x44,
  OP_FIRST_NUMERIC = 0x45,
  OP_I32_DIV_S = 0x6D,
  OP_I32_REM_U = 0x70,
  OP_I64_DIV_S = 0x7F,
  OP_I64_REM_U = 0x82,
  OP_I32_TRUNC_F32_S = 0xA8,
  OP_I64_TRUNC_F64_U = 0xB1,
  OP_LAST_NUMERIC = 0xC4, /* the last sign extension */
  OP_REF_NULL = 0xD0,
  OP_REF_FUNC = 0xD2,
  OP_PREFIX_FC = 0xFC
};

/* A function type; params and results are borrowed, a byte each. */
typedef struct {
  const uint8_t *params;
  const uint8_t *results;
  uint32_t param_count;
  uint32_t result_count;
  uint32_t index;
  uint32_t canonical; /* the lowest index of a type with the same structure */
} func_type;

typedef struct {
  uint32_t type;
  bool never;  /* it is known not to throw */
  bool listed; /* a reference to it exists, so call_indirect may reach it */
} func;

typedef struct {
  uint8_t type;
  bool is_mutable;
} global;

/* A function body: `whole` with its size field, `data` without. */
typedef struct {
  const uint8_t *whole;
  size_t whole_size;
  const uint8_t *data;
  uint32_t size;
} func_body;

/* "If node `from` can throw, so can function `caller`." For nodes see type_node. */
typedef struct {
  uint32_t from;
  uint32_t caller;
} edge;

/* The module that is being rewritten. */
typedef struct {
  func_type *types;
  uint32_t type_count;
  func *funcs; /* imported ones first, as in the index space */
  uint32_t func_count;
  uint32_t imported_funcs;
  global *globals;
  uint32_t global_count;
  func_body *bodies;
  uint32_t body_count;
  uint32_t table_count;
  uint32_t memory_count;
  uint32_t element_count;
  uint32_t data_count; /* from the data count section */
  bool has_data_count;
  uint32_t data_segments; /* number of segments in the data section */

  uint32_t throw_func; /* the markers, NO_INDEX until they are found */
  uint32_t try_func;
  uint32_t unwinding;
  uint32_t stack_pointer; /* of C's stack; NO_INDEX if it is not exported */

  uint8_t *blocks; /* one byte for each open block of the body that is being read */
  uint8_t *ahead;  /* the same for rewrite_ends_quietly, which reads ahead */
  edge *edges;
  size_t edge_count;
  size_t edge_capacity;
  uint8_t *throws; /* a flag for each node */

  const char *section; /* the name of the section that is being read */
  bool failed;
  char *error;
  size_t error_size;
} module;

/* Records an error; the first one stays. */
__attribute__((format(printf, 2, 3))) static void rewrite_fail(module *m, const char *format, ...) {
  if (m->failed) {
    return;
  }
  m->failed = true;
  va_list args;
  va_start(args, format);
  vsnprintf(m->error, m->error_size, format, args);
  va_end(args);
}

/* Resizes `old` to `count` elements of `size` bytes; if memory runs out, fails and returns `old`. */
static void *rewrite_resize(module *m, void *old, size_t count, size_t size) {
  size_t wanted = count == 0 ? 1 : count;
  void *array = wanted <= SIZE_MAX / size ? realloc(old, wanted * size) : NULL;
  if (array == NULL) {
    rewrite_fail(m, "memory ran out");
    return old;
  }
  return array;
}

/* -- Types, imports and the other sections before the code ------------------------------------- */

/* The length of a vector whose elements take at least a byte each. */
static uint32_t rewrite_read_count(wasm_reader *r) {
  uint32_t count = wasm_read_u32(r);
  if (count > wasm_reader_left(r)) {
    wasm_reader_fail(r, "it counts more entries than there are bytes");
    return 0;
  }
  return count;
}

/* An index that must be below `bound`. */
static uint32_t rewrite_read_index(module *m, wasm_reader *r, const char *what, uint32_t bound) {
  uint32_t index = wasm_read_u32(r);
  if (r->error == NULL && index >= bound) {
    rewrite_fail(m, "the %s section: it refers to %s %u of %u", m->section, what, (unsigned)index,
                 (unsigned)bound);
    return 0;
  }
  return index;
}

/* A vector of value types, Spec 5.3.5; they are borrowed. */
static const uint8_t *rewrite_read_value_types(wasm_reader *r, uint32_t *count) {
  *count = rewrite_read_count(r);
  const uint8_t *types = wasm_read_bytes(r, *count);
  for (uint32_t i = 0; types != NULL && i < *count; i++) {
    bool numeric = types[i] >= WASM_TYPE_F64 && types[i] <= WASM_TYPE_I32;
    bool other = types[i] == 0x7B || types[i] == WASM_TYPE_FUNCREF || types[i] == 0x6F;
    if (!numeric && !other) {
      wasm_reader_fail(r, "it has a value type this rewriter does not know");
      return NULL;
    }
  }
  return types;
}

/* Orders types by structure. */
static int rewrite_compare_structure(const func_type *a, const func_type *b) {
  if (a->param_count != b->param_count) {
    return a->param_count < b->param_count ? -1 : 1;
  }
  if (a->result_count != b->result_count) {
    return a->result_count < b->result_count ? -1 : 1;
  }
  int order = memcmp(a->params, b->params, a->param_count);
  return order != 0 ? order : memcmp(a->results, b->results, a->result_count);
}

/* For qsort over pointers to types: by structure, then by index. */
static int rewrite_compare_types(const void *a, const void *b) {
  const func_type *x = *(const func_type *const *)a;
  const func_type *y = *(const func_type *const *)b;
  int order = rewrite_compare_structure(x, y);
  return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

/* Gives types of the same structure one canonical index, since call_indirect compares structures. */
static void rewrite_find_canonical_types(module *m) {
  func_type **sorted = rewrite_resize(m, NULL, m->type_count, sizeof *sorted);
  if (sorted == NULL) {
    return;
  }
  for (uint32_t i = 0; i < m->type_count; i++) {
    sorted[i] = &m->types[i];
  }
  qsort(sorted, m->type_count, sizeof *sorted, rewrite_compare_types);
  for (uint32_t i = 0; i < m->type_count; i++) {
    bool same = i > 0 && rewrite_compare_structure(sorted[i - 1], sorted[i]) == 0;
    sorted[i]->canonical = same ? sorted[i - 1]->canonical : sorted[i]->index;
  }
  free(sorted);
}

/* Spec 5.5.4. */
static void rewrite_read_type_section(module *m, wasm_reader *r) {
  uint32_t count = rewrite_read_count(r);
  m->types = rewrite_resize(m, m->types, count, sizeof *m->types);
  for (uint32_t i = 0; i < count && !m->failed && r->error == NULL; i++) {
    func_type *type = &m->types[i];
    if (wasm_read_u8(r) != WASM_TYPE_FUNC) {
      wasm_reader_fail(r, "it has something that is not a function type");
    }
    type->params = rewrite_read_value_types(r, &type->param_count);
    type->results = rewrite_read_value_types(r, &type->result_count);
    type->index = i;
    type->canonical = i;
    m->type_count = i + 1;
  }
  if (!m->failed && r->error == NULL) {
    rewrite_find_canonical_types(m);
  }
}

/* Skips limits, Spec 5.3.7. */
static void rewrite_skip_limits(wasm_reader *r) {
  uint8_t flags = wasm_read_u8(r);
  if (flags > 1) {
    wasm_reader_fail(r, "it has limits of a kind this rewriter does not know");
  }
  wasm_read_u32(r);
  if (flags == 1) {
    wasm_read_u32(r);
  }
}

/* A table type, Spec 5.3.9. */
static void rewrite_read_table(module *m, wasm_reader *r) {
  if (wasm_read_u8(r) != WASM_TYPE_FUNCREF) {
    wasm_reader_fail(r, "it has a table of something else than functions");
  }
  rewrite_skip_limits(r);
  m->table_count++;
}

/* A memory type, Spec 5.3.8. */
static void rewrite_read_memory(module *m, wasm_reader *r) {
  rewrite_skip_limits(r);
  m->memory_count++;
}

/* A global type, Spec 5.3.10; the array has room for it. */
static void rewrite_read_global(module *m, wasm_reader *r) {
  uint8_t type = wasm_read_u8(r);
  uint8_t mutability = wasm_read_u8(r);
  if (mutability > 1) {
    wasm_reader_fail(r, "it has a global that is neither constant nor variable");
  }
  m->globals[m->global_count] = (global){type, mutability == 1};
  m->global_count++;
}

/* A function of the type whose index is next; the array has room for it. */
static void rewrite_read_function(module *m, wasm_reader *r) {
  uint32_t type = rewrite_read_index(m, r, "type", m->type_count);
  m->funcs[m->func_count] = (func){type, false, false};
  m->func_count++;
}

/* Spec 5.5.5. */
static void rewrite_read_import_section(module *m, wasm_reader *r) {
  uint32_t count = rewrite_read_count(r);
  m->funcs = rewrite_resize(m, m->funcs, count, sizeof *m->funcs);
  m->globals = rewrite_resize(m, m->globals, count, sizeof *m->globals);
  for (uint32_t i = 0; i < count && !m->failed && r->error == NULL; i++) {
    uint32_t len;
    wasm_read_name(r, &len);
    wasm_read_name(r, &len);
    switch (wasm_read_u8(r)) {
      case WASM_EXTERN_FUNC: rewrite_read_function(m, r); break;
      case WASM_EXTERN_TABLE: rewrite_read_table(m, r); break;
      case WASM_EXTERN_MEM: rewrite_read_memory(m, r); break;
      case WASM_EXTERN_GLOBAL: rewrite_read_global(m, r); break;
      default: wasm_reader_fail(r, "it imports something this rewriter does not know"); break;
    }
  }
  m->imported_funcs = m->func_count;
}

/* Spec 5.5.6. */
static void rewrite_read_function_section(module *m, wasm_reader *r) {
  uint32_t count = rewrite_read_count(r);
  m->funcs = rewrite_resize(m, m->funcs, (size_t)m->func_count + count, sizeof *m->funcs);
  for (uint32_t i = 0; i < count && !m->failed && r->error == NULL; i++) {
    rewrite_read_function(m, r);
  }
}

/* A constant expression, Spec 3.3.10. A function that it refers to may end up in a table. */
static void rewrite_read_constant(module *m, wasm_reader *r) {
  while (!m->failed && r->error == NULL) {
    uint8_t opcode = wasm_read_u8(r);
    switch (opcode) {
      case OP_END: return;
      case OP_I32_CONST: wasm_read_s32(r); break;
      case OP_I64_CONST: wasm_read_s64(r); break;
      case OP_F32_CONST: wasm_read_bytes(r, 4); break;
      case OP_F64_CONST: wasm_read_bytes(r, 8); break;
      case OP_GLOBAL_GET: rewrite_read_index(m, r, "global", m->global_count); break;
      case OP_REF_NULL: wasm_read_u8(r); break;
      case OP_REF_FUNC: {
        uint32_t index = rewrite_read_index(m, r, "function", m->func_count);
        if (!m->failed && r->error == NULL) {
          m->funcs[index].listed = true;
        }
        break;
      }
      default:
        if (r->error == NULL) {
          rewrite_fail(m, "the %s section: opcode 0x%02X is not one this rewriter knows", m->section, opcode);
        }
        return;
    }
  }
}

/* Spec 5.5.9. */
static void rewrite_read_global_section(module *m, wasm_reader *r) {
  uint32_t count = rewrite_read_count(r);
  m->globals = rewrite_resize(m, m->globals, (size_t)m->global_count + count, sizeof *m->globals);
  for (uint32_t i = 0; i < count && !m->failed && r->error == NULL; i++) {
    rewrite_read_global(m, r);
    rewrite_read_constant(m, r);
  }
}

/* Spec 5.5.7 and 5.5.8: a vector whose elements `read_one` reads. */
static void rewrite_read_each(module *m, wasm_reader *r, void (*read_one)(module *, wasm_reader *)) {
  uint32_t count = rewrite_read_count(r);
  for (uint32_t i = 0; i < count && !m->failed && r->error == NULL; i++) {
    read_one(m, r);
  }
}

/* One element segment, Spec 5.5.12, whose note explains the bits of the flags. */
static void rewrite_read_element(module *m, wasm_reader *r) {
  uint32_t flags = wasm_read_u32(r);
  if (flags > 7) {
    wasm_reader_fail(r, "it has a segment of an unknown kind");
    return;
  }
  bool active = (flags & 1) == 0;
  bool expressions = (flags & 4) != 0;
  if (active && (flags & 2) != 0) {
    rewrite_read_index(m, r, "table", m->table_count);
  } else if (active && m->table_count == 0) {
    rewrite_fail(m, "the element section: it refers to table 0 of 0");
  }
  if (active) {
    rewrite_read_constant(m, r);
  }
  if ((flags & 3) != 0 && wasm_read_u8(r) != (expressions ? WASM_TYPE_FUNCREF : 0)) {
    wasm_reader_fail(r, "it has a segment of something else than functions");
  }
  uint32_t count = rewrite_read_count(r);
  for (uint32_t i = 0; i < count && !m->failed && r->error == NULL; i++) {
    if (expressions) {
      rewrite_read_constant(m, r);
    } else {
      uint32_t index = rewrite_read_index(m, r, "function", m->func_count);
      if (!m->failed && r->error == NULL) {
        m->funcs[index].listed = true;
      }
    }
  }
  m->element_count++;
}

/* -- Exports ----------------------------------------------------------------------------------- */

/* One export, Spec 5.5.10; `whole` is all of it, borrowed. */
typedef struct {
  const char *name;
  uint32_t name_len;
  uint8_t kind;
  uint32_t index;
  const uint8_t *whole;
  size_t whole_size;
} export_entry;

/* Reads an export; false when that fails. */
static bool rewrite_read_export(wasm_reader *r, export_entry *e) {
  e->whole = r->at;
  e->name = wasm_read_name(r, &e->name_len);
  e->kind = wasm_read_u8(r);
  e->index = wasm_read_u32(r);
  e->whole_size = (size_t)(r->at - e->whole);
  return r->error == NULL;
}

/* Whether the export is called `name`. */
static bool rewrite_export_is(const export_entry *e, const char *name) {
  return e->name_len == strlen(name) && memcmp(e->name, name, e->name_len) == 0;
}

/* The field of the module for the marker that this export is; NULL if it is not a marker. */
static uint32_t *rewrite_marker_slot(module *m, const export_entry *e) {
  if (rewrite_export_is(e, "unwind_throw")) {
    return &m->throw_func;
  }
  if (rewrite_export_is(e, "unwind_try")) {
    return &m->try_func;
  }
  return rewrite_export_is(e, "unwinding") ? &m->unwinding : NULL;
}

/* Whether the export says that a function never throws. */
static bool rewrite_is_never(const export_entry *e) {
  static const char prefix[] = "unwind_never ";
  return e->kind == WASM_EXTERN_FUNC && e->name_len >= sizeof prefix - 1 &&
         memcmp(e->name, prefix, sizeof prefix - 1) == 0;
}

/* Checks that the index of an export exists. */
static void rewrite_check_export(module *m, const export_entry *e) {
  static const char *const kinds[] = {"function", "table", "memory", "global"};
  const uint32_t bounds[] = {m->func_count, m->table_count, m->memory_count, m->global_count};
  if (e->kind > WASM_EXTERN_GLOBAL) {
    rewrite_fail(m, "the export section: it has an export of an unknown kind");
  } else if (e->index >= bounds[e->kind]) {
    rewrite_fail(m, "the export section: it refers to %s %u of %u", kinds[e->kind], (unsigned)e->index,
                 (unsigned)bounds[e->kind]);
  }
}

/* Spec 5.5.10: finds the markers. */
static void rewrite_read_export_section(module *m, wasm_reader *r) {
  uint32_t count = rewrite_read_count(r);
  export_entry e;
  for (uint32_t i = 0; i < count && !m->failed && rewrite_read_export(r, &e); i++) {
    rewrite_check_export(m, &e);
    uint32_t *slot = rewrite_marker_slot(m, &e);
    if (!m->failed && e.kind == WASM_EXTERN_GLOBAL && rewrite_export_is(&e, "__stack_pointer")) {
      m->stack_pointer = e.index;
    }
    if (!m->failed && rewrite_is_never(&e)) {
      m->funcs[e.index].never = true;
    }
    if (m->failed || slot == NULL) {
      continue;
    }
    bool wants_global = slot == &m->unwinding;
    if (*slot != NO_INDEX) {
      rewrite_fail(m, "it exports %.*s twice", (int)e.name_len, e.name);
    } else if (e.kind != (wants_global ? WASM_EXTERN_GLOBAL : WASM_EXTERN_FUNC)) {
      rewrite_fail(m, "its export %.*s is not a %s", (int)e.name_len, e.name,
                   wants_global ? "global" : "function");
    }
    *slot = e.index;
  }
}

/* Checks that a marker is a function defined in the module that takes `params` i32 and returns nothing. */
static void rewrite_check_marker(module *m, const char *name, uint32_t index, uint32_t params) {
  if (index == NO_INDEX) {
    rewrite_fail(m, "it has no export %s", name);
    return;
  }
  if (index < m->imported_funcs) {
    rewrite_fail(m, "its export %s is imported", name);
    return;
  }
  const func_type *type = &m->types[m->funcs[index].type];
  bool fits = type->param_count == params && type->result_count == 0;
  for (uint32_t i = 0; fits && i < params; i++) {
    fits = type->params[i] == WASM_TYPE_I32;
  }
  if (!fits) {
    rewrite_fail(m, "its export %s is not of type %s -> ()", name, params == 0 ? "()" : "(i32, i32, i32)");
  }
}

/* Checks that all three markers exist and have the right types. */
static void rewrite_check_markers(module *m) {
  rewrite_check_marker(m, "unwind_throw", m->throw_func, 0);
  rewrite_check_marker(m, "unwind_try", m->try_func, 3);
  if (m->unwinding == NO_INDEX) {
    rewrite_fail(m, "it has no export unwinding");
  } else if (m->globals[m->unwinding].type != WASM_TYPE_I32 || !m->globals[m->unwinding].is_mutable) {
    rewrite_fail(m, "its export unwinding is not a mutable i32 global");
  }
}

/* -- The sections as a whole ------------------------------------------------------------------- */

/* Spec 5.5.13: finds the bodies. */
static void rewrite_read_code_section(module *m, wasm_reader *r) {
  uint32_t defined = m->func_count - m->imported_funcs;
  uint32_t count = wasm_read_u32(r);
  if (r->error == NULL && count != defined) {
    rewrite_fail(m, "the function section has %u functions, but the code section has %u", (unsigned)defined,
                 (unsigned)count);
    return;
  }
  m->bodies = rewrite_resize(m, m->bodies, defined, sizeof *m->bodies);
  for (uint32_t i = 0; i < count && !m->failed && r->error == NULL; i++) {
    func_body *body = &m->bodies[i];
    body->whole = r->at;
    body->size = wasm_read_u32(r);
    body->data = wasm_read_bytes(r, body->size);
    body->whole_size = (size_t)(r->at - body->whole);
    m->body_count = i + 1;
  }
}

/* Spec 5.5.11. */
static void rewrite_read_start_section(module *m, wasm_reader *r) {
  rewrite_read_index(m, r, "function", m->func_count);
}

/* Spec 5.5.15. */
static void rewrite_read_data_count_section(module *m, wasm_reader *r) {
  m->data_count = wasm_read_u32(r);
  m->has_data_count = true;
}

/* Spec 5.5.14: only the number of segments matters here. */
static void rewrite_read_data_section(module *m, wasm_reader *r) {
  m->data_segments = rewrite_read_count(r);
  wasm_read_bytes(r, wasm_reader_left(r));
}

/* Reads one section into the module; ignores custom sections. */
static void rewrite_read_section(module *m, const wasm_section *section) {
  static const char *const names[] = {"custom", "type",   "import",    "function", "table",
                                      "memory", "global", "export",    "start",    "element",
                                      "code",   "data",   "data count"};
  wasm_reader r;
  wasm_reader_init(&r, section->body, section->body_size);
  m->section = names[section->id];
  switch ((wasm_section_id)section->id) {
    case WASM_SECTION_CUSTOM: return;
    case WASM_SECTION_TYPE: rewrite_read_type_section(m, &r); break;
    case WASM_SECTION_IMPORT: rewrite_read_import_section(m, &r); break;
    case WASM_SECTION_FUNCTION: rewrite_read_function_section(m, &r); break;
    case WASM_SECTION_TABLE: rewrite_read_each(m, &r, rewrite_read_table); break;
    case WASM_SECTION_MEMORY: rewrite_read_each(m, &r, rewrite_read_memory); break;
    case WASM_SECTION_GLOBAL: rewrite_read_global_section(m, &r); break;
    case WASM_SECTION_EXPORT: rewrite_read_export_section(m, &r); break;
    case WASM_SECTION_START: rewrite_read_start_section(m, &r); break;
    case WASM_SECTION_ELEMENT: rewrite_read_each(m, &r, rewrite_read_element); break;
    case WASM_SECTION_CODE: rewrite_read_code_section(m, &r); break;
    case WASM_SECTION_DATA: rewrite_read_data_section(m, &r); break;
    case WASM_SECTION_DATA_COUNT: rewrite_read_data_count_section(m, &r); break;
  }
  wasm_reader_expect_end(&r, "bytes follow its last entry");
  if (r.error != NULL) {
    rewrite_fail(m, "the %s section: %s", m->section, r.error);
  }
}

/* Reads all sections and makes the checks that need all of them. */
static void rewrite_read_module(module *m, const uint8_t *in, size_t in_size) {
  wasm_reader r;
  wasm_section section;
  wasm_reader_init(&r, in, in_size);
  wasm_check_header(&r);
  while (!m->failed && wasm_next_section(&r, &section)) {
    rewrite_read_section(m, &section);
  }
  if (r.error != NULL) {
    rewrite_fail(m, "%s", r.error);
  }
  if (!m->failed && m->body_count != m->func_count - m->imported_funcs) {
    rewrite_fail(m, "the function section has %u functions, but there is no code section",
                 (unsigned)(m->func_count - m->imported_funcs));
  }
  if (!m->failed && m->has_data_count && m->data_count != m->data_segments) {
    rewrite_fail(m, "the data count section says %u segments, but there are %u", (unsigned)m->data_count,
                 (unsigned)m->data_segments);
  }
  if (!m->failed) {
    rewrite_check_markers(m);
  }
}

/* -- Instructions ------------------------------------------------------------------------------ */

/* A cursor in a function body, and the last instruction read. */
typedef struct {
  wasm_reader r;
  uint32_t func;   /* index of the function */
  uint32_t locals; /* number of locals, parameters included */
  uint32_t depth;  /* open blocks, the body itself included; m->blocks has their opcodes */
  uint8_t opcode;
  uint32_t index; /* of call: the function; of call_indirect: the type; of global.*: the global; of br: the
                     label */
  bool sets_flag; /* the instruction sets the global `unwinding` to a nonzero constant */
  bool constant;  /* the instruction pushes a nonzero i32 constant */
} code;

/* The name of an instruction or a proposal that the rewriter does not support; NULL for other opcodes. */
static const char *rewrite_foreign_name(uint8_t opcode) {
  switch (opcode) {
    case 0x06: return "try";
    case 0x07: return "catch";
    case 0x08: return "throw";
    case 0x09: return "rethrow";
    case 0x0A: return "throw_ref";
    case 0x12: return "return_call";
    case 0x13: return "return_call_indirect";
    case 0x14: return "call_ref";
    case 0x15: return "return_call_ref";
    case 0x18: return "delegate";
    case 0x19: return "catch_all";
    case 0x1C: return "select with a type";
    case 0x1F: return "try_table";
    case 0x25: return "table.get";
    case 0x26: return "table.set";
    case 0xD0: return "ref.null";
    case 0xD1: return "ref.is_null";
    case 0xD2: return "ref.func";
    case 0xFB: return "garbage collection";
    case 0xFD: return "SIMD";
    case 0xFE: return "threads";
    default: return NULL;
  }
}

/* Refuses the last instruction read. */
static void rewrite_refuse_opcode(module *m, const code *c) {
  const char *name = rewrite_foreign_name(c->opcode);
  if (name != NULL) {
    rewrite_fail(m, "function %u: opcode 0x%02X (%s) is not one this rewriter knows", (unsigned)c->func,
                 c->opcode, name);
  } else {
    rewrite_fail(m, "function %u: opcode 0x%02X is not one this rewriter knows", (unsigned)c->func,
                 c->opcode);
  }
}

/* An index within a function body that must be below `bound`. */
static uint32_t rewrite_code_index(module *m, code *c, const char *what, uint32_t bound) {
  uint32_t index = wasm_read_u32(&c->r);
  if (c->r.error == NULL && index >= bound) {
    rewrite_fail(m, "function %u: it refers to %s %u of %u", (unsigned)c->func, what, (unsigned)index,
                 (unsigned)bound);
    return 0;
  }
  return index;
}

/* Begins to read the body of function `index`: its locals, Spec 5.5.13. */
static void rewrite_begin_code(module *m, code *c, uint32_t index) {
  const func_body *body = &m->bodies[index - m->imported_funcs];
  memset(c, 0, sizeof *c);
  wasm_reader_init(&c->r, body->data, body->size);
  c->func = index;
  uint64_t locals = m->types[m->funcs[index].type].param_count;
  uint32_t groups = wasm_read_u32(&c->r);
  for (uint32_t i = 0; i < groups && c->r.error == NULL; i++) {
    locals += wasm_read_u32(&c->r);
    uint8_t type = wasm_read_u8(&c->r);
    if (c->r.error == NULL && (type < WASM_TYPE_F64 || type > WASM_TYPE_I32)) {
      rewrite_fail(m, "function %u: a local of type 0x%02X is not one this rewriter knows", (unsigned)index,
                   type);
      return;
    }
    if (locals > UINT32_MAX) {
      wasm_reader_fail(&c->r, "it has too many locals");
    }
  }
  c->locals = (uint32_t)locals;
  m->blocks[c->depth++] = OP_BLOCK;
}

/* block, loop or if with its block type, Spec 5.4.1. */
static void rewrite_read_block(module *m, code *c) {
  uint8_t type = wasm_read_u8(&c->r);
  bool numeric = type >= WASM_TYPE_F64 && type <= WASM_TYPE_I32;
  if (c->r.error == NULL && !numeric && type != WASM_TYPE_EMPTY) {
    rewrite_fail(m, "function %u: opcode 0x%02X with block type 0x%02X is not one this rewriter knows",
                 (unsigned)c->func, c->opcode, type);
    return;
  }
  /* A block takes two bytes, so `blocks` has room for all that can be open. */
  m->blocks[c->depth++] = c->opcode;
}

/* else: the `if` becomes a block, which cannot have another `else`. */
static void rewrite_read_else(module *m, code *c) {
  if (m->blocks[c->depth - 1] != OP_IF) {
    rewrite_fail(m, "function %u: an else stands outside an if", (unsigned)c->func);
  }
  m->blocks[c->depth - 1] = OP_ELSE;
}

/* br_table: its labels and the default, Spec 5.4.1. */
static void rewrite_read_br_table(module *m, code *c) {
  uint32_t count = rewrite_read_count(&c->r);
  for (uint32_t i = 0; i <= count && !m->failed && c->r.error == NULL; i++) {
    rewrite_code_index(m, c, "label", c->depth);
  }
}

/* An alignment and an offset, Spec 5.4.6. */
static void rewrite_read_memarg(module *m, code *c) {
  uint32_t align = wasm_read_u32(&c->r);
  wasm_read_u32(&c->r);
  if (c->r.error == NULL && align > 3) {
    rewrite_fail(m, "function %u: opcode 0x%02X with alignment 2^%u is not one this rewriter knows",
                 (unsigned)c->func, c->opcode, (unsigned)align);
  }
}

/* The instructions after the prefix 0xFC, Spec 5.4.5 to 5.4.7. */
static void rewrite_read_prefixed(module *m, code *c) {
  uint32_t opcode = wasm_read_u32(&c->r);
  if (c->r.error != NULL || opcode <= 7) {
    return; /* the non-trapping conversions from floats have no immediates */
  }
  switch (opcode) {
    case 8: /* memory.init */
      rewrite_code_index(m, c, "data segment", m->data_count);
      rewrite_code_index(m, c, "memory", m->memory_count);
      break;
    case 9: /* data.drop */ rewrite_code_index(m, c, "data segment", m->data_count); break;
    case 10: /* memory.copy */
      rewrite_code_index(m, c, "memory", m->memory_count);
      rewrite_code_index(m, c, "memory", m->memory_count);
      break;
    case 11: /* memory.fill */ rewrite_code_index(m, c, "memory", m->memory_count); break;
    case 12: /* table.init */
      rewrite_code_index(m, c, "element segment", m->element_count);
      rewrite_code_index(m, c, "table", m->table_count);
      break;
    case 13: /* elem.drop */ rewrite_code_index(m, c, "element segment", m->element_count); break;
    case 14: /* table.copy */
      rewrite_code_index(m, c, "table", m->table_count);
      rewrite_code_index(m, c, "table", m->table_count);
      break;
    case 15: /* table.grow */
    case 16: /* table.size */
    case 17: /* table.fill */ rewrite_code_index(m, c, "table", m->table_count); break;
    default:
      rewrite_fail(m, "function %u: opcode 0xFC 0x%02X is not one this rewriter knows", (unsigned)c->func,
                   (unsigned)opcode);
      break;
  }
}

/* The immediates of an instruction that is neither control nor plainly numeric. */
static void rewrite_read_immediates(module *m, code *c) {
  switch (c->opcode) {
    case OP_BR:
    case OP_BR_IF: c->index = rewrite_code_index(m, c, "label", c->depth); break;
    case OP_BR_TABLE: rewrite_read_br_table(m, c); break;
    case OP_CALL: c->index = rewrite_code_index(m, c, "function", m->func_count); break;
    case OP_CALL_INDIRECT:
      c->index = rewrite_code_index(m, c, "type", m->type_count);
      rewrite_code_index(m, c, "table", m->table_count);
      break;
    case OP_GLOBAL_GET:
    case OP_GLOBAL_SET: c->index = rewrite_code_index(m, c, "global", m->global_count); break;
    case OP_MEMORY_SIZE:
    case OP_MEMORY_GROW: rewrite_code_index(m, c, "memory", m->memory_count); break;
    case OP_I32_CONST: c->constant = wasm_read_s32(&c->r) != 0; break;
    case OP_I64_CONST: wasm_read_s64(&c->r); break;
    case OP_F32_CONST: wasm_read_bytes(&c->r, 4); break;
    case OP_F64_CONST: wasm_read_bytes(&c->r, 8); break;
    case OP_PREFIX_FC: rewrite_read_prefixed(m, c); break;
    default:
      if (c->opcode >= OP_LOCAL_GET && c->opcode <= OP_LOCAL_TEE) {
        rewrite_code_index(m, c, "local", c->locals);
      } else if (c->opcode >= OP_FIRST_LOAD && c->opcode <= OP_LAST_STORE) {
        rewrite_read_memarg(m, c);
      } else {
        rewrite_refuse_opcode(m, c);
      }
      break;
  }
}

/* Reads the next instruction; false at the end of the body and on an error. Spec 5.4. */
static bool rewrite_next_instruction(module *m, code *c) {
  if (c->depth == 0) {
    wasm_reader_expect_end(&c->r, "bytes follow its end");
  }
  bool over = m->failed || c->r.error != NULL || c->depth == 0;
  if (!over) {
    bool constant = c->constant;
    c->constant = false;
    c->opcode = wasm_read_u8(&c->r);
    bool numeric = c->opcode >= OP_FIRST_NUMERIC && c->opcode <= OP_LAST_NUMERIC;
    bool plain =
        c->opcode <= 0x01 || c->opcode == OP_RETURN || c->opcode == OP_DROP || c->opcode == OP_SELECT;
    if (c->r.error != NULL || numeric || plain) {
      /* no immediates */
    } else if (c->opcode >= OP_BLOCK && c->opcode <= OP_IF) {
      rewrite_read_block(m, c);
    } else if (c->opcode == OP_ELSE) {
      rewrite_read_else(m, c);
    } else if (c->opcode == OP_END) {
      c->depth--;
    } else {
      rewrite_read_immediates(m, c);
    }
    c->sets_flag = c->opcode == OP_GLOBAL_SET && c->index == m->unwinding && constant;
  }
  if (c->r.error != NULL) {
    rewrite_fail(m, "function %u: %s", (unsigned)c->func, c->r.error);
  }
  return !over && !m->failed;
}

/* -- Which functions can throw ----------------------------------------------------------------- */

/*
 * The nodes of the graph: first all functions, then all types. A type can throw if call_indirect with it may
 * reach a function that can.
 */
static uint32_t rewrite_type_node(const module *m, uint32_t type) {
  return m->func_count + m->types[type].canonical;
}

/* The node of a call's callee; NO_INDEX if the instruction is not a call. */
static uint32_t rewrite_callee_node(const module *m, const code *c) {
  if (c->opcode == OP_CALL) {
    return c->index;
  }
  return c->opcode == OP_CALL_INDIRECT ? rewrite_type_node(m, c->index) : NO_INDEX;
}

/* Records that function `caller` calls node `from`. */
static void rewrite_add_edge(module *m, uint32_t from, uint32_t caller) {
  if (m->edge_count == m->edge_capacity) {
    size_t capacity = m->edge_capacity == 0 ? 1024 : m->edge_capacity * 2;
    m->edges = rewrite_resize(m, m->edges, capacity, sizeof *m->edges);
    if (m->failed) {
      return;
    }
    m->edge_capacity = capacity;
  }
  m->edges[m->edge_count++] = (edge){from, caller};
}

/* Reads every body once, checks its form and records its calls. */
static void rewrite_collect_calls(module *m) {
  uint32_t largest = 0;
  for (uint32_t i = 0; i < m->body_count; i++) {
    largest = m->bodies[i].size > largest ? m->bodies[i].size : largest;
  }
  m->blocks = rewrite_resize(m, m->blocks, (size_t)largest + 1, 1);
  m->ahead = rewrite_resize(m, m->ahead, (size_t)largest + 1, 1);
  for (uint32_t f = m->imported_funcs; f < m->func_count && !m->failed; f++) {
    bool marker = f == m->throw_func || f == m->try_func;
    code c;
    rewrite_begin_code(m, &c, f);
    while (rewrite_next_instruction(m, &c)) {
      uint32_t callee = rewrite_callee_node(m, &c);
      if (!marker && callee != NO_INDEX) {
        rewrite_add_edge(m, callee, f);
      } else if (!marker && c.sets_flag) {
        rewrite_fail(m, "function %u: it sets the global unwinding itself; was unwind_throw inlined before?",
                     (unsigned)f);
      }
    }
  }
}

/* Marks a node and queues it, unless it is marked already or cannot throw (unwind_try, "unwind_never"). */
static void rewrite_mark(module *m, uint32_t *queue, uint32_t *queued, uint32_t node) {
  bool stops = node == m->try_func || (node < m->func_count && m->funcs[node].never);
  if (!stops && m->throws[node] == 0) {
    m->throws[node] = 1;
    queue[(*queued)++] = node;
  }
}

/* Computes the closure; `callers` from index `first[n]` to before `first[n + 1]` are the callers of node
 * n. */
static void rewrite_spread(module *m, const uint32_t *first, const uint32_t *callers, uint32_t *queue) {
  uint32_t queued = 0;
  rewrite_mark(m, queue, &queued, m->throw_func);
  for (uint32_t done = 0; done < queued; done++) {
    uint32_t node = queue[done];
    for (uint32_t i = first[node]; i < first[node + 1]; i++) {
      rewrite_mark(m, queue, &queued, callers[i]);
    }
    if (node < m->func_count && m->funcs[node].listed) {
      rewrite_mark(m, queue, &queued, rewrite_type_node(m, m->funcs[node].type));
    }
  }
}

/* Sorts the edges by callee and spreads the ability to throw along them into m->throws. */
static void rewrite_find_throwing(module *m) {
  uint32_t nodes = m->func_count + m->type_count;
  m->throws = rewrite_resize(m, m->throws, nodes, 1);
  uint32_t *first = rewrite_resize(m, NULL, (size_t)nodes + 2, sizeof *first);
  uint32_t *callers = rewrite_resize(m, NULL, m->edge_count, sizeof *callers);
  uint32_t *queue = rewrite_resize(m, NULL, nodes, sizeof *queue);
  if (!m->failed) {
    memset(m->throws, 0, nodes);
    memset(first, 0, ((size_t)nodes + 2) * sizeof *first);
    /* The counts are stored two places further and the filling advances the next place, so that first[n] ends
     * as the start of n. */
    for (size_t i = 0; i < m->edge_count; i++) {
      first[m->edges[i].from + 2]++;
    }
    for (uint32_t n = 2; n < nodes + 2; n++) {
      first[n] += first[n - 1];
    }
    for (size_t i = 0; i < m->edge_count; i++) {
      callers[first[m->edges[i].from + 1]++] = m->edges[i].caller;
    }
    rewrite_spread(m, first, callers, queue);
  }
  free(first);
  free(callers);
  free(queue);
}

/* -- Which calls need a check ------------------------------------------------------------------- */

/* Whether an instruction only computes: it cannot trap, and changes at most locals and the stack pointer. */
static bool rewrite_only_computes(const module *m, const code *c) {
  uint8_t op = c->opcode;
  bool divides = (op >= OP_I32_DIV_S && op <= OP_I32_REM_U) || (op >= OP_I64_DIV_S && op <= OP_I64_REM_U);
  bool truncates = op >= OP_I32_TRUNC_F32_S && op <= OP_I64_TRUNC_F64_U;
  return (op >= OP_I32_CONST && op <= OP_LAST_NUMERIC && !divides && !truncates) ||
         (op >= OP_LOCAL_GET && op <= OP_GLOBAL_GET) ||
         (op == OP_GLOBAL_SET && c->index == m->stack_pointer) || op == OP_NOP || op == OP_DROP ||
         op == OP_SELECT;
}

/*
 * Whether the function, after the last call read, only computes until it ends. Then it may do so even while
 * an error is thrown: its result is not used, and the stack pointer is restored.
 */
static bool rewrite_ends_quietly(module *m, const code *c) {
  code t = *c;
  uint8_t *blocks = m->blocks;
  uint32_t live = c->depth; /* deeper code is skipped by a jump */
  bool quiet = true;
  memcpy(m->ahead, blocks, c->depth);
  m->blocks = m->ahead;
  while (quiet && live > 0 && rewrite_next_instruction(m, &t)) {
    bool opens = t.opcode >= OP_BLOCK && t.opcode <= OP_IF;
    if (t.opcode == OP_END) {
      live = t.depth < live ? t.depth : live;
    } else if (t.depth - opens > live) {
      continue;
    } else if (t.opcode == OP_RETURN) {
      live = 0;
    } else if (t.opcode == OP_ELSE) {
      live--;
    } else if (t.opcode == OP_BLOCK) {
      live++;
    } else if (t.opcode == OP_BR) {
      live -= t.index + 1;
      quiet = m->blocks[live] != OP_LOOP;
    } else {
      quiet = rewrite_only_computes(m, &t);
    }
  }
  m->blocks = blocks;
  return quiet;
}

/* -- Writing ----------------------------------------------------------------------------------- */

/*
 * A body with checks. A function without a result leaves by a branch to the end of its own body; one with a
 * result is wrapped, so that all checks share one zero:
 *
 *   block                     ; where the checks branch to
 *     block (result T)        ; takes the place of the function as a label
 *       BODY
 *     end
 *     return
 *   end
 *   zero of T
 */
static void rewrite_write_wrapping(wasm_writer *w, uint8_t type) {
  wasm_write_u8(w, OP_BLOCK);
  wasm_write_u8(w, WASM_TYPE_EMPTY);
  wasm_write_u8(w, OP_BLOCK);
  wasm_write_u8(w, type);
}

static void rewrite_write_zero(wasm_writer *w, uint8_t type) {
  static const uint8_t zeros[8] = {0};
  switch (type) {
    case WASM_TYPE_I32:
      wasm_write_u8(w, OP_I32_CONST);
      wasm_write_s32(w, 0);
      break;
    case WASM_TYPE_I64:
      wasm_write_u8(w, OP_I64_CONST);
      wasm_write_s64(w, 0);
      break;
    case WASM_TYPE_F32:
      wasm_write_u8(w, OP_F32_CONST);
      wasm_write_bytes(w, zeros, 4);
      break;
    default:
      wasm_write_u8(w, OP_F64_CONST);
      wasm_write_bytes(w, zeros, 8);
      break;
  }
}

/* After BODY and the `end` it closes with. */
static void rewrite_write_wrapping_end(wasm_writer *w, uint8_t type) {
  wasm_write_u8(w, OP_RETURN);
  wasm_write_u8(w, OP_END);
  rewrite_write_zero(w, type);
  wasm_write_u8(w, OP_END);
}

/*
 * Writes the check after a call: leave if an error is being thrown. If the function ends quietly there is no
 * check; after a call that returns only by throwing there is a plain branch. True if it wrote a check.
 */
static bool rewrite_write_check(module *m, wasm_writer *w, const code *c, bool wrapped) {
  uint8_t next = c->r.at < c->r.end ? *c->r.at : OP_END;
  uint32_t label = c->depth - (wrapped ? 0 : 1);
  if (rewrite_ends_quietly(m, c)) return false;
  if (next != OP_UNREACHABLE) {
    wasm_write_u8(w, OP_GLOBAL_GET);
    wasm_write_u32(w, m->unwinding);
  }
  wasm_write_u8(w, next != OP_UNREACHABLE ? OP_BR_IF : OP_BR);
  wasm_write_u32(w, label);
  return true;
}

/* Refuses a function that can throw but whose result type has no zero for the check to return. */
static void rewrite_check_result(module *m, uint32_t index) {
  const func_type *type = &m->types[m->funcs[index].type];
  if (type->result_count > 1) {
    rewrite_fail(m, "function %u: it can throw and has %u results, which this rewriter does not know",
                 (unsigned)index, (unsigned)type->result_count);
  } else if (type->result_count == 1 && type->results[0] < WASM_TYPE_F64) {
    rewrite_fail(m,
                 "function %u: it can throw and has a result of type 0x%02X, which this rewriter "
                 "does not know",
                 (unsigned)index, type->results[0]);
  }
}

/* Writes a body with its checks to `scratch` (which is emptied first); returns the number of checks. */
static uint32_t rewrite_write_body(module *m, wasm_writer *scratch, uint32_t index) {
  const func_type *type = &m->types[m->funcs[index].type];
  bool wrapped = type->result_count != 0;
  uint32_t checks = 0;
  code c;
  scratch->size = 0;
  rewrite_begin_code(m, &c, index);
  const uint8_t *copied = c.r.at;
  wasm_write_bytes(scratch, c.r.start, (size_t)(copied - c.r.start)); /* the locals */
  if (wrapped) rewrite_write_wrapping(scratch, type->results[0]);
  while (rewrite_next_instruction(m, &c)) {
    uint32_t callee = rewrite_callee_node(m, &c);
    if (callee != NO_INDEX && m->throws[callee] != 0) {
      wasm_write_bytes(scratch, copied, (size_t)(c.r.at - copied));
      copied = c.r.at;
      if (rewrite_write_check(m, scratch, &c, wrapped)) checks++;
    }
  }
  wasm_write_bytes(scratch, copied, (size_t)(c.r.end - copied));
  if (wrapped) rewrite_write_wrapping_end(scratch, type->results[0]);
  return checks;
}

/* The code section; bodies without checks are copied as they are, their size field included. */
static void rewrite_write_code_section(module *m, wasm_writer *out, unwind_report *report) {
  wasm_writer payload = {0};
  wasm_writer scratch = {0};
  wasm_write_u32(&payload, m->body_count);
  for (uint32_t i = 0; i < m->body_count && !m->failed; i++) {
    const func_body *body = &m->bodies[i];
    uint32_t index = m->imported_funcs + i;
    uint32_t checks = 0;
    if (m->throws[index] != 0) {
      report->throwing++;
      rewrite_check_result(m, index);
      checks = index == m->throw_func ? 0 : rewrite_write_body(m, &scratch, index);
    }
    report->checks += checks;
    if (checks == 0) {
      wasm_write_bytes(&payload, body->whole, body->whole_size);
    } else {
      /* The largest bodies may outgrow their size field. */
      payload.failed = payload.failed || scratch.failed || scratch.size > UINT32_MAX;
      wasm_write_u32(&payload, (uint32_t)scratch.size);
      wasm_write_bytes(&payload, scratch.data, scratch.size);
    }
  }
  out->failed = out->failed || payload.failed;
  wasm_write_section(out, WASM_SECTION_CODE, payload.data, payload.size);
  wasm_writer_free(&payload);
  wasm_writer_free(&scratch);
}

/* The export section without the markers. */
static void rewrite_write_export_section(module *m, wasm_writer *out, const wasm_section *section) {
  wasm_reader r;
  wasm_writer payload = {0};
  wasm_reader_init(&r, section->body, section->body_size);
  wasm_writer kept = {0};
  uint32_t count = wasm_read_u32(&r), kept_count = 0;
  export_entry e;
  for (uint32_t i = 0; i < count && rewrite_read_export(&r, &e); i++) {
    if (rewrite_marker_slot(m, &e) == NULL && !rewrite_is_never(&e)) {
      wasm_write_bytes(&kept, e.whole, e.whole_size);
      kept_count++;
    }
  }
  wasm_write_u32(&payload, kept_count);
  wasm_write_bytes(&payload, kept.data, kept.size);
  out->failed = out->failed || payload.failed || kept.failed;
  wasm_write_section(out, WASM_SECTION_EXPORT, payload.data, payload.size);
  wasm_writer_free(&payload);
  wasm_writer_free(&kept);
}

/* Whether a custom section contains offsets in code, which the rewrite changes. */
static bool rewrite_has_offsets(const wasm_section *section) {
  static const char *const prefixes[] = {".debug_", "reloc.", "sourceMappingURL", "metadata.code."};
  for (size_t i = 0; section->name != NULL && i < sizeof prefixes / sizeof *prefixes; i++) {
    size_t len = strlen(prefixes[i]);
    if (section->name_len >= len && memcmp(section->name, prefixes[i], len) == 0) {
      return true;
    }
  }
  return wasm_section_is(section, "linking");
}

/* The whole module. */
static void rewrite_write_module(module *m, const uint8_t *in, size_t in_size, wasm_writer *out,
                                 unwind_report *report) {
  wasm_reader r;
  wasm_section section;
  wasm_reader_init(&r, in, in_size);
  wasm_check_header(&r);
  wasm_write_header(out);
  while (!m->failed && wasm_next_section(&r, &section)) {
    if (section.id == WASM_SECTION_CODE) {
      rewrite_write_code_section(m, out, report);
    } else if (section.id == WASM_SECTION_EXPORT) {
      rewrite_write_export_section(m, out, &section);
    } else if (!rewrite_has_offsets(&section)) {
      wasm_write_bytes(out, section.whole, section.whole_size);
    }
  }
  if (out->failed) {
    rewrite_fail(m, "memory ran out");
  }
}

/* -- Entry point ------------------------------------------------------------------------------- */

bool unwind_rewrite(const uint8_t *in, size_t in_size, wasm_writer *out, unwind_report *report, char *error,
                    size_t error_size) {
  module m = {.throw_func = NO_INDEX,
              .try_func = NO_INDEX,
              .unwinding = NO_INDEX,
              .stack_pointer = NO_INDEX,
              .error = error,
              .error_size = error_size};
  size_t size_before = out->size;
  memset(report, 0, sizeof *report);
  if (in_size > LARGEST_MODULE) {
    rewrite_fail(&m, "it is larger than 1 GiB");
  }
  if (!m.failed) {
    rewrite_read_module(&m, in, in_size);
  }
  if (!m.failed) {
    rewrite_collect_calls(&m);
  }
  if (!m.failed) {
    rewrite_find_throwing(&m);
  }
  if (!m.failed) {
    rewrite_write_module(&m, in, in_size, out, report);
  }
  report->functions = m.body_count;
  report->bytes_before = in_size;
  report->bytes_after = out->size - size_before;
  free(m.types);
  free(m.funcs);
  free(m.globals);
  free(m.bodies);
  free(m.blocks);
  free(m.ahead);
  free(m.edges);
  free(m.throws);
  return !m.failed;
}
