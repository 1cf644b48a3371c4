/*
 * reach.c - see reach.h. It walks Lua's lists of objects, as values.c does.
 *
 * The values that can be cut are in the globals and in package.loaded. A script reaches a value of a table by
 * its key, and these two tables
 *
 * - by GETTABUP, whose key is a constant: it must not be in `names`, unless there is none by that name;
 * - by `require`, whose argument must be a constant too, and not in `names`;
 * - by the tables themselves, `package`, or one of the functions that make the tables an upvalue (load) or
 *   read upvalues (debug): each of these may be held only where Lua itself has put it. Every function has the
 *   globals as an upvalue; a GETUPVAL of it, to which `_ENV` compiles, would make it a value.
 *
 * If anything else holds a value that would be cut, or a file, nothing is cut. By induction over the
 * instructions of functions, no other way to such a value arises later. A rule that is not sure decides that
 * it can be reached.
 */
#include "start/reach.h"

#include <string.h>

#include "lauxlib.h"
#include "lua/libraries.h"
#include "lualib.h"

#include "lgc.h"
#include "lobject.h"
#include "lopcodes.h"
#include "lstate.h"
#include "lstring.h"
#include "ltable.h"

/* Registry: `package` and the tables in `tables`, so that none is collected and its address reused. */
#define ANCHOR "flaron.reach"
#define REQUIRE "require"

enum { FUNCTIONS = 64, TABLES = 8 };

/* The names that can be cut come first. */
static const char *const names[] = {
#define FLARON_CUT(name) name,
#include "abi/cut.def"
#undef FLARON_CUT
    LUA_GNAME, "package"};

enum { NAMES = sizeof names / sizeof *names, CUT = NAMES - 2 };

/* All zeros while it is not in use, so that it takes no space in a flare. */
static struct {
  lua_CFunction functions[FUNCTIONS], require;
  const Table *tables[TABLES]; /* tables of the libraries that can be cut */
  const Table *globals, *loaded, *package, *registry, *anchor;
  int function_count, table_count;
  bool gone[NAMES]; /* of each name that can be cut: no value that can be cut is found by it */
} known;

static bool reach_is_name(const char *s, int count) {
  for (int i = 0; i < count; i++) {
    if (!known.gone[i] && strcmp(s, names[i]) == 0) return true;
  }
  return false;
}

/* ---- recording ---- */

static void reach_note_function(lua_State *L, lua_CFunction f) {
  if (known.function_count == FUNCTIONS) luaL_error(L, "too many functions");
  known.functions[known.function_count++] = f;
}

/* Records the table on top and its C functions; pops it. */
static void reach_note_table(lua_State *L) {
  if (known.table_count == TABLES) luaL_error(L, "too many tables");
  known.tables[known.table_count++] = lua_topointer(L, -1);
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    if (lua_iscfunction(L, -1)) reach_note_function(L, lua_tocfunction(L, -1));
  }
  lua_getfield(L, LUA_REGISTRYINDEX, ANCHOR);
  lua_insert(L, -2);
  lua_rawseti(L, -2, known.table_count);
  lua_pop(L, 1);
}

void reach_begin(lua_State *L) {
  lua_newtable(L);
  known.anchor = lua_topointer(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, ANCHOR);
  known.registry = lua_topointer(L, LUA_REGISTRYINDEX);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  known.loaded = lua_topointer(L, -1);
  lua_pushglobaltable(L);
  known.globals = lua_topointer(L, -1);
  lua_getglobal(L, "package");
  known.package = lua_topointer(L, -1);
  lua_getfield(L, LUA_REGISTRYINDEX, ANCHOR);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, 0);
  lua_getglobal(L, REQUIRE);
  known.require = lua_tocfunction(L, -1);
  lua_pop(L, 5);
  reach_note_function(L, known.require);
  reach_note_function(L, library_next_line);
  for (int i = 0; i < CUT; i++) {
    if (lua_getglobal(L, names[i]) == LUA_TTABLE) {
      reach_note_table(L);
    } else {
      reach_note_function(L, lua_tocfunction(L, -1));
      lua_pop(L, 1);
    }
  }
  luaL_getmetatable(L, LUA_FILEHANDLE);
  lua_getfield(L, -1, "__index");
  reach_note_table(L);
  reach_note_table(L);
}

