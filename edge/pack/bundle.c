/*
 * bundle.c - see bundle.h. The flare's half, which reads it, is runtime/start/bundle.c.
 */
#include "pack/bundle.h"

#include <string.h>

static void bundle_text(text *bundle, const char *data, size_t size) {
  uint32_t length = (uint32_t)size;
  text_add(bundle, &length, sizeof length);
  text_add(bundle, data, size);
}

static void bundle_string(text *bundle, const char *string) { bundle_text(bundle, string, strlen(string)); }

void pack_bundle(const modules *m, text *bundle) {
  text place = {0};
  for (size_t i = 0; i < m->count; i++) {
    text_clear(&place);
    text_printf(&place, "@%s", m->items[i].file);
    bundle_string(bundle, m->items[i].name);
    bundle_string(bundle, place.data);
    bundle_text(bundle, text_string(&m->items[i].source), m->items[i].source.size);
  }
  for (size_t i = 0; i < m->asset_count; i++) {
    bundle_string(bundle, m->assets[i].file);
    bundle_string(bundle, "&");
    bundle_text(bundle, text_string(&m->assets[i].source), m->assets[i].source.size);
  }
  for (size_t i = 0; i < m->wish_count; i++) {
    text_clear(&place);
    text_printf(&place, "%s:%d", m->wishes[i].file, m->wishes[i].line);
    bundle_string(bundle, m->wishes[i].name);
    bundle_string(bundle, place.data);
    bundle_string(bundle, "");
  }
  text_free(&place);
}
