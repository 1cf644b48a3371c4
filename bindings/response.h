/*
 * response.h - the response's end, for the entry point.
 */
#ifndef FLARON_RESPONSE_H
#define FLARON_RESPONSE_H

#include "lua.h"

/*
 * Takes what the handler answered, at `index`: nothing or an action, or a table {status=, headers=,
 * body=}, which is applied first. Hands the response to the host and returns the action (abi.h). Raises
 * an error for any other answer, which names the file and line of the handler: of the function at index 1,
 * or, where a router has answered, of the route's, and the route. `route_of` in
 * package.loaded["flaron.router.answer"] says which: a function of the answer to a string, such as "GET /x",
 * and a handler, or to nothing. The host has then seen nothing of the response.
 */
lua_Integer response_finish(lua_State *L, int index);

#endif
