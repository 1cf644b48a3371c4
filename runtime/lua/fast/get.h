/*
 * get.h - fields with short names: in a table, and in the tables behind it.
 */
#ifndef FLARON_FIELD_H
#define FLARON_FIELD_H

#include "lobject.h"
#include "ltable.h"

/*
 * What luaV_finishget does: puts t[key] to `to`, a place on Lua's stack, by way of metamethods. `slot` is the
 * empty one for `key` when `t` is a table, NULL when it is none. Raises what __index raises, or that `t`
 * cannot be indexed.
 */
void field_get(lua_State *L, const TValue *t, TValue *key, StkId to, const TValue *slot);

/*
 * What luaH_getshortstr does: the slot of a short string in a table, or one that isabstkey tells. Most keys
 * are where their hash says, or in the node that had to make way for that; field_further looks on from a node
 * that is not `key`'s.
 */
#define field_is(node, key) (keyisshrstr(node) && eqshrstr(keystrval(node), (key)))
#define field_slot(t, key)                                                         \
  ({                                                                               \
    const Node *field_node = gnode(t, lmod((key)->hash, sizenode(t)));             \
    if (!field_is(field_node, key)) field_node += gnext(field_node);               \
    field_is(field_node, key) ? gval(field_node) : field_further(field_node, key); \
  })
const TValue *field_further(const Node *node, const TString *key);

#endif
