/*
 * pack.c - runs start-up in a fresh instance, and makes a module of runtime.wasm and the resulting memory. It
 * needs no compiler and reads no clock. See pack.h; docs/internals/packing.md has the steps.
 */
#include "pack/pack.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/start_report.h"
#include "base/digest.h"
#include "base/foreign.h"
#include "engine/engine_wasm2c.h"
#include "pack/bundle.h"
#include "pack/linemap.h"
#include "pack/patterns.h"
#include "flare/wasm.h"
#include "lua_layout.h"

enum { PAGE = 65536, ARENA_BEGIN = 128 << 10 };

/* A project while it is packed. */
typedef struct project {
  manifest manifest;
  modules modules;
  pack_options options;
} project;

/* ---- start-up ---- */

/* The hash of a bundle and this runtime, since another runtime may compile the same source to other
 * instructions. */
static uint32_t pack_hash_of(const text *bundle) {
  uint8_t digest[DIGEST_SHA256_SIZE];
  uint32_t hash;
  const bytes pieces[] = {bytes_of(flare_runtime_hash()), text_bytes(bundle)};
  digest_sha256(pieces, 2, digest);
  memcpy(&hash, digest, sizeof hash);
  return hash;
}

/* The data of pack_find_module, which start-up asks for modules. */
typedef struct finder {
  modules *modules;
  const modules_source *source;
} finder;

/* instance_finder: adds a module and all that it requires. */
static bool pack_find_module(void *data, bytes name, text *bundle) {
  finder *f = data;
  char *copy = memory_copy(name);
  size_t first = f->modules->count, first_part = f->modules->part_count;
  modules_add(f->modules, f->source, copy, false);
  free(copy);
  pack_bundle_added(f->modules, first, first_part, bundle);
  return f->modules->count > first || f->modules->part_count > first_part;
}

/* modules_source.read for a project with only a main script, whose text is `data`. */
static int pack_read_script(void *data, const char *path, text *out) {
  if (strcmp(path, "main.lua") != 0) return ENOENT;
  text_add_string(out, data);
  return 0;
}

/* Tries the names of the runtime's own modules; a script on the runtime lists them. */
static void pack_try_builtin(nearest *n) {
  static char script[] =
      "local t = {} for k in pairs(package.loaded) do t[#t + 1] = k end "
      "error(table.concat(t, '\\n') .. '\\n\\n', 0)";
  modules_source source = {pack_read_script, script, NULL};
  modules m = {0};
  text bundle = {0}, fault = {0}, names = {0};
  engine *instance;
  instance_start_report report;
  modules_add_main(&m, &source, "main.lua");
  pack_bundle(&m, false, &bundle);
  if (instance_start(&instance, text_bytes(&bundle), PACK_MEMORY, 0, false, PACK_START_MS, NULL, NULL,
                     &report, &fault))
    text_add(&names, report.error.data, report.error.size);
  engine_close(instance);
  for (char *at = names.data, *end; at != NULL && (end = strchr(at, '\n')) != NULL && end > at;
       at = end + 1) {
    *end = '\0';
    nearest_try(n, at);
  }
  modules_free(&m);
  text_free(&bundle);
  text_free(&fault);
  text_free(&names);
}

/* Adds why there is no module `name`, and which one was probably meant. */
static void pack_say_missing(const modules *m, const modules_source *source, const char *name, text *out) {
  nearest n = {.name = name};
  pack_try_builtin(&n);
  modules_say_missing(m, source, &n, out);
}

/*
 * Copies start-up's message. If it says that a module is not found (runtime/start/bundle.c), the reason is
 * added, which only the packer knows; messages of further searchers follow it.
 */
static void pack_add_message(const modules *m, const modules_source *source, bytes message, text *error) {
  static const char mark[] = "\n\tno field package.preload['", hint[] = "\n\t" BUNDLE_ONLY;
  const char *at = (const char *)message.data, *end = at + message.size;
  const char *found = memmem(at, message.size, mark, sizeof mark - 1);
  const char *name = found != NULL ? found + sizeof mark - 1 : NULL;
  const char *close = name != NULL ? memmem(name, (size_t)(end - name), "']", 2) : NULL;
  if (close != NULL) {
    text head = {0}, why = {0};
    char *copy = memory_copy((bytes){(const uint8_t *)name, (size_t)(close - name)});
    text_printf(&head, "module '%s' not found:", copy);
    const char *begin = memmem(at, (size_t)(found - at), head.data, head.size);
    if (begin != NULL) {
      pack_say_missing(m, source, copy, &why);
      text_add(error, at, (size_t)(begin - at));
      text_add(error, why.data, why.size);
      text_add(error, begin + head.size, (size_t)(found - begin) - head.size);
      at = close + 2;
      const char *only = memmem(at, (size_t)(end - at), hint, sizeof hint - 1);
      if (only != NULL) text_add(error, at, (size_t)(only - at));
      if (only != NULL) at = only + sizeof hint - 1;
    }
    text_free(&head);
    text_free(&why);
    free(copy);
  }
  text_add(error, at, (size_t)(end - at));
}

