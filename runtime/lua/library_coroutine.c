/*
 * library_coroutine.c - Lua's coroutine library, which takes and moves arguments and results in place.
 *
 * What it does is lcorolib.c's, all of it. The functions of Lua's API that stand in the way of each switch
 * are given here as lapi.c has them, for the compiler to put where they are called.
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

/* Puts the value on top to an index below the top, above what is there. */
static inline void insert(lua_State *L, int index) {
  StkId at = L->top.p - 1, to = L->top.p + index;
  TValue value = *s2v(at);
  for (; at > to; at--) setobjs2s(L, at, at - 1);
  setobj2s(L, to, &value);
}

/* A script has set the upvalue of what coroutine.wrap gave. */
__attribute__((noinline)) static lua_State *no_thread(lua_State *L) {
  luaL_error(L, "the coroutine has been replaced");
  return NULL;
}

/* The coroutine at index 1, NULL when it is none, or the one that coroutine.wrap keeps. */
static inline lua_State *thread_at(lua_State *L, int index) {
  StkId function = L->ci->func.p;
  const TValue *value = index != 1 ? &clCvalue(s2v(function))->upvalue[0] : s2v(function + 1);
  if (L->top.p > function + (index == 1) && ttisthread(value)) return thvalue(value);
  return index != 1 ? no_thread(L) : NULL;
}

/* What is rare need not be fast: creating and closing, and what moves a fixed number of values, an error. */
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
