/*
 * call.c - calls of C functions, in one function instead of three, so that a level of nested calls takes
 * fewer frames of the engine's stack.
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

/* Makes `frame`, the next one, that of the C function at `function`. Its last field comes first (in_order).
 */
static inline void make_frame(lua_State *L, CallInfo *frame, StkId function, int wanted) {
  frame->callstatus = CIST_C;
  in_order();
  frame->nresults = (short)wanted;
  frame->func.p = function;
  frame->top.p = L->top.p + LUA_MINSTACK;
  L->ci = frame;
}

/* As call, with hooks, and where there is no room: the deeper of nested calls find neither stack nor
 * CallInfo. */
static CallInfo *call_rare(lua_State *L, StkId function, int wanted, lua_CFunction f) {
  if (l_unlikely(L->stack_last.p - L->top.p <= LUA_MINSTACK)) {
    ptrdiff_t place = savestack(L, function);
    luaD_growstack(L, LUA_MINSTACK, 1);
    function = restorestack(L, place);
  }
  CallInfo *frame = L->ci->next;
  if (l_unlikely(frame == NULL)) frame = luaE_extendCI(L);
  make_frame(L, frame, function, wanted);
  if (l_unlikely(L->hookmask & LUA_MASKCALL))
    luaD_hook(L, LUA_HOOKCALL, -1, 1, (int)(L->top.p - function) - 1);
  luaD_poscall(L, frame, f(L));
  return NULL;
}

/* Calls `f`, which is the function at `function`; see call_c. */
static inline __attribute__((always_inline)) CallInfo *call(lua_State *L, StkId function, int wanted,
                                                            lua_CFunction f) {
  int hooks = L->hookmask;
  in_order();
  CallInfo *caller = L->ci, *frame = caller->next;
  if (l_unlikely(hooks != 0 || L->stack_last.p - L->top.p <= LUA_MINSTACK || frame == NULL))
    return call_rare(L, function, wanted, f);
  make_frame(L, frame, function, wanted);
  int given = f(L);
  unsigned results = (unsigned)frame->nresults;
  if (l_unlikely(results > 1 || L->hookmask)) {
    luaD_poscall(L, frame, given);
    return NULL;
  }
  function = frame->func.p; /* the stack may have moved */
  const StkId from = L->top.p - given;
  L->ci = caller;
  L->top.p = function + results;
  if (results == 0) return NULL;
  if (given == 0)
    setnilvalue(s2v(function));
  else
    setobjs2s(L, function, from);
  return NULL;
}

CallInfo *call_c(lua_State *L, StkId function, int wanted) {
  if (l_likely(ttislcf(s2v(function)))) return call(L, function, wanted, fvalue(s2v(function)));
  if (l_likely(ttisCclosure(s2v(function)))) return call(L, function, wanted, clCvalue(s2v(function))->f);
  return luaD_precall(L, function, wanted);
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
