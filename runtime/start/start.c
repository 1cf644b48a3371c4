/*
 * start.c - start-up: libraries, bindings, bundle, main script, handlers. Runs once, when a flare is
 * packed (edge/pack/pack.c calls the exports here); a packed flare no longer exports them.
 */
#include "start/start.h"

#include <stdint.h>
#include <string.h>

#include "abi/start_report.h"
#include "bindings.h"
#include "start/bundle.h"
#include "lauxlib.h"
#include "lua/libraries.h"
#include "life/life.h"
#include "lualib.h"
#include "start/reach.h"
#include "start/values.h"

static const char *const handler_names[START_HANDLERS] = {
#define FLARON_HANDLER(id, name) #name,
#include "abi/handlers.def"
#undef FLARON_HANDLER
};

static const luaL_Reg libraries[] = {
    {LUA_GNAME, library_open_base},       {LUA_COLIBNAME, luaopen_coroutine},
    {LUA_TABLIBNAME, library_open_table}, {LUA_STRLIBNAME, luaopen_string},
    {LUA_MATHLIBNAME, luaopen_math},      {LUA_UTF8LIBNAME, luaopen_utf8},
    {LUA_OSLIBNAME, library_open_os},     {LUA_DBLIBNAME, library_open_debug},
    {LUA_IOLIBNAME, library_open_io},
};

static start_report result;
static uint32_t seed;
static int handler_refs[START_HANDLERS];

unsigned int start_hash_seed(void) { return seed; }

unsigned int start_sort_pivot(void) {
  seed = seed * 1664525u + 1013904223u; /* the generator of Numerical Recipes; any generator would do */
  return seed;
}

int start_handler_ref(enum start_handler handler) { return handler_refs[handler]; }

void __wasm_call_ctors(void); /* wasm-ld */

/* Whether Lua's own libraries are being opened. */
static bool opening;

/*
 * luaL_setfuncs for Lua's own libraries (runtime/lua/patches/registered-once.patch). Their tables of
 * functions are read only once, here, and then zeroed, so that they take no space in a flare. Those of
 * optional parts stay: a script may open them late, in each invocation.
 */
void start_setfuncs(lua_State *L, const luaL_Reg *functions, int upvalues);

void start_setfuncs(lua_State *L, const luaL_Reg *functions, int upvalues) {
  luaL_setfuncs(L, functions, upvalues);
  for (luaL_Reg *f = (luaL_Reg *)functions; opening && f->name != NULL; f++) *f = (luaL_Reg){NULL, NULL};
}

/* The arguments of start(). */
typedef struct arguments {
  const uint8_t *bundle;
  size_t size;
  bool strip;
} arguments;

/* Stores the function `name` of the table at `index` (0: the globals) as a handler, if there is one. */
static void keep_handler(lua_State *L, int index, enum start_handler handler) {
  const char *name = handler_names[handler];
  int type;
  if (index != 0) {
    type = lua_getfield(L, index, name);
  } else { /* raw, since a script may have made unknown globals an error */
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_pushstring(L, name);
    type = lua_rawget(L, -2);
    lua_remove(L, -2);
  }
  if (type == LUA_TFUNCTION) {
    handler_refs[handler] = luaL_ref(L, LUA_REGISTRYINDEX);
    result.handlers |= 1u << handler;
    return;
  }
  if (type != LUA_TNIL) {
    luaL_error(L, "%s '%s' of the main script is a %s, not a function", index != 0 ? "field" : "global", name,
               luaL_typename(L, -1));
  }
  lua_pop(L, 1);
}

