/*
 * inside.h - what is inside of a translated runtime: its instantiation without data, and for the debugger
 * functions of Lua, by their names.
 *
 * The runtime's module has few exports, and no flare gets more of them. But its translation is C, which
 * wasm-opt's names are in. So inside.c, which is compiled as one with it, can call what it likes, and what is
 * packed stays as it is.
 *
 * All take the instance, addresses in its memory, and the address of a Lua state. Those that allocate may
 * raise an error, as Lua's API does: then inside_unwinds is true, and nothing may be called any more but
 * instance_restore.
 */
#ifndef FLARON_EDGE_INSIDE_H
#define FLARON_EDGE_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Z_runtime_instance_t inside;

struct Z_flaronZ2Fv1_instance_t;

/*
 * Z_runtime_instantiate with a memory of `pages` pages, `most` at most, that is all zeros: the data of a
 * flare has in it what the runtime's own would be, so that one need not be copied.
 */
void inside_instantiate(inside *i, struct Z_flaronZ2Fv1_instance_t *imports, uint32_t pages, uint32_t most);

/* lua_pushlstring, lua_pushcclosure without upvalues, lua_settop, lua_createtable without a size,
 * lua_setfield. */
void inside_push_string(inside *i, uint32_t state, uint32_t at, uint32_t size);
void inside_push_function(inside *i, uint32_t state, uint32_t function);
void inside_set_top(inside *i, uint32_t state, int32_t top);
void inside_push_table(inside *i, uint32_t state);
void inside_set_field(inside *i, uint32_t state, int32_t index, uint32_t name);

/* lua_checkstack. */
bool inside_check_stack(inside *i, uint32_t state, uint32_t slots);

/* luaL_loadbufferx of text; true if it compiled, else the message is on the stack. `name` is a C string. */
bool inside_load(inside *i, uint32_t state, uint32_t at, uint32_t size, uint32_t name);

/* lua_callk without a continuation. */
void inside_call(inside *i, uint32_t state, uint32_t arguments, uint32_t results);

/* lua_tolstring: the address, 0 = it is no string; its size in `size`. */
uint32_t inside_string(inside *i, uint32_t state, int32_t index, uint32_t *size);

/* The export `alloc`. */
uint32_t inside_alloc(inside *i, uint32_t size);

/* The name of the function that a state runs, as lua_getinfo gives it ("n"): the address of a C string, 0 =
 * not known. */
uint32_t inside_name(inside *i, uint32_t state);

/* Puts `function` in the place of interrupt_tell, the watcher's hook, in the table of this instance. */
void inside_replace_hook(inside *i, void (*function)(void));

/* Whether an error was raised that nothing has caught. */
bool inside_unwinds(const inside *i);

/* A function of Lua's libraries as a C function. */
typedef struct inside_library {
  const char *name;
  uint32_t function; /* its index in the table of functions, the same in all instances */
} inside_library;

/* Those that the agent gets (scripts/debug/agent.lua); the last one has no name. `i` is any instance. */
const inside_library *inside_libraries(const inside *i);

#endif
