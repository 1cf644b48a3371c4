/*
 * stdlib.c - Lua's own libraries, fitted to a flare: what asks the host (runtime/lua/libraries.h has what is
 * left out).
 *
 * Lua's functions do the work; here stands only what differs from the reference manual: load takes text
 * unless its mode says more, no files, os on the host's clock, math.random seeded once per invocation.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "binding.h"
#include "lualib.h"
#include "modules.h"

/* The functions of Lua that do the work. */
static lua_CFunction lua_load_chunk, lua_time, lua_date;

/* load(chunk [, chunkname [, mode [, env]]]): the mode is "t" unless it is given, so that no text from
 * outside is bytecode */
static int load(lua_State *L) {
  if (lua_isnoneornil(L, 3)) {
    if (lua_gettop(L) < 3) lua_settop(L, 3);
    lua_pushliteral(L, "t");
    lua_replace(L, 3);
  }
  return lua_load_chunk(L);
}

/* The host's clock in seconds; raises an error when it does not answer. */
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

/* os.clock() -> seconds since the invocation first asked: there is no CPU clock to ask */
static int os_clock(lua_State *L) {
  static long long begin;
  binding_need_host(L);
  static const char json[] = "{\"format\":\"ns\"}";
  if (!binding_push_packed(L, timestamp(json, sizeof json - 1))) return binding_fail(L, "not available", 0);
  long long now = lua_tointeger(L, -1);
  if (begin == 0) begin = now;
  lua_pushnumber(L, (lua_Number)(now - begin) / 1e9);
  return 1;
}

static bool seeded; /* in the image: false at the beginning of each invocation, unless the script seeded */
static lua_CFunction lua_random, lua_randomseed;

/* Seeds the generator from the host by calling Lua's own randomseed, upvalue 2, with 128 bits. Leaves both.
 */
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

/* math.random(...): Lua's own, seeded when first used. Upvalues: Lua's generator state, its randomseed. */
static int math_random(lua_State *L) {
  if (!seeded) {
    binding_need_host_as(L, "math.random");
    seed_from_host(L);
    lua_pop(L, 2);
  }
  return lua_random(L);
}

/* math.randomseed([x [, y]]): Lua's own; without arguments the host seeds. Returns the two seeds */
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
  lua_getupvalue(L, -1, 1); /* the generator's state, which both of Lua's functions have as upvalue 1 */
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

/* lua_WarnFunction: what `warn` and failing finalizers say becomes a line of the log, piece by piece. */
static void warning(void *ud, const char *message, int to_be_continued) {
  enum { LINE = 4096 }; /* the host cuts there too */
  static char *line;
  static size_t used;
  (void)ud;
  if (line == NULL && !binding_starting()) line = malloc(LINE); /* not static: all that is, is restored */
  if (line == NULL) return;
  if (used == 0 && !to_be_continued && *message == '@') return; /* a control message: always on */
  size_t size = strlen(message);
  if (size > LINE - used) size = LINE - used;
  memcpy(line + used, message, size);
  used += size;
  if (to_be_continued) return;
  log_warn(line, used);
  used = 0;
}

void stdlib_open(lua_State *L) {
  static const luaL_Reg base[] = {{"load", load}, {NULL, NULL}};
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
