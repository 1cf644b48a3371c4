/*
 * time.c - flaron.time: the host's clock, and the clock that libc's time() sees.
 */
#include <string.h>
#include <time.h>

#include "life/arena.h"
#include "binding.h"
#include "life/life.h"
#include "modules.h"

/* A format of `timestamp` and the JSON argument that asks for it. */
typedef struct format {
  const char *name, *json;
  bool is_integer;
} format;

static const format formats[] = {
    {"unix", "{\"format\":\"unix\"}", true},
    {"ms", "{\"format\":\"ms\"}", true},
    {"ns", "{\"format\":\"ns\"}", true},
    {"rfc3339", "{\"format\":\"rfc3339\"}", false},
    {"iso8601", "{\"format\":\"iso8601\"}", false},
    {"http", "{\"format\":\"http\"}", false},
};

static abi_packed ask(const format *f) { return timestamp(f->json, strlen(f->json)); }

/* now([format = "unix"]) -> integer for unix, ms and ns, string for rfc3339, iso8601 and http */
static int now(lua_State *L) {
  size_t size = 0;
  const char *name = lua_isnoneornil(L, 1) ? "unix" : binding_check_key(L, 1, &size);
  const format *f = formats, *end = formats + sizeof formats / sizeof *formats;
  while (f < end && strcmp(f->name, name) != 0) f++;
  if (f == end) {
    return binding_argument_error(
        L, 1,
        lua_pushfstring(L, "invalid format '%s': unix, ms, ns, rfc3339, iso8601 or http expected", name));
  }
  binding_need_host(L);
  if (!binding_push_packed(L, ask(f))) return binding_fail(L, "not available", 0);
  if (!f->is_integer) return 1;
  if (lua_stringtonumber(L, lua_tostring(L, -1)) == 0 || !lua_isinteger(L, -1)) {
    return binding_fail(L, "not a timestamp", 0);
  }
  return 1;
}

static const luaL_Reg functions[] = {
    {"now", now},
    {NULL, NULL},
};

void time_open(lua_State *L) { binding_module(L, "time", functions); }

/* Reads a decimal number, with or without a minus; -1 if it is not valid. */
static time_t read_seconds(const char *text, size_t size) {
  enum { DIGITS_MAX = 18 };
  bool negative = size > 0 && *text == '-';
  time_t seconds = 0;
  text += negative, size -= negative;
  if (size == 0 || size > DIGITS_MAX) return -1;
  for (; size > 0; text++, size--) {
    if (*text < '0' || *text > '9') return -1;
    seconds = seconds * 10 + (*text - '0');
  }
  return negative ? -seconds : seconds;
}

/*
 * libc's time(), for os.time and os.date: seconds since 1970, -1 if the host does not answer. 0 during
 * start-up, when only luaopen_math calls it (stdlib.c refuses other calls and seeds again).
 */
time_t time(time_t *out) {
  time_t seconds = 0;
  if (!life_starting()) {
    abi_packed answer = ask(&formats[0]);
    char *digits = (char *)(uintptr_t)(answer >> 32);
    size_t size = (size_t)(answer & UINT32_MAX);
    seconds = answer != 0 ? read_seconds(digits, size) : -1;
    if (answer != 0) arena_free(digits, size);
    life_take_refusal();
  }
  if (out != NULL) *out = seconds;
  return seconds;
}
