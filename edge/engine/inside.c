/*
 * inside.c - see inside.h. It is compiled as one with the runtime's translation (mk/native.mk), whose
 * functions are static and have the names that they have in C, with w2c_ in front.
 */
#include <stdint.h>

/* What i32.popcnt is translated to. */
static inline uint32_t inside_count_bits(uint32_t n) {
  n -= n >> 1 & 0x55555555;
  n = (n & 0x33333333) + (n >> 2 & 0x33333333);
  return ((n + (n >> 4)) & 0x0F0F0F0F) * 0x01010101 >> 24;
}

#include "runtime_wasm2c.c"

#include "engine/inside.h"

#include <pthread.h>
#include <string.h>

void inside_instantiate(inside *i, struct Z_flaronZ2Fv1_instance_t *imports, uint32_t pages, uint32_t most) {
  init_instance_import(i, imports);
  init_globals(i);
  wasm_rt_allocate_memory(&i->w2c_memory, pages, most);
  init_tables(i);
}

void inside_push_string(inside *i, uint32_t state, uint32_t at, uint32_t size) {
  w2c_lua_pushlstring(i, state, at, size);
}

void inside_push_function(inside *i, uint32_t state, uint32_t function) {
  w2c_lua_pushcclosure(i, state, function, 0);
}

void inside_set_top(inside *i, uint32_t state, int32_t top) { w2c_lua_settop(i, state, (u32)top); }

void inside_push_table(inside *i, uint32_t state) { w2c_lua_createtable(i, state, 0, 0); }

void inside_set_field(inside *i, uint32_t state, int32_t index, uint32_t name) {
  w2c_lua_setfield(i, state, (u32)index, name);
}

bool inside_check_stack(inside *i, uint32_t state, uint32_t slots) {
  return w2c_lua_checkstack(i, state, slots) != 0;
}

/* A C string of ours in the memory of the instance, below the frames of C's stack; it is gone with the next
 * call. */
static u32 inside_put(inside *i, const char *string) {
  u32 size = (u32)strlen(string) + 1, at = (i->w2c___stack_pointer - 4096 - size) & ~15u;
  memcpy(i->w2c_memory.data + at, string, size);
  return at;
}

bool inside_load(inside *i, uint32_t state, uint32_t at, uint32_t size, uint32_t name) {
  u32 before = i->w2c___stack_pointer, mode = inside_put(i, "t");
  i->w2c___stack_pointer = mode;
  u32 status = w2c_luaL_loadbufferx(i, state, at, size, name, mode);
  i->w2c___stack_pointer = before;
  return status == 0;
}

void inside_call(inside *i, uint32_t state, uint32_t arguments, uint32_t results) {
  w2c_lua_callk(i, state, arguments, results, 0, 0);
}

uint32_t inside_string(inside *i, uint32_t state, int32_t index, uint32_t *size) {
  u32 before = i->w2c___stack_pointer, to = (before - 4096) & ~15u;
  i->w2c___stack_pointer = to;
  u32 at = w2c_lua_tolstring(i, state, (u32)index, to);
  memcpy(size, i->w2c_memory.data + to, sizeof *size);
  i->w2c___stack_pointer = before;
  return at;
}

uint32_t inside_name(inside *i, uint32_t state) {
  enum { DEBUG_SIZE = 256, DEBUG_NAME = 4 }; /* of lua_Debug, whose second field is the name */
  u32 before = i->w2c___stack_pointer, what = inside_put(i, "n"), at = (what - DEBUG_SIZE) & ~15u, name = 0;
  i->w2c___stack_pointer = at;
  if (w2c_lua_getstack(i, state, 0, at) != 0) {
    w2c_lua_getinfo(i, state, what, at);
    memcpy(&name, i->w2c_memory.data + at + DEBUG_NAME, sizeof name);
  }
  i->w2c___stack_pointer = before;
  return name;
}

uint32_t inside_alloc(inside *i, uint32_t size) { return Z_runtimeZ_alloc(i, size); }

void inside_replace_hook(inside *i, void (*function)(void)) {
  for (u32 at = 1; at < i->w2c_T0.size; at++) {
    wasm_rt_funcref_t *entry = &i->w2c_T0.data[at];
    if (entry->func == (wasm_rt_function_ptr_t)w2c_interrupt_tell) entry->func = function;
  }
}

bool inside_unwinds(const inside *i) { return i->w2c_unwinding != 0; }

/* The functions by the names that the agent knows them by; of ours where the runtime has its own. */
static struct {
  const char *name;
  wasm_rt_function_ptr_t code;
} functions[] = {
#define OF(name, code) \
  { name, (wasm_rt_function_ptr_t)w2c_##code }
    OF("next", luaB_next),
    OF("rawget", luaB_rawget),
    OF("rawlen", luaB_rawlen),
    OF("rawset", luaB_rawset),
    OF("select", luaB_select),
    OF("tostring", luaB_tostring),
    OF("tonumber", luaB_tonumber),
    OF("type", luaB_type),
    OF("error", error_1),
    OF("load", luaB_load),
    OF("create", luaB_cocreate),
    OF("resume", luaB_coresume),
    OF("status", luaB_costatus),
    OF("yield", luaB_yield),
    OF("byte", slice_byte),
    OF("sub", slice_sub),
    OF("find", pattern_find),
    OF("format", str_format),
    OF("gsub", pattern_gsub),
    OF("len", str_len),
    OF("concat", concat),
    OF("sort", sort),
    OF("unpack", tunpack),
    OF("mathtype", math_type),
    OF("utflen", utflen),
    OF("getinfo", db_getinfo),
    OF("getlocal", db_getlocal),
    OF("setlocal", db_setlocal),
    OF("getupvalue", db_getupvalue),
    OF("setupvalue", db_setupvalue),
    OF("getmetatable", db_getmetatable),
    OF("setmetatable", db_setmetatable),
    OF("getregistry", db_getregistry),
#undef OF
};

enum { FUNCTIONS = sizeof functions / sizeof *functions };

static inside_library libraries[FUNCTIONS + 1];

const inside_library *inside_libraries(const inside *i) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&lock);
  for (size_t n = 0; n < FUNCTIONS && libraries[n].name == NULL; n++) {
    for (u32 at = 1; at < i->w2c_T0.size; at++) {
      if (i->w2c_T0.data[at].func == functions[n].code) libraries[n].function = at;
    }
    libraries[n].name = functions[n].name;
  }
  pthread_mutex_unlock(&lock);
  return libraries;
}