/* Finds the handlers in the main script's result, on top of the stack, or in the globals. */
static void find_handlers(lua_State *L) {
  int index = lua_gettop(L);
  for (int h = 0; h < START_HANDLERS; h++) handler_refs[h] = LUA_NOREF;
  if (lua_isfunction(L, index)) {
    lua_pushvalue(L, index);
    handler_refs[START_HANDLE_REQUEST] = luaL_ref(L, LUA_REGISTRYINDEX);
    result.handlers = 1u << START_HANDLE_REQUEST;
    return;
  }
  if (lua_istable(L, index)) {
    for (int h = 0; h < START_HANDLERS; h++) keep_handler(L, index, h);
  } else if (!lua_isnil(L, index)) {
    luaL_error(L, "the main script returned a %s: expected a table with handlers, a function or nothing",
               luaL_typename(L, index));
  }
  for (int h = 0; h < START_HANDLERS; h++) {
    if (handler_refs[h] == LUA_NOREF) keep_handler(L, 0, h);
  }
  if (result.handlers == 0) {
    bool router = lua_istable(L, index) && lua_getfield(L, index, "handler") == LUA_TFUNCTION;
    luaL_error(L,
               "the main script has no handler: return a table with handle_request, ws_open, ws_message or "
               "ws_close, or define them as globals%s",
               router ? ": was app:handler() meant?" : "");
  }
}

static int traceback(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  lua_pushliteral(L, "\n"); /* luaL_traceback would cut the message at a NUL */
  luaL_traceback(L, L, NULL, 1);
  lua_concat(L, 3);
  return 1;
}

/* Protected: all of start-up that can raise an error. Not static, so that mk/runtime.mk can name it
 * (START_ONLY). */
int start_run(lua_State *L);

int start_run(lua_State *L) {
  const arguments *args = lua_touserdata(L, 1);
  lua_settop(L, 0);
  opening = true;
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
    luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
    lua_pop(L, 1);
  }
  bundle_open_require(L);
  bindings_open(L);
  opening = false;
  reach_begin(L);
  bundle_load(L, args->bundle, args->size, args->strip ? &seed : NULL);
  lua_pushcfunction(L, traceback);
  lua_insert(L, 1);
  if (lua_pcall(L, 0, 1, 1) != LUA_OK) return lua_error(L);
  find_handlers(L);
  bundle_expect(L, args->bundle, args->size);
  lua_settop(L, 0);
  return 0;
}

static void keep_text(lua_State *L, uint32_t *data, uint32_t *size) {
  size_t n;
  const char *text = luaL_tolstring(L, -1, &n);
  luaL_ref(L, LUA_REGISTRYINDEX); /* keep the string alive, so that its address stays valid */
  *data = (uint32_t)(uintptr_t)text;
  *size = (uint32_t)n;
}

/*
 * Export for the packer: runs start-up on a bundle (bundle.c) that is at `limit` or above, out of the arena's
 * reach. `hash` seeds string hashes; `finder` finds modules that are not in the bundle (bundle.h). Returns a
 * static report.
 */
__attribute__((export_name("start"))) const start_report *start(const uint8_t *bundle, size_t size,
                                                                char *limit, uint32_t hash, int32_t strip,
                                                                bundle_finder finder) {
  arguments args = {bundle, size, strip != 0};
  __wasm_call_ctors(); /* called here, else wasm-ld would call it in every export */
  seed = hash;
  bundle_set_finder(finder);
  lua_State *L = life_create(limit);
  if (L == NULL) {
    static const char message[] = "not enough memory to start";
    result.error = (uint32_t)(uintptr_t)message;
    result.error_size = sizeof message - 1;
    return &result;
  }
  lua_pushcfunction(L, start_run);
  lua_pushlightuserdata(L, &args);
  bool good = lua_pcall(L, 1, 0, 0) == LUA_OK;
  bundle_set_finder(NULL); /* it must not be part of the image */
  if (!good) keep_text(L, &result.error, &result.error_size);
  bundle_push_notes(L);
  keep_text(L, &result.notes, &result.notes_size);
  lua_settop(L, 0);
  if (good) result.cut = reach_cut(L, !bundle_takes_bytecode());
  if (good && life_freeze(bundle_assets_size(), bundle_takes_bytecode())) {
    values_settle(L);
    result.layout = *life_get_layout();
    bundle_place_assets(bundle, size, (char *)(uintptr_t)result.layout.assets_start);
  }
  return &result;
}
