/*
 * layout.c - the offsets of fields in Lua's structures in the runtime's memory and some limits of Lua, for
 * edge/profile/callstack.c; and the release of Lua.
 *
 * It is compiled for wasm32, as Lua is, and never linked: mk/runtime.mk turns the lines "#layout NAME VALUE"
 * in the assembly into the enum of lua_layout.h, and "#release" into LAYOUT_LUA_RELEASE, a string of three
 * numbers.
 */
#include <stddef.h>

#include "lgc.h"
#include "lobject.h"
#include "lstate.h"

enum { ERROR_STACK = 200 }; /* extra values while a stack overflow is handled: ERRORSTACKSIZE of ldo.c */

#define SAY(name, value) __asm__ volatile("#layout " #name " %0" ::"i"(value))

void layout(void) {
  __asm__ volatile("#release " LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE);
  SAY(STATE_CI, offsetof(lua_State, ci));
  SAY(STATE_BASE_CI, offsetof(lua_State, base_ci));
  SAY(STATE_GLOBAL, offsetof(lua_State, l_G));
  SAY(STATE_STACK, offsetof(lua_State, stack));
  SAY(STACK_MOST, LUAI_MAXSTACK + ERROR_STACK + EXTRA_STACK);
  SAY(STATES_MOST, LUAI_MAXCCALLS + LUAI_MAXCCALLS / 10);
  SAY(GLOBAL_MAIN, offsetof(global_State, mainthread));
  SAY(GLOBAL_REGISTRY, offsetof(global_State, l_registry));
  SAY(CALL_FUNC, offsetof(CallInfo, func));
  SAY(CALL_PREVIOUS, offsetof(CallInfo, previous));
  SAY(CALL_STATUS, offsetof(CallInfo, callstatus));
  SAY(CALL_IS_TAIL, CIST_TAIL);
  SAY(VALUE_SIZE, sizeof(TValue));
  SAY(VALUE_DATA, offsetof(TValue, value_));
  SAY(VALUE_TAG, offsetof(TValue, tt_));
  SAY(TAG_LUA, ctb(LUA_VLCL));
  SAY(TAG_C, LUA_VLCF);
  SAY(TAG_C_CLOSURE, ctb(LUA_VCCL));
  SAY(TAG_THREAD, ctb(LUA_VTHREAD));
  SAY(TAG_USERDATA, ctb(LUA_VUSERDATA));
  SAY(TAG_TABLE, ctb(LUA_VTABLE));
  SAY(TAG_SHORT, ctb(LUA_VSHRSTR));
  SAY(OBJECT_TAG, offsetof(GCObject, tt));
  SAY(TAG_SHORT_OBJECT, LUA_VSHRSTR);
  SAY(CLOSURE_PROTO, offsetof(LClosure, p));
  SAY(CLOSURE_UPVALUES, offsetof(CClosure, nupvalues));
  SAY(CLOSURE_FUNCTION, offsetof(CClosure, f));
  SAY(CLOSURE_UPVALUE, offsetof(CClosure, upvalue));
  SAY(PROTO_LINE, offsetof(Proto, linedefined));
  SAY(PROTO_SOURCE, offsetof(Proto, source));
  SAY(STRING_SHORT_SIZE, offsetof(TString, shrlen));
  SAY(STRING_LONG_SIZE, offsetof(TString, u.lnglen));
  SAY(STRING_DATA, offsetof(TString, contents));
  SAY(TABLE_LOG_SIZE, offsetof(Table, lsizenode));
  SAY(TABLE_NODES, offsetof(Table, node));
  SAY(NODE_SIZE, sizeof(Node));
  SAY(NODE_VALUE, offsetof(Node, i_val));
  SAY(NODE_KEY_TAG, offsetof(Node, u.key_tt));
  SAY(NODE_KEY, offsetof(Node, u.key_val));
  SAY(STATE_TOP, offsetof(lua_State, top));
  SAY(STATE_C_CALLS, offsetof(lua_State, nCcalls));
  SAY(STATE_OLD_PC, offsetof(lua_State, oldpc));
  SAY(STATE_ERROR_JUMP, offsetof(lua_State, errorJmp));
  SAY(STATE_HOOK_MASK, offsetof(lua_State, hookmask));
  SAY(STATE_STATUS, offsetof(lua_State, status));
  SAY(STATE_OPEN_UPVALUES, offsetof(lua_State, openupval));
  SAY(GLOBAL_GC_STOP, offsetof(global_State, gcstp));
  SAY(GC_STOP_USER, GCSTPUSR);
  SAY(GLOBAL_OBJECTS, offsetof(global_State, allgc));
  SAY(GLOBAL_FIXED, offsetof(global_State, fixedgc));
  SAY(OBJECT_NEXT, offsetof(GCObject, next));
  SAY(TAG_THREAD_OBJECT, LUA_VTHREAD);
  SAY(TAG_PROTO_OBJECT, LUA_VPROTO);
  SAY(TAG_TABLE_OBJECT, LUA_VTABLE);
  SAY(TAG_INTEGER, LUA_VNUMINT);
  SAY(TAG_FLOAT, LUA_VNUMFLT);
  SAY(TAG_TRUE, LUA_VTRUE);
  SAY(TAG_FALSE, LUA_VFALSE);
  SAY(TAG_LONG, ctb(LUA_VLNGSTR));
  SAY(CALL_SAVED_PC, offsetof(CallInfo, u.l.savedpc));
  SAY(CALL_IS_C, CIST_C);
  SAY(CALL_IS_YIELDABLE_PCALL, CIST_YPCALL);
  SAY(PROTO_CODE, offsetof(Proto, code));
  SAY(PROTO_CODE_SIZE, offsetof(Proto, sizecode));
  SAY(PROTO_VARARG, offsetof(Proto, is_vararg));
  SAY(PROTO_LINES, offsetof(Proto, lineinfo));
  SAY(PROTO_LAST_LINE, offsetof(Proto, lastlinedefined));
  SAY(PROTO_ABSOLUTE_LINES, offsetof(Proto, abslineinfo));
  SAY(PROTO_ABSOLUTE_COUNT, offsetof(Proto, sizeabslineinfo));
  SAY(PROTO_LOCALS, offsetof(Proto, locvars));
  SAY(PROTO_LOCAL_COUNT, offsetof(Proto, sizelocvars));
  SAY(PROTO_PROTOS, offsetof(Proto, p));
  SAY(PROTO_PROTO_COUNT, offsetof(Proto, sizep));
  SAY(LOCAL_SIZE, sizeof(LocVar));
  SAY(LOCAL_FROM, offsetof(LocVar, startpc));
  SAY(LOCAL_TO, offsetof(LocVar, endpc));
  SAY(LUA_CLOSURE_UPVALUE, offsetof(LClosure, upvals));
  SAY(UPVALUE_VALUE, offsetof(UpVal, v));
  SAY(TABLE_ARRAY, offsetof(Table, array));
  SAY(TABLE_ARRAY_SIZE, offsetof(Table, alimit));
  SAY(TABLE_FLAGS, offsetof(Table, flags));
  SAY(TABLE_SIZE_IS_HINT, BITRAS);
  SAY(TABLE_METATABLE, offsetof(Table, metatable));
  SAY(LOCAL_NAME, offsetof(LocVar, varname));
  SAY(PROTO_UPVALUES, offsetof(Proto, upvalues));
  SAY(UPVALUE_NAME_SIZE, sizeof(Upvaldesc));
  SAY(UPVALUE_NAME, offsetof(Upvaldesc, name));
  SAY(JUMP_PREVIOUS, 0); /* struct lua_longjmp of ldo.c */
}
