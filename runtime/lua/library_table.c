/*
 * library_table.c - Lua's table library, with fast paths for plain tables: without a metatable and with all
 * elements in the array. table.insert and table.remove move the elements after the position at once,
 * table.concat builds its string in place. All other cases, including errors, are left to Lua's own
 * functions.
 */
#define LUA_CORE
#include "lstate.h"

#include "ltablib.c"

#include <string.h>

#include "lgc.h"
#include "lua/libraries.h"
#include "lobject.h"
#include "lstring.h"
#include "ltable.h"
#include "lua/fast/set.h"

enum {
  LONGEST = 1 << 26
}; /* most bytes of table.concat here; beyond, Lua's own function runs out of memory */

/* The first argument, if it is a plain table and there are `fewest` arguments or one more; else NULL. */
static Table *plain_table(lua_State *L, int fewest) {
  const TValue *first = s2v(L->ci->func.p + 1);
  int more = lua_gettop(L) - fewest;
  if (more < 0 || more > 1 || !ttistable(first)) return NULL;
  return hvalue(first)->metatable == NULL ? hvalue(first) : NULL;
}

/*
 * The second argument as an index from 0, if it is in [1, size]; else SIZE_MAX. `size` is no larger than an
 * array can be.
 */
static size_t position(lua_State *L, lua_Unsigned size) {
  const TValue *second = s2v(L->ci->func.p + 2);
  if (!ttisinteger(second) || l_castS2U(ivalue(second)) - 1u >= size) return SIZE_MAX;
  return (size_t)ivalue(second) - 1;
}

static int insert(lua_State *L) {
  int arguments = lua_gettop(L);
  Table *t = plain_table(L, 2);
  if (t == NULL) return tinsert(L);
  lua_Unsigned size = luaH_getn(t);
  if (size >= luaH_realasize(t)) return tinsert(L);
  size_t at = arguments == 2 ? (size_t)size : position(L, size + 1);
  if (at == SIZE_MAX) return tinsert(L);
  TValue *place = &t->array[at];
  const TValue *value = s2v(L->top.p - 1);
  memmove(place + 1, place, ((size_t)size - at) * sizeof *place);
  setobj2t(L, place, value);
  luaC_barrierback(L, obj2gco(t), value);
  return 0;
}

static int remove_one(lua_State *L) {
  int arguments = lua_gettop(L);
  Table *t = plain_table(L, 1);
  if (t == NULL) return tremove(L);
  lua_Unsigned size = luaH_getn(t);
  if (size == 0 || size > luaH_realasize(t)) return tremove(L);
  size_t at = arguments == 1 ? (size_t)size - 1 : position(L, size);
  if (at == SIZE_MAX || isempty(&t->array[at]))
    return tremove(L); /* an empty slot is not the same as a nil value */
  TValue *place = &t->array[at];
  setobj2s(L, L->top.p, place);
  L->top.p++;
  memmove(place, place + 1, ((size_t)size - 1 - at) * sizeof *place);
  setnilvalue(&t->array[size - 1]);
  return 1;
}

/* Concatenates the strings of a list into `to`; if that is NULL, only counts. Returns the number of bytes. */
static size_t join(char *to, const TValue *list, size_t count, const TString *separator) {
  size_t between = separator != NULL ? tsslen(separator) : 0, total = 0;
  for (size_t i = 0; i < count; i++) {
    const TString *string = tsvalue(&list[i]);
    size_t size = tsslen(string);
    if (to != NULL) {
      memcpy(to + total, getstr(string), size);
      if (i + 1 < count && between > 0) memcpy(to + total + size, getstr(separator), between);
    }
    total += size + (i + 1 < count ? between : 0);
    if (total > LONGEST) return SIZE_MAX;
  }
  return total;
}

static int concat(lua_State *L) {
  int arguments = lua_gettop(L);
  Table *t = plain_table(L, 1);
  const TValue *second = s2v(L->top.p - 1);
  const TString *separator = NULL;
  size_t count = 0, total = SIZE_MAX;
  if (t != NULL && (arguments == 1 || ttisstring(second))) {
    if (arguments == 2) separator = tsvalue(second);
    count = (size_t)luaH_getn(t);
    if (count <= luaH_realasize(t)) {
      size_t strings = 0;
      while (strings < count && ttisstring(&t->array[strings])) strings++;
      if (strings == count) total = join(NULL, t->array, count, separator);
    }
  }
  /* At one place only, so that it is inlined: its __index may call concat again. */
  if (total == SIZE_MAX) return tconcat(L);
  char room[LUAI_MAXSHORTLEN];
  TString *result;
  if (total <= sizeof room) {
    join(room, t->array, count, separator);
    result = luaS_newlstr(L, room, total);
  } else {
    result = luaS_createlngstrobj(L, total);
    join(getlngstr(result), t->array, count, separator);
  }
  setsvalue2s(L, L->top.p, result);
  L->top.p++;
  luaC_checkGC(L);
  return 1;
}

/* table.pack: makes the same table as Lua's own, complete before a script can see it. */
static int pack(lua_State *L) {
  StkId first = L->ci->func.p + 1;
  unsigned count = (unsigned)(L->top.p - first);
  Table *t = luaH_new(L);
  TValue *result = s2v(L->top.p), key, size;
  sethvalue(L, result, t);
  L->top.p++;
  table_room(L, t, count, 1);
  for (unsigned i = 0; i < count; i++) setobj2t(L, &t->array[i], s2v(first + i));
  setsvalue(L, &key, luaS_newliteral(L, "n"));
  setivalue(&size, count);
  table_set(L, result, &key, &size, luaH_getshortstr(t, tsvalue(&key)));
  luaC_checkGC(L);
  return 1;
}

static const luaL_Reg functions[] = {
    {"concat", concat},     {"insert", insert}, {"move", tmove},     {"pack", pack},
    {"remove", remove_one}, {"sort", sort},     {"unpack", tunpack}, {NULL, NULL},
};

int library_open_table(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
