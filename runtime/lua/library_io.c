/*
 * library_io.c - Lua's io library for a flare: its assets can be read as files, standard output and standard
 * error become lines of its log, and standard input is empty.
 *
 * Its messages are those of liolib.c, but it has no code of it: a file is bytes in memory and a position, so
 * there are no buffers and no FILE. A file that start-up left open may be read on in each invocation, so it
 * holds its asset's offset among all assets, not its address. Only library_open_io refers to this file.
 */
#define LUA_CORE
#include <string.h>

#include "binding.h"
#include "lauxlib.h"
#include "lctype.h"
#include "lobject.h"
#include "lua/libraries.h"
#include "lualib.h"
#include "output.h"
#include "start/bundle.h"

#define INPUT "_IO_input" /* registry: the default files */
#define OUTPUT "_IO_output"

/* The last two are in the order of enum output. */
enum kind { CLOSED, ASSET, STANDARD_INPUT, STANDARD_OUTPUT, STANDARD_ERROR };

typedef struct stream {
  lua_Integer at; /* the offset; may be after the end */
  bundle_asset asset;
  enum kind kind;
} stream;

static bool is_standard(const stream *s) { return s->kind >= STANDARD_INPUT; }

/* Whether the file is for writing rather than reading. */
static bool is_output(const stream *s) { return s->kind >= STANDARD_OUTPUT; }

static stream *to_stream(lua_State *L) { return luaL_checkudata(L, 1, LUA_FILEHANDLE); }

/* The open file at index 1. */
static stream *check_open(lua_State *L) {
  stream *s = to_stream(L);
  if (s->kind == CLOSED) luaL_error(L, "attempt to use a closed file");
  return s;
}

/* Pushes a new file. */
static stream *push_stream(lua_State *L, enum kind kind) {
  stream *s = lua_newuserdatauv(L, sizeof *s, 0);
  *s = (stream){.kind = kind};
  luaL_setmetatable(L, LUA_FILEHANDLE);
  return s;
}

/* Pushes a file that reads an asset. Returns NULL, or a reason for library_fail, as always if `to_write`. */
static const char *open_file(lua_State *L, const char *name, bool to_write) {
  bundle_asset asset;
  if (to_write) return LIBRARY_READ_ONLY;
  if (!bundle_find_file(L, name, &asset)) return LIBRARY_NO_FILE;
  push_stream(L, ASSET)->asset = asset;
  return NULL;
}

/* The same; raises an error if it cannot be opened. */
static void check_opened(lua_State *L, const char *name, bool to_write) {
  const char *reason = open_file(L, name, to_write);
  if (reason != NULL) luaL_error(L, "cannot open file '%s' (%s)", name, reason + 1);
}

/* Pushes a default file, which must be open. */
static stream *default_file(lua_State *L, const char *key) {
  lua_getfield(L, LUA_REGISTRYINDEX, key);
  stream *s = lua_touserdata(L, -1);
  if (s == NULL || s->kind == CLOSED) luaL_error(L, "default %s file is closed", key + sizeof "_IO_" - 1);
  return s;
}

/* ---- reading ---- */

/* The bytes that are left to read. */
static const char *rest(const stream *s, size_t *size) {
  *size = s->at < (lua_Integer)s->asset.size ? s->asset.size - (size_t)s->at : 0;
  return *size > 0 ? bundle_asset_bytes(&s->asset) + s->at : "";
}

/* Each reader pushes one value and returns whether it found something. */

/* Reads the next `size` bytes, which must exist; pushes them without the last one if `chop`. */
static bool read_piece(lua_State *L, stream *s, const char *bytes, size_t size, bool chop) {
  s->at += (lua_Integer)size;
  lua_pushlstring(L, bytes, size - chop);
  return size > 0;
}

static bool read_line(lua_State *L, stream *s, bool chop) {
  size_t size;
  const char *text = rest(s, &size), *feed = memchr(text, '\n', size);
  if (feed != NULL) size = (size_t)(feed + 1 - text);
  return read_piece(L, s, text, size, feed != NULL && chop);
}

