/*
 * bundle.c - loads the modules of a flare from the packer's bundle into a table by file, and implements
 * `require` and `package` over it.
 *
 * Layout of a bundle, made by edge/pack/bundle.c: entries of three texts, each a u32 length (little-endian)
 * and the bytes. The first byte of the second text is the kind of the entry:
 *
 *   '@'  a module: name, "@" and its file, source. The first one is the main script. A module with a name
 *        is put into package.preload, the others are found by their files
 *   '&'  an asset: path, "&", bytes
 *   '!'  a place that requires a missing module by a constant string and needs it: name, "!main.lua:3", ""
 *   '?'  such a place that does not need it: name, "?main.lua:3", ""
 *   '$'  a variable for os.getenv: name, "$", text
 *   '-'  the libraries of Lua that the flare is packed without: their names, separated by spaces, "-", a
 * script that takes them away (scripts/start/without.lua). It comes before all modules
 *   '+'  a module of an optional part, which is put into package.preload: name, "+", ""
 *   '*'  an option that is set: "bytecode", "*", ""
 *   '='  the places to look for modules, as in package.path: "", "=", path
 *
 * All modules are compiled at start-up, so only functions are kept, and packing finds a syntax error even in
 * a module that is required later.
 */
#include <string.h>

#include "start/bundle.h"

#include "abi/start_report.h"

#include "lauxlib.h"
#include "life/life.h"
#include "parts/parts.h"
#include "start/strip.h"

#define NOT_FOUND "module '%s' not found:%s"
#define NO_PRELOAD "no field package.preload['%s']"

/* Registry: assets, path -> offset << 32 | size; modules, "@" and file -> function, for the main script true;
 * the original package.path; the result of bundle_push_notes; variables, name -> text. */
#define ASSETS "flaron.assets"
#define FILES "flaron.files"
#define PLACES "flaron.path"
#define NOTES "flaron.notes"
#define VARS "flaron.vars"

typedef struct text {
  const char *data;
  size_t size;
} text;

typedef struct reader {
  const uint8_t *at, *end;
} reader;

static text bundle_read_text(lua_State *L, reader *r) {
  uint32_t size;
  if ((size_t)(r->end - r->at) < sizeof size) luaL_error(L, "the bundle is cut off");
  memcpy(&size, r->at, sizeof size);
  r->at += sizeof size;
  if ((size_t)(r->end - r->at) < size) luaL_error(L, "the bundle is cut off");
  text t = {(const char *)r->at, size};
  r->at += size;
  return t;
}

/* The kind of an entry: the first byte of its second text. */
static char bundle_kind_of(text chunkname) { return chunkname.size > 0 ? *chunkname.data : '\0'; }

static bool bundle_is_asset(text chunkname) { return bundle_kind_of(chunkname) == '&'; }

static bool bytecode;

int bundle_takes_bytecode(void) { return bytecode; }

void bundle_skip_head(const char **chunk, size_t *size) {
  const char *at = *chunk, *end = at + *size;
  if (*size >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) at += 3;
  if (at < end && *at == '#') {
    at = memchr(at, '\n', (size_t)(end - at));
    if (at == NULL) at = end;
  }
  *chunk = at;
  *size = (size_t)(end - at);
}

/* Compiles one module; leaves its function on the stack. */
static void bundle_compile(lua_State *L, text chunkname, text source, const unsigned *strip) {
  const char *name = lua_pushlstring(L, chunkname.data, chunkname.size);
  bundle_skip_head(&source.data, &source.size);
  if (luaL_loadbufferx(L, source.data, source.size, name, "t") != LUA_OK) lua_error(L);
  if (strip != NULL) strip_function(L, *strip);
  lua_remove(L, -2);
}

static size_t assets_size;    /* bytes of all assets */
static const char *assets_at; /* their address after bundle_place_assets */
static reader packed;         /* the bundle, in which they are before that */

