/*
 * wasm.c - reading and writing WebAssembly binaries, byte by byte.
 *
 * Holds the one invariant everything else relies on: start <= at <= end, and nothing is read without a
 * comparison with end first. Owns no memory but a writer's buffer. It does not look inside sections.
 */
#include "flare/wasm.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static const uint8_t wasm_header[8] = {0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00};

/* -- Reader ------------------------------------------------------------------------------------ */

void wasm_reader_init(wasm_reader *r, const void *data, size_t size) {
  /* Adding to a null pointer is undefined even when adding 0. */
  const uint8_t *bytes = data != NULL ? data : wasm_header;
  r->start = bytes;
  r->at = bytes;
  r->end = bytes + (data != NULL ? size : 0);
  r->error = NULL;
  r->last_section = WASM_SECTION_CUSTOM;
}

void wasm_reader_fail(wasm_reader *r, const char *sentence) {
  if (r->error == NULL) {
    r->error = sentence;
  }
}

size_t wasm_reader_left(const wasm_reader *r) { return r->error != NULL ? 0 : (size_t)(r->end - r->at); }

bool wasm_reader_done(const wasm_reader *r) { return wasm_reader_left(r) == 0; }

void wasm_reader_expect_end(wasm_reader *r, const char *sentence) {
  if (!wasm_reader_done(r)) {
    wasm_reader_fail(r, sentence);
  }
}

const uint8_t *wasm_read_bytes(wasm_reader *r, size_t len) {
  if (r->error != NULL) {
    return NULL;
  }
  if (len > (size_t)(r->end - r->at)) {
    wasm_reader_fail(r, "it ends too early");
    return NULL;
  }
  const uint8_t *bytes = r->at;
  r->at += len;
  return bytes;
}

wasm_reader wasm_reader_sub(wasm_reader *r, size_t len) {
  wasm_reader sub;
  const uint8_t *bytes = wasm_read_bytes(r, len);
  wasm_reader_init(&sub, bytes, len);
  sub.error = r->error;
  return sub;
}

uint8_t wasm_read_u8(wasm_reader *r) {
  const uint8_t *byte = wasm_read_bytes(r, 1);
  return byte != NULL ? *byte : 0;
}

uint32_t wasm_read_u32(wasm_reader *r) {
  uint32_t value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    uint8_t byte = wasm_read_u8(r);
    if (r->error != NULL) {
      return 0;
    }
    /* The fifth byte has room for four bits, and no byte may follow it. */
    if (shift == 28 && byte > 0x0F) {
      break;
    }
    value |= (uint32_t)(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) {
      return value;
    }
  }
  wasm_reader_fail(r, "a number does not fit into 32 bits");
  return 0;
}

/* A signed LEB128 of `bits` (32 or 64), as the two's complement in 64 bits. */
static uint64_t wasm_read_signed(wasm_reader *r, unsigned bits) {
  const unsigned last_shift = bits / 7 * 7; /* 28 or 63: the shift of the last allowed byte */
  const unsigned room = bits - last_shift;  /* 4 or 1 bits of it belong to the number */
  uint64_t value = 0;
  for (unsigned shift = 0; shift <= last_shift; shift += 7) {
    uint8_t byte = wasm_read_u8(r);
    if (r->error != NULL) {
      return 0;
    }
    if (shift == last_shift) {
      /* The unused bits of the last byte must repeat the sign bit, else the number does not fit. */
      unsigned over = (unsigned)(byte >> (room - 1));
      if (over != 0 && over != 0x7Fu >> (room - 1)) {
        break;
      }
    }
    value |= (uint64_t)(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) {
      if ((byte & 0x40) != 0 && shift + 7 < 64) {
        value |= UINT64_MAX << (shift + 7);
      }
      return value;
    }
  }
  wasm_reader_fail(r, bits == 32 ? "a signed number does not fit into 32 bits"
                                 : "a signed number does not fit into 64 bits");
  return 0;
}

int32_t wasm_read_s32(wasm_reader *r) { return (int32_t)(int64_t)wasm_read_signed(r, 32); }

int64_t wasm_read_s64(wasm_reader *r) { return (int64_t)wasm_read_signed(r, 64); }

const char *wasm_read_name(wasm_reader *r, uint32_t *len) {
  *len = 0;
  uint32_t size = wasm_read_u32(r);
  const uint8_t *bytes = wasm_read_bytes(r, size);
  if (bytes == NULL) {
    return NULL;
  }
  if (!utf8_is_valid(bytes, size)) {
    wasm_reader_fail(r, "a name is not UTF-8");
    return NULL;
  }
  *len = size;
  return (const char *)bytes;
}

/* -- Sections ---------------------------------------------------------------------------------- */

bool wasm_check_header(wasm_reader *r) {
  if (r->error == NULL && wasm_reader_left(r) < 4) {
    wasm_reader_fail(r, "it is not a WebAssembly module: it is shorter than the magic number");
    return false;
  }
  const uint8_t *magic = wasm_read_bytes(r, 4);
  if (magic != NULL && memcmp(magic, wasm_header, 4) != 0) {
    wasm_reader_fail(r, "it is not a WebAssembly module: it does not begin with \\0asm");
    return false;
  }
  const uint8_t *version = wasm_read_bytes(r, 4);
  if (version != NULL && memcmp(version, wasm_header + 4, 4) != 0) {
    wasm_reader_fail(r, "it is not a WebAssembly module of version 1");
  }
  return r->error == NULL;
}