/* Reads at most `most` bytes; 0 tests whether there are any. */
static bool read_bytes(lua_State *L, stream *s, lua_Unsigned most) {
  size_t size;
  const char *bytes = rest(s, &size);
  return read_piece(L, s, bytes, most < size ? (size_t)most : size, false) || (most == 0 && size > 0);
}

/* Skips a character if it is in the set. */
static const char *pass(const char *at, const char *set) {
  return *at != '\0' && strchr(set, *at) != NULL ? at + 1 : at;
}

/* Reads the longest prefix that looks like a numeral; it need not be a valid one. */
static bool read_number(lua_State *L, stream *s) {
  enum { LONGEST = 200 };
  static const char digits[] = "ABCDEFabcdef0123456789", *const decimal = digits + 12;
  char text[LONGEST + 2]; /* one more than allowed, to notice that it is too long */
  size_t size;
  const char *bytes = rest(s, &size), *set = decimal, *at = text, *first;
  for (; size > 0 && lisspace((uint8_t)*bytes); bytes++, s->at++) size--;
  if (size > LONGEST + 1) size = LONGEST + 1;
  memcpy(text, bytes, size);
  text[size] = '\0';
  at = pass(at, "-+");
  if (at[0] == '0' && (at[1] | 32) == 'x') {
    at += 2;
    set = digits;
  }
  first = at;
  at += strspn(at, set);
  bool any = at > first;
  if (*at == '.') {
    first = ++at;
    at += strspn(at, set);
    any = any || at > first;
  }
  if (any && (*at | 32) == (set == digits ? 'p' : 'e')) {
    at = pass(at + 1, "-+");
    at += strspn(at, decimal);
  }
  size = (size_t)(at - text);
  if (size > LONGEST) {
    size = LONGEST;
    text[0] = '\0';
  }
  s->at += (lua_Integer)size;
  text[size] = '\0';
  if (lua_stringtonumber(L, text) != 0) return true;
  lua_pushnil(L);
  return false;
}

/*
 * Reads by the formats in the arguments from `first` on, of which there are as many as stack values minus
 * one. Returns the number of values pushed.
 */
static int read_formats(lua_State *L, stream *s, int first) {
  int arguments = lua_gettop(L) - 1, n = first;
  bool good = true;
  if (arguments == 0) {
    good = read_line(L, s, true);
    n++;
  }
  luaL_checkstack(L, arguments + LUA_MINSTACK, "too many arguments");
  for (; arguments > 0 && good; arguments--, n++) {
    if (lua_type(L, n) == LUA_TNUMBER) {
      good = read_bytes(L, s, (lua_Unsigned)luaL_checkinteger(L, n));
      continue;
    }
    const char *format = luaL_checkstring(L, n);
    switch (format[*format == '*']) {
      case 'n': good = read_number(L, s); break;
      case 'l': good = read_line(L, s, true); break;
      case 'L': good = read_line(L, s, false); break;
      case 'a': read_bytes(L, s, SIZE_MAX); break;
      default: return luaL_argerror(L, n, "invalid format");
    }
  }
  if (is_output(s)) return library_fail(L, NULL, LIBRARY_BAD_FILE);
  if (!good) {
    lua_pop(L, 1);
    luaL_pushfail(L);
  }
  return n - first;
}

static int io_read(lua_State *L) { return read_formats(L, default_file(L, INPUT), 1); }

static int file_read(lua_State *L) { return read_formats(L, check_open(L), 2); }

/* The iterator of lines. Upvalues: the file, the number of formats, whether to close the file at the end, the
 * formats. */
int library_next_line(lua_State *L) {
  stream *s = lua_touserdata(L, lua_upvalueindex(1));
  int n = (int)lua_tointeger(L, lua_upvalueindex(2));
  if (s == NULL || s->kind == CLOSED) return luaL_error(L, "file is already closed");
  lua_settop(L, 1);
  luaL_checkstack(L, n, "too many arguments");
  for (int i = 1; i <= n; i++) lua_pushvalue(L, lua_upvalueindex(3 + i));
  n = read_formats(L, s, 2);
  if (lua_toboolean(L, -n)) return n;
  if (n > 1) return luaL_error(L, "%s", lua_tostring(L, 1 - n));
  if (lua_toboolean(L, lua_upvalueindex(3))) s->kind = CLOSED;
  return 0;
}

