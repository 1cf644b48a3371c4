/*
 * modules.c - finding what a script requires, by reading it as Lua's lexer would: comments and strings
 * are told from code, nothing is run. See modules.h.
 */
#include "pack/modules.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/embedded.h"

int modules_read_place(void *data, const char *path, text *out) {
  return file_read_below(data, path, FILE_PROJECT_MAX, out);
}

int modules_read_file(void *data, const char *path, text *out) {
  file_place place = {data, ""};
  return modules_read_place(&place, path, out);
}

/* Reads a file that is to go into `m`. 0 or a fault. */
static int read_into(const modules *m, const modules_source *source, const char *path, text *out) {
  int fault = source->read(source->data, path, out);
  if (fault == 0 && out->size > FILE_PROJECT_ALL - m->size) fault = FILE_ALL;
  return fault;
}

/* Where `require` looks, in order; '?' is the name with '/' for '.'. */
static const char *const places[] = {
    "?.lua",
    "?/init.lua",
    "lua_modules/share/lua/5.4/?.lua",
    "lua_modules/share/lua/5.4/?/init.lua",
};

enum { PLACES = sizeof places / sizeof *places };

/* Where LuaRocks puts C code. */
static const char *const c_places[] = {
    "lua_modules/lib/lua/5.4/?.so",
    "lua_modules/lib64/lua/5.4/?.so",
};

enum { C_PLACES = sizeof c_places / sizeof *c_places };

static bool has_prefix(const char *string, const char *prefix) {
  return strncmp(string, prefix, strlen(prefix)) == 0;
}

/* Whether a file of the project belongs to a rock. */
static bool is_rock(const char *file) { return has_prefix(file, "lua_modules/"); }

/* Whether a name may be that of ready-made Lua, in the executable. */
static bool may_be_ready(const char *name) { return has_prefix(name, "flaron."); }

/* The path of `name` at a place, in `out`. */
static void place_path(const char *place, const char *name, text *out) {
  text_clear(out);
  for (; *place != '\0'; place++) {
    if (*place != '?') {
      text_add(out, place, 1);
      continue;
    }
    for (const char *c = name; *c != '\0'; c++) text_add(out, *c == '.' ? "/" : c, 1);
  }
}

/* Whether there is C code of this name; `path` gets where. */
static bool find_c(const modules_source *source, const char *name, text *path) {
  text content = {0};
  bool found = false;
  for (int i = 0; i < C_PLACES && !found; i++) {
    place_path(c_places[i], name, path);
    text_clear(&content);
    int fault = source->read(source->data, path->data, &content);
    found = fault == 0 || file_is_refused(fault);
  }
  text_free(&content);
  return found;
}

/* Finds the first place of a module at which there is something that is refused; why. 0 = none. */
static int find_refused(const modules_source *source, const char *name, text *path) {
  int fault = 0;
  text content = {0};
  for (int i = 0; i < PLACES && !file_is_refused(fault); i++) {
    place_path(places[i], name, path);
    text_clear(&content);
    fault = source->read(source->data, path->data, &content);
    if (fault == 0) fault = FILE_ALL; /* it can be read, so it is too much */
  }
  text_free(&content);
  return file_is_refused(fault) ? fault : 0;
}

/* Tries the names of ready-made modules. */
static void try_ready(nearest *n) {
  static const char folder[] = "scripts/modules/", ending[] = ".lua";
  for (const embedded_file *f = embedded_files; f->path != NULL; f++) {
    text name = {0};
    const char *end = strrchr(f->path, '.');
    if (!has_prefix(f->path, folder) || end == NULL || strcmp(end, ending) != 0) continue;
    for (const char *c = f->path + strlen(folder); c < end; c++) text_add(&name, *c == '/' ? "." : c, 1);
    nearest_try(n, text_string(&name));
    text_free(&name);
  }
}

/* Tries the modules that lie beside where this one would be, below `root`: files, and folders with an
 * init.lua. */
