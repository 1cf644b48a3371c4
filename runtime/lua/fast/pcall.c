/*
 * pcall.c - pcall and xpcall, which leave results where they are and do extra work only after an error, and
 * coroutine.yield.
 *
 * It includes Lua's ldo.c instead of linking it, because it calls ldo.c's static functions, and so that the
 * compiler can inline them.
 */
#define LUA_CORE
#include <stdbool.h>

#include "lauxlib.h"
#include "lua/fast/call.h"
#include "lua/libraries.h"
#include "lopcodes.h"
#include "lvm.h"

#include "ldo.c"

/* Whether the stack is not too large for luaD_shrinkstack, judged without a walk over all frames. */
static inline bool is_stack_small(const lua_State *L) {
  int used = (int)(L->ci->top.p - L->stack.p) + 1;
  return stacksize(L) <= 3 * used && stacksize(L) <= LUAI_MAXSTACK;
}

static void call_unyieldable(lua_State *L, void *function) { ccall(L, function, LUA_MULTRET, nyci); }

/* luaD_pcall of call_unyieldable. */
static inline int call_protected(lua_State *L, StkId function, ptrdiff_t handler) {
  CallInfo *frame = L->ci;
  lu_byte allowhook = L->allowhook;
  ptrdiff_t outer_handler = L->errfunc, level = savestack(L, function);
  L->errfunc = handler;
  int status = luaD_rawrunprotected(L, call_unyieldable, function);
  if (l_unlikely(status != LUA_OK)) {
    L->ci = frame;
    L->allowhook = allowhook;
    function = restorestack(L, level);
    if (L->tbclist.p >= function || (L->openupval != NULL && uplevel(L->openupval) >= function))
      status = luaD_closeprotected(L, level, status);
    luaD_seterrorobj(L, status, restorestack(L, level));
    if (!is_stack_small(L)) luaD_shrinkstack(L);
  }
  L->errfunc = outer_handler;
  return status;
}

/* Puts the success flag before the results or the error. Also the continuation after a yield. */
static int finish(lua_State *L, int status, lua_KContext unused) {
  (void)unused;
  StkId first = L->ci->func.p + 1;
  if (l_likely(status == LUA_OK || status == LUA_YIELD))
    setbtvalue(s2v(first));
  else
    setbfvalue(s2v(first));
  return (int)(L->top.p - first);
}

/* Calls the function at index 2; otherwise as lua_pcallk. */
static int call_second(lua_State *L, ptrdiff_t handler) {
  CallInfo *frame = L->ci;
  StkId function = frame->func.p + 2;
  int status = LUA_OK;
  if (!yieldable(L)) {
    status = call_protected(L, function, handler);
  } else {
    frame->u.c.k = finish;
    frame->u2.funcidx = cast_int(savestack(L, function));
    frame->u.c.old_errfunc = L->errfunc;
    L->errfunc = handler;
    setoah(frame->callstatus, L->allowhook);
    frame->callstatus |= CIST_YPCALL;
    luaD_call(L, function, LUA_MULTRET);
    frame->callstatus &= ~CIST_YPCALL;
    L->errfunc = frame->u.c.old_errfunc;
  }
  adjustresults(L, LUA_MULTRET);
  return finish(L, status, 0);
}

int library_pcall(lua_State *L) {
  luaL_checkany(L, 1);
  StkId first = L->ci->func.p + 1;
  for (StkId at = L->top.p++; at > first; at--) setobjs2s(L, at, at - 1);
  return call_second(L, 0);
}

int library_xpcall(lua_State *L) {
  luaL_checktype(L, 2, LUA_TFUNCTION);
  StkId first = L->ci->func.p + 1;
  TValue function = *s2v(first);
  setobjs2s(L, first, first + 1);
  setobj2s(L, first + 1, &function);
  return call_second(L, savestack(L, first));
}

/* lua_yieldk, outside of hooks and without a continuation. */
int library_yield(lua_State *L) {
  if (l_unlikely(!yieldable(L)))
    luaG_runerror(L, L != G(L)->mainthread ? "attempt to yield across a C-call boundary"
                                           : "attempt to yield from outside a coroutine");
  CallInfo *frame = L->ci;
  L->status = LUA_YIELD;
  frame->u2.nyield = (int)(L->top.p - frame->func.p) - 1;
  frame->u.c.k = NULL;
  L->errorJmp->status = LUA_YIELD;
  LUAI_THROW(L, L->errorJmp);
}