/* Pushes the function that reads lines of the file at index 1, by the formats after it. */
static void push_lines(lua_State *L, bool to_close) {
  enum { MOST = 250 };
  int n = lua_gettop(L) - 1;
  luaL_argcheck(L, n <= MOST, MOST + 2, "too many arguments");
  lua_pushvalue(L, 1);
  lua_pushinteger(L, n);
  lua_pushboolean(L, to_close);
  lua_rotate(L, 2, 3);
  lua_pushcclosure(L, library_next_line, 3 + n);
}

static int file_lines(lua_State *L) {
  check_open(L);
  push_lines(L, false);
  return 1;
}

static int io_lines(lua_State *L) {
  if (lua_isnone(L, 1)) lua_pushnil(L);
  if (lua_isnil(L, 1)) {
    lua_getfield(L, LUA_REGISTRYINDEX, INPUT);
    lua_replace(L, 1);
    return file_lines(L);
  }
  check_opened(L, luaL_checkstring(L, 1), false);
  lua_replace(L, 1);
  push_lines(L, true);
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, 1); /* closed when the loop ends */
  return 4;
}

/* ---- writing ---- */

/* Writes the arguments from `arg` on except the top one, which is the file. */
static int write_values(lua_State *L, const stream *s, int arg) {
  bool good = true;
  if (is_output(s)) binding_need_host_as(L, "io.write");
  for (int last = lua_gettop(L) - 1; arg <= last; arg++) {
    char number[LUAI_MAXSHORTLEN];
    size_t size;
    const char *text = number;
    if (lua_type(L, arg) == LUA_TNUMBER && !lua_isinteger(L, arg))
      size = (size_t)lua_number2str(number, sizeof number, lua_tonumber(L, arg));
    else
      text = luaL_checklstring(L, arg, &size);
    if (is_output(s))
      output_write(s->kind - STANDARD_OUTPUT, text, size, '\n');
    else if (size > 0)
      good = false;
  }
  return good ? 1 : library_fail(L, NULL, LIBRARY_BAD_FILE);
}

static int io_write(lua_State *L) { return write_values(L, default_file(L, OUTPUT), 1); }

static int file_write(lua_State *L) {
  stream *s = check_open(L);
  lua_pushvalue(L, 1);
  return write_values(L, s, 2);
}

/* Does nothing: lines are written when they are complete. */
static int flushed(lua_State *L) {
  lua_pushboolean(L, true);
  return 1;
}

static int io_flush(lua_State *L) {
  default_file(L, OUTPUT);
  return flushed(L);
}

static int file_flush(lua_State *L) {
  check_open(L);
  return flushed(L);
}

static int file_setvbuf(lua_State *L) {
  static const char *const modes[] = {"no", "full", "line", NULL};
  check_open(L);
  luaL_checkoption(L, 2, NULL, modes);
  luaL_optinteger(L, 3, 0);
  return flushed(L);
}

/* ---- files ---- */

static int file_seek(lua_State *L) {
  static const char *const names[] = {"set", "cur", "end", NULL};
  stream *s = check_open(L);
  int from = luaL_checkoption(L, 2, "cur", names);
  lua_Unsigned to = (lua_Unsigned)luaL_optinteger(L, 3, 0);
  if (is_standard(s)) return library_fail(L, NULL, LIBRARY_NO_SEEK);
  if (from == 1) to += (lua_Unsigned)s->at;
  if (from == 2) to += s->asset.size;
  if (to > LUA_MAXINTEGER) return library_fail(L, NULL, LIBRARY_INVALID);
  s->at = (lua_Integer)to;
  lua_pushinteger(L, s->at);
  return 1;
}

static int close_file(lua_State *L) {
  stream *s = check_open(L);
  if (is_standard(s)) {
    luaL_pushfail(L);
    lua_pushliteral(L, "cannot close standard file");
    return 2;
  }
  s->kind = CLOSED;
  return flushed(L);
}