/* The place of a section in the order of Spec 5.5.16, in which the data count precedes the code. */
static unsigned wasm_section_rank(uint8_t id) {
  switch (id) {
    case WASM_SECTION_DATA_COUNT: return 10;
    case WASM_SECTION_CODE: return 11;
    case WASM_SECTION_DATA: return 12;
    default: return id;
  }
}

bool wasm_next_section(wasm_reader *r, wasm_section *out) {
  memset(out, 0, sizeof *out);
  if (wasm_reader_done(r)) {
    return false;
  }
  out->whole = r->at;
  out->id = wasm_read_u8(r);
  if (out->id > WASM_SECTION_DATA_COUNT) {
    wasm_reader_fail(r, "it has a section of an unknown kind");
    return false;
  }
  if (out->id != WASM_SECTION_CUSTOM) {
    if (out->id == r->last_section) {
      wasm_reader_fail(r, "it has two sections of one kind");
      return false;
    }
    if (wasm_section_rank(out->id) < wasm_section_rank(r->last_section)) {
      wasm_reader_fail(r, "its sections are out of order");
      return false;
    }
    r->last_section = out->id;
  }
  out->size = wasm_read_u32(r);
  out->data = wasm_read_bytes(r, out->size);
  if (out->data == NULL) {
    if (r->error != NULL && strcmp(r->error, "it ends too early") == 0) {
      r->error = "it ends inside a section";
    }
    return false;
  }
  out->whole_size = (size_t)(r->at - out->whole);
  out->body = out->data;
  out->body_size = out->size;
  if (out->id == WASM_SECTION_CUSTOM) {
    wasm_reader payload;
    wasm_reader_init(&payload, out->data, out->size);
    out->name = wasm_read_name(&payload, &out->name_len);
    if (payload.error != NULL) {
      wasm_reader_fail(r, "a custom section has a malformed name");
      return false;
    }
    out->body = payload.at;
    out->body_size = (uint32_t)wasm_reader_left(&payload);
  }
  return true;
}

bool wasm_section_is(const wasm_section *section, const char *name) {
  return section->id == WASM_SECTION_CUSTOM && section->name_len == strlen(name) &&
         memcmp(section->name, name, section->name_len) == 0;
}

/* -- Writer ------------------------------------------------------------------------------------ */

void wasm_writer_free(wasm_writer *w) {
  free(w->data);
  memset(w, 0, sizeof *w);
}

/* Makes room for `more` bytes; false, with `failed` set, if memory runs out. */
static bool wasm_reserve(wasm_writer *w, size_t more) {
  if (w->failed) {
    return false;
  }
  if (more <= w->capacity - w->size) {
    return true;
  }
  if (more > SIZE_MAX / 2 - w->size) {
    w->failed = true;
    return false;
  }
  size_t capacity = w->capacity < 128 ? 256 : w->capacity * 2;
  if (capacity < w->size + more) {
    capacity = w->size + more;
  }
  uint8_t *data = realloc(w->data, capacity);
  if (data == NULL) {
    w->failed = true;
    return false;
  }
  w->data = data;
  w->capacity = capacity;
  return true;
}

void wasm_write_bytes(wasm_writer *w, const void *data, size_t len) {
  if (len > 0 && wasm_reserve(w, len)) {
    memcpy(w->data + w->size, data, len);
    w->size += len;
  }
}

void wasm_write_u8(wasm_writer *w, uint8_t value) { wasm_write_bytes(w, &value, 1); }

void wasm_write_u32(wasm_writer *w, uint32_t value) {
  while (value >= 0x80) {
    wasm_write_u8(w, (uint8_t)(0x80 | (value & 0x7F)));
    value >>= 7;
  }
  wasm_write_u8(w, (uint8_t)value);
}

void wasm_write_s64(wasm_writer *w, int64_t value) {
  for (;;) {
    uint8_t byte = (uint8_t)(value & 0x7F);
    /* An arithmetic shift right by 7; C leaves `>>` of a negative number to the compiler. */
    value = value < 0 ? -(-(value + 1) / 128) - 1 : value / 128;
    if ((value == 0 && byte < 0x40) || (value == -1 && byte >= 0x40)) {
      wasm_write_u8(w, byte);
      return;
    }
    wasm_write_u8(w, (uint8_t)(byte | 0x80));
  }
}

void wasm_write_s32(wasm_writer *w, int32_t value) { wasm_write_s64(w, value); }

void wasm_write_name(wasm_writer *w, const char *name, size_t len) {
  if (len > UINT32_MAX) {
    w->failed = true;
    return;
  }
  wasm_write_u32(w, (uint32_t)len);
  wasm_write_bytes(w, name, len);
}

void wasm_write_header(wasm_writer *w) { wasm_write_bytes(w, wasm_header, sizeof wasm_header); }

void wasm_write_section(wasm_writer *w, wasm_section_id id, const void *payload, size_t len) {
  if (len > UINT32_MAX) {
    w->failed = true;
    return;
  }
  wasm_write_u8(w, (uint8_t)id);
  wasm_write_u32(w, (uint32_t)len);
  wasm_write_bytes(w, payload, len);
}

void wasm_write_custom_section(wasm_writer *w, const char *name, const void *body, size_t len) {
  wasm_writer payload = {0};
  wasm_write_name(&payload, name, strlen(name));
  wasm_write_bytes(&payload, body, len);
  if (payload.failed) {
    w->failed = true;
  }
  wasm_write_section(w, WASM_SECTION_CUSTOM, payload.data, payload.size);
  wasm_writer_free(&payload);
}
