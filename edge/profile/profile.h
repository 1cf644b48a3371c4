/*
 * profile.h - a sampling profiler of invocations, which takes about a thousand samples a second of one
 * thread.
 *
 * Samples are taken by the wall clock, in a signal handler, so waiting for an upstream counts like computing.
 * Only instances of engine_wasm2c.c are sampled. flame.c writes the results.
 */
#ifndef FLARON_EDGE_PROFILE_H
#define FLARON_EDGE_PROFILE_H

#include "profile/callstack.h"
#include "base/text.h"

enum {
  PROFILE_PERIOD_NS = 997000
}; /* not a divisor of a millisecond, so that it does not run in step with other timers */

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
  uint32_t place; /* PROFILE_LUA: the line where it begins, 0 = a main chunk; PROFILE_C without a name: its
                     index in the table of functions */
  size_t size;    /* bytes of `name` */
  char name[88];  /* PROFILE_LUA: its chunk's name as in lua_Debug; else its own, "" = not known */
  char *called;   /* PROFILE_LUA: its name in the source, owned; NULL = not known */
} profile_function;

/* A function together with its callers. A parent precedes its children in the list. */
typedef struct profile_node {
  uint32_t function, parent, child, next; /* indices in the lists of a profile; child, next: 0 = none */
  uint32_t self;                          /* samples in the function itself */
} profile_node;

/* Free it with profile_free. Read it only after profile_stop. */
typedef struct profile profile;
struct profile {
  profile_node *nodes; /* the first is the whole invocation */
  uint32_t node_count;
  profile_function *functions; /* has gaps: see `used` */
  uint32_t samples;
  struct profile_inside *inside;
};

enum { PROFILE_FUNCTIONS = 4096, PROFILE_NODES = 1 << 16 };

/*
 * Begins a profile of what the calling thread runs from now on; a thread has one profile at a time. NULL if
 * no timer can be made; errno says why.
 */
profile *profile_start(void);

/* Ends it, on the same thread. */
void profile_stop(profile *p);

void profile_free(profile *p);

/* Finds the names of the Lua functions of a file, such as "main.lua", in its source. */
void profile_name_functions(profile *p, const char *file, bytes source);

/* Adds the text that stands for a function: "NAME FILE:LINE", "string.format [C]", "spark_get [host]"... */
void profile_describe(const profile_function *f, text *out);

/* What an instance is running. */
typedef struct profile_place {
  bytes memory;
  uint32_t running; /* the address of the running Lua state */
  const char *host; /* the import that it is in, static; NULL = none */
} profile_place;

/*
 * An engine calls these around what it runs. While this thread is profiled, `look(data, place)` is called in
 * a signal handler, and once before that, while no call of the instance is running.
 */
void profile_enter(void (*look)(void *data, profile_place *place), void *data);
void profile_leave(void);

#endif