/* Whether start-up's notes name a module before `at`. */
static bool pack_was_noted(const char *notes, const char *at, const char *name) {
  for (const char *other; notes < at; notes = other + strlen(other) + 1) {
    other = notes + strlen(notes) + 1;
    if (strcmp(other, name) == 0) return true;
  }
  return false;
}

/* Adds start-up's notes (bundle_push_notes) as lines; for each module only its first place. */
static void pack_add_notes(const modules *m, const modules_source *source, bytes notes, text *out) {
  const char *begin = (const char *)notes.data, *end = begin + notes.size;
  for (const char *at = begin, *name; at < end; at = name + strlen(name) + 1) {
    name = at + strlen(at) + 1;
    if (pack_was_noted(begin, at, name)) continue;
    nearest n = {.name = name};
    pack_try_builtin(&n);
    text_printf(out, "%s: ", at);
    modules_note_missing(m, source, &n, out);
    text_add_string(out, "\n");
  }
}

/* Adds start-up's message, with file and line even if the script is stripped. */
static void pack_explain(const project *p, const modules_source *source, const text *bundle, bytes message,
                         text *error) {
  text json = {0}, fault = {0}, plain = {0}, explained = {0};
  char other[9];
  linemap *map = NULL;
  if (p->options.strip && linemap_make(&p->modules, pack_hash_of(bundle), &json, &fault)) {
    map = linemap_read(text_bytes(&json), &fault);
  }
  if (map != NULL) linemap_explain(map, message, &plain, other);
  foreign_explain(map != NULL ? text_bytes(&plain) : message, &explained);
  pack_add_message(&p->modules, source, text_bytes(&explained), error);
  linemap_free(map);
  text_free(&json);
  text_free(&fault);
  text_free(&plain);
  text_free(&explained);
}

/* ---- the module ---- */

/* Writes `memory`, which is that from address `from` to `limit`, as data segments without runs of zeros;
 * returns the number of segments. */
static uint32_t pack_write_segments(wasm_writer *segments, const uint8_t *memory, uint32_t from,
                                    uint32_t limit) {
  enum { ACTIVE = 0, I32_CONST = 0x41, END = 0x0B, RUN = 16 };
  uint32_t count = 0, at = 0;
  limit -= from;
  for (;; count++) {
    while (at < limit && memory[at] == 0) at++;
    uint32_t end = at, zeros = 0;
    for (uint32_t i = at; i < limit && zeros < RUN; i++) {
      zeros = memory[i] == 0 ? zeros + 1 : 0;
      if (zeros == 0) end = i + 1;
    }
    if (end == at) return count;
    wasm_write_u8(segments, ACTIVE);
    wasm_write_u8(segments, I32_CONST);
    wasm_write_s32(segments, (int32_t)(from + at));
    wasm_write_u8(segments, END);
    wasm_write_u32(segments, end - at);
    wasm_write_bytes(segments, memory + at, end - at);
    at = end;
  }
}

/* Writes the data section: the image without the data of parts that are not in the set `parts`, and the
 * assets after the space for the image's copy. */
static void pack_write_data(wasm_writer *section, uint32_t parts, const instance_start_report *r) {
  wasm_writer segments = {0};
  size_t size = r->image_end - r->data_start;
  uint8_t *image = memory_get(size + 1);
  memcpy(image, r->memory + r->data_start, size);
  parts_clear_data(parts, image, r->data_start, r->image_end);
  uint32_t count = pack_write_segments(&segments, image, r->data_start, r->image_end);
  count += pack_write_segments(&segments, r->memory + r->assets_start, r->assets_start, r->arena_start);
  free(image);
  wasm_write_u32(section, count);
  wasm_write_bytes(section, segments.data, segments.size);
  wasm_writer_free(&segments);
}

