/*
 * string_slice.c - string.byte and string.sub, which scripts call for each piece when they read a text piece
 * by piece.
 */
#define LUA_CORE
#include "lua/fast/string_slice.h"

#include "lapi.h"
#include "lauxlib.h"
#include "lobject.h"
#include "lstate.h"

/* The offset after the byte at a position. */
static size_t slice_end(lua_Integer position, size_t size) {
  if (position >= 0) return position <= (lua_Integer)size ? (size_t)position : size;
  return position < -(lua_Integer)size ? 0 : size + (size_t)position + 1;
}

int slice_byte(lua_State *L) {
  StkId top = L->top.p, first = L->ci->func.p + 1;
  if (top - first == 2 && ttisstring(s2v(first)) && ttisinteger(s2v(first + 1))) {
    const TString *string = tsvalue(s2v(first));
    lua_Unsigned at = l_castS2U(ivalue(s2v(first + 1))) - 1;
    if (at < tsslen(string)) { /* the common case: one byte */
      setivalue(s2v(top), (unsigned char)getstr(string)[at]);
      L->top.p = top + 1;
      return 1;
    }
  }
  size_t size;
  const char *string = luaL_checklstring(L, 1, &size);
  lua_Integer from = luaL_optinteger(L, 2, 1);
  size_t begin = slice_begin(from, size), end = slice_end(luaL_optinteger(L, 3, from), size);
  if (begin >= end) return 0;
  int count = (int)(end - begin);
  luaL_checkstack(L, count, "string slice too long");
  for (; begin < end; begin++) lua_pushinteger(L, (unsigned char)string[begin]);
  return count;
}

int slice_sub(lua_State *L) {
  size_t size;
  const char *string = luaL_checklstring(L, 1, &size);
  size_t begin = slice_begin(luaL_checkinteger(L, 2), size), end = slice_end(luaL_optinteger(L, 3, -1), size);
  lua_pushlstring(L, string + begin, begin < end ? end - begin : 0);
  return 1;
}