/* ---- values ---- */

static bool reach_is_known_function(lua_CFunction f) {
  for (int i = 0; i < known.function_count; i++) {
    if (known.functions[i] == f) return true;
  }
  return false;
}

static bool reach_is_known_table(const Table *t) {
  for (int i = 0; i < known.table_count; i++) {
    if (known.tables[i] == t) return true;
  }
  return false;
}

/* Whether a table may be held only where Lua has put it; `t` may be NULL. */
static bool reach_is_special_table(const Table *t) {
  return t != NULL && (t == known.globals || t == known.loaded || t == known.package || t == known.registry ||
                       reach_is_known_table(t));
}

/* Whether an object belongs to the parts that can be cut: a reference from it does not make them
 * reachable. */
static bool reach_is_part(const GCObject *o) {
  switch (o->tt) {
    case LUA_VTABLE: return reach_is_known_table(gco2t(o));
    case LUA_VUSERDATA: return reach_is_known_table(gco2u(o)->metatable);
    case LUA_VCCL: return reach_is_known_function(gco2ccl(o)->f);
    default: return false;
  }
}

/* The same of a value. */
static bool reach_is_special(const TValue *v) {
  if (ttislcf(v)) return reach_is_known_function(fvalue(v));
  if (!iscollectable(v)) return false;
  return ttistable(v) ? reach_is_special_table(hvalue(v)) : reach_is_part(gcvalue(v));
}

static bool reach_is_table(const TValue *v, const Table *t) { return ttistable(v) && hvalue(v) == t; }

/* Whether field `key` of `t` may be a special value. */
static bool reach_may_hold(const Table *t, const TValue *key, const TValue *v) {
  const char *name = ttisshrstring(key) ? getshrstr(tsvalue(key)) : "";
  if (t == known.anchor) return true;
  if (t == known.registry)
    return ttisstring(key) ||
           (reach_is_table(v, known.globals) && ttisinteger(key) && ivalue(key) == LUA_RIDX_GLOBALS);
  if (t == known.package) return reach_is_table(v, known.loaded) && strcmp(name, "loaded") == 0;
  if (t != known.globals && t != known.loaded) return false;
  return reach_is_name(name, NAMES) ||
         (ttisCclosure(v) && clCvalue(v)->f == known.require && strcmp(name, REQUIRE) == 0);
}

static bool reach_table_reaches(lua_State *L, const Table *t) {
  if (t->metatable != NULL && reach_is_special_table(t))
    return true; /* methods get the table as an argument */
  if (reach_is_special_table(t->metatable)) return true;
  for (unsigned i = luaH_realasize(t); i > 0; i--) {
    TValue key;
    setivalue(&key, i);
    if (reach_is_special(&t->array[i - 1]) && !reach_may_hold(t, &key, &t->array[i - 1])) return true;
  }
  for (int i = sizenode(t); i > 0; i--) {
    const Node *node = gnode(t, i - 1);
    TValue key;
    if (isempty(gval(node))) continue;
    getnodekey(L, &key, node);
    if (reach_is_special(&key) || (reach_is_special(gval(node)) && !reach_may_hold(t, &key, gval(node))))
      return true;
  }
  return false;
}

/* ---- functions ---- */

static const char *reach_constant(const Proto *p, int i) {
  return ttisshrstring(&p->k[i]) ? getshrstr(tsvalue(&p->k[i])) : "";
}

/* Whether the instructions after `pc`, which gets `require`, call it with a constant that is not in
 * `names`. */
