/*
 * lobject_message.c - formats messages of lua_pushfstring in one buffer. lobject.c's own function joins
 * pieces that it has copied before; it is left out (patches/messages-in-one-buffer.patch).
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

enum { OWN = 32 }; /* most characters of an item that is not a string, with a pointer's '\0' */

/* Writes the pieces of a message that fit into `to`; returns the size of the whole message. */
static size_t write_message(lua_State *L, char *to, size_t room, const char *format, va_list arguments) {
  size_t total = 0;
  while (*format != '\0') {
    char own[OWN];
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
        case 'd':
        case 'I':
          text = own;
          size = (size_t)lua_integer2str(
              own, sizeof own, format[1] == 'd' ? va_arg(arguments, int) : va_arg(arguments, l_uacInt));
          break;
        case 'c':
          text = own;
          own[size++] = (char)va_arg(arguments, int);
          break;
        case 'U':
          size = (size_t)luaO_utf8esc(own, va_arg(arguments, unsigned long));
          text = own + UTF8BUFFSZ - size;
          break;
        case 'f': {
          TValue number;
          setfltvalue(&number, cast_num(va_arg(arguments, l_uacNumber)));
          luaO_tostring(L, &number);
          text = getstr(tsvalue(&number));
          size = tsslen(tsvalue(&number));
          break;
        }
        case 'p':
          text = own;
          size = (size_t)lua_pointer2str(own, sizeof own, va_arg(arguments, void *));
          break;
        case '%': size = 1; break;
        default: luaG_runerror(L, "invalid option '%%%c' to 'lua_pushfstring'", format[1]);
      }
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
  size_t size = write_message(L, room, sizeof room, format, arguments);
  TString *message = size <= sizeof room ? luaS_newlstr(L, room, size) : luaS_createlngstrobj(L, size);
  setsvalue2s(L, L->top.p, message);
  L->top.p++; /* this may use a slot of EXTRA_STACK, as in stock Lua */
  if (size > sizeof room) write_message(L, getlngstr(message), size, format, again);
  va_end(again);
  return getstr(message);
}
