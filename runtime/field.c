/*
 * field.c - fields that are not in a table itself but in the tables behind it: methods of objects and of
 * strings.
 *
 * What is not a table's or a string's field with a short name, or where `__index` is a function, goes the way
 * Lua goes (lvm.c: luaV_finishget).
 */
#define LUA_CORE
#include "field.h"

#include "lstate.h"
#include "lstring.h"
#include "ltable.h"
#include "ltm.h"
#include "lvm.h"

enum { TABLES = 20 }; /* behind each other, before Lua's own looks for a loop */

void field_get(lua_State *L, const TValue *t, TValue *key, StkId to, const TValue *slot) {
  for (int i = 0; i < TABLES && ttisshrstring(key); i++) {
    const TValue *index;
    if (slot != NULL)
      index = fasttm(L, hvalue(t)->metatable, TM_INDEX);
    else if (ttisstring(t) && G(L)->mt[LUA_TSTRING] != NULL)
      index = luaH_getshortstr(G(L)->mt[LUA_TSTRING], G(L)->tmname[TM_INDEX]);
    else
      break;
    if (index == NULL) {
      setnilvalue(s2v(to));
      return;
    }
    if (!ttistable(index)) break;
    t = index;
    slot = luaH_getshortstr(hvalue(t), tsvalue(key));
    if (!isempty(slot)) {
      setobj2s(L, to, slot);
      return;
    }
  }
  luaV_finishget(L, t, key, to, slot);
}
