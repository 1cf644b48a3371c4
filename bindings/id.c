/*
 * id.c - flaron.id: identifiers, made by the host.
 */
#include <string.h>

#include "binding.h"
#include "modules.h"

static int answer_id(lua_State *L, abi_packed answer) { return binding_answer(L, answer, "not available"); }

static int uuid(lua_State *L, const char *json) {
  binding_need_host(L);
  return answer_id(L, id_uuid(json, strlen(json)));
}

/* uuid_v4(), uuid_v7(): RFC 9562 */
static int uuid_v4(lua_State *L) { return uuid(L, "{\"version\":\"v4\"}"); }
static int uuid_v7(lua_State *L) { return uuid(L, "{\"version\":\"v7\"}"); }

/* ulid(): 26 characters */
static int ulid(lua_State *L) {
  binding_need_host(L);
  return answer_id(L, id_ulid());
}

/* ksuid(): 27 characters */
static int ksuid(lua_State *L) {
  binding_need_host(L);
  return answer_id(L, id_ksuid());
}

/* nanoid([length = 21]) */
static int nanoid(lua_State *L) {
  enum { LENGTH = 21, LENGTH_MAX = 1024 };
  lua_Integer length = binding_opt_integer(L, 1, LENGTH, 1, LENGTH_MAX);
  binding_need_host(L);
  return answer_id(L, id_nanoid((int32_t)length));
}

/* snowflake(): decimal text; a host has it under one of two names */
static int snowflake(lua_State *L) {
  binding_need_host(L);
  if (binding_push_packed(L, snowflake_id())) return 1;
  return answer_id(L, id_snowflake());
}

static const luaL_Reg functions[] = {
    {"uuid_v4", uuid_v4}, {"uuid_v7", uuid_v7},     {"ulid", ulid}, {"ksuid", ksuid},
    {"nanoid", nanoid},   {"snowflake", snowflake}, {NULL, NULL},
};

void id_open(lua_State *L) { binding_module(L, "id", functions); }
