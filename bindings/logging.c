/*
 * logging.c - flaron.logging and print: lines for the log. The host limits their size and number.
 */
#include "binding.h"
#include "modules.h"
#include "output.h"

static int write(lua_State *L, void (*import)(const char *, size_t)) {
  size_t size;
  binding_need_host(L);
  binding_push_joined(L);
  const char *line = lua_tolstring(L, -1, &size);
  import(line, size);
  return 0;
}

/* info(...), warn(...), error(...): the arguments joined by tabs, as print does */
static int info(lua_State *L) { return write(L, log_info); }
static int warn(lua_State *L) { return write(L, log_warn); }
static int error(lua_State *L) { return write(L, log_error); }

/* print(...) is info(...), but continues a line that io.write began */
static int print(lua_State *L) {
  /* Another name of it, for runtime/debug/show.c. In C it would move functions and their slots in flares. */
  __asm__(".globl logging_print\n.type logging_print,@function\n.set logging_print, print");
  return write(L, output_line);
}

static const luaL_Reg functions[] = {
    {"info", info},
    {"warn", warn},
    {"error", error},
    {NULL, NULL},
};

static const luaL_Reg globals[] = {
    {"print", print},
    {NULL, NULL},
};

void logging_open(lua_State *L) {
  binding_module(L, "logging", functions);
  lua_pushglobaltable(L);
  binding_functions(L, NULL, globals);
  lua_pop(L, 1);
}
