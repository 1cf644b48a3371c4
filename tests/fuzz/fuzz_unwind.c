/*
 * fuzz_unwind.c - libFuzzer target for the unwinding rewriter.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined tests/fuzz/fuzz_unwind.c \
 *     tools/unwind_rewrite.c edge/flare/wasm.c -o fuzz_unwind
 *
 * Whatever comes in, the rewriter stays inside it and either says why not or writes a module that
 * parses. Seeds are the modules of tests/tool/unwind/.
 */
#include "../../tools/unwind_rewrite.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run with a stack trace unless `holds`. */
static void must(bool holds) {
  if (!holds) {
    abort();
  }
}

/* Reads all names and numbers of an export section; none of them may be a marker any more. */
static void check_exports(const wasm_section *section) {
  wasm_reader r;
  wasm_reader_init(&r, section->body, section->body_size);
  uint32_t count = wasm_read_u32(&r);
  for (uint32_t i = 0; i < count && r.error == NULL; i++) {
    uint32_t len;
    const char *name = wasm_read_name(&r, &len);
    must(name != NULL && !(len == 12 && memcmp(name, "unwind_throw", len) == 0));
    wasm_read_u8(&r);
    wasm_read_u32(&r);
  }
  must(r.error == NULL && wasm_reader_done(&r));
}

/* Walks over the bodies of a code section; answers how many there are. */
static uint32_t check_code(const wasm_section *section) {
  wasm_reader r;
  wasm_reader_init(&r, section->body, section->body_size);
  uint32_t count = wasm_read_u32(&r);
  for (uint32_t i = 0; i < count; i++) {
    wasm_reader body = wasm_reader_sub(&r, wasm_read_u32(&r));
    must(!wasm_reader_done(&body) && body.end[-1] == 0x0B);
  }
  must(r.error == NULL && wasm_reader_done(&r));
  return count;
}

/* Walks over a module that was written. */
static void check_output(const wasm_writer *out, const unwind_report *report) {
  wasm_reader r;
  wasm_section section;
  uint32_t bodies = 0;
  wasm_reader_init(&r, out->data, out->size);
  must(wasm_check_header(&r));
  while (wasm_next_section(&r, &section)) {
    if (section.id == WASM_SECTION_EXPORT) {
      check_exports(&section);
    } else if (section.id == WASM_SECTION_CODE) {
      bodies = check_code(&section);
    }
  }
  must(r.error == NULL);
  must(bodies == report->functions && report->throwing <= report->functions);
  must(report->throwing >= 1 && report->bytes_after == out->size);
}

/* What is written as a number reads back as the same number. */
static void check_numbers(const uint8_t *data, size_t size) {
  int64_t wide;
  int32_t narrow;
  if (size < sizeof wide) {
    return;
  }
  memcpy(&wide, data, sizeof wide);
  memcpy(&narrow, data, sizeof narrow);
  wasm_writer w = {0};
  wasm_reader r;
  wasm_write_s64(&w, wide);
  wasm_write_s32(&w, narrow);
  wasm_write_u32(&w, (uint32_t)narrow);
  if (!w.failed) {
    wasm_reader_init(&r, w.data, w.size);
    must(wasm_read_s64(&r) == wide && wasm_read_s32(&r) == narrow);
    must(wasm_read_u32(&r) == (uint32_t)narrow && r.error == NULL && wasm_reader_done(&r));
  }
  wasm_writer_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  wasm_writer out = {0};
  unwind_report report;
  char error[256] = "";
  if (unwind_rewrite(data, size, &out, &report, error, sizeof error)) {
    check_output(&out, &report);
    must(error[0] == '\0');
  } else {
    must(error[0] != '\0' && strchr(error, '\n') == NULL);
  }
  wasm_writer_free(&out);
  check_numbers(data, size);
  return 0;
}
