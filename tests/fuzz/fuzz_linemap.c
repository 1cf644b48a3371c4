/*
 * fuzz_linemap.c - a line map and a log of anybody's: the map in front of the first NUL, the log after it.
 * Text without places must stay as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "engine/engine_wasm2c.h"
#include "pack/linemap.h"
#include "pack/pack.h"

/* What making a map wants; none is made here. */
const bytes *embedded_find(const char *path) { return path == NULL ? (const bytes *)path : NULL; }

void pack_bundle(const modules *m, bool named, text *bundle) { (void)m, (void)named, (void)bundle; }

bool instance_start(engine **instance, bytes bundle, uint32_t memory_limit, uint32_t hash, bool strip,
                    int cpu_ms, const engine_watcher *watcher, const instance_finder *finder,
                    instance_start_report *report, text *error) {
  (void)instance, (void)bundle, (void)memory_limit, (void)hash, (void)strip, (void)cpu_ms, (void)watcher;
  (void)finder, (void)report, (void)error;
  return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *end = size > 0 ? memchr(data, '\0', size) : NULL;
  text error = {0}, out = {0};
  char other[9];
  if (end == NULL) return 0;
  linemap *map = linemap_read((bytes){data, (size_t)(end - data)}, &error);
  if ((map == NULL) != (error.size > 0)) abort();
  if (map != NULL) {
    bytes log = {end + 1, size - (size_t)(end + 1 - data)};
    linemap_explain(map, log, &out, other);
    bool plain = log.size == 0 || memchr(log.data, '?', log.size) == NULL;
    if (plain && (out.size != log.size || (out.size > 0 && memcmp(out.data, log.data, out.size) != 0)))
      abort();
    linemap_free(map);
  }
  text_free(&error);
  text_free(&out);
  return 0;
}
