/*
 * metafield.c - luaL_getmetafield without a detour over the stack: string.format asks for `__tostring` of
 * each value that goes to %s. lauxlib.c's own is weak (lua_config.h).
 */
#define LUA_CORE
#include "lauxlib.h"
#include "lobject.h"
#include "lstate.h"
#include "lstring.h"
#include "ltable.h"

int luaL_getmetafield(lua_State *L, int index, const char *event) {
  if (!lua_getmetatable(L, index)) return LUA_TNIL;
  const TValue *field = luaH_getstr(hvalue(s2v(L->top.p - 1)), luaS_new(L, event));
  int type = isempty(field) ? LUA_TNIL : ttype(field);
  if (type == LUA_TNIL) {
    L->top.p--;
  } else {
    setobj2s(L, L->top.p - 1, field);
  }
  return type;
}
