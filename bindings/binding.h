/*
 * binding.h - what every binding shares: arguments, host answers, registration.
 *
 * The rules of the Lua API stand here once: an argument error names the function in full, a call of the
 * host at start-up is refused with the line, a host buffer is freed as soon as it is copied.
 */
#ifndef FLARON_BINDING_H
#define FLARON_BINDING_H

#include <stdbool.h>

#include "abi/abi.h"
#include "lauxlib.h"
#include "lua.h"

/*
 * Makes the module `flaron.NAME` of the functions: a field of the table on top of the stack (`flaron`)
 * and an entry of package.loaded. `name` and `functions` are kept, for the checks below find the full name
 * ("NAME.function") of the function that runs in them; so no two may be the same C function.
 */
void binding_module(lua_State *L, const char *name, const luaL_Reg *functions);

/* Adds functions to the table on top of the stack; full names begin with `name`, unless it is NULL. */
void binding_functions(lua_State *L, const char *name, const luaL_Reg *functions);

/* Raises an error at start-up, when there is no host to call. First thing in a function that needs it. */
void binding_need_host(lua_State *L);

/* The same for a function that binding_functions did not register. */
void binding_need_host_as(lua_State *L, const char *name);

/* True at start-up. */
bool binding_starting(void);

/* Raises "bad argument #ARG to 'NAME' (MESSAGE)". Does not return. */
int binding_argument_error(lua_State *L, int arg, const char *message);

/* The bytes of argument `arg`, a string (or a number, as Lua converts it); raises otherwise. */
const char *binding_check_bytes(lua_State *L, int arg, size_t *size);

/* The integer at `arg`, from `low` to `high`; raises otherwise. With `opt`, `fallback` when it is nil or
 * absent. */
lua_Integer binding_check_integer(lua_State *L, int arg, lua_Integer low, lua_Integer high);
lua_Integer binding_opt_integer(lua_State *L, int arg, lua_Integer fallback, lua_Integer low,
                                lua_Integer high);

/*
 * Pushes the bytes of a host answer as a string and frees the host's buffer; false, with nothing pushed,
 * when there was no answer. Raises "not enough memory" when there is no room for it: then too the
 * buffer is freed.
 */
bool binding_push_packed(lua_State *L, abi_packed answer);

/*
 * The same for an answer that begins with `size` bytes of another kind, which go to `prefix`; false also
 * when it is shorter than that.
 */
bool binding_push_behind(lua_State *L, abi_packed answer, void *prefix, size_t size);

/* Pushes the host's answer, or nil and `message`. Returns how many values that is. */
int binding_answer(lua_State *L, abi_packed answer, const char *message);

/* Pushes the host's answer, or nil: what was asked for is not there. Returns 1. */
int binding_answer_or_nil(lua_State *L, abi_packed answer);

/* Pushes true for code 0, else nil, the message of the code in `messages` (from code 1 on), the code. */
int binding_code(lua_State *L, int code, const char *const *messages, int count);

/* binding_check_bytes for a key or a name: raises when there is a NUL in it. */
const char *binding_check_key(lua_State *L, int arg, size_t *size);

/* binding_check_bytes for what the ABI carries inside JSON: raises when it is not UTF-8. */
const char *binding_check_text(lua_State *L, int arg, size_t *size);

/* Whether bytes are UTF-8 (RFC 3629: no surrogates, nothing longer than needed). */
bool binding_is_utf8(const char *bytes, size_t size);

/* Whether the value at `index` is the string `string`. */
bool binding_is_string(lua_State *L, int index, const char *string);

/* The table at `arg`; raises otherwise. */
void binding_check_table(lua_State *L, int arg);

/* Pushes nil and a message, and the ABI's code unless it is 0. Returns how many values that is. */
int binding_fail(lua_State *L, const char *message, int code);

/* Pushes the arguments from 1 on, converted and joined by tabs as print does: one string. */
void binding_push_joined(lua_State *L);

#endif
