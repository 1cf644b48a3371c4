/*
 * response.c - flaron.response: status, headers and body of the response.
 *
 * The host cannot remove a header again, and an error must not leave half a response. So everything is held
 * back here until the handler has succeeded: headers as copies in the arena, which the end of the invocation
 * frees, and the body in the registry.
 */
#include "response.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "binding.h"
#include "life/interrupt.h"
#include "life/life.h"
#include "modules.h"

/* A header that is held back, followed by its name and value. */
typedef struct header {
  struct header *next;
  size_t name_size, value_size;
  char bytes[];
} header;

static struct {
  int status; /* 0 = not set */
  header *headers;
  int body; /* the registry reference of the body; its value is false = not set */
} pending;

/* Whether a byte is valid in a header's name, a token (RFC 9110, 5.6.2). */
static bool is_token(uint8_t c) {
  /* bits: 0x20 to 0x3F without " "(),/:;<=>?, 0x40 to 0x5F without @[\], 0x60 to 0x7F without {} and DEL */
  static const uint32_t allowed[] = {0, 0x03FF6CFA, 0xC7FFFFFE, 0x57FFFFFF};
  return c < 0x80 && (allowed[c >> 5] >> (c & 31) & 1);
}

static bool is_break(char c) { return (uint8_t)c <= '\r' && (c == '\r' || c == '\n' || c == '\0'); }

/* What is wrong with a header's name; NULL if nothing. */
static const char *name_fault(const char *name, size_t size) {
  if (size == 0) return "empty header name";
  for (size_t i = 0; i < size; i++) {
    if (is_token((uint8_t)name[i])) continue;
    return is_break(name[i]) ? "header name with CR, LF or NUL"
                             : "header name with a character that HTTP does not allow";
  }
  return NULL;
}

static const char *value_fault(const char *value, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (is_break(value[i])) return "header value with CR, LF or NUL";
  }
  return NULL;
}

static size_t size_of(const header *h) { return sizeof *h + h->name_size + h->value_size; }

/* Replaces the header of the same name, case ignored, by `held`, or appends `held`. */
static void hold(header *held) {
  header **at = &pending.headers, *old;
  for (; (old = *at) != NULL; at = &old->next) {
    if (old->name_size == held->name_size && strncasecmp(old->bytes, held->bytes, old->name_size) == 0) break;
  }
  *at = held;
  if (old == NULL) return;
  held->next = old->next;
  life_resize(old, size_of(old), 0);
}

static void hold_header(const char *name, size_t name_size, const char *value, size_t value_size) {
  header *held = life_resize(NULL, 0, sizeof *held + name_size + value_size);
  if (held != NULL) {
    *held = (header){NULL, name_size, value_size};
    memcpy(held->bytes, name, name_size);
    memcpy(held->bytes + name_size, value, value_size);
    hold(held);
  } else {
    life_raise_memory();
  }
}

static void hold_body(lua_State *L, int value) {
  lua_pushvalue(L, value);
  lua_rawseti(L, LUA_REGISTRYINDEX, pending.body);
}

enum { STATUS_MIN = 100, STATUS_MAX = 599 };

/* set_status(code) */
static int set_status(lua_State *L) {
  lua_Integer status = binding_check_integer(L, 1, STATUS_MIN, STATUS_MAX);
  binding_need_host(L);
  pending.status = (int)status;
  return 0;
}

/* set_header(name, value) */
static int set_header(lua_State *L) {
  size_t name_size, value_size;
  const char *name = binding_check_bytes(L, 1, &name_size);
  const char *value = binding_check_bytes(L, 2, &value_size);
  const char *fault = name_fault(name, name_size);
  if (fault != NULL) return binding_argument_error(L, 1, fault);
  fault = value_fault(value, value_size);
  if (fault != NULL) return binding_argument_error(L, 2, fault);
  binding_need_host(L);
  hold_header(name, name_size, value, value_size);
  return 0;
}

/* set_body(bytes) */
static int set_body(lua_State *L) {
  size_t size;
  binding_check_bytes(L, 1, &size);
  binding_need_host(L);
  hold_body(L, 1);
  return 0;
}

static int set_body_str(lua_State *L) { return set_body(L); }

static const luaL_Reg functions[] = {
    {"set_status", set_status},
    {"set_header", set_header},
    {"set_body", set_body},
    {"set_body_str", set_body_str},
    {NULL, NULL},
};

/* Raises an error about a handler's answer: the message, and the place of the handler. */
static int refuse(lua_State *L, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const char *message = lua_pushvfstring(L, format, arguments);
  va_end(arguments);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, "flaron.router.answer");
  if (lua_istable(L, -1)) {
    lua_getfield(L, -1, "route_of");
    lua_pushvalue(L, 2);
    lua_call(L, 1, 2);
  } else {
    lua_settop(L, lua_gettop(L) + 2);
  }
  const char *route = lua_tostring(L, -2);
  if (route == NULL) lua_pushvalue(L, 1);
  lua_Debug ar;
  lua_getinfo(L, ">S", &ar);
  return luaL_error(L, "%s (%s%s%s:%d)", message, route != NULL ? route : "", route != NULL ? ", " : "",
                    ar.short_src, ar.linedefined);
}

