/*
 * api.c - the common cases of the functions of Lua's C API that libraries call most.
 *
 * Those of lapi.c resolve their index in place and call nothing. So in Wasm they need no stack frame in
 * memory, need not save values across a call, and do not read back what they have just written to Lua's
 * stack. All other cases go to Lua's own function (lapi.c, lauxlib.c), which is named NAME_of_lua here
 * (patches/api-common-cases.patch). Lua's manual, sections 4.6 and 5.1, says what the functions do.
 */
#define LUA_CORE
#include "lapi.h"
#include "lauxlib.h"
#include "ldo.h"
#include "lgc.h"
#include "lobject.h"
#include "lstate.h"
#include "lstring.h"
#include "ltable.h"

int lua_geti_of_lua(lua_State *L, int index, lua_Integer n);
void lua_seti_of_lua(lua_State *L, int index, lua_Integer n);
void lua_pushvalue_of_lua(lua_State *L, int index);
void lua_settop_of_lua(lua_State *L, int index);
int lua_type_of_lua(lua_State *L, int index);
lua_Integer lua_tointegerx_of_lua(lua_State *L, int index, int *is_number);
lua_Integer luaL_checkinteger_of_lua(lua_State *L, int argument);
const char *luaL_checklstring_of_lua(lua_State *L, int argument, size_t *length);
const char *luaL_tolstring_of_lua(lua_State *L, int index, size_t *length);
const char *lua_tolstring_of_lua(lua_State *L, int index, size_t *length);

/* The value at an index, valid until something is pushed; NULL if the index is not a common one. */
static inline TValue *value_at(lua_State *L, int index) {
  if (index > 0) {
    StkId at = L->ci->func.p + index;
    return at < L->top.p ? s2v(at) : NULL;
  }
  return index > LUA_REGISTRYINDEX ? s2v(L->top.p + index) : NULL;
}

/* The slot of t[n] in the table's array; NULL if it is not there, holds nil, or t is not a table. */
static inline TValue *slot_of(const TValue *t, lua_Integer n) {
  if (t == NULL || !ttistable(t) || l_castS2U(n) - 1u >= hvalue(t)->alimit) return NULL;
  TValue *slot = &hvalue(t)->array[n - 1];
  return isempty(slot) ? NULL : slot;
}

int lua_geti(lua_State *L, int index, lua_Integer n) {
  const TValue *slot = slot_of(value_at(L, index), n);
  if (l_unlikely(slot == NULL)) return lua_geti_of_lua(L, index, n);
  StkId top = L->top.p;
  int tag = rawtt(slot);
  s2v(top)->value_ = slot->value_;
  settt_(s2v(top), tag);
  L->top.p = top + 1;
  return novariant(tag);
}

void lua_seti(lua_State *L, int index, lua_Integer n) {
  const TValue *t = value_at(L, index), *value = s2v(L->top.p - 1);
  TValue *slot = slot_of(t, n);
  if (l_unlikely(slot == NULL || (iscollectable(value) && isblack(gcvalue(t)) && iswhite(gcvalue(value))))) {
    lua_seti_of_lua(L, index, n);
    return;
  }
  setobj(L, slot, value);
  L->top.p--;
}

void lua_pushvalue(lua_State *L, int index) {
  const TValue *value = value_at(L, index);
  if (l_unlikely(value == NULL)) {
    lua_pushvalue_of_lua(L, index);
    return;
  }
  StkId top = L->top.p;
  setobj2s(L, top, value);
  L->top.p = top + 1;
}

void lua_settop(lua_State *L, int index) {
  StkId top = index >= 0 ? L->ci->func.p + 1 + index : L->top.p + 1 + index;
  if (l_unlikely(top > L->top.p || L->tbclist.p >= top)) {
    lua_settop_of_lua(L, index);
    return;
  }
  L->top.p = top;
}

int lua_type(lua_State *L, int index) {
  const TValue *value = value_at(L, index);
  return l_unlikely(value == NULL) ? lua_type_of_lua(L, index) : ttype(value);
}

lua_Integer lua_tointegerx(lua_State *L, int index, int *is_number) {
  const TValue *value = value_at(L, index);
  if (l_unlikely(value == NULL || !ttisinteger(value))) return lua_tointegerx_of_lua(L, index, is_number);
  if (is_number != NULL) *is_number = 1;
  return ivalue(value);
}

const char *lua_tolstring(lua_State *L, int index, size_t *length) {
  const TValue *value = value_at(L, index);
  if (l_unlikely(value == NULL || !ttisstring(value))) return lua_tolstring_of_lua(L, index, length);
  if (length != NULL) *length = tsslen(tsvalue(value));
  return getstr(tsvalue(value));
}

const char *luaL_checklstring(lua_State *L, int argument, size_t *length) {
  const TValue *value = value_at(L, argument);
  if (l_unlikely(value == NULL || !ttisstring(value))) return luaL_checklstring_of_lua(L, argument, length);
  if (length != NULL) *length = tsslen(tsvalue(value));
  return getstr(tsvalue(value));
}

/*
 * Numbers and strings seldom have a __tostring; without one they are converted directly. One that is there is
 * called here, since __tostring nests in __tostring, and each function in between is another frame.
 */
const char *luaL_tolstring(lua_State *L, int index, size_t *length) {
  const TValue *value = value_at(L, index);
  if (value != NULL && (ttisstring(value) || ttisnumber(value))) {
    Table *metatable = G(L)->mt[ttype(value)];
    if (metatable == NULL || isempty(luaH_getshortstr(metatable, luaS_newliteral(L, "__tostring")))) {
      lua_pushvalue(L, index);
      return lua_tolstring(L, -1, length);
    }
  }
  index = lua_absindex(L, index);
  if (luaL_getmetafield(L, index, "__tostring") == LUA_TNIL) return luaL_tolstring_of_lua(L, index, length);
  lua_pushvalue(L, index);
  luaD_callnoyield(L, L->top.p - 2, 1);
  if (!lua_isstring(L, -1)) luaL_error(L, "'__tostring' must return a string");
  return lua_tolstring(L, -1, length);
}

lua_Integer luaL_checkinteger(lua_State *L, int argument) {
  const TValue *value = value_at(L, argument);
  return value != NULL && ttisinteger(value) ? ivalue(value) : luaL_checkinteger_of_lua(L, argument);
}

lua_Integer luaL_optinteger(lua_State *L, int argument, lua_Integer otherwise) {
  const TValue *value = value_at(L, argument);
  if (value == NULL ? argument > 0 : ttisnil(value)) return otherwise;
  return luaL_checkinteger(L, argument);
}
