/*
 * part.h - a native Lua with the module of an optional part, for the targets of parts. It stands in for what
 * a part takes of the runtime.
 */
#ifndef FLARON_FUZZ_PART_H
#define FLARON_FUZZ_PART_H

#include <stddef.h>
#include <stdint.h>

#include "lauxlib.h"
#include "life/interrupt.h"
#include "lua/libraries.h"
#include "lualib.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static lua_State *lua; /* NULL before part_open */

lua_State *interrupt_running(void) { return lua; }

void *library_userdata(lua_State *L, int index, size_t size) {
  if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) != size) luaL_error(L, "no userdata");
  return lua_touserdata(L, index);
}

/* Makes the Lua; `module`, which `open` opens, can be required by `program`, whose result stays on the stack.
 */
static inline void part_open(const char *module, lua_CFunction open, const char *program) {
  lua = luaL_newstate();
  luaL_openlibs(lua);
  luaL_requiref(lua, module, open, 0);
  lua_pop(lua, 1);
  if (luaL_dostring(lua, program) != LUA_OK) __builtin_trap();
}

#endif
