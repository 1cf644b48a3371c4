/*
 * get.h - fields with short names: in a table, and in the tables behind it by __index.
 */
#ifndef FLARON_FIELD_H
#define FLARON_FIELD_H

#include "lobject.h"
#include "ltable.h"

/*
 * As luaV_finishget: stores t[key], found through metamethods, in `to`, a slot on Lua's stack. `slot` is the
 * empty slot for `key` if `t` is a table, else NULL. Raises what __index raises, or that `t` cannot be
 * indexed.
 */
void field_get(lua_State *L, const TValue *t, TValue *key, StkId to, const TValue *slot);

/*
 * As luaH_getshortstr: the slot of a short string in a table, or the absent key (isabstkey). Most keys are at
 * their main position or in the next node of its chain; field_further continues from a node that is not
 * `key`'s. field_is reads the pointer first: it lies behind the tag, so that an engine that checks bounds
 * needs one check for both (patches/tag-before-value.patch), and it tells more.
 */
#define field_is(node, key) ((const void *)keyval(node).gc == (const void *)(key) && keyisshrstr(node))
#define field_slot(t, key)                                                         \
  ({                                                                               \
    const Node *field_node = gnode(t, lmod((key)->hash, sizenode(t)));             \
    if (!field_is(field_node, key)) field_node += gnext(field_node);               \
    field_is(field_node, key) ? gval(field_node) : field_further(field_node, key); \
  })
const TValue *field_further(const Node *node, const TString *key);

#endif
