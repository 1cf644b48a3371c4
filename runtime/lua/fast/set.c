/*
 * set.c - preallocation of a new table, and assignment to keys that a table does not have yet.
 *
 * Large tables, new keys whose node is taken, keys that are neither a short string nor the next index of a
 * full array, and __newindex take Lua's own path (ltable.c: luaH_resize; lvm.c: luaV_finishset).
 */
#define LUA_CORE
#include "lua/fast/set.h"

#include <stdbool.h>

#include "lgc.h"
#include "lmem.h"
#include "lstate.h"
#include "ltable.h"
#include "ltm.h"
#include "lvm.h"

enum { SMALL = 1 << 10 }; /* values in the array; fields */

void table_room(lua_State *L, Table *t, unsigned array, unsigned hash) {
  if (l_unlikely(array > SMALL || hash > SMALL)) {
    luaH_resize(L, t, array, hash);
    return;
  }
  if (array > 0) {
    t->array = luaM_newvector(L, array, TValue);
    t->alimit = array;
    for (unsigned i = 0; i < array; i++) setempty(&t->array[i]);
  }
  if (hash > 0) {
    int log = hash == 1 ? 0 : 32 - __builtin_clz(hash - 1);
    Node *node = luaM_newvector(L, 1u << log, Node), *end = node + (1u << log);
    t->node = node;
    t->lsizenode = cast_byte(log);
    t->lastfree = end; /* all nodes are free */
    for (; node < end; node++) {
      gnext(node) = 0;
      setnilkey(node);
      setempty(gval(node));
    }
  }
}

/*
 * Whether t[n] is the next element of a table that has only a full array. If so, doubles the array's size (or
 * makes it 1), as Lua's rehash would: the smallest power of two that holds the elements.
 */
static bool append(lua_State *L, Table *t, lua_Integer n) {
  unsigned size = t->alimit;
  if (t->lastfree != NULL || l_castS2U(n) != size + 1u || (size & (size - 1)) != 0) return false;
  for (unsigned i = size; i > 0; i--) {
    if (isempty(&t->array[i - 1])) return false;
  }
  if (size == 0)
    table_room(L, t, 1, 0);
  else
    luaH_resize(L, t, 2 * size, 0);
  return true;
}

void table_set(lua_State *L, const TValue *t, TValue *key, TValue *value, const TValue *slot) {
  if (slot != NULL && fasttm(L, hvalue(t)->metatable, TM_NEWINDEX) == NULL && !ttisnil(value)) {
    Table *h = hvalue(t);
    if (isabstkey(slot) && ttisshrstring(key)) {
      if (h->lastfree == NULL && h->alimit == 0) table_room(L, h, 0, 1);
      Node *node = gnode(h, lmod(tsvalue(key)->hash, sizenode(h)));
      if (isempty(gval(node)) && h->lastfree != NULL) {
        setnodekey(L, node, key);
        setobj2t(L, gval(node), value);
        invalidateTMcache(h);
        luaC_barrierback(L, obj2gco(h), key);
        luaC_barrierback(L, obj2gco(h), value);
        return;
      }
    } else {
      if (isabstkey(slot) && ttisinteger(key) && append(L, h, ivalue(key))) slot = &h->array[ivalue(key) - 1];
      if (!isabstkey(slot)) {
        setobj2t(L, cast(TValue *, slot), value);
        invalidateTMcache(h);
        luaC_barrierback(L, obj2gco(h), value);
        return;
      }
    }
  }
  luaV_finishset(L, t, key, value, slot);
}
