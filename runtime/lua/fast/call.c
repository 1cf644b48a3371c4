/*
 * call.c - calls of C functions, in one function instead of three, so that a level of nested calls takes
 * fewer frames of the engine's stack; and how many of these are left.
 *
 * What ends a call in rare cases (hooks, more than one result, to-be-closed variables) is Lua's own
 * (ldo.c: luaD_poscall), and so is the call of a value that is no C function.
 */
#define LUA_CORE
#include "lua/fast/call.h"

#include "ldo.h"
#include "lgc.h"
#include "lua/libraries.h"
#include "lobject.h"
#include "lstate.h"

CallInfo *call_c(lua_State *L, StkId function, int wanted) {
  lua_CFunction f = ttislcf(s2v(function))        ? fvalue(s2v(function))
                    : ttisCclosure(s2v(function)) ? clCvalue(s2v(function))->f
                                                  : NULL;
  if (l_unlikely(f == NULL)) return luaD_precall(L, function, wanted);
  /* The deeper of nested calls find neither room nor a CallInfo. */
  if (l_unlikely(L->stack_last.p - L->top.p <= LUA_MINSTACK)) {
    ptrdiff_t place = savestack(L, function);
    luaD_growstack(L, LUA_MINSTACK, 1);
    function = restorestack(L, place);
  }
  CallInfo *frame = L->ci->next;
  if (l_unlikely(frame == NULL)) frame = luaE_extendCI(L);
  frame->func.p = function;
  frame->top.p = L->top.p + LUA_MINSTACK;
  frame->nresults = (short)wanted;
  frame->callstatus = CIST_C;
  L->ci = frame;
  if (l_unlikely(L->hookmask & LUA_MASKCALL))
    luaD_hook(L, LUA_HOOKCALL, -1, 1, (int)(L->top.p - function) - 1);
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

void library_count_call(lua_State *L) { luaE_incCstack(L); }

void library_forget_call(lua_State *L) { L->nCcalls--; }

int library_frames_left(lua_State *L) { return (LUAI_MAXCCALLS / 10 * 11 - (int)getCcalls(L)) * 8; }
