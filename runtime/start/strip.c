/*
 * strip.c - see strip.h.
 *
 * Lua finds a line by adding the steps in `lineinfo`, one per instruction, to the line where the function
 * begins. Here every function begins at its own number, and all share one array of steps of 1. So Lua's own
 * messages and tracebacks name the instruction as a line, and lines cost no space. `sizelineinfo` is 0, which
 * keeps Lua from freeing the shared array (arena_free).
 *
 * A main chunk begins at line 0, by which Lua recognises it (debug.getinfo's `what`). Its numbers are in
 * `abslineinfo`, which has a line at every MAXIWTHABS-th instruction.
 */
#include "start/strip.h"

#include <string.h>

#include "ldebug.h"
#include "lgc.h"
#include "llex.h"
#include "lmem.h"
#include "lobject.h"
#include "lstate.h"
#include "lstring.h"

static int next_place = 1; /* 0 would mean "main chunk" */
static ls_byte *steps;
static int step_count;

/* Makes the array of steps long enough. Functions that use a shorter one keep it. */
static void need_steps(lua_State *L, int count) {
  if (count <= step_count) return;
  steps = luaM_newvector(L, (size_t)count, ls_byte);
  memset(steps, 1, (size_t)count);
  step_count = count;
}

/* Gives a main chunk its numbers. */
static void number_main(lua_State *L, Proto *p, int place) {
  int count = (p->sizecode + MAXIWTHABS - 1) / MAXIWTHABS;
  p->abslineinfo = luaM_newvector(L, (size_t)count, AbsLineInfo);
  p->sizeabslineinfo = count;
  for (int i = 0; i < count; i++) {
    int pc = i * MAXIWTHABS;
    p->abslineinfo[i] = (AbsLineInfo){.pc = pc, .line = place + 1 + pc};
  }
}

static void strip(lua_State *L, Proto *p, TString *source) {
  need_steps(L, p->sizecode);
  luaM_freearray(L, p->lineinfo, (size_t)p->sizelineinfo);
  luaM_freearray(L, p->abslineinfo, (size_t)p->sizeabslineinfo);
  luaM_freearray(L, p->locvars, (size_t)p->sizelocvars);
  p->abslineinfo = NULL;
  p->locvars = NULL;
  p->sizelineinfo = p->sizeabslineinfo = p->sizelocvars = 0;
  p->lineinfo = steps;
  for (int i = 0; i < p->sizeupvalues;
       i++) { /* the name _ENV costs nothing and distinguishes globals from fields */
    TString *name = p->upvalues[i].name;
    if (name != NULL && strcmp(getstr(name), LUA_ENV) != 0) p->upvalues[i].name = NULL;
  }
  p->source = source;
  luaC_objbarrier(L, p, source);
  if (p->linedefined == 0) {
    number_main(L, p, next_place);
  } else {
    p->linedefined = next_place;
    p->lastlinedefined = next_place + p->sizecode;
  }
  next_place += p->sizecode + 1;
  for (int i = 0; i < p->sizep; i++) strip(L, p->p[i], source);
}

void strip_function(lua_State *L, unsigned hash) {
  char source[] = "=?00000000";
  for (int i = 9; i >= 2; i--, hash >>= 4) source[i] = "0123456789abcdef"[hash & 15];
  lua_pushstring(L, source);
  lua_insert(L, -2); /* anchored below the function, later by the functions that refer to it */
  strip(L, clLvalue(s2v(L->top.p - 1))->p, tsvalue(s2v(L->top.p - 2)));
  lua_remove(L, -2);
}
