/*
 * start.h - the results of start-up for the entry points.
 */
#ifndef FLARON_START_H
#define FLARON_START_H

/* The handlers a script can have: START_HANDLE_REQUEST and so on. */
enum start_handler {
#define FLARON_HANDLER(id, name) START_##id,
#include "abi/handlers.def"
#undef FLARON_HANDLER
  START_HANDLERS
};

/* The registry reference of a handler, LUA_NOREF if the script has none. */
int start_handler_ref(enum start_handler handler);

/* The seed of string hashes, from the hash of the bundle. */
unsigned int start_hash_seed(void);

#endif
