/*
 * regex.h - what lrexlib calls in place of PCRE2 (patches/lrexlib), so that every pattern has an answer
 * within limits.
 */
#ifndef FLARON_PARTS_REGEX_H
#define FLARON_PARTS_REGEX_H

#include <stddef.h>

#include <pcre2.h>

#include "lua.h"
#include "lua/libraries.h"

/*
 * The options of a match that a script may set. Not among them: PCRE2_NO_UTF_CHECK, since PCRE2 reads memory
 * that it does not have if what it is told is not so, and PCRE2_COPY_MATCHED_SUBJECT, since lrexlib keeps the
 * subject.
 */
#define REGEX_MATCH_OPTIONS                                                               \
  (PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NOTBOL | PCRE2_NOTEOL | PCRE2_NOTEMPTY |    \
   PCRE2_NOTEMPTY_ATSTART | PCRE2_PARTIAL_SOFT | PCRE2_PARTIAL_HARD | PCRE2_DFA_RESTART | \
   PCRE2_DFA_SHORTEST | PCRE2_NO_JIT)

/* The most that dfa_exec takes for offsets and for its workspace, in numbers. */
enum { REGEX_OVECTOR_MOST = 131072, REGEX_WORKSPACE_MOST = 1048576 };

/*
 * As pcre2_compile, but for nesting that would not fit into C's stack, an error of PCRE2's; if the stack is
 * nearly used up as it is, an error of Lua's. Collects garbage if memory is full, and tells Lua's collector
 * of what is allocated outside of its objects.
 */
pcre2_code *regex_compile(lua_State *L, const char *pattern, size_t size, uint32_t options, int *error,
                          size_t *offset, pcre2_compile_context *context);

/*
 * As pcre2_match with our limits; memory that it took is given back. `options` are those of the match. It
 * adds to them that the subject is valid UTF, so that who matches the same subject further on passes them
 * again; only then may `start` be within a character, and the next one is meant.
 */
int regex_match(const pcre2_code *code, const char *subject, size_t size, size_t start, int *options,
                pcre2_match_data *match_data);

/* As pcre2_dfa_match with our limits. Raises an error if C's stack is nearly used up. */
int regex_dfa_match(lua_State *L, const pcre2_code *code, const char *subject, size_t size, size_t start,
                    uint32_t options, pcre2_match_data *match_data, int *workspace, size_t count);

#endif
