/*
 * wasm.h - reading and writing WebAssembly binaries, byte by byte.
 *
 * A bounds-checked reader, a growing writer and a walk over the sections of a module, shared by tools/unwind
 * and the packer. The reader borrows the bytes it is given and allocates nothing; the writer owns its buffer
 * until wasm_writer_free.
 *
 * It does not know what is inside a section, does not validate code and does not run anything.
 *
 * "Spec" below is the WebAssembly Core Specification 2.0; the numbers are those of its sections.
 */
#ifndef FLARON_EDGE_WASM_H
#define FLARON_EDGE_WASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Section ids, Spec 5.5.2. */
typedef enum {
  WASM_SECTION_CUSTOM = 0,
  WASM_SECTION_TYPE = 1,
  WASM_SECTION_IMPORT = 2,
  WASM_SECTION_FUNCTION = 3,
  WASM_SECTION_TABLE = 4,
  WASM_SECTION_MEMORY = 5,
  WASM_SECTION_GLOBAL = 6,
  WASM_SECTION_EXPORT = 7,
  WASM_SECTION_START = 8,
  WASM_SECTION_ELEMENT = 9,
  WASM_SECTION_CODE = 10,
  WASM_SECTION_DATA = 11,
  WASM_SECTION_DATA_COUNT = 12
} wasm_section_id;

/* Kinds of imports and exports, Spec 5.5.5 and 5.5.10. */
typedef enum {
  WASM_EXTERN_FUNC = 0,
  WASM_EXTERN_TABLE = 1,
  WASM_EXTERN_MEM = 2,
  WASM_EXTERN_GLOBAL = 3
} wasm_extern_kind;

/* Value types, and the bytes used in their place, Spec 5.3. */
typedef enum {
  WASM_TYPE_I32 = 0x7F,
  WASM_TYPE_I64 = 0x7E,
  WASM_TYPE_F32 = 0x7D,
  WASM_TYPE_F64 = 0x7C,
  WASM_TYPE_FUNCREF = 0x70,
  WASM_TYPE_FUNC = 0x60, /* opens a function type */
  WASM_TYPE_EMPTY = 0x40 /* the type of a block without a result */
} wasm_type_byte;

/*
 * A cursor in borrowed bytes: start <= at <= end. `error` is NULL or a static sentence without a full stop;
 * the first error stays, and from then on every read answers 0 or NULL. `last_section` is for
 * wasm_next_section.
 */
typedef struct {
  const uint8_t *start;
  const uint8_t *at;
  const uint8_t *end;
  const char *error;
  uint8_t last_section;
} wasm_reader;

/*
 * Starts `r` at the first of the `size` bytes at `data`. The bytes stay the caller's and must outlive the
 * reader. `data` may be NULL when `size` is 0.
 */
void wasm_reader_init(wasm_reader *r, const void *data, size_t size);

/* Records `sentence` (static, without a full stop) as the error of `r` unless it has one. */
void wasm_reader_fail(wasm_reader *r, const char *sentence);

/* The number of bytes left; 0 after an error. */
size_t wasm_reader_left(const wasm_reader *r);

/* Whether nothing can be read any more: the end was reached, or an error happened. */
bool wasm_reader_done(const wasm_reader *r);

/* Fails with `sentence` if bytes are left. */
void wasm_reader_expect_end(wasm_reader *r, const char *sentence);

/*
 * A reader over the next `len` bytes, which `r` skips. If fewer are left, both readers fail. Later errors of
 * the new reader are not passed to `r`.
 */
wasm_reader wasm_reader_sub(wasm_reader *r, size_t len);

/* One byte. */
uint8_t wasm_read_u8(wasm_reader *r);

/*
 * LEB128 numbers, Spec 5.2.2. At most 5 bytes for 32 bits and 10 for 64; padded forms up to that length are
 * accepted (linkers write them); longer ones and values that do not fit are errors.
 */
uint32_t wasm_read_u32(wasm_reader *r);
int32_t wasm_read_s32(wasm_reader *r);
int64_t wasm_read_s64(wasm_reader *r);

/*
 * Returns the next `len` bytes, which `r` skips, as a pointer into the borrowed bytes; NULL if fewer are
 * left. With `len` 0 the pointer is not NULL unless `r` has an error.
 */
const uint8_t *wasm_read_bytes(wasm_reader *r, size_t len);

/*
 * A name, Spec 5.2.4: stores its length in bytes in `*len` and returns a pointer into the borrowed bytes,
 * without a NUL at the end. NULL and 0 if it is cut off or not UTF-8.
 */
const char *wasm_read_name(wasm_reader *r, uint32_t *len);

/*
 * One section, all of it borrowed. `whole` is the section with its id and its size field, for a copy of it as
 * it is; `data` is the payload. In a custom section `name` is its name (without a NUL) and `body` what
 * follows the name; elsewhere `name` is NULL and `body` is the payload.
 */
typedef struct {
  uint8_t id; /* a wasm_section_id */
  const uint8_t *whole;
  size_t whole_size;
  const uint8_t *data;
  uint32_t size;
  const char *name;
  uint32_t name_len;
  const uint8_t *body;
  uint32_t body_size;
} wasm_section;

/*
 * Reads the magic number and version 1, Spec 5.5.16. False, with the reader's error set, when the
 * bytes are not a module of that version.
 */
bool wasm_check_header(wasm_reader *r);

/*
 * Reads the next section, after wasm_check_header. True with `*out` filled in; false at the end of the module
 * and on an error, so check `r->error` after the loop. Sections other than custom ones must come in the order
 * of Spec 5.5.16, each at most once; the data count stands between element and code. Section ids over 12 are
 * errors.
 */
bool wasm_next_section(wasm_reader *r, wasm_section *out);

/* Whether `section` is a custom section called `name` (a C string). */
bool wasm_section_is(const wasm_section *section, const char *name);

/*
 * A buffer that grows; start with `wasm_writer w = {0};`. `failed` says that memory ran out or a length did
 * not fit; it stays set, and later writes do nothing. `data` belongs to the writer and moves when it grows.
 */
typedef struct {
  uint8_t *data;
  size_t size;
  size_t capacity;
  bool failed;
} wasm_writer;

/* Frees the buffer and leaves `w` empty and usable again. */
void wasm_writer_free(wasm_writer *w);

/* One byte. */
void wasm_write_u8(wasm_writer *w, uint8_t value);

/* LEB128 numbers in their shortest form, Spec 5.2.2. */
void wasm_write_u32(wasm_writer *w, uint32_t value);
void wasm_write_s32(wasm_writer *w, int32_t value);
void wasm_write_s64(wasm_writer *w, int64_t value);

/* `len` bytes as they are. `data` may be NULL if `len` is 0 and must not point into the buffer. */
void wasm_write_bytes(wasm_writer *w, const void *data, size_t len);

/* A name, Spec 5.2.4: its length, then its `len` bytes. The caller ensures that it is UTF-8. */
void wasm_write_name(wasm_writer *w, const char *name, size_t len);

/* The magic number and version 1, Spec 5.5.16. */
void wasm_write_header(wasm_writer *w);

/* A section, Spec 5.5.2: its id, the length of its payload, the payload. The caller keeps the order of the
 * sections. */
void wasm_write_section(wasm_writer *w, wasm_section_id id, const void *payload, size_t len);

/* A custom section, Spec 5.5.3: `name` (a C string in UTF-8) and the `len` bytes after it. */
void wasm_write_custom_section(wasm_writer *w, const char *name, const void *body, size_t len);

#endif