static bool reach_requires_other(const Proto *p, int pc) {
  if (pc + 2 >= p->sizecode) return false;
  Instruction get = p->code[pc], load = p->code[pc + 1], call = p->code[pc + 2];
  if (GET_OPCODE(load) != OP_LOADK || GETARG_A(load) != GETARG_A(get) + 1) return false;
  if (GET_OPCODE(call) != OP_CALL && GET_OPCODE(call) != OP_TAILCALL) return false;
  return GETARG_A(call) == GETARG_A(get) && GETARG_B(call) == 2 && ttisstring(&p->k[GETARG_Bx(load)]) &&
         !reach_is_name(reach_constant(p, GETARG_Bx(load)), NAMES);
}

/* Whether a function names a value that can be cut, or a way to one. */
static bool reach_names_any(const Proto *p) {
  for (int pc = 0; pc < p->sizecode; pc++) {
    if (GET_OPCODE(p->code[pc]) != OP_GETTABUP) continue;
    const char *name = reach_constant(p, GETARG_C(p->code[pc]));
    if (reach_is_name(name, NAMES) || (strcmp(name, REQUIRE) == 0 && !reach_requires_other(p, pc)))
      return true;
  }
  return false;
}

/* Whether a function, or one within it, makes a value of its upvalue `env`. */
static bool reach_takes_upvalue(const Proto *p, int env) {
  for (int pc = 0; pc < p->sizecode; pc++) {
    if (GET_OPCODE(p->code[pc]) == OP_GETUPVAL && GETARG_B(p->code[pc]) == env) return true;
  }
  for (int i = 0; i < p->sizep; i++) {
    const Proto *inner = p->p[i];
    for (int u = 0; u < inner->sizeupvalues; u++) {
      if (!inner->upvalues[u].instack && inner->upvalues[u].idx == env && reach_takes_upvalue(inner, u))
        return true;
    }
  }
  return false;
}

static bool reach_closure_reaches(const LClosure *f) {
  for (int i = 0; i < f->nupvalues; i++) {
    if (f->upvals[i] != NULL && reach_is_table(f->upvals[i]->v.p, known.globals) &&
        reach_takes_upvalue(f->p, i))
      return true;
  }
  return false;
}

/* ---- objects ---- */

static bool reach_stack_reaches(const lua_State *thread) {
  for (StkId at = thread->stack.p; at < thread->top.p; at++) {
    if (reach_is_special(s2v(at))) return true;
  }
  return false;
}

/* C closures may hold `package` and `package.loaded`; they do not pass them to scripts. */
static bool reach_c_closure_reaches(const CClosure *f) {
  for (int i = 0; i < f->nupvalues; i++) {
    const TValue *v = &f->upvalue[i];
    if (reach_is_special(v) && !reach_is_table(v, known.package) && !reach_is_table(v, known.loaded))
      return true;
  }
  return false;
}

static bool reach_userdata_reaches(const Udata *u) {
  if (reach_is_special_table(u->metatable)) return true;
  for (int i = 0; i < u->nuvalue; i++) {
    if (reach_is_special(&u->uv[i].uv)) return true;
  }
  return false;
}

static bool reach_object_reaches(lua_State *L, const GCObject *o) {
  if (reach_is_part(o)) return false;
  switch (o->tt) {
    case LUA_VTABLE: return reach_table_reaches(L, gco2t(o));
    case LUA_VPROTO: return reach_names_any(gco2p(o));
    case LUA_VLCL: return reach_closure_reaches(gco2lcl(o));
    case LUA_VCCL: return reach_c_closure_reaches(gco2ccl(o));
    case LUA_VUPVAL:
      return !reach_is_table(gco2upv(o)->v.p, known.globals) && reach_is_special(gco2upv(o)->v.p);
    case LUA_VUSERDATA: return reach_userdata_reaches(gco2u(o));
    case LUA_VTHREAD: return reach_stack_reaches(gco2th(o)) || gco2th(o)->hook != NULL;
    default: return false;
  }
}

