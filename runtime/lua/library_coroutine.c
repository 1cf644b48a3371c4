/*
 * library_coroutine.c - Lua's coroutine library, changed to take and move arguments and results in place.
 *
 * Its behaviour is that of lcorolib.c. The API functions that each switch calls are repeated here as in
 * lapi.c, so that the compiler can inline them.
 */
#define LUA_CORE
#include "life/interrupt.h"
#include "lauxlib.h"
#include "lgc.h"
#include "lua/libraries.h"
#include "lobject.h"
#include "lstate.h"

static inline int count(lua_State *L) { return (int)(L->top.p - L->ci->func.p) - 1; }

static inline int make_room(lua_State *L, int n) {
  return L->stack_last.p - L->top.p > n && L->ci->top.p - L->top.p >= n ? 1 : lua_checkstack(L, n);
}

static inline void move_values(lua_State *from, lua_State *to, int n) {
  if (from == to) return;
  StkId value = from->top.p -= n;
  for (; n > 0; n--, value++, to->top.p++) setobjs2s(to, to->top.p, value);
}

/* Moves the top value to an index, shifting the values above it up. */
static inline void insert(lua_State *L, int index) {
  StkId at = L->top.p - 1, to = L->top.p + index;
  TValue value = *s2v(at);
  for (; at > to; at--) setobjs2s(L, at, at - 1);
  setobj2s(L, to, &value);
}

/* A script has changed the upvalue of a function of coroutine.wrap. */
__attribute__((noinline)) static lua_State *no_thread(lua_State *L) {
  luaL_error(L, "the coroutine has been replaced");
  return NULL;
}

/* The coroutine at index 1, NULL if it is not one; or the coroutine of coroutine.wrap. */
static inline lua_State *thread_at(lua_State *L, int index) {
  StkId function = L->ci->func.p;
  const TValue *value = index != 1 ? &clCvalue(s2v(function))->upvalue[0] : s2v(function + 1);
  if (L->top.p > function + (index == 1) && ttisthread(value)) return thvalue(value);
  return index != 1 ? no_thread(L) : NULL;
}

/* Rare cases need not be fast: creating, closing, and errors. */
__attribute__((noinline)) static lua_State *getco(lua_State *L);
__attribute__((noinline)) static int auxstatus(lua_State *L, lua_State *co);
__attribute__((noinline)) static int luaB_cocreate(lua_State *L);

#undef lua_insert
#define lua_tothread thread_at
#define lua_gettop count
#define lua_checkstack make_room
#define lua_xmove(from, to, n) (__builtin_constant_p(n) ? lua_xmove(from, to, n) : move_values(from, to, n))
#define lua_insert(L, index) (__builtin_constant_p(index) ? lua_rotate(L, index, 1) : insert(L, index))
#define lua_resume interrupt_resume
#define lua_closethread interrupt_closethread
#undef lua_yield
#define lua_yield(L, n) library_yield(L)
#include "lcorolib.c"
