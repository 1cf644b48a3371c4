/*
 * lua_cover.h - counting which lines of the flares that a spec loads run, for `flaron-lua test --coverage`.
 *
 * Only projects on disk are counted, on the engine in this process, and unless they are stripped.
 */
#ifndef FLARON_EDGE_LUA_COVER_H
#define FLARON_EDGE_LUA_COVER_H

#include <lua.h>

#include "pack/pack.h"

/* lua_CFunction: () -> nothing; from now on lines are counted. */
int lua_cover_on(lua_State *L);

/*
 * Begins to count for the project at `path` (NULL: it is none on disk), and sets what packing is to tell in
 * `options`. Returns what the edge is to tell, borrowed forever; NULL when nothing is to be counted.
 */
const engine_watcher *lua_cover_begin(const char *path, pack_options *options);

/*
 * lua_CFunction: () -> list of {folder=, map=, files={[file]={[line]=count}}}, one a project. `map` is its
 * line map (linemap.h), "" when it was packed already.
 */
int lua_cover_report(lua_State *L);

#endif
