/*
 * flare_json.c - see flare_json.h.
 */
#include "flare/flare_json.h"

#include <jansson.h>

enum { PAGE = 65536 };

/* flare_each_name: adds "MODULE.NAME" to a JSON array. */
static void add_name(void *list, bytes module, bytes name) {
  text full = {0};
  text_add(&full, module.data, module.size);
  if (module.size != 0) text_add_string(&full, ".");
  text_add(&full, name.data, name.size);
  json_array_append_new(list, json_stringn(text_string(&full), full.size));
  text_free(&full);
}

/* flare_each_part: adds a part to a JSON array. */
static void add_part(void *list, const char *name, uint32_t size) {
  json_array_append_new(list, json_pack("{s:s, s:I}", "name", name, "bytes", (json_int_t)size));
}

/* flare_each_left_out: adds a library to a JSON array. */
static void add_left_out(void *list, const char *name) { json_array_append_new(list, json_string(name)); }

json_t *flare_json(const flare *f) {
  json_t *handlers = json_array(), *modules = json_array(), *assets = json_array(), *imports = json_array(),
         *exports = json_array(), *cut = json_array(), *parts = json_array(), *without = json_array();
  static const char *const names[] = {
#define FLARON_CUT(name) name,
#include "abi/cut.def"
#undef FLARON_CUT
  };
  for (int h = 0; h < FLARE_HANDLERS; h++) {
    if (f->handlers >> h & 1) json_array_append_new(handlers, json_string(flare_handler_names[h]));
  }
  for (size_t i = 0; i < f->module_count; i++) {
    const flare_module *m = &f->modules[i];
    json_array_append_new(modules, json_pack("{s:s, s:s, s:I}", "name", m->name, "file", m->file, "bytes",
                                             (json_int_t)m->size));
  }
  for (size_t i = 0; i < f->asset_count; i++) {
    json_array_append_new(
        assets, json_pack("{s:s, s:I}", "file", f->assets[i].file, "bytes", (json_int_t)f->assets[i].size));
  }
  flare_each_name(f, true, add_name, imports);
  flare_each_name(f, false, add_name, exports);
  bool is_cut = flare_is_cut(f);
  for (size_t i = 0; is_cut && i < sizeof names / sizeof *names; i++)
    json_array_append_new(cut, json_string(names[i]));
  flare_each_part(f, add_part, parts);
  flare_each_left_out(f, add_left_out, without);
  text none = {0};
  bool runs_here = flare_runs_here(f, &none);
  text_free(&none);
  return json_pack(
      "{s:I, s:I, s:I, s:I, s:b, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s*, s:O*, s:O*}",
      "bytes", (json_int_t)f->wasm.size, "image_bytes", (json_int_t)f->image.size, "memory_bytes",
      (json_int_t)f->memory_pages * PAGE, "memory_limit_bytes", (json_int_t)f->memory_max_pages * PAGE,
      "stripped", f->stripped, "runtime", f->runtime_hash, "runs_here", runs_here, "handlers", handlers,
      "modules", modules, "imports", imports, "exports", exports, "assets", assets, "parts", parts, "without",
      without, "cut", cut, "name", f->name, "config", f->config, "vars", f->vars);
}
