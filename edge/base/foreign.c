/*
 * foreign.c - see foreign.h.
 */
#include "base/foreign.h"

#include <string.h>

typedef struct foreign {
  const char *name, *said;
} foreign;

#define OPENRESTY "it is of OpenResty: docs/from-openresty.md says what a flare has for it"
#define OPERATORS "Lua 5.4 has operators for it, & | ~ << >>: docs/from-openresty.md"
#define NO_SOCKETS "a flare has no sockets, flaron.beam fetches: docs/from-openresty.md"

static const foreign modules[] = {
    {"resty", OPENRESTY},
    {"ngx", OPENRESTY},
    {"bit", OPERATORS},
    {"bit32", OPERATORS},
    {"socket", NO_SOCKETS},
    {"ssl", NO_SOCKETS},
    {"ffi", "a flare has no native code: docs/from-openresty.md says what it has"},
};

static const foreign globals[] = {
    {"ngx", OPENRESTY},
    {"bit", OPERATORS},
    {"bit32", OPERATORS},
    {"ndk", OPENRESTY},
    {"unpack", "it is of Lua 5.1: Lua 5.4 has table.unpack"},
    {"loadstring", "it is of Lua 5.1: Lua 5.4 has load"},
    {"setfenv", "it is of Lua 5.1: Lua 5.4 has _ENV, and load with an environment"},
    {"getfenv", "it is of Lua 5.1: Lua 5.4 has _ENV"},
    {"module", "it is of Lua 5.1: a module of Lua 5.4 returns a table"},
    {"jit", "it is of LuaJIT: a flare runs PUC-Rio's Lua 5.4"},
};

const char *foreign_module(const char *name) {
  for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
    size_t size = strlen(modules[i].name);
    if (strncmp(name, modules[i].name, size) == 0 && (name[size] == '\0' || name[size] == '.'))
      return modules[i].said;
  }
  return NULL;
}

bool foreign_explain(bytes message, text *to) {
  const char *first = (const char *)message.data;
  const char *feed = message.size > 0 ? memchr(first, '\n', message.size) : NULL;
  size_t size = feed != NULL ? (size_t)(feed - first) : message.size;
  const char *said = NULL;
  for (size_t i = 0; said == NULL && i < sizeof globals / sizeof *globals; i++) {
    text end = {0};
    text_printf(&end, "(global '%s')", globals[i].name);
    if (size > end.size && memcmp(first + size - end.size, end.data, end.size) == 0) said = globals[i].said;
    text_free(&end);
  }
  text_add(to, message.data, size);
  if (said != NULL) text_printf(to, ": %s", said);
  text_add(to, message.data != NULL ? message.data + size : NULL, message.size - size);
  return said != NULL;
}
