/*
 * trim.c - see trim.h. Section numbers are those of the WebAssembly Core Specification 2.0.
 */
#include "trim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The module that is trimmed. */
typedef struct module {
  const char *keep;
  uint32_t imported; /* number of imported functions */
  uint8_t *drop;     /* for each defined function: whether it becomes a trap */
  uint32_t defined;
  const char *error;
} module;

/* Whether `name` is one of those to keep. */
static bool is_kept(const module *m, const char *name, uint32_t size) {
  for (const char *at = m->keep; *at != '\0';) {
    size_t length = strcspn(at, ",");
    bool open = length > 0 && at[length - 1] == '*';
    if ((open ? length - 1 <= size : length == size) && memcmp(at, name, length - open) == 0) return true;
    at += length + (at[length] == ',');
  }
  return false;
}

/* Counts the imported functions, Spec 5.5.5; refuses a module with imports of another kind. */
static void read_imports(module *m, wasm_reader *r) {
  uint32_t size;
  for (uint32_t n = wasm_read_u32(r); n > 0 && r->error == NULL; n--) {
    wasm_read_name(r, &size);
    wasm_read_name(r, &size);
    if (wasm_read_u8(r) != WASM_EXTERN_FUNC) wasm_reader_fail(r, "it imports something that is no function");
    wasm_read_u32(r);
    m->imported++;
  }
}

static void read_functions(module *m, wasm_reader *r) {
  m->defined = wasm_read_u32(r);
  m->drop = m->defined <= wasm_reader_left(r) ? calloc(m->defined + 1, 1) : NULL;
  if (m->drop == NULL) m->error = "it has too many functions";
  wasm_read_bytes(r, wasm_reader_left(r));
}

/* Spec 5.5.10: writes the exports that stay, and records the functions of the others. */
static void write_exports(module *m, wasm_reader *r, wasm_writer *payload) {
  enum { DROP = 1, KEEP = 2 };
  wasm_writer kept = {0};
  uint32_t kept_count = 0;
  for (uint32_t n = wasm_read_u32(r); n > 0 && r->error == NULL; n--) {
    uint32_t size;
    const uint8_t *whole = r->at;
    const char *name = wasm_read_name(r, &size);
    uint8_t kind = wasm_read_u8(r);
    uint32_t index = wasm_read_u32(r);
    if (r->error != NULL) break;
    bool keep = is_kept(m, name, size);
    if (kind == WASM_EXTERN_FUNC && index >= m->imported && index - m->imported < m->defined) {
      m->drop[index - m->imported] |= keep ? KEEP : DROP;
    }
    if (!keep) continue;
    wasm_write_bytes(&kept, whole, (size_t)(r->at - whole));
    kept_count++;
  }
  for (uint32_t i = 0; i < m->defined; i++) m->drop[i] = m->drop[i] == DROP;
  wasm_write_u32(payload, kept_count);
  wasm_write_bytes(payload, kept.data, kept.size);
  payload->failed = payload->failed || kept.failed;
  wasm_writer_free(&kept);
}

/* Spec 5.5.13: writes the bodies, with a trap in place of those that are dropped. */
static void write_code(const module *m, wasm_reader *r, wasm_writer *payload) {
  static const uint8_t trap[] = {3, 0, 0x00, 0x0B}; /* 3 bytes: no locals, unreachable, end */
  uint32_t count = wasm_read_u32(r);
  if (count != m->defined) wasm_reader_fail(r, "it has another number of bodies than of functions");
  wasm_write_u32(payload, count);
  for (uint32_t i = 0; i < count && r->error == NULL; i++) {
    const uint8_t *whole = r->at;
    wasm_read_bytes(r, wasm_read_u32(r));
    if (m->drop[i]) {
      wasm_write_bytes(payload, trap, sizeof trap);
    } else {
      wasm_write_bytes(payload, whole, (size_t)(r->at - whole));
    }
  }
}

/* Writes one section. */
static void write_section(module *m, const wasm_section *section, wasm_writer *out) {
  wasm_reader r;
  wasm_writer payload = {0};
  wasm_reader_init(&r, section->body, section->body_size);
  switch (section->id) {
    case WASM_SECTION_EXPORT:
      if (m->drop == NULL) wasm_reader_fail(&r, "it has no functions");
      if (r.error == NULL) write_exports(m, &r, &payload);
      break;
    case WASM_SECTION_CODE:
      if (m->drop == NULL) wasm_reader_fail(&r, "it has no functions");
      if (r.error == NULL) write_code(m, &r, &payload);
      break;
    default:
      if (section->id == WASM_SECTION_IMPORT) read_imports(m, &r);
      if (section->id == WASM_SECTION_FUNCTION) read_functions(m, &r);
      wasm_write_bytes(&payload, section->body, section->body_size);
  }
  out->failed = out->failed || payload.failed;
  wasm_write_section(out, (wasm_section_id)section->id, payload.data, payload.size);
  wasm_writer_free(&payload);
  if (m->error == NULL) m->error = r.error;
}

bool trim(const uint8_t *in, size_t in_size, const char *keep, wasm_writer *out, char *error,
          size_t error_size) {
  module m = {.keep = keep};
  wasm_reader r;
  wasm_section section;
  wasm_reader_init(&r, in, in_size);
  wasm_check_header(&r);
  wasm_write_header(out);
  while (m.error == NULL && wasm_next_section(&r, &section)) {
    if (section.id != WASM_SECTION_CUSTOM) write_section(&m, &section, out);
  }
  if (m.error == NULL) m.error = r.error;
  if (m.error == NULL && out->failed) m.error = "memory ran out";
  free(m.drop);
  if (m.error == NULL) return true;
  snprintf(error, error_size, "%s", m.error);
  return false;
}