static void try_beside(const file_place *place, const char *root, nearest *n) {
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

/* Tries the files of a project that is a folder. */
static void try_files(const modules_source *source, nearest *n) {
  file_place place = {source->data, ""};
  if (source->read == modules_read_place) place = *(const file_place *)source->data;
  if (source->read != modules_read_place && source->read != modules_read_file) return;
  try_beside(&place, "", n);
  try_beside(&place, "lua_modules/share/lua/5.4/", n);
}

void modules_say_missing(const modules_source *source, nearest *n, text *out) {
  const char *name = n->name;
  text path = {0};
  int refused = find_refused(source, name, &path);
  if (refused != 0) {
    text_printf(out, "module '%s' not found: ", name);
    file_explain(out, path.data, refused, FILE_PROJECT_MAX);
    text_free(&path);
    return;
  }
  char *root = memory_copy((bytes){(const uint8_t *)name, strcspn(name, ".")}); /* a.so may have a.b, too */
  bool is_c = find_c(source, name, &path) || find_c(source, root, &path);
  free(root);
  if (is_c) {
    text_printf(out, "module '%s' is C code (%s): a flare is Wasm and cannot load it", name, path.data);
  } else {
    try_ready(n);
    try_files(source, n);
    text_printf(out, "module '%s' not found:", name);
    if (n->found != NULL) text_printf(out, "\n\tdid you mean '%s'?", n->found);
    for (int i = 0; i < PLACES; i++) {
      place_path(places[i], name, &path);
      text_printf(out, "\n\tno file '%s'", path.data);
    }
    place_path("?.lua", name, &path);
    if (may_be_ready(name)) text_printf(out, "\n\tno file '%s' in flaron-lua", path.data);
  }
  text_free(&path);
}

bool modules_have(const modules *m, const char *name) {
  for (size_t i = 1; i < m->count; i++) {
    if (strcmp(m->items[i].name, name) == 0) return true;
  }
  return false;
}

/* ---- the lexer ---- */

typedef struct lexer {
  const char *at, *end;
  int line;
  int blocks; /* open blocks: functions, conditions, loops */
  int parens; /* open parentheses */
  int tried;  /* the parenthesis that a pcall opened, the outermost; 0 = none */
} lexer;

/* A `require` of a constant string. */
typedef struct required {
  bytes name;
  int line;
  bool tried; /* in a pcall */
  bool sure;  /* outside of blocks, and not behind `and` or `or`: it is run when the module is */
} required;

static bool at_end(const lexer *l) { return l->at >= l->end; }

static int peek(const lexer *l, size_t offset) {
  return (size_t)(l->end - l->at) > offset ? (unsigned char)l->at[offset] : -1;
}

static void step(lexer *l) {
  if (*l->at == '\n') l->line++;
  l->at++;
}

/* The level of a long bracket that opens here ("[==[": 2), -1 when none does. */
static int long_bracket(const lexer *l) {
  size_t n = 1;
  if (peek(l, 0) != '[') return -1;
  while (peek(l, n) == '=') n++;
  return peek(l, n) == '[' ? (int)n - 1 : -1;
}

/* Steps over a long bracket of `level`; `content` gets what stands in it. */
static void skip_long(lexer *l, int level, bytes *content) {
  l->at += level + 2;
  const char *start = l->at;
  for (; !at_end(l); step(l)) {
    int n = 0;
    if (*l->at != ']') continue;
    while (n < level && peek(l, (size_t)n + 1) == '=') n++;
    if (n == level && peek(l, (size_t)n + 1) == ']') break;
  }
  *content = (bytes){(const uint8_t *)start, (size_t)(l->at - start)};
  for (int n = 0; n < level + 2 && !at_end(l); n++) l->at++;
}

/* Steps over white space and comments. */
static void skip_space(lexer *l) {
  bytes comment;
  while (!at_end(l)) {
    if (isspace((unsigned char)*l->at)) {
      step(l);
    } else if (peek(l, 0) == '-' && peek(l, 1) == '-') {
      l->at += 2;
      int level = long_bracket(l);
      if (level >= 0) {
        skip_long(l, level, &comment);
      } else {
        while (!at_end(l) && *l->at != '\n') l->at++;
      }
    } else {
      return;
    }
  }
}

/* Steps over an escape, as far as it can have a line feed or a quote: those do not end the string. */
static void skip_escape(lexer *l) {
  step(l); /* the backslash */
  if (at_end(l)) return;
  int c = *l->at;
  step(l);
  int next = peek(l, 0);
  if (c == 'z') {
    while (!at_end(l) && isspace((unsigned char)*l->at)) step(l);
  } else if ((c == '\r' && next == '\n') || (c == '\n' && next == '\r')) {
    step(l);
  }
}

/* Steps over a string that begins here; false when none does. A string with an escape has no content. */
static bool read_string(lexer *l, bytes *content) {
  int level = long_bracket(l);
  *content = (bytes){0};
  if (level >= 0) {
    skip_long(l, level, content);
    return true;
  }
  int quote = peek(l, 0);
  if (quote != '"' && quote != '\'') return false;
  const char *start = ++l->at;
  bool escaped = false;
  while (!at_end(l) && *l->at != quote && *l->at != '\n') {
    if (*l->at == '\\') {
      escaped = true;
      skip_escape(l);
    } else {
      step(l);
    }
  }
  if (!escaped) *content = (bytes){(const uint8_t *)start, (size_t)(l->at - start)};
  if (!at_end(l)) step(l);
  return true;
}

static bool is_name(int c) { return c == '_' || (c >= 0 && isalnum(c)); }

/* Steps over what is no name and no string; true when a name behind it is a field's, after '.' or ':'. */
static bool skip_symbol(lexer *l) {
  int c = peek(l, 0);
  size_t n = 1;
  if (c == '.' || c == ':') {
    while (peek(l, n) == c) n++; /* "..", "..." and "::" */
  } else if (c == '(') {
    l->parens++;
  } else if (c == ')') {
    if (l->parens-- == l->tried) l->tried = 0;
  }
  l->at += n;
  return n == 1 && (c == '.' || c == ':');
}

/* Notes what a keyword opens or closes, and a pcall. */
static void note_word(lexer *l, bytes word) {
  static const char *const openers[] = {"function", "if", "do", "repeat"};
  for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) l->blocks += bytes_are(word, openers[i]);
  if (bytes_are(word, "end") || bytes_are(word, "until")) l->blocks--;
  if (l->tried != 0 || (!bytes_are(word, "pcall") && !bytes_are(word, "xpcall"))) return;
  skip_space(l);
  if (peek(l, 0) == '(') l->tried = l->parens + 1;
}

