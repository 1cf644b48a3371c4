/*
 * reach.h - finds out whether a script can still reach certain library functions after start-up: io, debug,
 * and load, loadfile and dofile with Lua's compiler. If it can reach none, the flare is packed without all of
 * them.
 *
 * It does not remove code: the packer does, by choosing a runtime (edge/flare/flare.h).
 */
#ifndef FLARON_REACH_H
#define FLARON_REACH_H

#include <stdbool.h>

#include "lua.h"

/* Records the values that can be cut. Call it after the libraries are open and before the script runs. Raises
 * errors. */
void reach_begin(lua_State *L);

/*
 * If `may` and the script can reach none of these values, removes them from the heap and returns true. Call
 * it, unprotected, after start-up has ended without an error. It collects garbage first, and forgets what
 * reach_begin recorded.
 */
bool reach_cut(lua_State *L, bool may);

#endif
