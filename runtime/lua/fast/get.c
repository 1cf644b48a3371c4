/*
 * get.c - fields with short names: those of a table that are not where their hash says (what are, get.h
 * finds), and those of the tables behind it, the methods of objects and of strings.
 *
 * What is not a table's or a string's field with a short name, or where `__index` is a function, goes the way
 * Lua goes (lvm.c: luaV_finishget).
 */
#define LUA_CORE
#include "lua/fast/get.h"

#include "lstate.h"
#include "lstring.h"
#include "ltable.h"
#include "ltm.h"
#include "lvm.h"

enum { TABLES = 20 }; /* one after the other, before Lua's own looks for a loop */

const TValue *field_further(const Node *node, const TString *key) {
  static const TValue absent = {ABSTKEYCONSTANT};
  int next;
  while ((next = gnext(node)) != 0) {
    node += next;
    if (field_is(node, key)) return gval(node);
  }
  return &absent;
}

void field_get(lua_State *L, const TValue *t, TValue *key, StkId to, const TValue *slot) {
  for (int i = 0; i < TABLES && ttisshrstring(key); i++) {
    Table *metatable;
    if (slot != NULL)
      metatable = hvalue(t)->metatable;
    else if (ttisstring(t) && G(L)->mt[LUA_TSTRING] != NULL)
      metatable = G(L)->mt[LUA_TSTRING];
    else
      break;
    if (metatable == NULL || metatable->flags & 1u << TM_INDEX) {
      if (slot == NULL) break;
      setnilvalue(s2v(to));
      return;
    }
    const TValue *index = field_slot(metatable, G(L)->tmname[TM_INDEX]);
    if (!ttistable(index)) break;
    t = index;
    slot = field_slot(hvalue(t), tsvalue(key));
    if (!isempty(slot)) {
      setobj2s(L, to, slot);
      return;
    }
  }
  luaV_finishget(L, t, key, to, slot);
}
