/*
 * stdlib.c - Lua's own libraries, adapted to a flare: functions that need the host (runtime/lua/libraries.h
 * has the libraries that are changed in the runtime).
 *
 * Lua's functions do the work; this file has only the differences from the reference manual: load takes only
 * text unless its mode allows more, files are assets, os uses the host's clock, math.random is seeded once
 * per invocation.
 */
#include <string.h>
#include <time.h>

#include "binding.h"
#include "lualib.h"
#include "modules.h"
#include "output.h"
#include "lua/libraries.h"
#include "start/bundle.h"

/* The functions of Lua that do the work. */
static lua_CFunction lua_load_chunk, lua_time, lua_date;

/* load(chunk [, chunkname [, mode [, env]]]): the mode is "t" by default, so that text from outside is never
 * loaded as bytecode */
static int load(lua_State *L) {
  if (lua_isnoneornil(L, 3)) {
    if (lua_gettop(L) < 3) lua_settop(L, 3);
    lua_pushliteral(L, "t");
    lua_replace(L, 3);
  }
  return lua_load_chunk(L);
}

/* loadfile([name [, mode [, env]]]): load() of an asset, or of standard input, which is empty */
static int load_file(lua_State *L) {
  const char *name = luaL_optstring(L, 1, NULL), *chunk = "";
  bundle_asset asset = {0, 0};
  luaL_optstring(L, 2, NULL);
  if (lua_gettop(L) < 2) lua_settop(L, 2);
  if (name != NULL) {
    if (!bundle_find_file(L, name, &asset)) {
      luaL_pushfail(L);
      lua_pushfstring(L, "cannot open %s: %s", name, &LIBRARY_NO_FILE[1]);
      return 2;
    }
    chunk = bundle_asset_bytes(&asset);
  }
  size_t size = asset.size;
  bundle_skip_head(&chunk, &size);
  lua_pushlstring(L, chunk, size);
  lua_pushfstring(L, name != NULL ? "@%s" : "=stdin", name);
  lua_rotate(L, 2, 2);
  lua_remove(L, 1);
  return load(L);
}

/* dofile([name]): calls the result of loadfile. `below`: the number of values below its results. */
static int file_done(lua_State *L, int status, lua_KContext below) {
  (void)status;
  return lua_gettop(L) - (int)below;
}

static int do_file(lua_State *L) {
  lua_settop(L, 1);
  if (load_file(L) != 1) return lua_error(L);
  int below = lua_gettop(L) - 1;
  lua_callk(L, 0, LUA_MULTRET, below, file_done);
  return file_done(L, LUA_OK, below);
}

/* The host's clock in seconds; raises an error if the host does not answer. */
static lua_Integer check_time(lua_State *L) {
  binding_need_host(L);
  time_t now = time(NULL);
  if (now == (time_t)-1) luaL_error(L, "the host gives no time");
  return (lua_Integer)now;
}

/* os.time([table]) and os.date([format [, time]]): the host's clock unless a time is given */
static int os_time(lua_State *L) {
  if (!lua_isnoneornil(L, 1)) return lua_time(L);
  lua_pushinteger(L, check_time(L));
  return 1;
}

static int os_date(lua_State *L) {
  if (!lua_isnoneornil(L, 2)) return lua_date(L);
  lua_settop(L, 1);
  lua_pushinteger(L, check_time(L));
  return lua_date(L);
}

/* os.clock() -> seconds since its first call in the invocation, as there is no CPU clock; 0 during
 * start-up */
static int os_clock(lua_State *L) {
  static long long begin;
  if (binding_starting()) {
    lua_pushnumber(L, 0);
    return 1;
  }
  static const char json[] = "{\"format\":\"ns\"}";
  if (!binding_push_packed(L, timestamp(json, sizeof json - 1))) return binding_fail(L, "not available", 0);
  long long now = lua_tointeger(L, -1);
  if (begin == 0) begin = now;
  lua_pushnumber(L, (lua_Number)(now - begin) / 1e9);
  return 1;
}

static bool seeded; /* in the image: false at the start of each invocation, unless start-up seeded */
static lua_CFunction lua_random, lua_randomseed;

