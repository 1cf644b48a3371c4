/*
 * regex.c - see regex.h.
 *
 * PCRE2 allocates by malloc, which is the arena (runtime/libc/wasi_stubs.c), so all of it is in the image or
 * above the arena's mark. It must not be left by an error of Lua's, so nothing that it calls raises one.
 */
#include <stdbool.h>

#include "config.h"
#include "pcre2_internal.h"

#include "parts/pcre2/regex.h"

#include "lauxlib.h"
#include "life/interrupt.h"
#include "lua/libraries.h"
#include "parts/stack.h"

/*
 * MATCH_STEPS: a tenth of a second. HEAP_KIB: half of what a flare has by default. DFA_DEPTH: each level of
 * the other matcher takes some 300 bytes of C's stack.
 */
enum { MATCH_STEPS = 2000000, HEAP_KIB = 16384, DFA_DEPTH = 250 };

/* Bytes of C's stack: what compiling and the other matcher must find, and what compiling leaves. */
enum { STACK_NEEDED = 196608, STACK_LEFT = 65536 };

enum { KIB = 1024 };

/* pcre2_set_compile_recursion_guard: whether to stop. A level takes two frames of the engine's stack. */
static int regex_guard(uint32_t depth, void *data) {
  return part_stack_is_below(STACK_LEFT) || (int)depth * 2 > library_frames_left(data);
}

static void regex_need_stack(lua_State *L) {
  if (part_stack_is_below(STACK_NEEDED)) luaL_error(L, "stack overflow");
}

/* Tells Lua's collector of `size` bytes: a regex is a small object that holds a large block. */
static void regex_account(lua_State *L, size_t size) {
  static size_t owed; /* less than a KiB */
  owed += size;
  if (owed >= KIB && lua_gc(L, LUA_GCISRUNNING)) lua_gc(L, LUA_GCSTEP, (int)(owed / KIB));
  owed %= KIB;
}

pcre2_code *regex_compile(lua_State *L, const char *pattern, size_t size, uint32_t options, int *error,
                          size_t *offset, pcre2_compile_context *context) {
  pcre2_code *code;
  size_t bytes = 0;
  uint32_t pairs = 0;
  regex_need_stack(L);
  options &= ~PCRE2_NO_UTF_CHECK;
  pcre2_set_compile_recursion_guard(context, regex_guard, L);
  code = pcre2_compile((PCRE2_SPTR)pattern, size, options, error, offset, context);
  if (code == NULL && *error == PCRE2_ERROR_HEAP_FAILED) {
    lua_gc(L, LUA_GCCOLLECT);
    code = pcre2_compile((PCRE2_SPTR)pattern, size, options, error, offset, context);
  }
  if (code == NULL) return NULL;
  pcre2_pattern_info(code, PCRE2_INFO_SIZE, &bytes);
  pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &pairs);
  regex_account(L, bytes + (pairs + 1) * 2 * sizeof(PCRE2_SIZE) + sizeof(pcre2_match_data) + sizeof *context);
  return code;
}

/* The limits of a match, made at first use; NULL if memory is full. */
static pcre2_match_context *regex_limits(pcre2_match_context **limits, uint32_t depth) {
  if (*limits == NULL && (*limits = pcre2_match_context_create(NULL)) != NULL) {
    pcre2_set_match_limit(*limits, MATCH_STEPS);
    pcre2_set_depth_limit(*limits, depth);
    pcre2_set_heap_limit(*limits, HEAP_KIB);
  }
  return *limits;
}

/*
 * Frees the memory for backtracking, which PCRE2 would keep for the next match: there may be thousands of
 * regexes, and what is kept at start-up would be packed.
 */
static void regex_free_frames(pcre2_match_data *match_data) {
  match_data->memctl.free(match_data->heapframes, match_data->memctl.memory_data);
  match_data->heapframes = NULL;
  match_data->heapframes_size = 0;
}

static int regex_match_once(const pcre2_code *code, const char *subject, size_t size, size_t start,
                            uint32_t options, pcre2_match_data *match_data) {
  static pcre2_match_context *limits;
  if (regex_limits(&limits, MATCH_STEPS) == NULL) return PCRE2_ERROR_NOMEMORY;
  int result = pcre2_match(code, (PCRE2_SPTR)subject, size, start, options, match_data, limits);
  regex_free_frames(match_data);
  return result;
}

int regex_match(const pcre2_code *code, const char *subject, size_t size, size_t start, int *options,
                pcre2_match_data *match_data) {
  uint32_t compiled = 0;
  pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &compiled);
  bool utf = (compiled & (PCRE2_UTF | PCRE2_MATCH_INVALID_UTF)) == PCRE2_UTF;
  if (utf && (*options & PCRE2_NO_UTF_CHECK)) {
    while (start < size && ((unsigned char)subject[start] & 0xC0) == 0x80) start++;
  }
  int result = regex_match_once(code, subject, size, start, (uint32_t)*options, match_data);
  if (result == PCRE2_ERROR_NOMEMORY) {
    lua_gc(interrupt_running(), LUA_GCCOLLECT);
    result = regex_match_once(code, subject, size, start, (uint32_t)*options, match_data);
  }
  if (utf && (result >= 0 || result == PCRE2_ERROR_NOMATCH)) *options |= PCRE2_NO_UTF_CHECK;
  return result;
}

int regex_dfa_match(lua_State *L, const pcre2_code *code, const char *subject, size_t size, size_t start,
                    uint32_t options, pcre2_match_data *match_data, int *workspace, size_t count) {
  static pcre2_match_context *limits;
  regex_need_stack(L);
  if (regex_limits(&limits, DFA_DEPTH) == NULL) return PCRE2_ERROR_NOMEMORY;
  return pcre2_dfa_match(code, (PCRE2_SPTR)subject, size, start, options, match_data, limits, workspace,
                         count);
}