/* Writes the exports for a host: memory, alloc and the handlers of this script. */
static void pack_write_exports(wasm_writer *section, const wasm_section *runtime, unsigned handlers) {
  wasm_reader r;
  wasm_writer kept = {0};
  uint32_t count = 0;
  wasm_reader_init(&r, runtime->data, runtime->size);
  for (uint32_t n = wasm_read_u32(&r); n > 0; n--) {
    uint32_t size;
    const char *name = wasm_read_name(&r, &size);
    bytes b = {(const uint8_t *)name, size};
    uint8_t kind = wasm_read_u8(&r);
    uint32_t index = wasm_read_u32(&r);
    bool keep = bytes_are(b, "memory") || bytes_are(b, "alloc");
    for (int h = 0; h < FLARE_HANDLERS; h++) {
      keep = keep || ((handlers >> h & 1) && bytes_are(b, flare_handler_names[h]));
    }
    if (!keep) continue;
    wasm_write_name(&kept, name, size);
    wasm_write_u8(&kept, kind);
    wasm_write_u32(&kept, index);
    count++;
  }
  wasm_write_u32(section, count);
  wasm_write_bytes(section, kept.data, kept.size);
  wasm_writer_free(&kept);
}

static void pack_write_producers(wasm_writer *body) {
  static const char *const fields[][3] = {
      {"language", "Lua", LAYOUT_LUA_RELEASE},
      {"processed-by", "flaron-lua", FLARON_LUA_VERSION},
  };
  size_t count = sizeof fields / sizeof *fields;
  wasm_write_u32(body, (uint32_t)count);
  for (size_t i = 0; i < count; i++) {
    wasm_write_name(body, fields[i][0], strlen(fields[i][0]));
    wasm_write_u32(body, 1);
    wasm_write_name(body, fields[i][1], strlen(fields[i][1]));
    wasm_write_name(body, fields[i][2], strlen(fields[i][2]));
  }
}

/* A name as a JSON string. If the name is not UTF-8, bytes over 127 become "\xNN". */
static json_t *pack_describe_name(const char *name) {
  json_t *string = json_string(name);
  if (string != NULL || name == NULL) return string;
  text escaped = {0};
  for (; *name != '\0'; name++) text_printf(&escaped, *name & 0x80 ? "\\x%02X" : "%c", (uint8_t)*name);
  string = json_string(escaped.data);
  text_free(&escaped);
  return string;
}

static json_t *pack_describe_items(const module *items, size_t count) {
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) {
    const module *m = &items[i];
    json_array_append_new(list, json_pack("{s:o*, s:o, s:I}", "name", pack_describe_name(m->name), "file",
                                          pack_describe_name(m->file), "bytes", (json_int_t)m->source.size));
  }
  return list;
}

/* The names in an object as a list; NULL if there are none. */
static json_t *pack_describe_names(json_t *object) {
  json_t *list = object != NULL ? json_array() : NULL, *value;
  const char *name;
  json_object_foreach(object, name, value) json_array_append_new(list, json_string(name));
  return list;
}

/* The set of the optional parts that modules need. */
static uint32_t pack_parts(const modules *m) {
  uint32_t parts = 0;
  for (size_t i = 0; i < m->part_count; i++) parts |= parts_named(m->parts[i]->part);
  return parts;
}

/* The libraries of Lua that flare.lua does not leave out. */
static uint32_t pack_libraries(const manifest *m) {
  uint32_t left = PARTS_LIBRARIES;
  for (size_t i = 0; i < m->without.count; i++) left &= ~parts_library(m->without.items[i]);
  return left;
}

/* Whether the flare has nothing of the libraries that most flares cannot reach. */
static bool pack_reaches_none(const project *p, const instance_start_report *r) {
  return r->cut || (pack_libraries(&p->manifest) & parts_reached()) == 0;
}

/* The runtime that a flare is made of. */
static flare_runtime_kind pack_kind(const project *p, const instance_start_report *r) {
  if (p->modules.bytecode) return FLARE_RUNTIME_BYTECODE;
  return pack_reaches_none(p, r) && p->modules.part_count == 0 ? FLARE_RUNTIME_CORE : FLARE_RUNTIME_FULL;
}

/* Whether libraries that it cannot reach are to be cut off a flare; the core never had them. */
static bool pack_cuts(const project *p, const instance_start_report *r) {
  return r->cut && pack_kind(p, r) != FLARE_RUNTIME_CORE;
}

