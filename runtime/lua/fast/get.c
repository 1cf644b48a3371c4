/*
 * get.c - fields with short names: those of a table that are not at their main position (get.h finds those
 * that are), and those of the tables behind it by __index, such as methods of objects and strings.
 *
 * Other values and keys, and an `__index` that is a function, take Lua's own path (lvm.c: luaV_finishget).
 */
#define LUA_CORE
#include "lua/fast/get.h"

#include "lstate.h"
#include "lstring.h"
#include "ltable.h"
#include "ltm.h"
#include "lvm.h"

enum { TABLES = 20 }; /* tables in the chain; after that Lua's own function detects a loop */

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
