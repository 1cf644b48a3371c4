/*
 * reach.h - which functions of Lua's libraries a script can still reach once it has started. What it cannot
 * is packed with none of them: io, debug, and load, loadfile and dofile with Lua's compiler.
 *
 * It does not take code away: the packer does, by choosing a runtime (edge/flare/flare.h).
 */
#ifndef FLARON_REACH_H
#define FLARON_REACH_H

#include <stdbool.h>

#include "lua.h"

/* Notes what there is to reach. Before anything of the script has run, after the libraries. Raises errors.
 */
void reach_begin(lua_State *L);

/*
 * Whether the script can reach none of it, and `may` is true: then takes it out of the heap. Call it,
 * unprotected, when start-up is over and has raised no error; it collects garbage first, and forgets what
 * reach_begin noted.
 */
bool reach_cut(lua_State *L, bool may);

#endif
