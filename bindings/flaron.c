/*
 * flaron.c - the module `flaron`: its constants and its modules, as a table of contents.
 */
#include "abi/abi.h"
#include "binding.h"
#include "bindings.h"
#include "start/bundle.h"
#include "modules.h"

static const struct {
  const char *name;
  enum abi_action action;
} actions[] = {
    {"RESPOND", ABI_RESPOND},
    {"TRANSFORM", ABI_TRANSFORM},
    {"PASS_THROUGH", ABI_PASS_THROUGH},
};

static void (*const modules[])(lua_State *) = {
    json_open,   request_open,  response_open, beam_open, spark_open,   plasma_open, secrets_open,
    crypto_open, encoding_open, id_open,       time_open, logging_open, ws_open,
};

/* asset(path) -> the bytes of a file that the manifest names, or nil */
static int asset(lua_State *L) {
  size_t size;
  const char *path = binding_check_key(L, 1, &size);
  if (!bundle_push_asset(L, path, size)) lua_pushnil(L);
  return 1;
}

static const luaL_Reg functions[] = {
    {"asset", asset},
    {NULL, NULL},
};

void bindings_open(lua_State *L) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  luaL_getsubtable(L, -1, "flaron");
  for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
    lua_pushinteger(L, actions[i].action);
    lua_setfield(L, -2, actions[i].name);
  }
  binding_functions(L, "flaron", functions);
  for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) modules[i](L);
  lua_pop(L, 2);
  stdlib_open(L);
}
