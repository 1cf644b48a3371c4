/*
 * modules.c - finds the files of the modules that a script requires, directly or indirectly. See modules.h;
 * requires.c finds the names in a source.
 */
#include "pack/modules.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/foreign.h"
#include "base/embedded.h"
#include "base/list.h"
#include "base/utf8.h"
#include "pack/requires.h"

int modules_read_place(void *data, const char *path, text *out) {
  return file_read_below(data, path, FILE_PROJECT_MAX, out);
}

int modules_read_file(void *data, const char *path, text *out) {
  file_place place = {data, ""};
  return modules_read_place(&place, path, out);
}

/* Reads a file for `m`. 0 or a fault. */
static int modules_read_into(const modules *m, const modules_source *source, const char *path, text *out) {
  int fault = source->read(source->data, path, out);
  if (fault == 0 && out->size > FILE_PROJECT_ALL - m->size) fault = FILE_ALL;
  return fault;
}

static bool modules_has_prefix(const char *string, const char *prefix) {
  return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool modules_get_place(const modules_source *source, file_place *place) {
  if (source->read == modules_read_place) {
    *place = *(const file_place *)source->data;
  } else if (source->read == modules_read_file) {
    *place = (file_place){source->data, ""};
  } else {
    return false;
  }
  return true;
}

/* ---- places ---- */

/* The places where `require` looks, in order: the project's own modules, then places from flare.lua, then
 * rocks. */
static const char *const own_places[] = {"?.lua", "?/init.lua"};
static const char *const rock_places[] = {"lua_modules/share/lua/5.4/?.lua",
                                          "lua_modules/share/lua/5.4/?/init.lua"};

enum {
  OWN_PLACES = sizeof own_places / sizeof *own_places,
  ROCK_PLACES = sizeof rock_places / sizeof *rock_places
};

void modules_add_path(modules *m, const char *place) {
  while (modules_has_prefix(place, "./")) place += 2 + strspn(place + 2, "/");
  LIST_ROOM(m->paths, m->path_count);
  m->paths[m->path_count++] = memory_copy(bytes_of(place));
}

size_t modules_own_places(void) { return OWN_PLACES; }

const char *modules_place(const modules *m, size_t i) {
  if (i < OWN_PLACES) return own_places[i];
  i -= OWN_PLACES;
  if (i < m->path_count) return m->paths[i];
  i -= m->path_count;
  return i < ROCK_PLACES ? rock_places[i] : NULL;
}

/* The places where LuaRocks puts C modules. */
static const char *const c_places[] = {
    "lua_modules/lib/lua/5.4/?.so",
    "lua_modules/lib64/lua/5.4/?.so",
};

enum { C_PLACES = sizeof c_places / sizeof *c_places };

/* Whether a file of the project belongs to a rock. */
static bool modules_is_rock(const char *file) { return modules_has_prefix(file, "lua_modules/"); }

/* Whether a name may be that of a ready-made module in the executable. */
static bool modules_may_be_ready(const char *name) { return modules_has_prefix(name, "flaron."); }

void modules_fill_place(const char *place, const char *name, text *out) {
  text_clear(out);
  for (; *place != '\0'; place++) {
    if (*place != '?') {
      text_add(out, place, 1);
      continue;
    }
    for (const char *c = name; *c != '\0'; c++) text_add(out, *c == '.' ? "/" : c, 1);
  }
}

/* Whether there is a C module of this name; `path` gets its path. */
static bool modules_find_c(const modules_source *source, const char *name, text *path) {
  text content = {0};
  bool found = false;
  for (int i = 0; i < C_PLACES && !found; i++) {
    modules_fill_place(c_places[i], name, path);
    text_clear(&content);
    int fault = source->read(source->data, path->data, &content);
    found = fault == 0 || file_is_refused(fault);
  }
  text_free(&content);
  return found;
}

/* Finds the first place of a module whose file is refused; returns the fault, and its path in `path`. 0 =
 * none. */
static int modules_find_refused(const modules *m, const modules_source *source, const char *name,
                                text *path) {
  int fault = 0;
  text content = {0};
  const char *place;
  for (size_t i = 0; (place = modules_place(m, i)) != NULL && !file_is_refused(fault); i++) {
    modules_fill_place(place, name, path);
    text_clear(&content);
    fault = source->read(source->data, path->data, &content);
    if (fault == 0) fault = FILE_ALL; /* it can be read, so the files together are too large */
  }
  text_free(&content);
  return file_is_refused(fault) ? fault : 0;
}

void modules_each_ready(void (*take)(void *data, const char *name), void *data) {
  static const char folder[] = "scripts/modules/", ending[] = ".lua";
  for (const embedded_file *f = embedded_files; f->path != NULL; f++) {
    text name = {0};
    const char *end = strrchr(f->path, '.');
    if (!modules_has_prefix(f->path, folder) || end == NULL || strcmp(end, ending) != 0) continue;
    for (const char *c = f->path + strlen(folder); c < end; c++) text_add(&name, *c == '/' ? "." : c, 1);
    take(data, text_string(&name));
    text_free(&name);
  }
  for (const part_module *part = part_modules; part->name != NULL; part++) take(data, part->name);
}

/* For modules_each_ready: tries a name. */
static void modules_try_name(void *n, const char *name) { nearest_try(n, name); }

/* Tries the modules in the folder below `root` where this one would be: files, and folders with an
 * init.lua. */
static void modules_try_beside(const file_place *place, const char *root, nearest *n) {
  const char *dot = strrchr(n->name, '.');
  size_t size = dot != NULL ? (size_t)(dot + 1 - n->name) : 0;
  char *prefix = memory_copy((bytes){(const uint8_t *)n->name, size});
  text folder = {0}, path = {0}, name = {0};
  int fd;
  text_add_string(&folder, root);
  for (const char *c = prefix; *c != '\0'; c++) text_add(&folder, *c == '.' ? "/" : c, 1);
  bool opened = file_open_folder_below(place, folder.size > 0 ? folder.data : ".", &fd) == 0;
  DIR *list = opened ? fdopendir(fd) : NULL;
  if (opened && list == NULL) close(fd);
  for (const struct dirent *e; list != NULL && (e = readdir(list)) != NULL;) {
    const char *end = strrchr(e->d_name, '.');
    bool file = end != NULL && strcmp(end, ".lua") == 0;
    text_clear(&path);
    text_printf(&path, "%s%s/init.lua", text_string(&folder), e->d_name);
    if (!file && (*e->d_name == '.' || file_look_below(place, path.data) != 0)) continue;
    text_clear(&name);
    text_printf(&name, "%s%.*s", prefix, (int)(file ? end - e->d_name : (long)strlen(e->d_name)), e->d_name);
    nearest_try(n, name.data);
  }
  if (list != NULL) closedir(list);
  text_free(&folder);
  text_free(&path);
  text_free(&name);
  free(prefix);
}

/* Tries the files of a project, if that is a folder on disk. */
static void modules_try_files(const modules *m, const modules_source *source, nearest *n) {
  static const char ending[] = "?.lua";
  file_place at;
  const char *place;
  if (!modules_get_place(source, &at)) return;
  for (size_t i = 0; (place = modules_place(m, i)) != NULL; i++) {
    const char *mark = strchr(place, '?');
    if (strcmp(mark, ending) != 0) continue;
    char *root = memory_copy((bytes){(const uint8_t *)place, (size_t)(mark - place)});
    modules_try_beside(&at, root, n);
    free(root);
  }
}

/* Adds why a module is refused or cannot be loaded. False if there is no trace of it: then it only tries
 * other names in `n`. */
static bool modules_add_reason(const modules *m, const modules_source *source, nearest *n, text *out) {
  const char *name = n->name;
  text path = {0};
  int refused = modules_find_refused(m, source, name, &path);
  char *root = memory_copy((bytes){(const uint8_t *)name, strcspn(name, ".")}); /* a.so may contain a.b too */
  bool is_c = refused == 0 && (modules_find_c(source, name, &path) || modules_find_c(source, root, &path));
  free(root);
  if (refused != 0) {
    text_printf(out, "module '%s' not found: ", name);
    file_explain(out, path.data, refused, FILE_PROJECT_MAX);
  } else if (is_c) {
    text_printf(out, "module '%s' is C code (%s): a flare is Wasm and cannot load it", name, path.data);
  } else {
    modules_each_ready(modules_try_name, n);
    modules_try_files(m, source, n);
  }
  text_free(&path);
  return refused != 0 || is_c;
}

void modules_say_missing(const modules *m, const modules_source *source, nearest *n, text *out) {
  const char *name = n->name, *place;
  if (modules_add_reason(m, source, n, out)) return;
  text path = {0};
  text_printf(out, "module '%s' not found:", name);
  const char *said = foreign_module(name);
  if (said != NULL) text_printf(out, "\n\t%s", said);
  if (said == NULL && n->found != NULL) text_printf(out, "\n\tdid you mean '%s'?", n->found);
  for (size_t i = 0; (place = modules_place(m, i)) != NULL; i++) {
    modules_fill_place(place, name, &path);
    text_printf(out, "\n\tno file '%s'", path.data);
  }
  modules_fill_place("?.lua", name, &path);
  if (modules_may_be_ready(name)) text_printf(out, "\n\tno file '%s' in flaron-lua", path.data);
  text_free(&path);
}

void modules_note_missing(const modules *m, const modules_source *source, nearest *n, text *out) {
  if (modules_add_reason(m, source, n, out)) return;
  text_printf(out, "module '%s' not found, so requiring it is an error", n->name);
  const char *said = foreign_module(n->name);
  if (said != NULL) {
    text_printf(out, ": %s", said);
  } else {
    nearest_add(n, out);
  }
}

/* The index of module `name`; 0, the index of the main script, = none. */
static size_t modules_find_name(const modules *m, const char *name) {
  for (size_t i = 1; i < m->count; i++) {
    if (strcmp(m->items[i].name, name) == 0) return i;
  }
  return 0;
}

/* Whether `m` has module `name` from a part. */
static bool modules_have_part(const modules *m, const char *name) {
  for (size_t i = 0; i < m->part_count; i++) {
    if (strcmp(m->parts[i]->name, name) == 0) return true;
  }
  return false;
}

bool modules_have(const modules *m, const char *name) {
  return modules_find_name(m, name) != 0 || modules_have_part(m, name);
}

/* The index of the module in a file; 0 = none. */
static size_t modules_find_file(const modules *m, const char *file) {
  for (size_t i = 1; i < m->count; i++) {
    if (strcmp(m->items[i].file, file) == 0) return i;
  }
  return 0;
}

/* ---- adding ---- */

static void modules_add_wish(modules *m, size_t from, const required *r) {
  LIST_ROOM(m->wishes, m->wish_count);
  m->wishes[m->wish_count++] =
      (module_wish){memory_copy(r->name), memory_copy(bytes_of(m->items[from].file)), r->line, from, r->sure};
}

module_need modules_judge(const modules *m, const module_wish *wish) {
  if (wish->sure && m->items[wish->from].counted) return MODULE_NEEDED;
  return modules_is_rock(wish->file) ? MODULE_OPTIONAL : MODULE_NOTED;
}

/* Marks a module as one that must be complete, and so those that it requires. */
static void modules_count_module(modules *m, size_t i) {
  if (m->items[i].counted) return;
  m->items[i].counted = true;
  for (size_t e = 0; e < m->edge_count; e++) {
    if (m->edges[e].from == i) modules_count_module(m, m->edges[e].to);
  }
}

static void modules_add_edge(modules *m, size_t from, size_t to) {
  LIST_ROOM(m->edges, m->edge_count);
  m->edges[m->edge_count++] = (module_edge){from, to};
  if (m->items[from].counted) modules_count_module(m, to);
}

/* Removes a byte order mark; Lua's own loader skips it too. */
static void modules_drop_mark(text *source) {
  size_t mark = utf8_mark(source->data, source->size);
  if (mark == 0) return;
  source->size -= mark;
  memmove(source->data, source->data + mark, source->size + 1);
}

/* Adds a module whose source was read; takes over the content of `source`. */
static void modules_add_item(modules *m, const char *name, const char *file, text *source) {
  m->size += source->size;
  modules_drop_mark(source);
  LIST_ROOM(m->items, m->count);
  m->items[m->count++] = (module){memory_copy(bytes_of(name)), memory_copy(bytes_of(file)), *source, false};
  *source = (text){0};
}

/* Finds a module, or finds its file and adds it, without the modules that it requires. Returns its index; 0 =
 * there is none. */
static size_t modules_add_found(modules *m, const modules_source *source, const char *name) {
  text path = {0}, content = {0};
  bool found = false, refused = false; /* a refused file ends the search: no later place is tried */
  const char *place;
  size_t at = modules_find_name(m, name);
  if (at != 0) return at;
  for (size_t i = 0; (place = modules_place(m, i)) != NULL && !found && !refused; i++) {
    modules_fill_place(place, name, &path);
    text_clear(&content);
    int fault = modules_read_into(m, source, path.data, &content);
    found = fault == 0;
    refused = file_is_refused(fault);
  }
  if (!found && !refused) {
    modules_fill_place("scripts/modules/?.lua", name, &path);
    const bytes *ready = embedded_find(path.data);
    if (ready != NULL) text_add(&content, ready->data, ready->size);
    found = ready != NULL;
    modules_fill_place("?.lua", name, &path);
  }
  if (found) at = modules_find_file(m, path.data); /* a module of another name may be in this file */
  if (found && at == 0) {
    at = m->count;
    modules_add_item(m, name, path.data, &content);
  }
  text_free(&path);
  text_free(&content);
  return at;
}

/* Adds module `name` of a part; false if no part has it. */
static bool modules_add_part(modules *m, const char *name) {
  const part_module *found = parts_find_module(name);
  if (found == NULL || modules_have_part(m, name)) return found != NULL;
  LIST_ROOM(m->parts, m->part_count);
  m->parts[m->part_count++] = found;
  return true;
}

/*
 * Adds the modules that those from index `first` on require, directly or indirectly. A missing one becomes a
 * wish, unless it is required in a pcall.
 */
static void modules_add_required(modules *m, const modules_source *source, size_t first) {
  for (size_t i = first; i < m->count; i++) {
    requires reader;
    required r;
    text content = m->items[i].source; /* borrowed: the list may move */
    requires_begin(&reader, text_bytes(&content));
    while (requires_next(&reader, &r)) {
      if (memchr(r.name.data, '\0', r.name.size) != NULL || memchr(r.name.data, '\n', r.name.size) != NULL)
        continue;
      char *name = memory_copy(r.name);
      size_t to = modules_add_found(m, source, name);
      if (to != 0 && !r.tried && !r.maybe) modules_add_edge(m, i, to);
      if (to == 0 && !modules_add_part(m, name) && !r.tried) modules_add_wish(m, i, &r);
      free(name);
    }
  }
}

int modules_add_main(modules *m, const modules_source *source, const char *file) {
  text content = {0};
  int fault = 0;
  if (m->script != NULL) {
    text_add(&content, m->script->data, m->script->size);
  } else {
    fault = modules_read_into(m, source, file, &content);
  }
  if (fault == 0) {
    modules_add_item(m, "main", file, &content);
    m->items[0].counted = true;
    modules_add_required(m, source, 0);
  }
  text_free(&content);
  return fault;
}

bool modules_add(modules *m, const modules_source *source, const char *name, bool counted) {
  size_t first = m->count, at = modules_add_found(m, source, name);
  if (at == 0) return modules_add_part(m, name);
  if (counted) modules_count_module(m, at);
  modules_add_required(m, source, first);
  return true;
}

int modules_add_asset(modules *m, const modules_source *source, const char *file) {
  text content = {0};
  int fault = modules_read_into(m, source, file, &content);
  bool there = false;
  if (fault == 0) m->size += content.size; /* also for a file that is named again, since it was read */
  for (size_t i = 0; i < m->asset_count && !there; i++) there = strcmp(m->assets[i].file, file) == 0;
  if (fault != 0 || there) {
    text_free(&content);
    return fault;
  }
  LIST_ROOM(m->assets, m->asset_count);
  m->assets[m->asset_count++] = (module){NULL, memory_copy(bytes_of(file)), content, false};
  return 0;
}

static void modules_free_item(module *item) {
  free(item->name);
  free(item->file);
  text_free(&item->source);
}

static void modules_free_wishes(modules *m) {
  for (size_t i = 0; i < m->wish_count; i++) {
    free(m->wishes[i].name);
    free(m->wishes[i].file);
  }
  free(m->wishes);
  free(m->edges);
  m->wishes = NULL;
  m->edges = NULL;
  m->wish_count = m->edge_count = 0;
}

/* Whether a module is a ready-made one, unchanged. */
static bool modules_is_ready(const module *item) {
  text path = {0};
  text_printf(&path, "scripts/modules/%s", item->file);
  const bytes *ready = embedded_find(path.data);
  text_free(&path);
  return ready != NULL && ready->size == item->source.size &&
         memcmp(ready->data, text_string(&item->source), ready->size) == 0;
}

static bool modules_is_lua(const module *item) {
  const char *dot = strrchr(item->file, '.');
  return dot != NULL && strcmp(dot, ".lua") == 0;
}

void modules_keep_sources(modules *m) {
  size_t items = 0, assets = 0;
  modules_free_wishes(m);
  for (size_t i = 0; i < m->count; i++) {
    if (modules_is_ready(&m->items[i])) {
      modules_free_item(&m->items[i]);
    } else {
      m->items[items++] = m->items[i];
    }
  }
  for (size_t i = 0; i < m->asset_count; i++) {
    if (modules_is_lua(&m->assets[i])) {
      m->assets[assets++] = m->assets[i];
    } else {
      modules_free_item(&m->assets[i]);
    }
  }
  m->count = items;
  m->asset_count = assets;
}

/* Adds the source of file `path`; false if none of the items has that path. */
static bool modules_add_text_of(const module *items, size_t count, const char *path, text *out) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(items[i].file, path) != 0) continue;
    text_add(out, text_string(&items[i].source), items[i].source.size);
    return true;
  }
  return false;
}

int modules_read_kept(void *data, const char *path, text *out) {
  const modules *m = data;
  bool found = modules_add_text_of(m->items, m->count, path, out) ||
               modules_add_text_of(m->assets, m->asset_count, path, out);
  return found ? 0 : ENOENT;
}

void modules_free(modules *m) {
  modules_free_wishes(m);
  for (size_t i = 0; i < m->count; i++) modules_free_item(&m->items[i]);
  for (size_t i = 0; i < m->asset_count; i++) modules_free_item(&m->assets[i]);
  for (size_t i = 0; i < m->path_count; i++) free(m->paths[i]);
  free(m->paths);
  free(m->parts);
  text_free(&m->without);
  free(m->items);
  free(m->assets);
  *m = (modules){0};
}
