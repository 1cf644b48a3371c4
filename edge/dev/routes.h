/*
 * routes.h - edge.lua: several flares behind one address, by path.
 *
 *   return { ["/api/" .. "*"] = "api", ["/health"] = "health" }     (".." only since this is a C comment)
 *
 * A pattern is a path, or a prefix with `*` after it; the longest that fits wins, a whole path before a
 * prefix.
 */
#ifndef FLARON_EDGE_ROUTES_H
#define FLARON_EDGE_ROUTES_H

#include "base/text.h"

typedef struct route {
  char *pattern; /* without its '*' */
  bool prefix;
  char *project; /* a folder, script or packed flare, by its path below the folder of edge.lua */
} route;

/* Owned; begin with {0}. The most exact first. */
typedef struct routes {
  route *items;
  size_t count;
} routes;

/* Reads the text of an edge.lua. False, with a message that begins with "edge.lua:", when it is not as above.
 */
bool routes_read(routes *r, bytes source, text *error);

/* The route for a path (a query after it does not count); NULL when there is none. */
const route *routes_find(const routes *r, const char *path, size_t size);

void routes_free(routes *r);

#endif