/* The optional parts and the libraries that a flare has. */
static uint32_t pack_kept(const project *p, const instance_start_report *r) {
  uint32_t kept = pack_parts(&p->modules) | pack_libraries(&p->manifest);
  return pack_cuts(p, r) ? kept & ~parts_reached() : kept;
}

/* The names of the parts in a set as a list; NULL if there are none. */
static json_t *pack_describe_parts(uint32_t parts) {
  json_t *list = parts != 0 ? json_array() : NULL;
  const char *name;
  for (unsigned n = 0; (name = parts_name(n)) != NULL; n++) {
    if (parts >> n & 1) json_array_append_new(list, json_string(name));
  }
  return list;
}

static json_t *pack_describe_list(const manifest_list *names) {
  json_t *list = names->count != 0 ? json_array() : NULL;
  for (size_t i = 0; i < names->count; i++) json_array_append_new(list, json_string(names->items[i]));
  return list;
}

/* The description of a flare, which flare.c reads and `flaron-lua inspect` shows. The caller frees it. */
static char *pack_describe(const project *p, const instance_start_report *r) {
  json_t *handlers = json_array();
  for (int h = 0; h < FLARE_HANDLERS; h++) {
    if (r->handlers >> h & 1) json_array_append_new(handlers, json_string(flare_handler_names[h]));
  }
  json_t *about = json_pack(
      "{s:i, s:s, s:s, s:s*, s:o, s:o, s:o, s:o*, s:o*, s:o*, s:o*, s:b, s:I, s:O*}", "format", FLARE_FORMAT,
      "version", FLARON_LUA_VERSION, "runtime", flare_runtime_hash(), "name", p->manifest.name, "handlers",
      handlers, "modules", pack_describe_items(p->modules.items, p->modules.count), "assets",
      pack_describe_items(p->modules.assets, p->modules.asset_count), "vars",
      pack_describe_names(p->manifest.vars), "parts", pack_describe_parts(pack_parts(&p->modules)), "without",
      pack_describe_list(&p->manifest.without), "cut", pack_cuts(p, r) ? json_true() : NULL, "stripped",
      p->options.strip, "arena", (json_int_t)r->arena_start, "config", p->manifest.config);
  char *description = json_dumps(about, JSON_COMPACT);
  json_decref(about);
  return description;
}

/* The number of memory pages that a flare needs at its start. */
static uint32_t pack_pages_at_first(const instance_start_report *r) {
  return (r->arena_start + ARENA_BEGIN + PAGE - 1) / PAGE;
}

/* Writes the flare: runtime.wasm with this script's memory, exports and data. */
static void pack_write_flare(const project *p, const instance_start_report *r, text *wasm) {
  wasm_reader runtime;
  wasm_section section;
  wasm_writer out = {0};
  flare_runtime_kind kind = pack_kind(p, r);
  uint32_t parts = pack_kept(p, r);
  bytes blob = flare_runtime(kind);
  wasm_reader_init(&runtime, blob.data, blob.size);
  wasm_check_header(&runtime);
  wasm_write_header(&out);
  while (wasm_next_section(&runtime, &section)) {
    wasm_writer body = {0};
    switch (section.id) {
      case WASM_SECTION_CUSTOM:
      case WASM_SECTION_DATA_COUNT: continue;
      case WASM_SECTION_MEMORY:
        wasm_write_u32(&body, 1);
        wasm_write_u8(&body, 1);
        wasm_write_u32(&body, pack_pages_at_first(r));
        wasm_write_u32(&body, p->options.memory / PAGE);
        break;
      case WASM_SECTION_EXPORT: pack_write_exports(&body, &section, r->handlers); break;
      case WASM_SECTION_DATA: pack_write_data(&body, parts, r); break;
      default: parts_write_section(kind, parts, &section, &body);
    }
    wasm_write_section(&out, section.id, body.data, body.size);
    wasm_writer_free(&body);
  }
  wasm_writer producers = {0};
  char *description = pack_describe(p, r);
  pack_write_producers(&producers);
  wasm_write_custom_section(&out, "producers", producers.data, producers.size);
  wasm_write_custom_section(&out, "flaron-lua", description,
                            strlen(description)); /* last, so that a truncated file has none */
  free(description);
  wasm_writer_free(&producers);
  if (out.failed) memory_get(SIZE_MAX); /* says that the machine is out of memory */
  text_add(wasm, out.data, out.size);
  wasm_writer_free(&out);
}