/*
 * Reads the argument of a `require` when it is a string alone; false for `require("x" .. y)`. In
 * `pcall(require, "x")` it is behind the comma.
 */
static bool read_argument(lexer *l, bytes *name) {
  bool open = peek(l, 0) == '(';
  bool passed = l->tried != 0 && peek(l, 0) == ',';
  if (open || passed) {
    l->parens += open;
    l->at++;
    skip_space(l);
  }
  if (!read_string(l, name) || name->size == 0) return false;
  skip_space(l);
  return !(open || passed) || peek(l, 0) == ')' || peek(l, 0) == ',';
}

/* Finds the next `require "x"` or `require("x")`; false at the end. */
static bool next_require(lexer *l, required *found) {
  bytes string;
  bool field = false; /* after '.' or ':' a name is no global */
  bool maybe = false; /* after `and` or `or` */
  for (skip_space(l); !at_end(l); skip_space(l)) {
    if (read_string(l, &string)) {
      field = maybe = false;
      continue;
    }
    const char *start = l->at;
    while (is_name(peek(l, 0))) l->at++;
    bytes word = {(const uint8_t *)start, (size_t)(l->at - start)};
    if (word.size == 0) {
      field = skip_symbol(l);
      maybe = false;
      continue;
    }
    bool global = !field && bytes_are(word, "require");
    found->tried = l->tried != 0;
    found->sure = l->blocks == 0 && !maybe;
    maybe = bytes_are(word, "and") || bytes_are(word, "or");
    if (!field) note_word(l, word);
    field = false;
    if (!global) continue;
    found->line = l->line;
    skip_space(l);
    if (read_argument(l, &found->name)) return true;
  }
  return false;
}

/* ---- adding ---- */

static void add_wish(modules *m, bytes name, const char *file, int line) {
  m->wishes = memory_resize(m->wishes, (m->wish_count + 1) * sizeof *m->wishes);
  m->wishes[m->wish_count++] = (module_wish){memory_copy(name), memory_copy(bytes_of(file)), line};
}

/* Removes the byte order mark that some editors begin a file with; Lua's own loader passes over it too. */
static void drop_mark(text *source) {
  static const char mark[] = "\xEF\xBB\xBF";
  enum { SIZE = sizeof mark - 1 };
  if (source->size < SIZE || memcmp(source->data, mark, SIZE) != 0) return;
  source->size -= SIZE;
  memmove(source->data, source->data + SIZE, source->size + 1);
}

/* Adds a module whose source was read. Takes `text` over. */
static void add_item(modules *m, const char *name, const char *file, text *source) {
  m->size += source->size;
  drop_mark(source);
  m->items = memory_resize(m->items, (m->count + 1) * sizeof *m->items);
  m->items[m->count++] = (module){memory_copy(bytes_of(name)), memory_copy(bytes_of(file)), *source};
  *source = (text){0};
}

/* Looks for a module's file and adds it, without what it requires. */
static bool add_found(modules *m, const modules_source *source, const char *name) {
  text path = {0}, content = {0};
  bool found = false, refused = false; /* what is refused is not passed over for something else */
  for (int i = 0; i < PLACES && !found && !refused; i++) {
    place_path(places[i], name, &path);
    text_clear(&content);
    int fault = read_into(m, source, path.data, &content);
    found = fault == 0;
    refused = file_is_refused(fault);
  }
  if (!found && !refused && may_be_ready(name)) {
    place_path("scripts/modules/?.lua", name, &path);
    const bytes *ready = embedded_find(path.data);
    if (ready != NULL) text_add(&content, ready->data, ready->size);
    found = ready != NULL;
    place_path("?.lua", name, &path);
  }
  if (found) add_item(m, name, path.data, &content);
  text_free(&path);
  text_free(&content);
  return found;
}

