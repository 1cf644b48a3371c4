/*
 * fuzz_flare.c - reading packed flares that somebody made up: edge/flare/flare.c must refuse or read, never
 * more.
 */
#include <stdlib.h>

#include "flare/flare.h"

static void visit(void *count, bytes module, bytes name) { *(size_t *)count += module.size + name.size; }

static void visit_part(void *count, const char *name, uint32_t size) {
  *(size_t *)count += size + (*name != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  flare f;
  text wasm = {0}, error = {0};
  size_t count = 0;
  text_add(&wasm, data, size);
  if (flare_read(&f, &wasm, &error)) {
    flare_each_name(&f, true, visit, &count);
    flare_each_name(&f, false, visit, &count);
    flare_runs_here(&f, &error);
    flare_each_part(&f, visit_part, &count);
    flare_free(&f);
  } else if (error.size == 0) {
    abort(); /* a refusal says why */
  }
  text_free(&wasm);
  text_free(&error);
  return 0;
}
