/*
 * lua_options.c - see lua_options.h. `fields` are the options that are plain values; those that are limits
 * come of host/limits.def.
 */
#include "lua/lua_options.h"

#include <lauxlib.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "project/kv.h"
#include "store/store.h"

typedef enum kind { KIND_bool, KIND_size_t, KIND_uint64_t, KIND_int, KIND_uint16_t } kind;

#define FIELD(name, type) {#name, KIND_##type, offsetof(host_config, name)},
#define FIELD_HERE(name, type)
#define FIELD_SPECS FIELD
#define FIELD_FLARE FIELD
#define FLARON_LIMIT(name, type, value, set_by) FIELD_##set_by(name, type)

/* clang-format off */
static const struct field {
  const char *name;
  kind kind;
  size_t offset;
} fields[] = {
    FIELD(requires_body, bool)
    FIELD(requires_raw_auth, bool)
    FIELD(writes_spark_kv, bool)
    FIELD(writes_plasma_kv, bool)
    FIELD(machine_id, uint16_t)
    FIELD(random_seed, uint64_t)
#include "host/limits.def"
};
/* clang-format on */

#undef FLARON_LIMIT

enum { FIELDS = sizeof fields / sizeof *fields };

/* Options that are not fields of the configuration. */
static const char *const others[] = {"engine", "memory", "strip",  "now",   "cpu_ms", "secrets",
                                     "store",  "spark",  "plasma", "edges", "conform"};

void lua_options_push_nearest(lua_State *L, const nearest *n) {
  text hint = {0};
  nearest_add(n, &hint);
  lua_pushlstring(L, text_string(&hint), hint.size);
  text_free(&hint);
}

void lua_options_check(lua_State *L, int index) {
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
    enum { OTHERS = sizeof others / sizeof *others };
    nearest n = {.name = name};
    bool known = false;
    for (size_t i = 0; i < FIELDS + OTHERS; i++) {
      const char *option = i < FIELDS ? fields[i].name : others[i - FIELDS];
      known = known || strcmp(option, name) == 0;
      nearest_try(&n, option);
    }
    if (known) continue;
    lua_options_push_nearest(L, &n);
    luaL_error(L, "unknown option '%s' of edge.load%s", name, lua_tostring(L, -1));
  }
}

bool lua_options_boolean(lua_State *L, int index, const char *name, bool fallback) {
  int type = lua_getfield(L, index, name);
  if (type != LUA_TNIL && type != LUA_TBOOLEAN) {
    luaL_error(L, "option '%s' is a %s, not a boolean", name, lua_typename(L, type));
  }
  bool value = type == LUA_TNIL ? fallback : lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

lua_Integer lua_options_integer(lua_State *L, int index, const char *name, lua_Integer fallback,
                                lua_Integer low, lua_Integer high) {
  int is_integer = 1;
  lua_Integer value =
      lua_getfield(L, index, name) == LUA_TNIL ? fallback : lua_tointegerx(L, -1, &is_integer);
  if (!is_integer || (lua_type(L, -1) != LUA_TNIL && (value < low || value > high))) {
    luaL_error(L, "option '%s' is %s, not an integer from %I to %I", name, luaL_tolstring(L, -1, NULL), low,
               high);
  }
  lua_pop(L, 1);
  return value;
}

static void read_field(lua_State *L, int index, const struct field *f, host_config *config) {
  void *to = (char *)config + f->offset;
  switch (f->kind) {
    case KIND_bool: *(bool *)to = lua_options_boolean(L, index, f->name, *(bool *)to); break;
    case KIND_size_t:
      *(size_t *)to =
          (size_t)lua_options_integer(L, index, f->name, (lua_Integer) * (size_t *)to, 0, UINT32_MAX);
      break;
    case KIND_uint64_t:
      *(uint64_t *)to =
          (uint64_t)lua_options_integer(L, index, f->name, (lua_Integer) * (uint64_t *)to, 0, LUA_MAXINTEGER);
      break;
    case KIND_int: *(int *)to = (int)lua_options_integer(L, index, f->name, *(int *)to, 1, INT32_MAX); break;
    case KIND_uint16_t:
      *(uint16_t *)to = (uint16_t)lua_options_integer(L, index, f->name, *(uint16_t *)to, 0, 1023);
      break;
  }
}

static void read_secrets(lua_State *L, int index, lua_options *options, host_config *config) {
  if (lua_getfield(L, index, "secrets") != LUA_TNIL) {
    if (!lua_istable(L, -1)) luaL_error(L, "option 'secrets' is a %s, not a table", luaL_typename(L, -1));
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
      size_t size;
      if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
        luaL_error(L, "option 'secrets' is not a table from names to strings");
      }
      const char *value = lua_tolstring(L, -1, &size);
      LIST_ROOM(options->secrets, options->secret_count);
      options->secrets[options->secret_count++] =
          (host_secret){memory_copy(bytes_of(lua_tostring(L, -2))),
                        (uint8_t *)memory_copy((bytes){(const uint8_t *)value, size}), size};
    }
    config->secrets = options->secrets;
    config->secret_count = options->secret_count;
  }
  lua_pop(L, 1);
}