/* A path without a leading "./". */
static const char *bundle_in_folder(const char *path) {
  while (path[0] == '.' && path[1] == '/') path += 2;
  return path;
}

/* Records an asset; its bytes stay in the bundle until bundle_place_assets. */
static void bundle_note_asset(lua_State *L, text path, text content) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, ASSETS);
  const char *name = lua_pushlstring(L, path.data, path.size);
  lua_pushinteger(L, (lua_Integer)((uint64_t)assets_size << 32 | content.size));
  lua_pushstring(L, bundle_in_folder(name)); /* for bundle_find_file; mostly the same path */
  lua_pushvalue(L, -2);
  lua_rawset(L, -5);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  assets_size += content.size;
}

size_t bundle_assets_size(void) { return assets_size; }

/* The address in the bundle of the asset at `offset`. Not static, so that mk/runtime.mk can name it
 * (START_ONLY). */
const char *bundle_find_bytes(size_t offset);

const char *bundle_find_bytes(size_t offset) {
  size_t before = 0;
  for (reader r = packed; r.at < r.end;) {
    bundle_read_text(NULL, &r);
    text chunkname = bundle_read_text(NULL, &r), content = bundle_read_text(NULL, &r);
    if (!bundle_is_asset(chunkname)) continue;
    if (before == offset) return content.data;
    before += content.size;
  }
  return NULL;
}

void bundle_place_assets(const uint8_t *bundle, size_t size, char *to) {
  reader r = {bundle, bundle + size};
  assets_at = to;
  packed = (reader){NULL, NULL};
  while (r.at < r.end) {
    bundle_read_text(NULL, &r);
    text chunkname = bundle_read_text(NULL, &r), content = bundle_read_text(NULL, &r);
    if (!bundle_is_asset(chunkname)) continue;
    memcpy(to, content.data, content.size);
    to += content.size;
  }
}

const char *bundle_asset_bytes(const bundle_asset *asset) {
  return assets_at != NULL ? assets_at + asset->offset : bundle_find_bytes(asset->offset);
}

/* Finds an asset by its recorded name; a script may have changed the table. */
static bool bundle_find_asset(lua_State *L, const char *path, size_t size, bundle_asset *found) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, ASSETS);
  lua_pushlstring(L, path, size);
  bool there = lua_rawget(L, -2) == LUA_TNUMBER;
  uint64_t place = (uint64_t)lua_tointeger(L, -1);
  lua_pop(L, 2);
  *found = (bundle_asset){(uint32_t)(place >> 32), (uint32_t)place};
  return there && found->offset <= assets_size && found->size <= assets_size - found->offset;
}

bool bundle_push_asset(lua_State *L, const char *path, size_t path_size) {
  bundle_asset asset;
  if (!bundle_find_asset(L, path, path_size, &asset)) return false;
  lua_pushlstring(L, bundle_asset_bytes(&asset), asset.size);
  return true;
}

bool bundle_find_file(lua_State *L, const char *path, bundle_asset *found) {
  path = bundle_in_folder(path);
  return bundle_find_asset(L, path, strlen(path), found);
}

static void bundle_note_var(lua_State *L, text name, text value) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, VARS);
  lua_pushlstring(L, name.data, name.size);
  lua_pushlstring(L, value.data, value.size);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

void bundle_push_var(lua_State *L, const char *name) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, VARS);
  lua_getfield(L, -1, name);
}

