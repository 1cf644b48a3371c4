/*
 * interrupt.c - the exports `interrupt`, `interrupt_state`, `interrupt_trace`, `interrupt_watch`, and who
 * runs.
 *
 * Lua keeps no pointer to the coroutine that runs, so lcorolib.c has interrupt_resume and
 * interrupt_closethread (interrupt.h), which note it. A hook belongs to one Lua state: an interrupt arms the
 * one that runs, and each outer one when control comes back to it, so no pcall or coroutine can swallow it.
 */
#include "life/interrupt.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lauxlib.h"
#include "lstate.h"

static lua_State *running;
static bool interrupted, over; /* in the image: false when an invocation begins */

lua_State *interrupt_running(void) { return running; }

/* The same as an export, for the local edge: it reads a word, and may be called in the middle of anything. */
__attribute__((export_name("interrupt_state"))) lua_State *interrupt_state(void) { return running; }

void interrupt_end(void) {
  over = true;
  lua_sethook(running, NULL, 0, 0);
}

/* Told of each line that begins: the file, with '@' in front, and the line. NULL = nobody. */
typedef void line_function(const char *source, size_t size, int line);

static line_function *watcher;

/* The hook that tells the watcher. */
static void tell(lua_State *L, lua_Debug *ar) {
  lua_getinfo(L, "S", ar);
  watcher(ar->source, ar->srclen, ar->currentline);
}

static inline void watch(lua_State *L) {
  if (watcher != NULL && !interrupted) lua_sethook(L, tell, LUA_MASKLINE, 0);
}

void interrupt_set_running(lua_State *L) {
  running = L;
  if (L != NULL) watch(L);
}

/* The hook: raises the error, again at every instruction until the script has given up. */
static void stop(lua_State *L, lua_Debug *ar) {
  (void)ar;
  luaL_where(L, 0); /* a hook is no level of its own: 0 is what it stopped */
  lua_pushliteral(L, "stopped: CPU time limit reached");
  lua_concat(L, 2);
  lua_error(L);
}

static void arm(lua_State *L) {
  lua_sethook(L, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static void come_back(lua_State *outer) {
  running = outer;
  if (interrupted && !over) arm(outer);
}

int interrupt_resume(lua_State *L, lua_State *from, int nargs, int *nresults) {
  lua_State *outer = running;
  running = L;
  watch(L);
  int status = lua_resume(L, from, nargs, nresults);
  running = outer;
  if (interrupted) come_back(outer);
  return status;
}

int interrupt_closethread(lua_State *L, lua_State *from) {
  lua_State *outer = running;
  running = L;
  L->allowhook = 1; /* the error of a hook, which ended it, left hooks off */
  int status = lua_closethread(L, from);
  come_back(outer);
  return status;
}

/*
 * Export: makes the running script raise "stopped: CPU time limit reached" at its next instruction.
 * Touches no more than the hook fields, so it may be called in the middle of anything.
 */
__attribute__((export_name("interrupt"))) void interrupt(void) {
  interrupted = true;
  if (running != NULL && !over) arm(running);
}

/*
 * Export for the local edge: from now on `function`, which the edge has put into the table of this instance
 * itself, is told of each line. Before start-up, or before the first invocation: it becomes part of the image
 * that this instance keeps.
 */
__attribute__((export_name("interrupt_watch"))) void interrupt_watch(line_function *function) {
  watcher = function;
  if (running != NULL) watch(running);
}

/*
 * Export: writes where the script is into `buffer`, a line a level, cut at `size` bytes; returns the
 * bytes written. For an instance that trapped: it allocates nothing and calls no script.
 */
__attribute__((export_name("interrupt_trace"))) size_t interrupt_trace(char *buffer, size_t size) {
  size_t used = 0;
  lua_Debug ar;
  if (running == NULL) return 0;
  for (int level = 0; level < 20 && used + 1 < size && lua_getstack(running, level, &ar); level++) {
    lua_getinfo(running, "Sln", &ar);
    char line[16] = "";
    if (ar.currentline > 0) snprintf(line, sizeof line, ":%d", ar.currentline);
    bool is_main = *ar.what == 'm';
    int n = snprintf(buffer + used, size - used, "%s%s%s: in %s%s%s", level > 0 ? "\n" : "", ar.short_src,
                     line, is_main ? "main chunk" : "function '",
                     is_main           ? ""
                     : ar.name != NULL ? ar.name
                                       : "?",
                     is_main ? "" : "'");
    if (n < 0) break;
    used += (size_t)n;
  }
  return used < size ? used : size - 1;
}
