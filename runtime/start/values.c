/*
 * values.c - see values.h. It walks Lua's lists of objects; strings have no values in them, and keys are
 * neither NaN nor nil.
 */
#include "start/values.h"

#include "lfunc.h"
#include "lobject.h"
#include "lstate.h"
#include "ltable.h"

static void settle(TValue *value) {
  if (ttisnil(value)) {
    val_(value).n = 0;
  } else if (ttisfloat(value) && fltvalue(value) != fltvalue(value)) {
    chgfltvalue(value, __builtin_nan(""));
  }
}

static void settle_all(TValue *values, size_t count) {
  for (size_t i = 0; i < count; i++) settle(&values[i]);
}

static void settle_table(Table *t) {
  settle_all(t->array, luaH_realasize(t));
  if (isdummy(t)) return; /* its one node is a constant */
  for (int i = 0; i < sizenode(t); i++) settle(gval(gnode(t, i)));
}

static void settle_stack(lua_State *thread) {
  for (StkId at = thread->stack.p; at < thread->stack_last.p + EXTRA_STACK; at++) settle(s2v(at));
}

static void settle_object(GCObject *object) {
  switch (object->tt) {
    case LUA_VTABLE: settle_table(gco2t(object)); break;
    case LUA_VPROTO: settle_all(gco2p(object)->k, (size_t)gco2p(object)->sizek); break;
    case LUA_VCCL: settle_all(gco2ccl(object)->upvalue, gco2ccl(object)->nupvalues); break;
    case LUA_VUPVAL: settle(gco2upv(object)->v.p); break;
    case LUA_VUSERDATA:
      for (int i = 0; i < gco2u(object)->nuvalue; i++) settle(&gco2u(object)->uv[i].uv);
      break;
    case LUA_VTHREAD: settle_stack(gco2th(object)); break;
    default: break;
  }
}

void values_settle(lua_State *L) {
  GCObject *const lists[] = {G(L)->allgc, G(L)->finobj, G(L)->tobefnz};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    for (GCObject *object = lists[i]; object != NULL; object = object->next) settle_object(object);
  }
  settle_stack(G(L)->mainthread);
}
