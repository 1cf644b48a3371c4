/*
 * foreign.h - names of OpenResty, of other Luas and of native libraries, which ported code still says: what a
 * flare has in their place.
 */
#ifndef FLARON_EDGE_FOREIGN_H
#define FLARON_EDGE_FOREIGN_H

#include "base/text.h"

/* What stands in the place of a module such as "resty.http"; NULL: nothing is known of it. */
const char *foreign_module(const char *name);

/*
 * Adds the message of an error to `to`: with what stands in the place of the global, where its first line
 * ends with Lua's words for one that is nil, such as "(global 'ngx')". True when it does.
 */
bool foreign_explain(bytes message, text *to);

#endif
