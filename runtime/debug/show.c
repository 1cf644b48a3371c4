/*
 * show.c - values as text (show.h), and the exports of the local edge that need it: print with the contents
 * of tables, and the locals of a failed script.
 *
 * A flare has none of this, and must be the same bytes with it and without. So nothing here is reached but by
 * exports that are cut (mk/runtime.mk), nothing has a slot in the table of functions, and no constant or
 * variable of ours lies in memory: texts are put together from single letters, or are literals that the
 * runtime has anyway.
 */
#include "debug/show.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "abi/abi.h"
#include "lauxlib.h"
#include "lobject.h"
#include "lstate.h"
#include "lstring.h"

/* Tables within tables, fields of a table, bytes of a string; levels of a stack and locals of a level. */
enum { DEPTH = 4, ITEMS = 40, BYTES = 200, LEVELS = 20, LOCALS = 40 };

/* Bytes of a line of the log (the host cuts there), and of all locals. */
enum { LINE = 4096, ALL_LOCALS = 16384 };

/* Up to four letters as a number. */
#define LETTERS(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

void show_char(show_text *to, char c) {
  if (to->at < to->end) *to->at++ = c;
}

static void show_letters(show_text *to, uint32_t letters) {
  for (; letters != 0; letters >>= 8) show_char(to, (char)letters);
}

void show_string(show_text *to, const char *string) {
  while (*string != '\0') show_char(to, *string++);
}

