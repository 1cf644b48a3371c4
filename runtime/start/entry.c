/*
 * entry.c - the exports that a host calls, handle_request and the ws_ events, and the handling of errors.
 *
 * It calls the handlers that start.c found, in a protected call. The response that a handler has set reaches
 * the host only if the handler succeeds (bindings/response.c holds it back until then).
 */
#include "abi/abi.h"
#include "life/interrupt.h"
#include "lauxlib.h"
#include "life/life.h"
#include "output.h"
#include "response.h"
#include "start/start.h"

/*
 * Adds the traceback to an error. Of an error object without a string form that is its field `message`, if it
 * is a table that has one, else its type.
 */
static int add_traceback(lua_State *L) {
  if (lua_tostring(L, 1) != NULL) {
    lua_pushvalue(L, 1);
  } else if (!luaL_callmeta(L, 1, "__tostring") || lua_type(L, -1) != LUA_TSTRING) {
    lua_settop(L, 1);
    lua_pushliteral(L, "message");
    if (!lua_istable(L, 1) || lua_rawget(L, 1) != LUA_TSTRING)
      lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
  }
  lua_pushliteral(L, "\n"); /* luaL_traceback would cut the message at a NUL */
  luaL_traceback(L, L, NULL, 1);
  lua_concat(L, 3);
  return 1;
}

/*
 * Begins an invocation and calls `function` protected, with the handler; true if it raised no error. Its
 * result stays the only value on the stack above add_traceback until the next invocation. After an error that
 * is the message, always a string: add_traceback makes one, or Lua does if that fails or memory runs out.
 */
static bool call(lua_CFunction function, enum start_handler handler) {
  life_begin();
  lua_State *L = life_main();
  lua_pushcfunction(L, add_traceback);
  lua_pushcfunction(L, function);
  lua_rawgeti(L, LUA_REGISTRYINDEX, start_handler_ref(handler));
  bool good = lua_pcall(L, 1, 1, 1) == LUA_OK;
  output_end();
  if (good) return true;
  interrupt_set_running(L);
  size_t size;
  const char *message = lua_tolstring(L, -1, &size);
  log_error(message, size);
  return false;
}

/*
 * For the edge, not in a flare: the message, with its traceback, of the error that ended the last invocation,
 * valid until the next one; 0 = no error. A handler that succeeds leaves a number or nil.
 */
ABI_EXPORT(raised)
abi_packed entry_raised(void) {
  lua_State *L = life_main();
  size_t size;
  if (lua_type(L, -1) != LUA_TSTRING) return 0;
  const char *message = lua_tolstring(L, -1, &size);
  return (abi_packed)(uintptr_t)message << 32 | size;
}

/* Protected: calls the request handler and finishes the response; returns the action. */
static int request(lua_State *L) {
  lua_pushvalue(L, 1); /* the handler stays on the stack, so that response_finish can name it */
  lua_call(L, 0, 1);
  lua_Integer action = response_finish(L, -1);
  lua_pushinteger(L, action);
  return 1;
}

/* Protected: calls a ws handler; its results are ignored. */
static int event(lua_State *L) {
  lua_call(L, 0, 0);
  lua_pushnil(L);
  return 1;
}

/*
 * The part of an export after entry_reset (unwind.S). It is a separate function, since a function with a
 * frame on the C stack allocates it before its first statement.
 */
#define AFTER_RESET static __attribute__((noinline))

void entry_reset(void); /* unwind.S */

AFTER_RESET uint64_t call_request(void) {
  uint64_t action = ABI_RESPOND;
  if (call(request, START_HANDLE_REQUEST)) {
    action = (uint64_t)lua_tointeger(life_main(), -1);
  } else {
    static const char name[] = "content-type", type[] = "text/plain; charset=utf-8";
    static const char body[] = "Internal Server Error";
    resp_set_status(500);
    resp_header_set(name, sizeof name - 1, type, sizeof type - 1);
    resp_body_set(body, sizeof body - 1);
  }
  return action << 32;
}

enum { CLOSE_INTERNAL_ERROR = 1011 }; /* RFC 6455, 7.4.1 */

AFTER_RESET int32_t call_event(enum start_handler handler) {
  if (!call(event, handler)) ws_close_conn(CLOSE_INTERNAL_ERROR);
  return 0;
}

ABI_EXPORT(handle_request)
uint64_t entry_handle_request(void) {
  entry_reset();
  return call_request();
}

ABI_EXPORT(ws_open)
int32_t entry_ws_open(void) {
  entry_reset();
  return call_event(START_WS_OPEN);
}

ABI_EXPORT(ws_message)
int32_t entry_ws_message(void) {
  entry_reset();
  return call_event(START_WS_MESSAGE);
}

ABI_EXPORT(ws_close)
int32_t entry_ws_close(void) {
  entry_reset();
  return call_event(START_WS_CLOSE);
}

/* For the edge, not in a flare, and last, so that flares are the same with it and without: the slot of
 * add_traceback in the table of functions. */
ABI_EXPORT(traceback_slot)
lua_CFunction entry_traceback(void) { return add_traceback; }
