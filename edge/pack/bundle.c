/*
 * bundle.c - see bundle.h. The flare reads it in runtime/start/bundle.c.
 */
#include "pack/bundle.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"

static void bundle_text(text *bundle, const char *data, size_t size) {
  uint32_t length = (uint32_t)size;
  text_add(bundle, &length, sizeof length);
  text_add(bundle, data, size);
}

static void bundle_string(text *bundle, const char *string) { bundle_text(bundle, string, strlen(string)); }

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

void pack_bundle_vars(json_t *vars, text *bundle) {
  size_t count = 0;
  const char *name, **names = memory_get((json_object_size(vars) + 1) * sizeof *names);
  json_t *value;
  json_object_foreach(vars, name, value) names[count++] = name;
  qsort(names, count, sizeof *names, compare_names);
  for (size_t i = 0; i < count; i++) {
    bundle_string(bundle, names[i]);
    bundle_string(bundle, "$");
    bundle_string(bundle, json_string_value(json_object_get(vars, names[i])));
  }
  free(names);
}

/* Adds the modules from `first` on. */
static void bundle_modules(const modules *m, size_t first, bool named, text *bundle) {
  text place = {0};
  for (size_t i = first; i < m->count; i++) {
    text_clear(&place);
    text_printf(&place, "@%s", m->items[i].file);
    bundle_string(bundle, named ? m->items[i].name : "");
    bundle_string(bundle, place.data);
    bundle_text(bundle, text_string(&m->items[i].source), m->items[i].source.size);
  }
  text_free(&place);
}

/* Adds the modules of parts from `first` on. */
static void bundle_parts(const modules *m, size_t first, text *bundle) {
  for (size_t i = first; i < m->part_count; i++) {
    bundle_string(bundle, m->parts[i]->name);
    bundle_string(bundle, "+");
    bundle_string(bundle, "");
  }
}

/* Adds the places to look for modules, in the form of package.path. */
static void bundle_places(const modules *m, text *bundle) {
  text path = {0};
  const char *place;
  for (size_t i = 0; (place = modules_place(m, i)) != NULL; i++)
    text_printf(&path, "%s./%s", i > 0 ? ";" : "", place);
  bundle_string(bundle, "");
  bundle_string(bundle, "=");
  bundle_string(bundle, path.data);
  text_free(&path);
}

/* Adds the libraries that the flare is to be without, and the script that takes them away. */
static void bundle_without(const modules *m, text *bundle) {
  const bytes *script = embedded_find("scripts/start/without.lua");
  if (m->without.size == 0) return;
  bundle_text(bundle, m->without.data, m->without.size);
  bundle_string(bundle, "-");
  bundle_text(bundle, (const char *)script->data, script->size);
}

void pack_bundle(const modules *m, bool named, text *bundle) {
  text place = {0};
  bundle_without(m, bundle);
  bundle_places(m, bundle);
  bundle_modules(m, 0, named, bundle);
  bundle_parts(m, 0, bundle);
  for (size_t i = 0; i < m->asset_count; i++) {
    bundle_string(bundle, m->assets[i].file);
    bundle_string(bundle, "&");
    bundle_text(bundle, text_string(&m->assets[i].source), m->assets[i].source.size);
  }
  for (size_t i = 0; i < m->wish_count; i++) {
    module_need need = modules_judge(m, &m->wishes[i]);
    if (need == MODULE_OPTIONAL) continue;
    text_clear(&place);
    text_printf(&place, "%c%s:%d", need == MODULE_NEEDED ? '!' : '?', m->wishes[i].file, m->wishes[i].line);
    bundle_string(bundle, m->wishes[i].name);
    bundle_string(bundle, place.data);
    bundle_string(bundle, "");
  }
  if (m->bytecode) {
    bundle_string(bundle, "bytecode");
    bundle_string(bundle, "*");
    bundle_string(bundle, "");
  }
  text_free(&place);
}

void pack_bundle_added(const modules *m, size_t first, size_t first_part, text *bundle) {
  bundle_modules(m, first, false, bundle);
  bundle_parts(m, first_part, bundle);
}
