/*
 * ws.c - flaron.ws: the WebSocket connection of an event.
 */
#include "binding.h"
#include "modules.h"

/* The error codes of ws_send, from 1 on. */
static const char *const messages[] = {
#define FLARON_WS_CODE(number, name, text) [number - 1] = text,
#include "abi/codes.def"
#undef FLARON_WS_CODE
};

/* send(bytes) -> true or nil, message, code */
static int send(lua_State *L) {
  size_t size;
  const char *bytes = binding_check_bytes(L, 1, &size);
  binding_need_host(L);
  return binding_code(L, ws_send(bytes, size), messages, sizeof messages / sizeof *messages);
}

static int send_text(lua_State *L) { return send(L); }

/* Whether a code may be sent in a close frame (RFC 6455, 7.4, and its IANA registry). */
static bool may_be_sent(lua_Integer code) {
  enum { NORMAL = 1000, UNSUPPORTED = 1003, INVALID = 1007, GATEWAY = 1014, LIBRARIES = 3000, LAST = 4999 };
  return (code >= NORMAL && code <= UNSUPPORTED) || (code >= INVALID && code <= GATEWAY) ||
         (code >= LIBRARIES && code <= LAST);
}

/* close([code = 1000]) */
static int close(lua_State *L) {
  lua_Integer code = binding_opt_integer(L, 1, 1000, LUA_MININTEGER, LUA_MAXINTEGER);
  if (!may_be_sent(code)) {
    const char *message = "%I is no code to close with: 1000 to 1003, 1007 to 1014 or 3000 to 4999 expected";
    return binding_argument_error(L, 1, lua_pushfstring(L, message, code));
  }
  binding_need_host(L);
  ws_close_conn((int32_t)code);
  return 0;
}

/* conn_id() -> text that stays the same for a connection, or nil */
static int conn_id(lua_State *L) {
  binding_need_host(L);
  return binding_answer_or_nil(L, ws_conn_id());
}

/* event_type() -> "open", "message" or "close", or nil */
static int event_type(lua_State *L) {
  binding_need_host(L);
  return binding_answer_or_nil(L, ws_event_type());
}

/* event_data() -> bytes of the message, "" if there are none */
static int event_data(lua_State *L) {
  binding_need_host(L);
  if (!binding_push_packed(L, ws_event_data())) lua_pushliteral(L, "");
  return 1;
}

static int event_text(lua_State *L) { return event_data(L); }

/* close_code() -> the peer's code, in ws_close */
static int close_code(lua_State *L) {
  binding_need_host(L);
  lua_pushinteger(L, ws_close_code());
  return 1;
}

static const luaL_Reg functions[] = {
    {"send", send},
    {"send_text", send_text},
    {"close", close},
    {"conn_id", conn_id},
    {"event_type", event_type},
    {"event_data", event_data},
    {"event_text", event_text},
    {"close_code", close_code},
    {NULL, NULL},
};

void ws_open(lua_State *L) { binding_module(L, "ws", functions); }
