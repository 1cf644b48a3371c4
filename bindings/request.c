/*
 * request.c - flaron.request: the request. Asks the host each time; keeps nothing.
 */
#include "binding.h"
#include "modules.h"

/* method() -> upper-case method */
static int method(lua_State *L) {
  binding_need_host(L);
  return binding_answer(L, req_method(), "not available");
}

/* url() -> full URL with path and query */
static int url(lua_State *L) {
  binding_need_host(L);
  return binding_answer(L, req_url(), "not available");
}

/* header(name) -> value, or nil if there is none or the host withholds it */
static int header(lua_State *L) {
  size_t size;
  const char *name = binding_check_bytes(L, 1, &size);
  binding_need_host(L);
  return binding_answer_or_nil(L, req_header_get(name, size));
}

/* body() -> bytes, "" when there are none */
static int body(lua_State *L) {
  binding_need_host(L);
  if (!binding_push_packed(L, req_body())) lua_pushliteral(L, "");
  return 1;
}

static const luaL_Reg functions[] = {
    {"method", method}, {"url", url}, {"header", header}, {"body", body}, {NULL, NULL},
};

void request_open(lua_State *L) { binding_module(L, "request", functions); }
