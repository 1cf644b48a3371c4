/*
 * bundle.c - the modules of a flare: from the packer's bundle into package.preload.
 *
 * Layout of a bundle, made by edge/pack/pack.c: for each module its name, its chunk name and its source, each
 * a u32 length (little-endian) and the bytes. An entry whose chunk name does not begin with '@'
 * is no module but a place ("main.lua:3") that requires `name` by a constant string; a module or library
 * of that name must exist. One whose chunk name is "&" is an asset: its name is its path, its source its
 * bytes. It is compiled whole at start-up, so nothing of it is kept but functions, and a syntax error in a
 * module that is only required later is found when packing.
 */
#include <string.h>

#include "start/bundle.h"

#include "lauxlib.h"
#include "life/life.h"
#include "start/strip.h"

#define NOT_FOUND "module '%s' not found:\n\tno field package.preload['%s']"
#define ASSETS "flaron.assets"   /* registry: path -> offset << 32 | size */
#define MISSING "flaron.missing" /* registry: names, each with a line feed */

typedef struct text {
  const char *data;
  size_t size;
} text;

typedef struct reader {
  const uint8_t *at, *end;
} reader;

static text read_text(lua_State *L, reader *r) {
  uint32_t size;
  if ((size_t)(r->end - r->at) < sizeof size) luaL_error(L, "the bundle is cut off");
  memcpy(&size, r->at, sizeof size);
  r->at += sizeof size;
  if ((size_t)(r->end - r->at) < size) luaL_error(L, "the bundle is cut off");
  text t = {(const char *)r->at, size};
  r->at += size;
  return t;
}

static bool is_asset(text chunkname) { return chunkname.size == 1 && *chunkname.data == '&'; }

static bool is_place(text chunkname) {
  return !is_asset(chunkname) && (chunkname.size == 0 || *chunkname.data != '@');
}

/* Compiles one module; leaves its function on the stack. */
static void compile(lua_State *L, text chunkname, text source, const unsigned *strip) {
  const char *name = lua_pushlstring(L, chunkname.data, chunkname.size);
  if (source.size > 0 && source.data[0] == '#') { /* a first line for the shell: keep its line feed */
    const char *rest = memchr(source.data, '\n', source.size);
    size_t skip = rest != NULL ? (size_t)(rest - source.data) : source.size;
    source.data += skip;
    source.size -= skip;
  }
  if (luaL_loadbufferx(L, source.data, source.size, name, "t") != LUA_OK) lua_error(L);
  if (strip != NULL) strip_function(L, *strip);
  lua_remove(L, -2);
}

/* Notes at start-up that module `name` is wanted, so that the packer can look for it. */
static void note_missing(lua_State *L, const char *name) {
  bundle_push_missing(L);
  if (strchr(name, '\n') == NULL) {
    lua_pushfstring(L, "%s%s\n", lua_tostring(L, -1), name);
    lua_setfield(L, LUA_REGISTRYINDEX, MISSING);
  }
  lua_pop(L, 1);
}

static size_t assets_size;    /* of all assets, while they are only in the bundle */
static const char *assets_at; /* where they are, once they are placed */

/* Notes an asset; its bytes stay in the bundle until bundle_place_assets. */
static void note_asset(lua_State *L, text path, text content) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, ASSETS);
  lua_pushlstring(L, path.data, path.size);
  lua_pushinteger(L, (lua_Integer)((uint64_t)assets_size << 32 | content.size));
  lua_rawset(L, -3);
  lua_pop(L, 1);
  assets_size += content.size;
}

size_t bundle_assets_size(void) { return assets_size; }

void bundle_place_assets(const uint8_t *bundle, size_t size, char *to) {
  reader r = {bundle, bundle + size};
  assets_at = to;
  while (r.at < r.end) {
    read_text(NULL, &r);
    text chunkname = read_text(NULL, &r), content = read_text(NULL, &r);
    if (!is_asset(chunkname)) continue;
    memcpy(to, content.data, content.size);
    to += content.size;
  }
}