/* ---- both ---- */

bool pack_read_manifest(const modules_source *source, manifest *m, text *content, text *error) {
  int fault = source->read(source->data, "flare.lua", content);
  if (fault == ENOENT || fault == ENOTDIR) return true;
  if (fault == 0) return manifest_read(m, text_bytes(content), error);
  file_explain(error, "flare.lua", fault, FILE_PROJECT_MAX);
  return false;
}

/* Reads flare.lua, if there is one, and completes the options from it. */
static bool pack_take_manifest(project *p, const modules_source *source, text *error) {
  text content = {0};
  bool good = pack_read_manifest(source, &p->manifest, &content, error);
  text_free(&content);
  pack_options *o = &p->options;
  if (o->memory == 0) o->memory = p->manifest.memory != 0 ? p->manifest.memory : PACK_MEMORY;
  if (o->start_ms == 0) o->start_ms = PACK_START_MS;
  o->memory -= o->memory % PAGE;
  return good;
}

/* Says that a file named in flare.lua under `key` is refused. */
static void pack_say_refused(const char *key, const char *file, int fault, text *error) {
  text_printf(error, "flare.lua: %s: '%s' ", key, file);
  file_add_predicate(error, fault, FILE_PROJECT_MAX);
}

/* Says what is wrong with a file named by item `i`, counted from 0, of a list in flare.lua. */
static void pack_say_item(const char *key, size_t i, const char *file, int fault, text *error) {
  text item = {0};
  text_printf(&item, "%s[%zu]", key, i + 1);
  if (fault == PATTERNS_TOO_MANY) {
    text_printf(error, "flare.lua: %s: more than %d names are to be looked at for '%s'", item.data,
                PATTERNS_MOST, file);
  } else if (file_is_refused(fault)) {
    pack_say_refused(item.data, file, fault, error);
  } else {
    text_printf(error, "flare.lua: asset '%s': %s", file, strerror(fault));
  }
  text_free(&item);
}

/* Adds the assets that item `i` names. False with a message in `error`. */
static bool pack_add_assets(const modules_source *source, const manifest *m, size_t i, modules *found,
                            text *error) {
  const char *item = m->assets.items[i];
  pattern_names files = {0};
  text at = {0};
  int fault =
      pattern_is(item) ? pattern_files(source, item, &files, &at) : modules_add_asset(found, source, item);
  if (fault != 0)
    pack_say_item("assets", i, at.size > 0 && fault != PATTERNS_TOO_MANY ? at.data : item, fault, error);
  for (size_t n = 0; fault == 0 && n < files.count; n++) {
    fault = modules_add_asset(found, source, files.items[n]);
    if (fault != 0) pack_say_item("assets", i, files.items[n], fault, error);
  }
  bool none = fault == 0 && pattern_is(item) && files.count == 0;
  if (none) text_printf(error, "flare.lua: assets[%zu]: no file matches '%s'", i + 1, item);
  pattern_names_free(&files);
  text_free(&at);
  return fault == 0 && !none;
}

/* Adds the modules that item `i` names. False with a message in `error`. */
static bool pack_add_modules(const modules_source *source, const manifest *m, size_t i, modules *found,
                             text *error) {
  const char *item = m->modules.items[i];
  pattern_names names = {0};
  text at = {0};
  if (!pattern_is(item)) {
    if (modules_add(found, source, item, true)) return true;
    text_add_string(error, "flare.lua: ");
    pack_say_missing(found, source, item, error);
    return false;
  }
  int fault = pattern_modules(found, source, item, &names, &at);
  if (fault != 0) pack_say_item("modules", i, fault != PATTERNS_TOO_MANY ? at.data : item, fault, error);
  for (size_t n = 0; n < names.count; n++) modules_add(found, source, names.items[n], false);
  bool none = fault == 0 && names.count == 0;
  if (none) text_printf(error, "flare.lua: modules[%zu]: no module matches '%s'", i + 1, item);
  pattern_names_free(&names);
  text_free(&at);
  return fault == 0 && !none;
}

