/*
 * message.c - luaO_pushvfstring, which makes the messages of errors: in one buffer, where lobject.c joins
 * strings of Lua. What it takes and gives is in Lua's manual (lua_pushfstring), and %U.
 */
#define LUA_CORE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ldebug.h"
#include "lgc.h"
#include "lobject.h"
#include "lstate.h"
#include "lstring.h"

enum { DIGITS = 24 }; /* of an integer of 64 bits, with its sign */

/* Writes an integer in front of `end`; returns where it begins. */
static char *digits_of(lua_Integer n, char *end) {
  lua_Unsigned rest = n < 0 ? 0 - l_castS2U(n) : l_castS2U(n);
  do *--end = (char)('0' + rest % 10);
  while ((rest /= 10) > 0);
  if (n < 0) *--end = '-';
  return end;
}

/* Writes the message to `to`, as far as its pieces fit; returns its size. */
static size_t write(lua_State *L, char *to, size_t room, const char *format, va_list arguments) {
  size_t total = 0;
  while (*format != '\0') {
    char own[DIGITS + UTF8BUFFSZ], *end = own + sizeof own;
    const char *text = format;
    size_t size = 0;
    if (*format != '%') {
      do size++;
      while (format[size] != '%' && format[size] != '\0');
      format += size;
    } else {
      switch (format[1]) {
        case 's':
          text = va_arg(arguments, const char *);
          if (text == NULL) text = "(null)";
          size = strlen(text);
          break;
        case 'd': text = digits_of(va_arg(arguments, int), end); break;
        case 'I': text = digits_of((lua_Integer)va_arg(arguments, l_uacInt), end); break;
        case 'c':
          *own = (char)va_arg(arguments, int);
          text = own;
          size = 1;
          break;
        case 'f': {
          TValue number;
          setfltvalue(&number, cast_num(va_arg(arguments, l_uacNumber)));
          luaO_tostring(L, &number);
          text = svalue(&number);
          size = vslen(&number);
          break;
        }
        case 'p':
          text = own;
          size = (size_t)lua_pointer2str(own, sizeof own, va_arg(arguments, void *));
          break;
        case 'U':
          text = end - luaO_utf8esc(end - UTF8BUFFSZ, va_arg(arguments, unsigned long));
          break;
        case '%': size = 1; break;
        default: luaG_runerror(L, "invalid option '%%%c' to 'lua_pushfstring'", format[1]);
      }
      if (size == 0 && text >= own && text < end) size = (size_t)(end - text);
      format += 2;
    }
    if (total + size <= room) memcpy(to + total, text, size);
    total += size;
  }
  return total;
}

const char *luaO_pushvfstring(lua_State *L, const char *format, va_list arguments) {
  char room[256];
  va_list again;
  va_copy(again, arguments);
  size_t size = write(L, room, sizeof room, format, arguments);
  TString *message;
  if (size <= sizeof room) {
    message = luaS_newlstr(L, room, size);
  } else {
    message = luaS_createlngstrobj(L, size);
    write(L, getlngstr(message), size, format, again);
  }
  va_end(again);
  setsvalue2s(L, L->top.p, message);
  L->top.p++; /* perhaps a slot of EXTRA_STACK, as with Lua's own */
  return getstr(message);
}