bool bundle_push_asset(lua_State *L, const char *path, size_t path_size) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, ASSETS);
  lua_pushlstring(L, path, path_size);
  if (lua_rawget(L, -2) != LUA_TNUMBER || assets_at == NULL) {
    lua_pop(L, 2);
    return false;
  }
  uint64_t place = (uint64_t)lua_tointeger(L, -1);
  lua_pop(L, 2);
  lua_pushlstring(L, assets_at + (place >> 32), (size_t)(place & UINT32_MAX));
  return true;
}

/* Raises an error when there is no module or library `name`, which `place` requires. */
static void expect(lua_State *L, text name, text place) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  const char *key = lua_pushlstring(L, name.data, name.size);
  if (lua_getfield(L, -3, key) == LUA_TNIL && lua_getfield(L, -3, key) == LUA_TNIL) {
    note_missing(L, key);
    lua_pushlstring(L, place.data, place.size);
    luaL_error(L, "%s: " NOT_FOUND, lua_tostring(L, -1), key, key);
  }
}

void bundle_expect(lua_State *L, const uint8_t *bundle, size_t size) {
  reader r = {bundle, bundle + size};
  int top = lua_gettop(L);
  while (r.at < r.end) {
    text name = read_text(L, &r), chunkname = read_text(L, &r);
    read_text(L, &r);
    if (is_place(chunkname)) expect(L, name, chunkname);
    lua_settop(L, top);
  }
}

void bundle_load(lua_State *L, const uint8_t *bundle, size_t size, const unsigned *strip) {
  reader r = {bundle, bundle + size};
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  int preload = lua_gettop(L);
  lua_pushnil(L); /* the main script's place */
  for (bool main = true; r.at < r.end; main = false) {
    text name = read_text(L, &r), chunkname = read_text(L, &r), source = read_text(L, &r);
    if (is_asset(chunkname)) {
      note_asset(L, name, source);
      continue;
    }
    if (is_place(chunkname)) continue;
    lua_pushlstring(L, name.data, name.size);
    compile(L, chunkname, source, strip);
    if (main) {
      lua_replace(L, preload + 1);
      lua_pop(L, 1);
    } else {
      lua_rawset(L, preload);
    }
  }
  lua_remove(L, preload);
}

/* require(name) -> the module's value, where it came from. Upvalues: package.loaded, package.preload. */
static int require(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_settop(L, 1);
  if (lua_getfield(L, lua_upvalueindex(1), name), lua_toboolean(L, -1)) return 1;
  if (lua_getfield(L, lua_upvalueindex(2), name) == LUA_TNIL) {
    if (life_starting()) {
      note_missing(L, name);
      return luaL_error(L, NOT_FOUND, name, name);
    }
    return luaL_error(
        L, NOT_FOUND "\n\tonly what was packed can be required: name it under 'modules' in flare.lua", name,
        name);
  }
  lua_pushvalue(L, 1);
  lua_pushliteral(L, ":preload:");
  lua_call(L, 2, 1);
  if (!lua_isnil(L, -1)) lua_setfield(L, lua_upvalueindex(1), name);
  if (lua_getfield(L, lua_upvalueindex(1), name) == LUA_TNIL) {
    lua_pushboolean(L, 1);
    lua_copy(L, -1, -2);
    lua_setfield(L, lua_upvalueindex(1), name);
  }
  lua_pushliteral(L, ":preload:");
  return 2;
}

void bundle_open_require(lua_State *L) {
  lua_newtable(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "package");
  lua_setfield(L, -2, "loaded");
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_setfield(L, -2, "preload");
  lua_pushliteral(L, "/\n;\n?\n!\n-\n");
  lua_setfield(L, -2, "config");
  lua_pushliteral(L, "");
  lua_setfield(L, -2, "cpath");
  lua_pushliteral(
      L, "./?.lua;./?/init.lua;./lua_modules/share/lua/5.4/?.lua;./lua_modules/share/lua/5.4/?/init.lua");
  lua_setfield(L, -2, "path");
  lua_getfield(L, -1, "loaded");
  lua_getfield(L, -2, "preload");
  lua_pushcclosure(L, require, 2);
  lua_setglobal(L, "require");
  lua_setglobal(L, "package");
}

void bundle_push_missing(lua_State *L) {
  if (lua_getfield(L, LUA_REGISTRYINDEX, MISSING) == LUA_TSTRING) return;
  lua_pop(L, 1);
  lua_pushliteral(L, "");
}
