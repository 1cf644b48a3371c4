/*
 * vm.h - the common cases of Lua's interpreter, done in place.
 *
 * luaV_execute includes it at its head, where Lua has a jump table of labels
 * (patches/interpreter-in-place.patch). It redefines some of the macros and functions with which the
 * instructions are written (lvm.c), because on Wasm engines a call costs about as much as a whole simple
 * instruction; vm_enter and vm_find_field are named by patches of the instructions. The meaning of
 * instructions does not change: rare cases go to the same functions as in stock Lua. Dispatch is unchanged:
 * the `switch` is a br_table.
 */

#include "lua/fast/call.h"
#include "lua/fast/get.h"
#include "lua/fast/set.h"

/* Arithmetic on two floats or two integers first, then with conversions. `ra` is the instruction's result. */
#define vm_number(value) (ttisfloat(value) ? fltvalue(value) : cast_num(ivalue(value)))
#undef op_arithf_aux
#define op_arithf_aux(L, v1, v2, of_floats)            \
  if (ttisnumber(v1) && ttisnumber(v2)) {              \
    lua_Number n1 = vm_number(v1), n2 = vm_number(v2); \
    pc++;                                              \
    setfltvalue(s2v(ra), of_floats(L, n1, n2));        \
  }
#undef op_arith_aux
#define op_arith_aux(L, v1, v2, of_integers, of_floats) \
  {                                                     \
    StkId ra = RA(i);                                   \
    if (ttisfloat(v1) && ttisfloat(v2)) {               \
      lua_Number n1 = fltvalue(v1), n2 = fltvalue(v2);  \
      pc++;                                             \
      setfltvalue(s2v(ra), of_floats(L, n1, n2));       \
    } else if (ttisinteger(v1) && ttisinteger(v2)) {    \
      lua_Integer i1 = ivalue(v1), i2 = ivalue(v2);     \
      pc++;                                             \
      setivalue(s2v(ra), of_integers(L, i1, i2));       \
    } else                                              \
      op_arithf_aux(L, v1, v2, of_floats);              \
  }

/*
 * Fields: sets `slot` to the slot of the short string `key` in `holder`, or to NULL if that is no table; if
 * it has a value, does `found` and goes to the next instruction. The node at the key's main position has a
 * path of its own: an engine that checks bounds knows an address only until paths join.
 */
#define vm_apart(pointer) __asm__("" : "+r"(pointer)) /* else the compiler would join the two */
#define vm_find_field(holder, key, slot, found)                                               \
  if (!ttistable(holder)) {                                                                   \
    slot = NULL;                                                                              \
  } else {                                                                                    \
    const Node *vm_node = gnode(hvalue(holder), lmod((key)->hash, sizenode(hvalue(holder)))); \
    if (field_is(vm_node, key)) {                                                             \
      slot = gval(vm_node);                                                                   \
      if (l_likely(!isempty(slot))) {                                                         \
        found;                                                                                \
        continue;                                                                             \
      }                                                                                       \
    } else {                                                                                  \
      vm_node += gnext(vm_node);                                                              \
      slot = field_is(vm_node, key) ? gval(vm_node) : field_further(vm_node, key);            \
      vm_apart(slot);                                                                         \
      if (!isempty(slot)) {                                                                   \
        found;                                                                                \
        continue;                                                                             \
      }                                                                                       \
    }                                                                                         \
  }
#define luaV_finishget field_get
#define luaV_finishset table_set

/* Constructors. */
#define luaH_resize table_room

/* Remainders: with Lua's sign, which is the divisor's. */
#define luaV_mod(L, m, n)              \
  ({                                   \
    lua_Integer vm_rest;               \
    if (l_likely((n) > 0)) {           \
      vm_rest = (m) % (n);             \
      if (vm_rest < 0) vm_rest += (n); \
    } else                             \
      vm_rest = (luaV_mod)(L, m, n);   \
    vm_rest;                           \
  })

/* Equality: values of two types are different, short strings are equal if they are the same object. */
#define luaV_equalobj(L, v1, v2)                                                                 \
  (ttype(v1) != ttype(v2)                                           ? 0                          \
   : rawtt(v1) == ctb(LUA_VSHRSTR) && rawtt(v2) == ctb(LUA_VSHRSTR) ? gcvalue(v1) == gcvalue(v2) \
                                                                    : (luaV_equalobj)(L, v1, v2))

/*
 * Calls: goes on in the Lua function at `function` if there is an unused frame from an earlier call, room on
 * the stack and no hook. `count` is the number of arguments + 1, or 0: they end at the stack's top.
 */
#define vm_enter(function, count, wanted)                                      \
  if (l_likely(L->hookmask == 0)) {                                            \
    in_order();                                                                \
    StkId vm_top = L->top.p; /* read in any case, so that no paths join */     \
    vm_top = (count) != 0 ? (function) + (count) : vm_top;                     \
    CallInfo *vm_frame = ci->next;                                             \
    if (l_likely(ttisLclosure(s2v(function))) && l_likely(vm_frame != NULL)) { \
      LClosure *vm_cl = clLvalue(s2v(function));                               \
      const Proto *vm_p = vm_cl->p;                                            \
      const Instruction *vm_code = vm_p->code;                                 \
      in_order();                                                              \
      StkId vm_last = (function) + 1 + vm_p->maxstacksize;                     \
      if (l_likely(L->stack_last.p > vm_last)) {                               \
        vm_frame->callstatus = 0;                                              \
        in_order();                                                            \
        vm_frame->nresults = (short)(wanted);                                  \
        vm_frame->u.l.k = k = vm_p->k;                                         \
        vm_frame->u.l.closure = cl = vm_cl;                                    \
        vm_frame->u.l.savedpc = pc = vm_code;                                  \
        vm_frame->func.p = (function);                                         \
        vm_frame->top.p = vm_last;                                             \
        L->ci = ci = vm_frame;                                                 \
        trap = L->hookmask; /* an interrupt may have set it meanwhile */       \
        base = (function) + 1;                                                 \
        StkId vm_end = base + vm_p->numparams;                                 \
        L->top.p = vm_top < vm_end ? vm_end : vm_top;                          \
        for (; vm_top < vm_end; vm_top++) setnilvalue(s2v(vm_top));            \
        continue;                                                              \
      }                                                                        \
    }                                                                          \
  }

/* A generic `for`: most iterators are C functions (next, the ones of ipairs and gmatch). */
#define luaD_call call_iterator

/* Its three values. */
#undef memcpy
#define memcpy __builtin_memcpy_inline
