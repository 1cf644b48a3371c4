/*
 * response.h - finishes the response, for the entry point.
 */
#ifndef FLARON_RESPONSE_H
#define FLARON_RESPONSE_H

#include "lua.h"

/*
 * Takes the handler's answer at `index`: nil or an action, or a table {status=, headers=, body=}, which is
 * applied first. Passes the response to the host and returns the action (abi.h). Raises an error for any
 * other answer; the host has then seen nothing of the response. The error names the file and line of the
 * handler: of the function at index 1 or, if a router has answered, of the route's handler, with the route.
 * `route_of` in package.loaded["flaron.router.answer"] finds them: it maps the answer to a string, such as
 * "GET /x", and a handler, or to nil.
 */
lua_Integer response_finish(lua_State *L, int index);

#endif
