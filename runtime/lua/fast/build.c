/*
 * build.c - tables made at once of values on the stack, and passed through by position. Nothing here calls
 * metamethods.
 */
#define LUA_CORE
#include "lua/fast/build.h"

#include "lapi.h"
#include "lgc.h"
#include "lstate.h"
#include "ltable.h"
#include "lua/fast/set.h"

/* A table on top of the stack, with room. */
static Table *build_push(lua_State *L, unsigned array, unsigned hash) {
  Table *t = luaH_new(L);
  sethvalue2s(L, L->top.p, t);
  api_incr_top(L);
  table_room(L, t, array, hash);
  return t;
}

/* Moves the table on top of the stack to where the first of `count` values below it is. */
static void build_replace(lua_State *L, int count) {
  StkId first = L->top.p - 1 - count;
  setobjs2s(L, first, L->top.p - 1);
  L->top.p = first + 1;
  luaC_checkGC(L);
}

void table_of_pairs(lua_State *L, int pairs) {
  Table *t = build_push(L, 0, (unsigned)pairs);
  StkId at = L->top.p - 1 - 2 * pairs;
  for (; at < L->top.p - 1; at += 2) {
    TValue *key = s2v(at);
    table_set(L, s2v(L->top.p - 1), key, s2v(at + 1), luaH_get(t, key));
  }
  build_replace(L, 2 * pairs);
}

void table_of_list(lua_State *L, int count) {
  Table *t = build_push(L, (unsigned)count, 0);
  StkId first = L->top.p - 1 - count;
  for (int i = 0; i < count; i++)
    setobj2t(L, &t->array[i], s2v(first + i)); /* a new table is white: no barrier */
  build_replace(L, count);
}

int table_next(lua_State *L, int index, unsigned *position) {
  const Table *t = hvalue(s2v(index < 0 ? L->top.p + index : L->ci->func.p + index));
  unsigned i = *position, size = isrealasize(t) ? t->alimit : luaH_realasize(t);
  StkId top = L->top.p;
  for (; i < size; i++) {
    if (isempty(&t->array[i])) continue;
    setivalue(s2v(top), i + 1);
    setobj2s(L, top + 1, &t->array[i]);
    break;
  }
  if (i >= size) {
    unsigned end = size + (unsigned)sizenode(t);
    while (i < end && isempty(gval(gnode(t, i - size)))) i++;
    if (i == end) return 0;
    Node *n = gnode(t, i - size);
    getnodekey(L, s2v(top), n);
    setobj2s(L, top + 1, gval(n));
  }
  *position = i + 1;
  L->top.p = top + 2;
  return 1;
}
