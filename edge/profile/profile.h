/*
 * profile.h - where the time of invocations goes: samples of what a thread does, about a thousand a second.
 *
 * They are taken by the clock on the wall, in a signal handler, so waiting for an upstream counts like
 * computing. Only instances of engine_wasm2c.c are looked into. Writing them down is flame.c.
 */
#ifndef FLARON_EDGE_PROFILE_H
#define FLARON_EDGE_PROFILE_H

#include "profile/callstack.h"
#include "base/text.h"

enum {
  PROFILE_PERIOD_NS = 997000
}; /* no divisor of a millisecond: it must not keep step with other timers */

typedef enum profile_kind {
  PROFILE_LUA,
  PROFILE_C,
  PROFILE_HOST,
  PROFILE_OTHER /* the whole invocation, tail calls, calls left out */
} profile_kind;

/* A function. */
typedef struct profile_function {
  profile_kind kind;
  bool used;
  uint32_t place; /* PROFILE_LUA: the line where it begins, 0 = a main chunk; PROFILE_C: without a
                      name, its place in the table of functions */
  size_t size;    /* bytes of `name` */
  char name[88];  /* PROFILE_LUA: its chunk's name, as lua_Debug has it; else its own, "" = not known */
  char *called;   /* PROFILE_LUA: what the source calls it, owned; NULL = not known */
} profile_function;

/* A function where it was called from. A parent stands in front of its children. */
typedef struct profile_node {
  uint32_t function, parent, child, next; /* places in the lists of a profile; child, next: 0 = none */
  uint32_t self;                          /* samples in the function itself */
} profile_node;

/* Owned; profile_free. To be read when it is stopped. */
typedef struct profile profile;
struct profile {
  profile_node *nodes; /* the first is the whole invocation */
  uint32_t node_count;
  profile_function *functions; /* with gaps: see `used` */
  uint32_t samples;
  struct profile_inside *inside;
};

enum { PROFILE_FUNCTIONS = 4096, PROFILE_NODES = 1 << 16 };

/*
 * Begins a profile of what the calling thread runs from now on, one at a time. NULL when there is no timer;
 * errno says why.
 */
profile *profile_start(void);

/* Ends it, on the same thread. */
void profile_stop(profile *p);

void profile_free(profile *p);

/* Finds what the Lua functions of a file, such as "main.lua", are called, in its source. */
void profile_name_functions(profile *p, const char *file, bytes source);

/* Adds how a function is shown: "NAME FILE:LINE", "string.format [C]", "spark_get [host]"... */
void profile_describe(const profile_function *f, text *out);

/* What an instance runs at the moment. */
typedef struct profile_place {
  bytes memory;
  uint32_t running; /* the address of the Lua state */
  const char *host; /* the import that it is in, static; NULL = in none */
} profile_place;

/*
 * For an engine, around what it runs: while this thread is profiled, `look(data, place)` is called in a
 * signal handler, and once before, when the instance is at rest.
 */
void profile_enter(void (*look)(void *data, profile_place *place), void *data);
void profile_leave(void);

#endif
