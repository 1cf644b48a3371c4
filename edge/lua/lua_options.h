/*
 * lua_options.h - the options of edge.load: from a Lua table to a host's configuration.
 */
#ifndef FLARON_EDGE_LUA_OPTIONS_H
#define FLARON_EDGE_LUA_OPTIONS_H

#include <lua.h>

#include "base/nearest.h"
#include "host/host.h"

/* What the configuration borrows. Owned; begin with {0}. */
typedef struct lua_options {
  host_secret *secrets;
  size_t secret_count;
  char **command; /* the words of option `engine`, ended by NULL; NULL = none */
} lua_options;

/* Pushes ": did you mean 'NAME'?", or "". */
void lua_options_push_nearest(lua_State *L, const nearest *n);

/* Raises an error for an unknown option in the table at `index`, naming it. */
void lua_options_check(lua_State *L, int index);

/* Sets in `config` what the table at `index` says, and leaves the rest. Raises an error for a wrong type. */
void lua_options_read(lua_State *L, int index, lua_options *options, host_config *config);

/* The boolean or integer field `name`, or `fallback`; raises for another type or one out of range. */
bool lua_options_boolean(lua_State *L, int index, const char *name, bool fallback);
lua_Integer lua_options_integer(lua_State *L, int index, const char *name, lua_Integer fallback,
                                lua_Integer low, lua_Integer high);

/* The number of seconds at `index` in nanoseconds: one product of doubles would lose some of today's. */
int64_t lua_options_nanoseconds(lua_State *L, int index);

/* `ns`, nanoseconds since 1970, as a clock that stands: raises an error for 0, which is the machine's clock.
 */
int64_t lua_options_clock(lua_State *L, int64_t ns);

/*
 * Fills an empty store from the fields `spark` and `plasma` of the table at `index`: tables from keys to
 * strings; an integer in plasma is a counter. A value has at most `most` bytes. `now_ns` is the clock. Raises
 * an error when it cannot.
 */
void lua_options_fill(lua_State *L, int index, struct store *store, size_t most, int64_t now_ns);

void lua_options_free(lua_options *options);

#endif