/*
 * Adds what the modules from `first` on require, and what those do. What is missing becomes a wish, unless it
 * may well be missing: what is tried in a pcall, and what a rock requires only when it comes to it (many a
 * rock can do with C code or without).
 */
static void add_required(modules *m, const modules_source *source, size_t first) {
  for (size_t i = first; i < m->count; i++) {
    required r;
    const char *source_text = text_string(&m->items[i].source);
    lexer l = {source_text, source_text + m->items[i].source.size, .line = 1};
    if (peek(&l, 0) == '#') { /* a first line for the shell */
      while (!at_end(&l) && *l.at != '\n') l.at++;
    }
    while (next_require(&l, &r)) {
      if (memchr(r.name.data, '\0', r.name.size) != NULL || memchr(r.name.data, '\n', r.name.size) != NULL)
        continue;
      char *name = memory_copy(r.name);
      bool needed = !r.tried && (r.sure || !is_rock(m->items[i].file));
      if (!modules_have(m, name) && !add_found(m, source, name) && needed) {
        add_wish(m, r.name, m->items[i].file, r.line);
      }
      free(name);
    }
  }
}

int modules_add_main(modules *m, const modules_source *source, const char *file) {
  text content = {0};
  int fault = read_into(m, source, file, &content);
  if (fault == 0) {
    add_item(m, "main", file, &content);
    add_required(m, source, 0);
  }
  text_free(&content);
  return fault;
}

bool modules_add(modules *m, const modules_source *source, const char *name) {
  size_t first = m->count;
  if (!add_found(m, source, name)) return false;
  add_required(m, source, first);
  return true;
}

int modules_add_asset(modules *m, const modules_source *source, const char *file) {
  text content = {0};
  int fault = read_into(m, source, file, &content);
  if (fault == 0) {
    m->size += content.size;
    m->assets = memory_resize(m->assets, (m->asset_count + 1) * sizeof *m->assets);
    m->assets[m->asset_count++] = (module){NULL, memory_copy(bytes_of(file)), content};
  } else {
    text_free(&content);
  }
  return fault;
}

static void free_item(module *item) {
  free(item->name);
  free(item->file);
  text_free(&item->source);
}

static void free_wishes(modules *m) {
  for (size_t i = 0; i < m->wish_count; i++) {
    free(m->wishes[i].name);
    free(m->wishes[i].file);
  }
  free(m->wishes);
  m->wishes = NULL;
  m->wish_count = 0;
}

/* Whether a module is one that lies in the executable. */
static bool is_ready(const module *item) {
  text path = {0};
  text_printf(&path, "scripts/modules/%s", item->file);
  const bytes *ready = embedded_find(path.data);
  text_free(&path);
  return ready != NULL && ready->size == item->source.size &&
         memcmp(ready->data, text_string(&item->source), ready->size) == 0;
}

static bool is_lua(const module *item) {
  const char *dot = strrchr(item->file, '.');
  return dot != NULL && strcmp(dot, ".lua") == 0;
}

void modules_keep_sources(modules *m) {
  size_t items = 0, assets = 0;
  free_wishes(m);
  for (size_t i = 0; i < m->count; i++) {
    if (is_ready(&m->items[i])) {
      free_item(&m->items[i]);
    } else {
      m->items[items++] = m->items[i];
    }
  }
  for (size_t i = 0; i < m->asset_count; i++) {
    if (is_lua(&m->assets[i])) {
      m->assets[assets++] = m->assets[i];
    } else {
      free_item(&m->assets[i]);
    }
  }
  m->count = items;
  m->asset_count = assets;
}

/* Adds the text of `path` among some; false when it is none of them. */
static bool add_text_of(const module *items, size_t count, const char *path, text *out) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(items[i].file, path) != 0) continue;
    text_add(out, text_string(&items[i].source), items[i].source.size);
    return true;
  }
  return false;
}

int modules_read_kept(void *data, const char *path, text *out) {
  const modules *m = data;
  bool found =
      add_text_of(m->items, m->count, path, out) || add_text_of(m->assets, m->asset_count, path, out);
  return found ? 0 : ENOENT;
}

void modules_free(modules *m) {
  free_wishes(m);
  for (size_t i = 0; i < m->count; i++) free_item(&m->items[i]);
  for (size_t i = 0; i < m->asset_count; i++) free_item(&m->assets[i]);
  free(m->items);
  free(m->assets);
  *m = (modules){0};
}