/* The same for a value of a wrong type, at `index`; `what` may be a string on the stack. */
static void refuse_type(lua_State *L, const char *what, int index, const char *expected) {
  refuse(L, "%s of the answer is a %s, not a %s", what, luaL_typename(L, index), expected);
}

/*
 * The same for an unknown field, whose name is on top of the stack. A name that has only letters of a known
 * one is taken for a misspelling of it.
 */
static void refuse_field(lua_State *L) {
  static const char known[][8] = {"status", "headers", "body"};
  const char *name = luaL_tolstring(L, -1, NULL), *hint = "";
  if (strcmp(name, "json") == 0 && lua_getfield(L, 2, "body") != LUA_TNIL) {
    refuse(L, "the answer has both json and body"); /* a router takes either */
  }
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (name[strspn(name, known[i])] == '\0') hint = lua_pushfstring(L, ": did you mean '%s'?", known[i]);
  }
  refuse(L, "the answer has an unknown field '%s': status, headers and body are known%s", name, hint);
}

/* Applies the field `headers` of an answer, at `index`. */
static void take_headers(lua_State *L, int index) {
  if (!lua_istable(L, index)) {
    refuse_type(L, "field 'headers'", index, "table");
  }
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      refuse_type(L, "a key in field 'headers'", -2, "string");
    }
    size_t name_size, value_size;
    const char *name = lua_tolstring(L, -2, &name_size);
    const char *value = lua_tolstring(L, -1, &value_size);
    if (value == NULL) refuse_type(L, lua_pushfstring(L, "header '%s'", name), -2, "string");
    const char *fault = name_fault(name, name_size);
    if (fault == NULL) fault = value_fault(value, value_size);
    if (fault != NULL) refuse(L, "field 'headers' of the answer: %s ('%s')", fault, name);
    hold_header(name, name_size, value, value_size);
  }
}

/* Applies the table that a handler returned, at `index`. */
static void take_table(lua_State *L, int index) {
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    int value = lua_gettop(L);
    if (binding_is_string(L, -2, "status")) {
      int is_integer;
      lua_Integer status = lua_tointegerx(L, value, &is_integer);
      if (!is_integer || status < STATUS_MIN || status > STATUS_MAX) {
        refuse(L, "field 'status' of the answer is %s, not an integer from 100 to 599",
               luaL_tolstring(L, value, NULL));
      }
      pending.status = (int)status;
    } else if (binding_is_string(L, -2, "headers")) {
      take_headers(L, value);
    } else if (binding_is_string(L, -2, "body")) {
      if (!lua_isstring(L, value)) {
        refuse_type(L, "field 'body'", value, "string");
      }
      lua_tostring(L, value);
      hold_body(L, value);
    } else {
      lua_pushvalue(L, -2);
      refuse_field(L);
    }
  }
}

/* Passes what is held back to the host. */
static void send(lua_State *L) {
  if (pending.status != 0) resp_set_status(pending.status);
  for (header *h = pending.headers; h != NULL; h = h->next) {
    resp_header_set(h->bytes, h->name_size, h->bytes + h->name_size, h->value_size);
  }
  if (lua_rawgeti(L, LUA_REGISTRYINDEX, pending.body) == LUA_TSTRING) {
    size_t size;
    const char *body = lua_tolstring(L, -1, &size);
    resp_body_set(body, size);
  }
  lua_pop(L, 1);
}

lua_Integer response_finish(lua_State *L, int index) {
  lua_Integer action = ABI_RESPOND;
  index = lua_absindex(L, index);
  if (lua_istable(L, index)) {
    take_table(L, index);
  } else if (!lua_isnil(L, index)) {
    int is_integer;
    action = lua_tointegerx(L, index, &is_integer);
    if (!is_integer || lua_type(L, index) != LUA_TNUMBER || action < ABI_RESPOND ||
        action > ABI_PASS_THROUGH) {
      refuse(L,
             "handle_request answered %s: expected flaron.RESPOND, flaron.TRANSFORM, "
             "flaron.PASS_THROUGH, a table "
             "or nothing",
             lua_type(L, index) == LUA_TNUMBER ? luaL_tolstring(L, index, NULL) /* not in place: see refuse */
                                               : lua_pushfstring(L, "a %s", luaL_typename(L, index)));
    }
  }
  interrupt_end(); /* an error from here on would leave half a response */
  send(L);
  return action;
}

void response_open(lua_State *L) {
  lua_pushboolean(L, false);
  pending.body = luaL_ref(L, LUA_REGISTRYINDEX);
  binding_module(L, "response", functions);
}
