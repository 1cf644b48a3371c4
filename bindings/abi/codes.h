/*
 * codes.h - what the error codes of the stores and of `ws` mean, from 1 on: for the bindings, and for specs
 * that name a failure (edge/lua/lua_edge.c).
 */
#ifndef FLARON_CODES_H
#define FLARON_CODES_H

#define CODES_SPARK                                                                                    \
  "invalid ttl", "too large", "write limit", "quota", "not available", "internal error", "read limit", \
      "bad key", "no capability"

#define CODES_PLASMA "not available", "write limit", "too large", "bad key", "no capability", "internal error"

#define CODES_WS "send limit", "too large", "send error"

#endif
