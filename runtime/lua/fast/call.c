/*
 * call.c - calls of C functions from Lua's interpreter, in one function instead of three.
 *
 * Rare cases (hooks, a stack that must grow, more than one result, to-be-closed variables) take Lua's own
 * path (ldo.c: luaD_precall, luaD_poscall).
 */
#define LUA_CORE
#include "lua/fast/call.h"

#include "ldo.h"
#include "lgc.h"
#include "lua/libraries.h"
#include "lobject.h"
#include "lstate.h"

CallInfo *call_c(lua_State *L, StkId function, int wanted) {
  CallInfo *frame = L->ci->next;
  lua_CFunction f = ttislcf(s2v(function))        ? fvalue(s2v(function))
                    : ttisCclosure(s2v(function)) ? clCvalue(s2v(function))->f
                                                  : NULL;
  if (l_unlikely(f == NULL || frame == NULL || L->hookmask || L->stack_last.p - L->top.p <= LUA_MINSTACK))
    return luaD_precall(L, function, wanted);
  frame->func.p = function;
  frame->top.p = L->top.p + LUA_MINSTACK;
  frame->nresults = (short)wanted;
  frame->callstatus = CIST_C;
  L->ci = frame;
  int given = f(L);
  function = frame->func.p; /* reload it, the stack may have moved */
  if (l_unlikely((unsigned)frame->nresults > 1 || L->hookmask)) {
    luaD_poscall(L, frame, given);
    return NULL;
  }
  L->ci = frame->previous;
  if (frame->nresults == 1) {
    if (given == 0)
      setnilvalue(s2v(function));
    else
      setobjs2s(L, function, L->top.p - given);
    function++;
  }
  L->top.p = function;
  return NULL;
}

void call_iterator(lua_State *L, StkId function, int wanted) {
  const TValue *state = s2v(function + 1), *control = s2v(function + 2);
  if (l_unlikely(!ttislcf(s2v(function)))) {
    if (ttisCclosure(s2v(function)) && getCcalls(L) < LUAI_MAXCCALLS - 1) { /* coroutine.wrap's or gmatch's */
      L->nCcalls++;
      call_c(L, function, wanted);
      L->nCcalls--;
    } else {
      luaD_call(L, function, wanted);
    }
  } else if (fvalue(s2v(function)) == library_ipairs_step && ttistable(state) && ttisinteger(control) &&
             l_castS2U(ivalue(control)) < hvalue(state)->alimit &&
             !isempty(&hvalue(state)->array[ivalue(control)]) && wanted <= 2 && !L->hookmask) {
    const TValue *slot = &hvalue(state)->array[ivalue(control)];
    setivalue(s2v(function), ivalue(control) + 1);
    setobj2s(L, function + 1, slot);
    L->top.p = function + wanted;
  } else {
    call_c(L, function, wanted);
  }
}
