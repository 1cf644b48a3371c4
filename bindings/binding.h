/*
 * binding.h - shared by all bindings: arguments, host answers, registration.
 *
 * The common rules are implemented here: an argument error has the full name of the function, a call of the
 * host during start-up raises an error with the line, a host buffer is freed as soon as it is copied.
 */
#ifndef FLARON_BINDING_H
#define FLARON_BINDING_H

#include <stdbool.h>

#include "abi/abi.h"
#include "lauxlib.h"
#include "lua.h"

/*
 * Makes the module `flaron.NAME` of the functions: a field of the table on top of the stack (`flaron`) and an
 * entry of package.loaded. `name` and `functions` must stay valid, since the checks below look up the full
 * name ("NAME.function") of the running function in them. For the same reason no two entries may be the same
 * C function.
 */
void binding_module(lua_State *L, const char *name, const luaL_Reg *functions);

/* Adds functions to the table on top of the stack; full names begin with `name`, unless it is NULL. */
void binding_functions(lua_State *L, const char *name, const luaL_Reg *functions);

/* Raises an error during start-up, when there is no host. Call it after the argument checks and before the
 * first import. */
void binding_need_host(lua_State *L);

/* The same for a function that binding_functions did not register. */
void binding_need_host_as(lua_State *L, const char *name);

/* Whether start-up is running. */
bool binding_starting(void);

/* Raises "bad argument #ARG to 'NAME' (MESSAGE)". Does not return. */
int binding_argument_error(lua_State *L, int arg, const char *message);

/* The bytes of argument `arg`, a string (or a number, as Lua converts it); raises otherwise. */
const char *binding_check_bytes(lua_State *L, int arg, size_t *size);

/* The integer at `arg`, from `low` to `high`; raises otherwise. With `opt`, `fallback` if it is nil or
 * absent. */
lua_Integer binding_check_integer(lua_State *L, int arg, lua_Integer low, lua_Integer high);
lua_Integer binding_opt_integer(lua_State *L, int arg, lua_Integer fallback, lua_Integer low,
                                lua_Integer high);

/*
 * Pushes the bytes of a host answer as a string and frees the host's buffer; false, with nothing pushed, if
 * there was no answer. Raises "not enough memory" if there is no room for the string; the buffer is freed in
 * this case too.
 */
bool binding_push_packed(lua_State *L, abi_packed answer);

/*
 * The same for an answer that begins with a prefix of `size` bytes, which are copied to `prefix`; also false
 * if it is shorter than that.
 */
bool binding_push_behind(lua_State *L, abi_packed answer, void *prefix, size_t size);

/* Pushes the host's answer, or nil and `message`. Returns the number of values pushed. */
int binding_answer(lua_State *L, abi_packed answer, const char *message);

/* Pushes the host's answer, or nil if there is none. Returns 1. */
int binding_answer_or_nil(lua_State *L, abi_packed answer);

/* Pushes true for code 0, else nil, the code's message from `messages` (which begins with code 1) and the
 * code. Returns the number of values pushed. */
int binding_code(lua_State *L, int code, const char *const *messages, int count);

/* binding_check_bytes for a key or a name: raises if it contains a NUL. */
const char *binding_check_key(lua_State *L, int arg, size_t *size);

/* binding_check_bytes for a string that the ABI passes inside JSON: raises if it is not UTF-8. */
const char *binding_check_text(lua_State *L, int arg, size_t *size);

/* Whether bytes are UTF-8 (RFC 3629: no surrogates, nothing longer than needed). */
bool binding_is_utf8(const char *bytes, size_t size);

/* Whether the value at `index` is the string `string`. */
bool binding_is_string(lua_State *L, int index, const char *string);

/* The table at `arg`; raises otherwise. */
void binding_check_table(lua_State *L, int arg);

/* Pushes nil and a message, and the ABI's code unless it is 0. Returns the number of values pushed. */
int binding_fail(lua_State *L, const char *message, int code);

/* Pushes the arguments from 1 on, converted and joined by tabs as print does: one string. */
void binding_push_joined(lua_State *L);

#endif