bool pack_find_files(const modules_source *source, const char *file, const manifest *m, modules *found,
                     text *error) {
  bool named = file == NULL && m->main != NULL;
  for (size_t i = 0; i < m->paths.count; i++) modules_add_path(found, m->paths.items[i]);
  bool anywhere = file == NULL && !named;
  if (file == NULL) file = named ? m->main : "main.lua";
  int fault = modules_add_main(found, source, file);
  if (fault != 0 && named && file_is_refused(fault)) {
    pack_say_refused("main", file, fault, error);
  } else if (fault != 0) {
    file_explain(error, file, fault, FILE_PROJECT_MAX);
    if (anywhere && fault == ENOENT) text_add_string(error, ": " PACK_NO_PROJECT);
  }
  bool good = fault == 0;
  found->bytecode = m->bytecode;
  for (size_t i = 0; i < m->without.count; i++)
    text_printf(&found->without, "%s%s", i > 0 ? " " : "", m->without.items[i]);
  for (size_t i = 0; good && i < m->modules.count; i++) good = pack_add_modules(source, m, i, found, error);
  for (size_t i = 0; good && i < m->assets.count; i++) good = pack_add_assets(source, m, i, found, error);
  return good;
}

/* Whether the memory was too small for start-up, or is too small for the flare. */
static bool pack_ran_out(const instance_start_report *r, uint32_t memory) {
  static const char message[] = "not enough memory"; /* Lua's message; that of start.c begins with it */
  enum { SIZE = sizeof message - 1 };
  if (r->error.size != 0) return r->error.size >= SIZE && memcmp(r->error.data, message, SIZE) == 0;
  return r->image_end == 0 || pack_pages_at_first(r) > memory / PAGE;
}

/* Runs start-up with `memory` bytes; false if it was stopped or trapped. The caller closes `instance` in both
 * cases. */
static bool pack_start(const project *p, const text *bundle, uint32_t memory, const engine_watcher *watcher,
                       const instance_finder *finder, engine **instance, instance_start_report *report,
                       text *fault) {
  return instance_start(instance, text_bytes(bundle), memory, pack_hash_of(bundle), p->options.strip,
                        p->options.start_ms, watcher, finder, report, fault);
}

/* Says that the memory is too small, and what happens with more: doubles it until start-up has enough. */
static void pack_say_too_small(const project *p, const modules_source *source, const text *bundle,
                               const char *file, text *error) {
  enum { MOST = 256 << 20 };
  static const char hint[] = " (--memory, or 'memory' in flare.lua)";
  bool ended = true, enough = false, good = true;
  text_printf(error, "%s: a memory of %u KiB is too small for start-up", file, p->options.memory >> 10);
  for (uint32_t memory = p->options.memory; ended && !enough && memory <= MOST / 2;) {
    engine *instance;
    instance_start_report report;
    text fault = {0};
    memory *= 2;
    ended = pack_start(p, bundle, memory, NULL, NULL, &instance, &report, &fault);
    enough = ended && !pack_ran_out(&report, memory);
    good = !enough || report.error.size == 0;
    if (enough && good) text_printf(error, ": %u KiB would do", memory >> 10);
    if (!good) {
      text_printf(error, "%s; with %u KiB it fails: ", hint, memory >> 10);
      pack_explain(p, source, bundle, report.error, error);
    }
    engine_close(instance);
    text_free(&fault);
  }
  if (good) text_add_string(error, hint);
}

/* Runs start-up once more for the watcher, whose traces in memory must not be packed. */
static void pack_show_start(const project *p, const text *bundle) {
  engine *instance;
  instance_start_report report;
  text fault = {0};
  pack_start(p, bundle, p->options.memory, p->options.watcher, NULL, &instance, &report, &fault);
  engine_close(instance);
  text_free(&fault);
}

/*
 * Runs start-up and writes the flare from its memory. If it asked for modules while it ran, it runs again
 * with all of them in the bundle, since modules that are added later leave traces in memory.
 */
