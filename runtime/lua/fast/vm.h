/*
 * vm.h - the common cases of Lua's interpreter, done in place.
 *
 * luaV_execute includes it at its head, where Lua has a jump table of labels
 * (patches/interpreter-in-place.patch). It redefines some of the macros and functions with which the
 * instructions are written (lvm.c), because on Wasm engines a call costs about as much as a whole simple
 * instruction. The meaning of instructions does not change: rare cases go to the same functions as in stock
 * Lua. Dispatch is unchanged: the `switch` is a br_table.
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

/* Fields. */
#define luaH_getshortstr(t, key) field_slot(t, key)
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

/* Calls: a Lua function is entered here if there is an unused frame from an earlier call and room on the
 * stack. */
#define luaD_precall(L, function, wanted)                                                                 \
  ({                                                                                                      \
    CallInfo *vm_frame = ci->next;                                                                        \
    const Proto *vm_p;                                                                                    \
    if (l_likely(ttisLclosure(s2v(function)) && vm_frame != NULL) &&                                      \
        (vm_p = clLvalue(s2v(function))->p, l_likely(L->stack_last.p - L->top.p > vm_p->maxstacksize))) { \
      vm_frame->func.p = (function);                                                                      \
      vm_frame->top.p = (function) + 1 + vm_p->maxstacksize;                                              \
      vm_frame->u.l.savedpc = vm_p->code;                                                                 \
      vm_frame->nresults = (short)(wanted);                                                               \
      vm_frame->callstatus = 0;                                                                           \
      L->ci = vm_frame;                                                                                   \
      for (StkId vm_end = (function) + 1 + vm_p->numparams; L->top.p < vm_end; L->top.p++)                \
        setnilvalue(s2v(L->top.p));                                                                       \
    } else                                                                                                \
      vm_frame = call_c(L, function, wanted);                                                             \
    vm_frame;                                                                                             \
  })

/* A generic `for`: most iterators are C functions (next, the ones of ipairs and gmatch). */
#define luaD_call call_iterator

/* Its three values. */
#undef memcpy
#define memcpy __builtin_memcpy_inline
