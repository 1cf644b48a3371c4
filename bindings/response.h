/*
 * response.h - the response's end, for the entry point.
 */
#ifndef FLARON_RESPONSE_H
#define FLARON_RESPONSE_H

#include "lua.h"

/*
 * Takes what the handler answered, at `index`: nothing or an action, or a table {status=, headers=,
 * body=}, which is applied first. Hands the response to the host and returns the action (abi.h). Raises
 * an error for any other answer; the host has then seen nothing of the response.
 */
lua_Integer response_finish(lua_State *L, int index);

#endif
