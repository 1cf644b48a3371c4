/*
 * start.h - what start-up leaves for the entry points.
 */
#ifndef FLARON_START_H
#define FLARON_START_H

/* The handlers a script can have; the order is that of the names in start.c and of the report. */
enum start_handler { START_HANDLE_REQUEST, START_WS_OPEN, START_WS_MESSAGE, START_WS_CLOSE, START_HANDLERS };

/* The registry reference of a handler, LUA_NOREF when the script has none. */
int start_handler_ref(enum start_handler handler);

/* What strings are hashed with: from the hash of the bundle. */
unsigned int start_hash_seed(void);

#endif