/* Adds the words of the environment variable FLARON_ENGINE, between blanks: for specs of a project. */
static void read_environment(lua_options *options) {
  const char *at = getenv("FLARON_ENGINE");
  size_t count = 0;
  while (at != NULL && *(at += strspn(at, " ")) != '\0') {
    size_t size = strcspn(at, " ");
    options->command = memory_resize(options->command, (count + 2) * sizeof *options->command);
    options->command[count++] = memory_copy((bytes){(const uint8_t *)at, size});
    options->command[count] = NULL;
    at += size;
  }
}

static void read_command(lua_State *L, int index, lua_options *options) {
  if (lua_getfield(L, index, "engine") != LUA_TNIL) {
    if (!lua_istable(L, -1))
      luaL_error(L, "option 'engine' is a %s, not a list of words", luaL_typename(L, -1));
    size_t count = lua_rawlen(L, -1);
    options->command = memory_get((count + 1) * sizeof *options->command);
    for (size_t i = 0; i < count; i++) {
      lua_rawgeti(L, -1, (lua_Integer)i + 1);
      const char *word = lua_tostring(L, -1);
      options->command[i] = memory_copy(bytes_of(word != NULL ? word : ""));
      lua_pop(L, 1);
    }
  } else {
    read_environment(options);
  }
  lua_pop(L, 1);
}

int64_t lua_options_nanoseconds(lua_State *L, int index) {
  lua_Number seconds = luaL_checknumber(L, index), whole = floor(seconds);
  lua_Number most = 9e9; /* what nanoseconds in 64 bits hold: until the year 2255 */
  if (!(seconds >= -most && seconds <= most)) luaL_error(L, "%f is no time in seconds", seconds);
  return (int64_t)whole * 1000000000 + (int64_t)round((seconds - whole) * 1e9);
}

int64_t lua_options_clock(lua_State *L, int64_t ns) {
  if (ns == 0) luaL_error(L, "the clock cannot stand at 0: that is said of the machine's clock");
  return ns;
}

void lua_options_read(lua_State *L, int index, lua_options *options, host_config *config) {
  for (size_t i = 0; i < FIELDS; i++) read_field(L, index, &fields[i], config);
  if (lua_getfield(L, index, "now") != LUA_TNIL) {
    if (lua_type(L, -1) != LUA_TNUMBER)
      luaL_error(L, "option 'now' is a %s, not a number", luaL_typename(L, -1));
    config->now_ns = lua_options_clock(L, lua_options_nanoseconds(L, -1));
  }
  lua_pop(L, 1);
  read_secrets(L, index, options, config);
  read_command(L, index, options);
}

/* Sets one key of a store from the value on top of the stack, which has at most `most` bytes. */
static store_result fill_key(lua_State *L, struct store *store, bool plasma, bytes key, size_t most,
                             int64_t now_ns) {
  size_t size;
  if (plasma && lua_isinteger(L, -1)) {
    int64_t value;
    return store_plasma_add(store, key, lua_tointeger(L, -1), false, now_ns, &value);
  }
  const char *data = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : NULL;
  if (data == NULL)
    luaL_error(L, "key '%s': the value is a %s, not a string", (const char *)key.data, luaL_typename(L, -1));
  bytes value = {(const uint8_t *)data, size};
  text fault = {0};
  if (!kv_check_size(size, most, &fault)) {
    lua_pushlstring(L, text_string(&fault), fault.size);
    text_free(&fault);
    luaL_error(L, "option '%s': '%s': %s", plasma ? "plasma" : "spark", (const char *)key.data,
               lua_tostring(L, -1));
  }
  return plasma ? store_plasma_set(store, key, value, now_ns)
                : store_spark_set(store, key, value, 0, now_ns, UINT64_MAX);
}

void lua_options_fill(lua_State *L, int index, struct store *store, size_t most, int64_t now_ns) {
  for (int plasma = 0; plasma <= 1; plasma++) {
    const char *name = plasma ? "plasma" : "spark";
    if (lua_getfield(L, index, name) != LUA_TNIL) {
      if (!lua_istable(L, -1)) luaL_error(L, "option '%s' is a %s, not a table", name, luaL_typename(L, -1));
      for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        size_t size = 0;
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &size) : "";
        bytes b = {(const uint8_t *)key, size};
        if (!store_key_valid(b))
          luaL_error(L, "option '%s' has a key that no flare could use: '%s'", name, key);
        if (fill_key(L, store, plasma, b, most, now_ns) != STORE_OK)
          luaL_error(L, "option '%s': '%s' cannot be set", name, key);
      }
    }
    lua_pop(L, 1);
  }
}

void lua_options_free(lua_options *options) {
  for (size_t i = 0; i < options->secret_count; i++) {
    free(options->secrets[i].name);
    free(options->secrets[i].value);
  }
  free(options->secrets);
  for (char **word = options->command; word != NULL && *word != NULL; word++) free(*word);
  free(options->command);
  *options = (lua_options){0};
}