void show_integer(show_text *to, lua_Integer n) {
  char digits[20];
  int count = 0;
  uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
  do {
    digits[count++] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (n < 0) show_char(to, '-');
  while (count > 0) show_char(to, digits[--count]);
}

/* Writes "<N more", which the caller closes. */
static void show_more(show_text *to, lua_Integer n) {
  show_char(to, '<');
  show_integer(to, n);
  show_char(to, ' ');
  show_letters(to, LETTERS('m', 'o', 'r', 'e'));
}

/* Writes a float so that it reads back as one. */
static void show_float(show_text *to, lua_Number n) {
  char digits[32];
  bool whole = true;
  snprintf(digits, sizeof digits, LUA_NUMBER_FMT, n);
  for (const char *c = digits; *c != '\0'; c++) whole = whole && (*c == '-' || (*c >= '0' && *c <= '9'));
  show_string(to, digits);
  if (whole) show_letters(to, LETTERS('.', '0', 0, 0));
}

static char show_digit(unsigned n) { return (char)(n < 10 ? '0' + n : 'A' + n - 10); }

static void show_quoted(show_text *to, const char *string, size_t size) {
  size_t cut = size;
  if (size > BYTES) {
    for (cut = BYTES; cut > BYTES - 4 && (string[cut] & 0xC0) == 0x80;) cut--; /* not within a character */
  }
  show_char(to, '"');
  for (size_t i = 0; i < cut; i++) {
    char c = string[i];
    bool control = (uint8_t)c < ' ' || c == 0x7f;
    if (control || c == '"' || c == '\\') show_char(to, '\\');
    if (!control) {
      show_char(to, c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
      show_char(to, c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    } else {
      show_char(to, 'x');
      show_char(to, show_digit((uint8_t)c >> 4));
      show_char(to, show_digit(c & 15));
    }
  }
  show_char(to, '"');
  if (cut == size) return;
  show_more(to, (lua_Integer)(size - cut));
  show_letters(to, LETTERS(' ', 'b', 'y', 't'));
  show_letters(to, LETTERS('e', 's', '>', 0));
}

/* A table that is being written, and those that it stands in. */
typedef struct within {
  const struct within *outer;
  const void *table;
} within;

static void show_any(lua_State *L, int index, show_text *to, const within *outer);

/* Where a key stands among others: numbers, strings, booleans, the rest. */
static int rank_of(lua_State *L, int index) {
  int type = lua_type(L, index);
  return type == LUA_TNUMBER ? 1 : type == LUA_TSTRING ? 2 : type == LUA_TBOOLEAN ? 3 : 4;
}

/* Whether the key at `a` stands before that at `b`; both are absolute. */
static bool is_before(lua_State *L, int a, int b) {
  int one = rank_of(L, a), two = rank_of(L, b);
  if (one != two) return one < two;
  if (one == 3) return lua_toboolean(L, a) > lua_toboolean(L, b);
  return one < 3 && lua_compare(L, a, b, LUA_OPLT);
}

/* Whether the key at `index`, absolute, is a name that may stand before '='. */
static bool is_name(lua_State *L, int index) {
  size_t size;
  if (lua_type(L, index) != LUA_TSTRING) return false;
  const char *name = lua_tolstring(L, index, &size);
  const TString *string = tsvalue(s2v(L->ci->func.p + index));
  if (size == 0 || size > BYTES || isreserved(string)) return false;
  for (size_t i = 0; i < size; i++) {
    char c = name[i], lower = (char)(c | 32);
    if (!(lower >= 'a' && lower <= 'z') && c != '_' && !(i > 0 && c >= '0' && c <= '9')) return false;
  }
  return true;
}

/* Begins a field, the first one or another. */
static void show_item(show_text *to, bool *first) {
  if (!*first) show_char(to, ',');
  show_char(to, ' ');
  *first = false;
}

/*
 * Pushes the first keys of the table at `index` in order, but for those of its row of `row` values: at most
 * `most`. Returns how many there are more.
 */
static lua_Integer push_keys(lua_State *L, int index, lua_Integer row, int most) {
  int base = lua_gettop(L), count = 0;
  lua_Integer more = 0;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    lua_pop(L, 1);
    int top = lua_gettop(L), at = base + count + 1;
    if (lua_isinteger(L, top) && lua_tointeger(L, top) >= 1 && lua_tointeger(L, top) <= row) continue;
    while (at > base + 1 && is_before(L, top, at - 1)) at--;
    lua_pushvalue(L, top);
    lua_insert(L, at);
    if (++count <= most) continue;
    lua_remove(L, base + count);
    count--;
    more++;
  }
  return more;
}

static void show_table(lua_State *L, int index, show_text *to, const within *outer) {
  within here = {outer, lua_topointer(L, index)};
  int base = lua_gettop(L), depth = 0;
  bool met = false, first = true;
  for (const within *w = outer; w != NULL; w = w->outer, depth++) met = met || w->table == here.table;
  if (met || depth == DEPTH || !lua_checkstack(L, ITEMS + 8)) {
    show_char(to, '<');
    show_string(to, lua_typename(L, LUA_TTABLE));
    show_char(to, '>');
    return;
  }
  lua_Integer row = 0;
  show_char(to, '{');
  for (; lua_rawgeti(L, index, row + 1) != LUA_TNIL; row++) {
    if (row < ITEMS) {
      show_item(to, &first);
      show_any(L, base + 1, to, &here);
    }
    lua_settop(L, base);
  }
  lua_settop(L, base);
  lua_Integer more = push_keys(L, index, row, row < ITEMS ? (int)(ITEMS - row) : 0);
  if (row > ITEMS) more += row - ITEMS;
  int end = lua_gettop(L);
  for (int key = base + 1; key <= end; key++) {
    bool name = is_name(L, key);
    show_item(to, &first);
    if (name) {
      show_string(to, lua_tostring(L, key));
    } else {
      show_char(to, '[');
      show_any(L, key, to, &here);
      show_char(to, ']');
    }
    show_letters(to, LETTERS(' ', '=', ' ', 0));
    lua_pushvalue(L, key);
    lua_rawget(L, index);
    show_any(L, end + 1, to, &here);
    lua_settop(L, end);
  }
  lua_settop(L, base);
  if (more > 0) {
    show_item(to, &first);
    show_more(to, more);
    show_char(to, '>');
  }
  if (!first) show_char(to, ' ');
  show_char(to, '}');
}

/* show_value for what stands in other tables; `index` is absolute. */
static void show_any(lua_State *L, int index, show_text *to, const within *outer) {
  int type = lua_type(L, index);
  size_t size;
  if (type == LUA_TSTRING) {
    const char *string = lua_tolstring(L, index, &size);
    show_quoted(to, string, size);
  } else if (type == LUA_TTABLE) {
    show_table(L, index, to, outer);
  } else if (lua_isinteger(L, index)) {
    show_integer(to, lua_tointeger(L, index));
  } else if (type == LUA_TNUMBER) {
    show_float(to, lua_tonumber(L, index));
  } else if (type == LUA_TBOOLEAN) {
    show_letters(to, lua_toboolean(L, index) ? LETTERS('t', 'r', 'u', 'e') : LETTERS('f', 'a', 'l', 's'));
    if (!lua_toboolean(L, index)) show_char(to, 'e');
  } else if (type == LUA_TNIL) {
    show_string(to, lua_typename(L, type));
  } else {
    show_char(to, '<');
    show_string(to, lua_typename(L, type));
    show_char(to, '>');
  }
}

void show_value(lua_State *L, int index, show_text *to) { show_any(L, lua_absindex(L, index), to, NULL); }

/* ---- exports for the edge, not in a flare ---- */

/* Whether tostring of the table at `index` says more than an address. */
static bool has_text(lua_State *L, int index) {
  int base = lua_gettop(L);
  bool has = luaL_getmetafield(L, index, "__tostring") != LUA_TNIL ||
             luaL_getmetafield(L, index, "__name") != LUA_TNIL;
  lua_settop(L, base);
  return has;
}

/* Replaces the arguments of print that are tables by what they show; returns 1, or raises an error, and is 0
 * then. The edge calls it before print. */
ABI_EXPORT(show_tables)
int show_tables(lua_State *L) {
  char *line = NULL;
  for (int i = lua_gettop(L); i > 0; i--) {
    if (lua_type(L, i) != LUA_TTABLE || !lua_checkstack(L, LUA_MINSTACK) || has_text(L, i)) continue;
    if (line == NULL && (line = malloc(LINE)) == NULL) break;
    show_text text = {line, line + LINE};
    show_value(L, i, &text);
    lua_pushlstring(L, line, (size_t)(text.at - line));
    lua_replace(L, i);
  }
  free(line);
  return 1;
}

int logging_print(lua_State *L); /* bindings/logging.c */

/* The slot of print in the table of functions. */
ABI_EXPORT(print_slot)
lua_CFunction show_print_slot(void) { return logging_print; }

/*
 * The locals of the levels below the message handler that runs, each level with "FILE:LINE" and a line
 * "\tNAME = VALUE" for each; 0 if there are none. The text is in a block of its own, which ends with the
 * invocation.
 */
ABI_EXPORT(show_locals)
abi_packed show_locals(lua_State *L) {
  char what[3] = {'S', 'l', '\0'};
  char *all = malloc(ALL_LOCALS);
  lua_Debug ar;
  if (all == NULL || !lua_checkstack(L, LUA_MINSTACK)) return 0;
  show_text text = {all, all + ALL_LOCALS};
  for (int level = 1; level <= LEVELS && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, what, &ar);
    bool headed = false;
    for (int n = 1; ar.currentline > 0 && n <= LOCALS; n++) {
      const char *name = lua_getlocal(L, &ar, n);
      if (name == NULL) break;
      if (*name != '(') { /* else it is a temporary of Lua's own */
        if (!headed) {
          show_string(&text, ar.short_src);
          show_char(&text, ':');
          show_integer(&text, ar.currentline);
          show_char(&text, '\n');
        }
        headed = true;
        show_char(&text, '\t');
        show_string(&text, name);
        show_letters(&text, LETTERS(' ', '=', ' ', 0));
        show_value(L, -1, &text);
        show_char(&text, '\n');
      }
      lua_pop(L, 1);
    }
  }
  return (abi_packed)(uintptr_t)all << 32 | (size_t)(text.at - all);
}