static bool pack_start_and_write(project *p, const modules_source *source, const char *file, text *wasm,
                                 text *error) {
  for (;;) {
    engine *instance;
    instance_start_report report;
    text bundle = {0}, fault = {0};
    bool good = false;
    size_t before = p->modules.count + p->modules.part_count;
    instance_finder finder = {pack_find_module, &(struct finder){&p->modules, source}};
    pack_bundle(&p->modules, false, &bundle);
    pack_bundle_vars(p->manifest.vars, &bundle);
    bool ended = pack_start(p, &bundle, p->options.memory, NULL, &finder, &instance, &report, &fault);
    bool again = p->modules.count + p->modules.part_count > before;
    if (again) {
      /* ignore this result */
    } else if (!ended) {
      text_printf(error, "%s: start-up did not end: %s", file, text_string(&fault));
    } else if (pack_ran_out(&report, p->options.memory)) {
      pack_say_too_small(p, source, &bundle, file, error);
    } else if (report.error.size != 0) {
      pack_explain(p, source, &bundle, report.error, error);
    } else {
      pack_write_flare(p, &report, wasm);
      if (p->options.notes != NULL) pack_add_notes(&p->modules, source, report.notes, p->options.notes);
      good =
          p->options.map == NULL || linemap_make(&p->modules, pack_hash_of(&bundle), p->options.map, error);
      if (p->options.watcher != NULL) pack_show_start(p, &bundle);
    }
    engine_close(instance);
    text_free(&bundle);
    text_free(&fault);
    if (!again) return good;
  }
}

bool pack_project(const modules_source *source, const char *file, const pack_options *options, text *wasm,
                  text *error) {
  project p = {.modules = {.script = options->script}, .options = *options};
  bool good = pack_take_manifest(&p, source, error) &&
              pack_find_files(source, file, &p.manifest, &p.modules, error) &&
              pack_start_and_write(&p, source, p.modules.items[0].file, wasm, error);
  if (options->files != NULL) {
    *options->files = p.modules;
    p.modules = (modules){0};
  }
  modules_free(&p.modules);
  manifest_free(&p.manifest);
  return good;
}

static bool pack_is_packed(const char *file) {
  static const char suffix[] = ".wasm";
  size_t size = strlen(file), suffix_size = sizeof suffix - 1;
  return size >= suffix_size && strcmp(file + size - suffix_size, suffix) == 0;
}

char *pack_parent(const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return memory_copy(bytes_of("."));
  return memory_copy((bytes){(const uint8_t *)path, slash == path ? 1 : (size_t)(slash - path)});
}

/* The last name of a path, as a pointer into it. */
static const char *pack_name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

bool pack_split_path(const char *path, char **folder, const char **file, text *error) {
  struct stat about;
  int fault = stat(path, &about) != 0 ? errno : file_kind_fault(about.st_mode);
  if (fault != 0 && fault != EISDIR) {
    file_explain(error, path, fault, 0);
    return false;
  }
  *file = fault == EISDIR ? NULL : pack_name_of(path);
  *folder = fault == EISDIR ? memory_copy(bytes_of(path)) : pack_parent(path);
  return true;
}

int pack_split_path_below(const char *root, const char *path, char **below, const char **file) {
  file_place place = {root, ""};
  int fault = file_look_below(&place, path);
  *below = NULL;
  *file = NULL;
  if (fault == EISDIR) {
    *below = memory_copy(bytes_of(path));
    return 0;
  }
  if (fault != 0) return fault;
  *file = pack_name_of(path);
  *below = pack_parent(path);
  return 0;
}

/* Whether a packed flare was read; if not, adds the fault to `error`. */
static bool pack_was_read(int fault, const char *path, text *error) {
  if (fault != 0) file_explain(error, path, fault, FILE_FLARE_MAX);
  return fault == 0;
}

bool pack_path(const char *path, const pack_options *options, text *wasm, text *error) {
  char *folder;
  const char *file;
  bool good;
  if (!pack_split_path(path, &folder, &file, error)) return false;
  if (file != NULL && pack_is_packed(file)) {
    good = pack_was_read(file_read(path, FILE_FLARE_MAX, wasm), path, error);
  } else {
    modules_source source = {modules_read_file, folder, NULL};
    good = pack_project(&source, file, options, wasm, error);
  }
  free(folder);
  return good;
}

bool pack_path_below(const char *root, const char *path, const pack_options *options, text *wasm,
                     text *error) {
  char *below;
  const char *file;
  bool good;
  int fault = pack_split_path_below(root, path, &below, &file);
  if (fault != 0) {
    file_explain(error, path, fault, FILE_PROJECT_MAX);
    return false;
  }
  if (file != NULL && pack_is_packed(file)) {
    file_place base = {root, ""};
    good = pack_was_read(file_read_below(&base, path, FILE_FLARE_MAX, wasm), path, error);
  } else {
    file_place place = {root, below};
    modules_source source = {modules_read_place, &place, NULL};
    good = pack_project(&source, file, options, wasm, error);
  }
  free(below);
  return good;
}