/* Stores a module's function, on top of the stack, where `require` finds it. */
static void bundle_keep_module(lua_State *L, text name, text chunkname) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, name.size > 0 ? LUA_PRELOAD_TABLE : FILES);
  if (name.size == 0) name = chunkname;
  lua_pushlstring(L, name.data, name.size);
  lua_rotate(L, -3, -1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

/* Puts the function that opens a module of a part into package.preload. */
static void bundle_open_part(lua_State *L, text name) {
  lua_CFunction open = parts_find(name.data, name.size);
  if (open == NULL) return;
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushlstring(L, name.data, name.size);
  lua_pushcfunction(L, open);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

/* Runs the script that takes libraries away, with their names. It is not stripped, as it is in no line map.
 */
static void bundle_take_away(lua_State *L, text names, text script) {
  if (luaL_loadbufferx(L, script.data, script.size, "=without", "t") != LUA_OK) lua_error(L);
  lua_pushlstring(L, names.data, names.size);
  lua_call(L, 1, 0);
}

/* Sets package.path. */
static void bundle_set_places(lua_State *L, text places) {
  lua_pushlstring(L, places.data, places.size);
  lua_setfield(L, LUA_REGISTRYINDEX, PLACES);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, "package");
  lua_getfield(L, LUA_REGISTRYINDEX, PLACES);
  lua_setfield(L, -2, "path");
  lua_pop(L, 2);
}

/* Loads all entries of a bundle. `main`: the first module is the main script, which is left on the stack. */
static void bundle_load_entries(lua_State *L, const uint8_t *bundle, size_t size, const unsigned *strip,
                                bool main) {
  reader r = {bundle, bundle + size};
  while (r.at < r.end) {
    text name = bundle_read_text(L, &r), chunkname = bundle_read_text(L, &r),
         content = bundle_read_text(L, &r);
    switch (bundle_kind_of(chunkname)) {
      case '@':
        bundle_compile(L, chunkname, content, strip);
        if (main) lua_pushboolean(L, 1);
        if (main) name.size = 0;
        bundle_keep_module(L, name, chunkname);
        main = false;
        break;
      case '-': bundle_take_away(L, name, content); break;
      case '+': bundle_open_part(L, name); break;
      case '&': bundle_note_asset(L, name, content); break;
      case '$': bundle_note_var(L, name, content); break;
      case '*': bytecode = true; break; /* it is the only option */
      case '=': bundle_set_places(L, content); break;
      default: break;
    }
  }
}

void bundle_load(lua_State *L, const uint8_t *bundle, size_t size, const unsigned *strip) {
  packed = (reader){bundle, bundle + size};
  bundle_load_entries(L, bundle, size, strip, true);
}

/*
 * Finds the first file of `path`, a list separated by ';', that is in the flare. Pushes its name and its
 * value in FILES, nil for an asset; false, with other values pushed, if there is none.
 */
static bool bundle_find_on_path(lua_State *L, const char *path) {
  bundle_asset asset;
  lua_getfield(L, LUA_REGISTRYINDEX, FILES);
  for (const char *end; *path != '\0'; path = *end != '\0' ? end + 1 : end) {
    end = path + strcspn(path, ";");
    const char *file = lua_pushlstring(L, path, (size_t)(end - path));
    lua_pushfstring(L, "@%s", bundle_in_folder(file));
    if (lua_rawget(L, -3) != LUA_TNIL || bundle_find_file(L, file, &asset)) return true;
    lua_pop(L, 2);
  }
  return false;
}

/* Pushes a string with each `from` in it replaced by `to`. luaL_gsub is not used, since libc's strstr alone
 * is as large as this whole file. */
static const char *bundle_replace(lua_State *L, const char *string, const char *from, const char *to) {
  size_t size = strlen(from);
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  while (*string != '\0') {
    bool here = size != 0 && strncmp(string, from, size) == 0;
    luaL_addlstring(&b, here ? to : string, here ? strlen(to) : 1);
    string += here ? size : 1;
  }
  luaL_pushresult(&b);
  return lua_tostring(L, -1);
}

/* package.searchpath(name, path [, sep [, rep]]) -> the file's name, or nil and the places where it is
 * not. */
static int bundle_search_path(lua_State *L) {
  const char *name = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  name = bundle_replace(L, name, luaL_optstring(L, 3, "."), luaL_optstring(L, 4, "/"));
  path = bundle_replace(L, path, "?", name);
  if (bundle_find_on_path(L, path)) {
    lua_pop(L, 1);
    return 1;
  }
  const char *files = bundle_replace(L, path, ";", "'\n\tno file '");
  luaL_pushfail(L);
  lua_pushfstring(L, "no file '%s'", files);
  return 2;
}

/* package.loadlib: fails as on a system without dynamic libraries. */
static int bundle_load_library(lua_State *L) {
  luaL_pushfail(L);
  lua_pushliteral(L, "dynamic libraries not enabled");
  lua_pushliteral(L, "absent");
  return 3;
}

/* The first of package.searchers: package.preload. */
static int bundle_search_preload(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  if (lua_getfield(L, -1, name) == LUA_TNIL) {
    lua_pushfstring(L, NO_PRELOAD, name);
    return 1;
  }
  lua_pushliteral(L, ":preload:");
  return 2;
}

/* Asks the packer for the file of a module and loads it; false if there is none. Only for start-up; not
 * static, so that mk/runtime.mk can name it (START_ONLY). */
__attribute__((noinline)) bool bundle_ask(lua_State *L, const char *name);

static bundle_finder finder;

void bundle_set_finder(bundle_finder f) { finder = f; }

bool bundle_ask(lua_State *L, const char *name) {
  if (finder == NULL) return false;
  uint64_t found = finder(name, strlen(name));
  uint8_t *bundle = (uint8_t *)(uintptr_t)(found >> 32);
  size_t size = (size_t)(found & UINT32_MAX);
  if (bundle == NULL) return false;
  bundle_load_entries(L, bundle, size, NULL, false);
  life_resize(bundle, size, 0);
  return true;
}

/* The second of package.searchers: packed files. Upvalue: `package`. */
static int bundle_search_packed(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_settop(L, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, PLACES);
  const char *path = bundle_replace(L, lua_tostring(L, 2), "?", bundle_replace(L, name, ".", "/"));
  do {
    if (bundle_find_on_path(L, path) && lua_isfunction(L, -1)) {
      lua_insert(L, -2);
      return 2;
    }
  } while (life_starting() && bundle_ask(L, name));
  lua_getfield(L, lua_upvalueindex(1), "path");
  lua_pushfstring(
      L, BUNDLE_ONLY "%s",
      lua_rawequal(L, 2, -1) ? "" : "\n\tpackage.path has no effect: name places under 'paths' in flare.lua");
  return 1;
}

/* Pushes a module's loader and its extra value, from the first of package.searchers that has one. The name is
 * at index 1; values above it are removed. */
static void bundle_find_loader(lua_State *L) {
  lua_settop(L, 1);
  if (lua_getfield(L, lua_upvalueindex(2), "searchers") != LUA_TTABLE)
    luaL_error(L, "'package.searchers' must be a table");
  lua_pushliteral(L, "");
  for (lua_Integer i = 1; lua_rawgeti(L, 2, i) != LUA_TNIL; i++) {
    lua_pushvalue(L, 1);
    lua_call(L, 1, 2);
    if (lua_isfunction(L, -2)) return;
    lua_pop(L, 1);
    if (lua_isstring(L, -1)) { /* append its message to those of earlier searchers */
      lua_pushliteral(L, "\n\t");
      lua_insert(L, -2);
      lua_concat(L, 3);
    }
    lua_settop(L, 3);
  }
  luaL_error(L, NOT_FOUND, lua_tostring(L, 1), lua_tostring(L, 3));
}

/* require(name) -> the module's value, where it came from. Upvalues: package.loaded, package. */
static int bundle_require(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_settop(L, 1);
  if (lua_getfield(L, lua_upvalueindex(1), name), lua_toboolean(L, -1)) return 1;
  bundle_find_loader(L);
  lua_insert(L, 2); /* where it came from */
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_call(L, 2, 1);
  if (!lua_isnil(L, -1)) lua_setfield(L, lua_upvalueindex(1), name);
  if (lua_getfield(L, lua_upvalueindex(1), name) == LUA_TNIL) {
    lua_pushboolean(L, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, lua_upvalueindex(1), name);
  }
  lua_pushvalue(L, 2);
  return 2;
}

static const lua_CFunction searchers[] = {bundle_search_preload, bundle_search_packed};

enum { SEARCHERS = sizeof searchers / sizeof *searchers };

/* Whether the script has its own searchers: only they know what they find. */
static bool bundle_has_searchers(lua_State *L, int package) {
  bool own = lua_getfield(L, package, "searchers") != LUA_TTABLE || lua_rawlen(L, -1) != SEARCHERS;
  lua_pop(L, 1);
  return own;
}

/* Records a place that requires a missing module `name` and does not need it. */
static void bundle_note_place(lua_State *L, const char *name, const char *place) {
  bundle_push_notes(L);
  lua_pushstring(L, place);
  lua_pushlstring(L, "", 1);
  lua_pushstring(L, name);
  lua_pushvalue(L, -2);
  lua_concat(L, 5);
  lua_setfield(L, LUA_REGISTRYINDEX, NOTES);
}

/* Raises an error, or makes a note, if module or library `name`, which a place requires, does not exist.
 * `package` is at index 1. */
static void bundle_expect_name(lua_State *L, text name, text place) {
  const char *key = lua_pushlstring(L, name.data, name.size);
  const char *where = lua_pushlstring(L, place.data + 1, place.size - 1);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  if (lua_getfield(L, -1, key) != LUA_TNIL || lua_getfield(L, -3, key) != LUA_TNIL) return;
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, bundle_search_packed, 1);
  lua_pushstring(L, key);
  lua_call(L, 1, 1);
  if (lua_isfunction(L, -1)) return;
  if (bundle_kind_of(place) == '?') {
    bundle_note_place(L, key, where);
    return;
  }
  const char *said = lua_tostring(L, -1), *first = lua_pushfstring(L, "\n\t" NO_PRELOAD "\n\t", key);
  luaL_error(L, "%s: " NOT_FOUND "%s", where, key, first, said);
}