static int io_close(lua_State *L) {
  if (lua_isnone(L, 1)) lua_getfield(L, LUA_REGISTRYINDEX, OUTPUT);
  return close_file(L);
}

/* __gc and __close */
static int file_end(lua_State *L) {
  stream *s = to_stream(L);
  if (!is_standard(s)) s->kind = CLOSED;
  return 0;
}

static int file_tostring(lua_State *L) {
  const stream *s = to_stream(L);
  if (s->kind == CLOSED)
    lua_pushliteral(L, "file (closed)");
  else
    lua_pushfstring(L, "file (%p)", s);
  return 1;
}

static int io_type(lua_State *L) {
  luaL_checkany(L, 1);
  const stream *s = luaL_testudata(L, 1, LUA_FILEHANDLE);
  if (s == NULL)
    luaL_pushfail(L);
  else
    lua_pushstring(L, s->kind == CLOSED ? "closed file" : "file");
  return 1;
}

/* io.open, or io.popen, whose only modes are "r" and "w". */
static int open_named(lua_State *L, bool process) {
  const char *name = luaL_checkstring(L, 1), *mode = luaL_optstring(L, 2, "r");
  size_t letters = strspn(mode, process ? "rw" : "rwa");
  bool to_write = process || *mode != 'r';
  mode += letters;
  if (!process) {
    if (*mode == '+') {
      to_write = true;
      mode++;
    }
    mode += strspn(mode, "b");
  }
  luaL_argcheck(L, letters == 1 && *mode == '\0', 2, "invalid mode");
  const char *reason = open_file(L, name, to_write);
  return reason == NULL ? 1 : library_fail(L, name, reason);
}

static int io_open(lua_State *L) { return open_named(L, false); }

static int io_popen(lua_State *L) { return open_named(L, true); }

static int io_tmpfile(lua_State *L) { return library_fail(L, NULL, LIBRARY_READ_ONLY); }

/* Sets a default file to the argument, a name or a file, if there is one; returns the default file. */
static int set_default(lua_State *L, const char *key, bool to_write) {
  if (!lua_isnoneornil(L, 1)) {
    const char *name = lua_tostring(L, 1);
    if (name != NULL) {
      check_opened(L, name, to_write);
    } else {
      check_open(L);
      lua_pushvalue(L, 1);
    }
    lua_setfield(L, LUA_REGISTRYINDEX, key);
  }
  lua_getfield(L, LUA_REGISTRYINDEX, key);
  return 1;
}

static int io_input(lua_State *L) { return set_default(L, INPUT, false); }

static int io_output(lua_State *L) { return set_default(L, OUTPUT, true); }

static const luaL_Reg functions[] = {
    {"close", io_close},     {"flush", io_flush},   {"input", io_input}, {"lines", io_lines},
    {"open", io_open},       {"output", io_output}, {"popen", io_popen}, {"read", io_read},
    {"tmpfile", io_tmpfile}, {"type", io_type},     {"write", io_write}, {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"read", file_read}, {"write", file_write}, {"lines", file_lines},     {"flush", file_flush},
    {"seek", file_seek}, {"close", close_file}, {"setvbuf", file_setvbuf}, {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", file_end}, {"__close", file_end}, {"__tostring", file_tostring}, {NULL, NULL}};

int library_open_io(lua_State *L) {
  static const struct {
    const char *name, *key;
    enum kind kind;
  } standard[] = {{"stdin", INPUT, STANDARD_INPUT},
                  {"stdout", OUTPUT, STANDARD_OUTPUT},
                  {"stderr", NULL, STANDARD_ERROR}};
  luaL_newlib(L, functions);
  luaL_newmetatable(L, LUA_FILEHANDLE);
  start_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  for (size_t i = 0; i < sizeof standard / sizeof *standard; i++) {
    push_stream(L, standard[i].kind);
    if (standard[i].key != NULL) {
      lua_pushvalue(L, -1);
      lua_setfield(L, LUA_REGISTRYINDEX, standard[i].key);
    }
    lua_setfield(L, -2, standard[i].name);
  }
  return 1;
}