static bool reach_anything_reaches(lua_State *L) {
  GCObject *const lists[] = {G(L)->allgc, G(L)->finobj, G(L)->tobefnz};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    for (const GCObject *o = lists[i]; o != NULL; o = o->next) {
      if (reach_object_reaches(L, o)) return true;
    }
  }
  for (int i = 0; i < LUA_NUMTYPES; i++) {
    if (reach_is_special_table(G(L)->mt[i])) return true;
  }
  return reach_stack_reaches(G(L)->mainthread) || G(L)->mainthread->hook != NULL;
}

/* Whether field `name` of the table on top is a value that can be cut. */
static bool reach_is_field(lua_State *L, const char *name) {
  lua_pushstring(L, name);
  lua_rawget(L, -2);
  bool special = reach_is_special(s2v(L->top.p - 1));
  lua_pop(L, 1);
  return special;
}

/* Finds the names that no longer are those of values that can be cut: of libraries that flare.lua leaves out
 * (scripts/start/without.lua), or that the script has replaced. */
static void reach_find_gone(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_pushliteral(L, LUA_LOADED_TABLE);
  lua_rawget(L, LUA_REGISTRYINDEX);
  for (int i = 0; i < CUT; i++) {
    known.gone[i] = !reach_is_field(L, names[i]);
    lua_insert(L, -2);
    known.gone[i] = known.gone[i] && !reach_is_field(L, names[i]);
  }
  lua_pop(L, 2);
}

/* Removes field `name` of the table on top, if it holds a value of Lua. */
static void reach_remove_field(lua_State *L, const char *name) {
  if (!reach_is_field(L, name)) return;
  lua_pushstring(L, name);
  lua_pushnil(L);
  lua_rawset(L, -3);
}

/* Whether the script has left the registry alone (debug.getregistry), so that the recorded tables are still
 * the same. */
static bool reach_is_intact(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_pushliteral(L, LUA_LOADED_TABLE);
  lua_rawget(L, LUA_REGISTRYINDEX);
  lua_pushliteral(L, ANCHOR);
  lua_rawget(L, LUA_REGISTRYINDEX);
  bool intact = lua_topointer(L, -3) == known.globals && lua_topointer(L, -2) == known.loaded &&
                lua_topointer(L, -1) == known.anchor;
  for (int i = 0; intact && i <= known.table_count; i++) {
    lua_rawgeti(L, -1, i);
    intact = lua_topointer(L, -1) == (i == 0 ? known.package : known.tables[i - 1]);
    lua_pop(L, 1);
  }
  lua_pop(L, 3);
  return intact;
}

bool reach_cut(lua_State *L, bool may) {
  lua_gc(L, LUA_GCCOLLECT); /* twice, as in life_freeze: finalizers leave garbage */
  lua_gc(L, LUA_GCCOLLECT);
  bool cut = may && reach_is_intact(L);
  if (cut) {
    reach_find_gone(L);
    cut = !reach_anything_reaches(L);
  }
  lua_pushvalue(L, LUA_REGISTRYINDEX);
  if (cut) {
    static const char *const files[] = {LUA_FILEHANDLE, "_IO_input", "_IO_output"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) reach_remove_field(L, files[i]);
    lua_rawgeti(L, -1, LUA_RIDX_GLOBALS);
    for (int i = 0; i < CUT; i++) reach_remove_field(L, names[i]);
    lua_pop(L, 1);
    lua_pushliteral(L, LUA_LOADED_TABLE);
    lua_rawget(L, -2);
    for (int i = 0; i < CUT; i++) reach_remove_field(L, names[i]);
    lua_pop(L, 1);
  }
  lua_pushliteral(L, ANCHOR);
  lua_pushnil(L);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  memset(&known, 0, sizeof known);
  return cut;
}