/* Seeds the generator by calling Lua's own randomseed, upvalue 2, with 128 bits from the host. Leaves its two
 * results on the stack. */
static void seed_from_host(lua_State *L) {
  enum { SEED_BYTES = 16 };
  lua_Unsigned seeds[2] = {0, 0};
  size_t size;
  if (!binding_push_packed(L, crypto_random_bytes(SEED_BYTES)))
    luaL_error(L, "the host gives no random bytes");
  const char *hex = lua_tolstring(L, -1, &size);
  for (size_t i = 0; i < size && i < 2 * SEED_BYTES; i++) {
    unsigned digit = hex[i] <= '9' ? (unsigned)(hex[i] - '0') : (unsigned)((hex[i] | 32) - 'a' + 10);
    seeds[i / SEED_BYTES] = seeds[i / SEED_BYTES] << 4 | (digit & 15);
  }
  lua_pop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushinteger(L, (lua_Integer)seeds[0]);
  lua_pushinteger(L, (lua_Integer)seeds[1]);
  lua_call(L, 2, 2);
  seeded = true;
}

/* math.random(...): Lua's own, seeded on first use. Upvalues: Lua's generator state, its randomseed. */
static int math_random(lua_State *L) {
  if (!seeded) {
    binding_need_host_as(L, "math.random");
    seed_from_host(L);
    lua_pop(L, 2);
  }
  return lua_random(L);
}

/* math.randomseed([x [, y]]): Lua's own; without arguments it takes seeds from the host. Returns the two
 * seeds */
static int math_randomseed(lua_State *L) {
  if (lua_isnone(L, 1)) {
    binding_need_host_as(L, "math.randomseed");
    seed_from_host(L);
    return 2;
  }
  seeded = true;
  return lua_randomseed(L);
}

/* Replaces math.random and math.randomseed; the library is on top of the stack. */
static void open_random(lua_State *L) {
  lua_getfield(L, -1, "randomseed");
  lua_randomseed = lua_tocfunction(L, -1);
  lua_getfield(L, -2, "random");
  lua_random = lua_tocfunction(L, -1);
  lua_getupvalue(L, -1, 1); /* the generator's state: upvalue 1 of both functions */
  lua_pushvalue(L, -1);
  lua_pushvalue(L, -4);
  lua_pushcclosure(L, math_random, 2);
  lua_setfield(L, -5, "random");
  lua_pushvalue(L, -3);
  lua_pushcclosure(L, math_randomseed, 2);
  lua_setfield(L, -4, "randomseed");
  lua_pop(L, 2);
}

/* The C function that is field `name` of the library on top. */
static lua_CFunction function(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  lua_CFunction f = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  return f;
}

/* lua_WarnFunction: a message of `warn` or a failed finalizer becomes a line of the log, piece by piece. */
static void warning(void *ud, const char *message, int to_be_continued) {
  static bool continued;
  bool control = !continued && !to_be_continued &&
                 *message == '@'; /* control messages are ignored: warnings are always on */
  (void)ud;
  continued = to_be_continued;
  if (binding_starting() || control) return;
  output_write(OUTPUT_WARN, message, strlen(message), -1);
  if (!to_be_continued) output_feed(OUTPUT_WARN);
}

void stdlib_open(lua_State *L) {
  static const luaL_Reg base[] = {{"dofile", do_file}, {"load", load}, {"loadfile", load_file}, {NULL, NULL}};
  static const luaL_Reg os[] = {{"time", os_time}, {"date", os_date}, {"clock", os_clock}, {NULL, NULL}};
  lua_pushglobaltable(L);
  lua_load_chunk = function(L, "load");
  binding_functions(L, NULL, base);
  lua_getfield(L, -1, LUA_OSLIBNAME);
  lua_time = function(L, "time");
  lua_date = function(L, "date");
  binding_functions(L, LUA_OSLIBNAME, os);
  lua_getfield(L, -2, LUA_MATHLIBNAME);
  open_random(L);
  lua_pop(L, 3);
  lua_setwarnf(L, warning, NULL);
}
