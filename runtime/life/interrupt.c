/*
 * interrupt.c - the exports `interrupt`, `interrupt_state`, `interrupt_trace`, `interrupt_watch`; the
 * coroutine that runs, and the owners of Lua's hook.
 *
 * Lua has no pointer to the running coroutine, so lcorolib.c calls interrupt_resume and interrupt_closethread
 * (interrupt.h), which record it. A hook belongs to one Lua state. An interrupt sets it in the running state,
 * and in each outer state when control returns to it, so no pcall or coroutine can swallow the error.
 *
 * A Lua state has one hook for three users: a script (debug.sethook), the watcher and an interrupt. Without
 * the other two, the script's hook is set. The watcher's hook replaces it and calls it. An interrupt's hook
 * replaces both, since the script must end. It also runs where Lua runs no hooks, in a hook and in a
 * finalizer, so that loops there end too.
 */
#include "life/interrupt.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lauxlib.h"
#include "lstate.h"

static lua_State *running;
#define CPU_TIME "stopped: CPU time limit reached"

static bool interrupted, over; /* in the image: false when an invocation begins */
static const char *reason = CPU_TIME;

lua_State *interrupt_running(void) { return running; }

/* interrupt_running as an export, for the local edge. It only reads a word, so it may be called at any
 * point. */
__attribute__((export_name("interrupt_state"))) lua_State *interrupt_state(void) { return running; }

void interrupt_end(void) {
  over = true;
  lua_sethook(running, NULL, 0, 0);
}

/* Called before each line runs, with the file, with '@' in front, and the line. NULL = not set. */
typedef void line_function(const char *source, size_t size, int line);

static line_function *watcher;

/* While the watcher's hook replaces a script's hook: the script's hook; its mask is stored above the
 * watcher's. */
static lua_Hook behind;
enum { BEHIND_SHIFT = 4 };

/* A third value of lua_State.allowhook, besides false and true: interrupt_stop raises its error, which may
 * call a message handler. */
enum { STOPPING = 2 };

/* Only the local edge's exports lead here, so a flare contains no code of these (mk/runtime.mk:
 * START_ONLY). */
void interrupt_tell(lua_State *L, lua_Debug *ar);
void interrupt_stop(lua_State *L, lua_Debug *ar);
bool interrupt_may_insist(lua_State *L, int event, int line);
void interrupt_watch_hook(lua_State *L, lua_Hook hook, int mask, int count);
void interrupt_attend(lua_State *L);

/* Calls the watcher for a line of the running function. */
static void tell_line(lua_State *L, int line) {
  const TString *source = clLvalue(s2v(L->ci->func.p))->p->source;
  if (source != NULL) watcher(getstr(source), tsslen(source), line);
}

/* The watcher's hook. */
void interrupt_tell(lua_State *L, lua_Debug *ar) {
  if (ar->event == LUA_HOOKLINE) tell_line(L, ar->currentline);
  int event = ar->event == LUA_HOOKTAILCALL ? LUA_HOOKCALL : ar->event;
  if ((L->hookmask >> BEHIND_SHIFT & 1 << event) != 0) behind(L, ar);
}

/* The hook that raises the error, at every instruction until the script ends. */
void interrupt_stop(lua_State *L, lua_Debug *ar) {
  (void)ar;
  L->allowhook = STOPPING;
  luaL_where(
      L, isLua(L->ci) ? 0 : 1); /* a hook has no level of its own: level 0 is the function that it stopped */
  lua_pushstring(L, reason);
  lua_concat(L, 2);
  lua_error(L);
}

static void arm(lua_State *L) {
  lua_sethook(L, interrupt_stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/* Sets the watcher's hook, which calls the script's hook. */
void interrupt_watch_hook(lua_State *L, lua_Hook hook, int mask, int count) {
  if (hook != NULL) behind = hook;
  lua_sethook(L, interrupt_tell, mask | mask << BEHIND_SHIFT | LUA_MASKLINE, count);
}

/* interrupt_may_hook, where Lua allows no hooks. */
bool interrupt_may_insist(lua_State *L, int event, int line) {
  if (L->hook == interrupt_tell && event == LUA_HOOKLINE) tell_line(L, line);
  return L->hook == interrupt_stop && L->allowhook != STOPPING;
}

bool interrupt_may_hook(lua_State *L, int event, int line) {
  if (L->allowhook == true) return true;
  return (watcher != NULL || interrupted) && interrupt_may_insist(L, event, line);
}

/* Sets the due hook in a state that begins to run. */
void interrupt_attend(lua_State *L) {
  if (interrupted) {
    if (!over) arm(L);
  } else if (L->hook != interrupt_tell) {
    interrupt_watch_hook(L, L->hook, L->hookmask, L->basehookcount);
  }
}

static inline void begin(lua_State *L) {
  running = L;
  if (watcher != NULL || interrupted) interrupt_attend(L);
}

void interrupt_set_running(lua_State *L) {
  if (L != NULL) begin(L);
}

void interrupt_sethook(lua_State *L, lua_Hook hook, int mask, int count) {
  (watcher != NULL ? interrupt_watch_hook : lua_sethook)(L, hook, mask, count);
  if (interrupted) interrupt_attend(running); /* the interrupt may have come in between */
}

int interrupt_gethookmask(const lua_State *L) {
  return watcher != NULL && L->hook == interrupt_tell ? L->hookmask >> BEHIND_SHIFT : L->hookmask;
}

int interrupt_raise(lua_State *L, const char *message) {
  reason = message;
  interrupted = true;
  if (!over) arm(L);
  interrupt_stop(L, NULL);
  return 0;
}

void interrupt_forget(lua_State *L) {
  interrupted = over = false;
  reason = CPU_TIME;
  running = L;
  L->allowhook = true;
  if (L->hook == interrupt_stop) lua_sethook(L, NULL, 0, 0);
}

int interrupt_resume(lua_State *L, lua_State *from, int nargs, int *nresults) {
  lua_State *outer = running;
  begin(L);
  int status = lua_resume(L, from, nargs, nresults);
  running = outer;
  if (interrupted) interrupt_attend(outer);
  return status;
}

int interrupt_closethread(lua_State *L, lua_State *from) {
  lua_State *outer = running;
  begin(L);
  if (L->allowhook == STOPPING)
    L->allowhook =
        false; /* it ended while the error was raised; its closing functions must be interruptible too */
  int status = lua_closethread(L, from);
  begin(outer);
  return status;
}

/*
 * Export: makes the running script raise "stopped: CPU time limit reached" at its next instruction. It
 * changes only the hook fields, so it may be called at any point.
 */
__attribute__((export_name("interrupt"))) void interrupt(void) {
  interrupted = true;
  if (running != NULL && !over) arm(running);
}

/*
 * Export for the local edge: from now on calls `function`, which the edge has put into the table of this
 * instance, for each line. Call it before start-up or before the first invocation: it becomes part of the
 * image that this instance keeps.
 */
__attribute__((export_name("interrupt_watch"))) void interrupt_watch(line_function *function) {
  watcher = function;
  if (running != NULL) begin(running);
}

/*
 * Export: writes a traceback of the script into `buffer`, one line per level, cut at `size` bytes; returns
 * the bytes written. For an instance that trapped: it allocates nothing and runs no script.
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
