/*
 * fuzz_modules.c - finding what a script requires (edge/pack/modules.c), in sources that somebody made up.
 */
#include <errno.h>
#include <string.h>

#include "pack/modules.h"

/* The input is main.lua, and every other module that somebody asks for is empty. */
static int read_source(void *data, const char *path, text *out) {
  const bytes *input = data;
  if (strcmp(path, "main.lua") == 0) {
    text_add(out, input->data, input->size);
    return 0;
  }
  return strlen(path) % 2 == 0 ? 0 : ENOENT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  bytes input = {data, size};
  modules_source source = {read_source, &input, NULL};
  modules m = {0};
  modules_add_main(&m, &source, "main.lua");
  modules_free(&m);
  return 0;
}