void bundle_expect(lua_State *L, const uint8_t *bundle, size_t size) {
  reader r = {bundle, bundle + size};
  lua_settop(L, 0);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, 1, "package");
  lua_replace(L, 1);
  if (!lua_istable(L, 1) || bundle_has_searchers(L, 1)) return;
  while (r.at < r.end) {
    text name = bundle_read_text(L, &r), place = bundle_read_text(L, &r);
    bundle_read_text(L, &r);
    if (bundle_kind_of(place) == '!' || bundle_kind_of(place) == '?') bundle_expect_name(L, name, place);
    lua_settop(L, 1);
  }
}

void bundle_open_require(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"searchpath", bundle_search_path}, {"loadlib", bundle_load_library}, {NULL, NULL}};
  luaL_newlib(L, functions);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "package");
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "loaded");
  lua_pushvalue(L, -2);
  lua_pushcclosure(L, bundle_require, 2);
  lua_setglobal(L, "require");
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_setfield(L, -2, "preload");
  lua_createtable(L, SEARCHERS, 0);
  for (int i = 0; i < SEARCHERS; i++) {
    if (searchers[i] == bundle_search_packed) lua_pushvalue(L, -2);
    lua_pushcclosure(L, searchers[i], searchers[i] == bundle_search_packed);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "searchers");
  lua_pushliteral(L, "/\n;\n?\n!\n-\n");
  lua_setfield(L, -2, "config");
  lua_pushliteral(L, "");
  lua_setfield(L, -2, "cpath");
  lua_setglobal(L, "package");
}

void bundle_push_notes(lua_State *L) {
  if (lua_getfield(L, LUA_REGISTRYINDEX, NOTES) == LUA_TSTRING) return;
  lua_pop(L, 1);
  lua_pushliteral(L, "");
}
