/*
 * values.c - see values.h. It walks Lua's lists of objects. Strings contain no values, and keys are neither
 * NaN nor nil.
 */
#include "start/values.h"

#include <string.h>

#include "lfunc.h"
#include "lobject.h"
#include "lstate.h"
#include "ltable.h"

/* Sets the unused bits of a value; its tag is a separate argument, since a table node stores them apart. */
static void settle(Value *value, lu_byte *tag) {
  switch (novariant(*tag)) {
    case LUA_TNIL:
      *tag = LUA_VNIL; /* also an empty slot */
      value->i = 0;
      break;
    case LUA_TBOOLEAN: value->i = 0; break;
    case LUA_TNUMBER:
      if (*tag == LUA_VNUMFLT && value->n != value->n) value->n = __builtin_nan("");
      break;
    default: value->i &= UINTPTR_MAX; /* a pointer */
  }
}

static void settle_all(TValue *values, size_t count) {
  for (size_t i = 0; i < count; i++) settle(&values[i].value_, &values[i].tt_);
}

static void settle_table(Table *t) {
  settle_all(t->array, luaH_realasize(t));
  if (isdummy(t)) return; /* its only node is a constant */
  for (int i = 0; i < sizenode(t); i++) {
    Node *node = gnode(t, i);
    lu_byte key = node->u.key_tt; /* the key of an empty slot stays as it is */
    settle(&node->u.value_, &node->u.tt_);
    settle(&node->u.key_val, &key);
  }
}

/* Settles the stack, and the call records that are not in use. */
static void settle_thread(lua_State *thread) {
  StkId end = thread->stack_last.p + EXTRA_STACK;
  for (StkId at = thread->stack.p; at < thread->top.p; at++) settle(&s2v(at)->value_, &s2v(at)->tt_);
  memset(thread->top.p, 0, (size_t)((char *)end - (char *)thread->top.p));
  for (CallInfo *call = thread->ci->next; call != NULL; call = call->next)
    *call = (CallInfo){.previous = call->previous, .next = call->next};
}

static void settle_object(GCObject *object) {
  switch (object->tt) {
    case LUA_VTABLE:
      settle_table(gco2t(object));
      gco2t(object)->gclist = NULL;
      break;
    case LUA_VPROTO:
      settle_all(gco2p(object)->k, (size_t)gco2p(object)->sizek);
      gco2p(object)->gclist = NULL;
      break;
    case LUA_VCCL:
      settle_all(gco2ccl(object)->upvalue, gco2ccl(object)->nupvalues);
      gco2ccl(object)->gclist = NULL;
      break;
    case LUA_VLCL: gco2lcl(object)->gclist = NULL; break;
    case LUA_VUPVAL: settle_all(gco2upv(object)->v.p, 1); break;
    case LUA_VUSERDATA:
      for (int i = 0; i < gco2u(object)->nuvalue; i++) settle_all(&gco2u(object)->uv[i].uv, 1);
      break;
    case LUA_VTHREAD: settle_thread(gco2th(object)); break;
    default: break;
  }
}

void values_settle(lua_State *L) {
  GCObject *const lists[] = {G(L)->allgc, G(L)->finobj, G(L)->tobefnz, G(L)->fixedgc};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    for (GCObject *object = lists[i]; object != NULL; object = object->next) settle_object(object);
  }
  settle_thread(G(L)->mainthread);
}
