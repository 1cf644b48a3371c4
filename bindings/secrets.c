/*
 * secrets.c - flaron.secrets: values from the host's configuration.
 */
#include "binding.h"
#include "modules.h"

/* get(name) -> value, or nil if it is not set or not allowed */
static int get(lua_State *L) {
  size_t size;
  const char *name = binding_check_key(L, 1, &size);
  binding_need_host(L);
  return binding_answer_or_nil(L, secret_get(name, size));
}

static const luaL_Reg functions[] = {
    {"get", get},
    {NULL, NULL},
};

void secrets_open(lua_State *L) { binding_module(L, "secrets", functions); }
