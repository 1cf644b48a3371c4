/*
 * lua_program.c - see lua_program.h. There is one program in this process. Its thread stands still in Lua's
 * hook, and does there what the session's thread asks: scripts/debug, as it looks into flares.
 */
#include "lua/lua_program.h"

#include <jansson.h>
#include <lauxlib.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/embedded.h"
#include "base/list.h"
#include "pack/linemap.h"

/* A breakpoint. Owned. */
typedef struct point {
  int id, line;
  char *source, *condition, *hits, *message; /* the last three: NULL = not set */
  int64_t count;                             /* times that it was met */
} point;

/* What the session's thread wants done on the program's. */
typedef struct job {
  const char *request;
  const dap_argument *arguments;
  size_t count;
  text *answer;
  bool good, done;
} job;

static struct {
  lua_program_listener listener;
  void *data;
  char folder[PATH_MAX]; /* names of files are relative to it */
  int table;             /* registry reference: Lua's own functions */
  pthread_mutex_t lock;  /* of what follows */
  pthread_cond_t changed;
  point *points;
  size_t point_count;
  bool standing, pausing, stepping;
  debugger_move move; /* how it goes on, */
  lua_State *from;    /* and from where, with `stepping` */
  int depth;
  job *job;    /* NULL = nothing is to be done */
  bool asking; /* the agent runs: its lines are not the program's. The program's thread's, as the next */
  lua_State *agent, *agent_of; /* the agent's coroutine, NULL = not made; whom it looks into */
} program = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* ---- the agent ---- */

/* Pushes a coroutine that runs the agent for the thread that stands still. */
static void program_push_agent(lua_State *L) {
  const bytes *frame = embedded_find("scripts/debug/frame.lua"),
              *rest = embedded_find("scripts/debug/agent.lua");
  lua_State *co = lua_newthread(L);
  int results;
  if (luaL_loadbuffer(co, (const char *)frame->data, frame->size, "=(debugger)") != LUA_OK) lua_error(co);
  lua_rawgeti(co, LUA_REGISTRYINDEX, program.table);
  lua_pushthread(L);
  lua_xmove(L, co, 1);
  lua_pushlstring(co, (const char *)rest->data, rest->size);
  lua_resume(co, L, 3, &results);
  lua_pop(co, results);
}

static void program_push_argument(lua_State *L, const dap_argument *a) {
  switch (a->kind) {
    case DAP_TEXT: lua_pushlstring(L, (const char *)a->text.data, a->text.size); break;
    case DAP_INTEGER: lua_pushinteger(L, a->integer); break;
    case DAP_BOOLEAN: lua_pushboolean(L, a->integer != 0); break;
    case DAP_THREAD: lua_pushthread(L); break;
  }
}

/* Does a job. The agent is resumed by coroutine.resume, which it reckons with. */
static void program_do(lua_State *L, job *j) {
  int top = lua_gettop(L);
  size_t size = 0;
  program.asking = true;
  if (program.agent == NULL || program.agent_of != L) {
    program_push_agent(L);
    program.agent_of = L;
    program.agent = lua_tothread(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &program);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, program.table);
  lua_getfield(L, -1, "resume");
  lua_rawgetp(L, LUA_REGISTRYINDEX, &program);
  lua_pushstring(L, j->request);
  for (size_t i = 0; i < j->count; i++) program_push_argument(L, &j->arguments[i]);
  bool called = lua_pcall(L, (int)j->count + 2, 2, 0) == LUA_OK;
  const char *answer = called ? lua_tolstring(L, -1, &size) : NULL;
  j->good = answer != NULL && lua_toboolean(L, -2) && *answer != '!';
  if (answer != NULL) text_add(j->answer, answer + !j->good, size - !j->good);
  lua_settop(L, top);
  program.asking = false;
}

/* Asks the agent on the program's own thread; the answer's first field as a number. False: it raised an
 * error, which is the answer. */
static bool program_ask_here(lua_State *L, const char *request, const char *code, text *answer) {
  const dap_argument arguments[] = {
      {.kind = DAP_THREAD}, {.kind = DAP_INTEGER, .integer = 0}, {.kind = DAP_TEXT, .text = bytes_of(code)}};
  job j = {.request = request, .arguments = arguments, .count = 3, .answer = answer};
  program_do(L, &j);
  return j.good;
}

/* Forgets the agent with all that it was asked. */
static void program_forget_agent(lua_State *L) {
  if (program.agent == NULL) return;
  program.agent = NULL;
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &program);
}

/* ---- standing still ---- */

static int program_depth(lua_State *L) {
  lua_Debug ar;
  int depth = 0;
  while (lua_getstack(L, depth, &ar)) depth++;
  return depth;
}

/* Stands still until it is told how to go on, and does meanwhile what is asked. */
static void program_stand(lua_State *L, debugger_reason reason, int breakpoint, const char *description) {
  pthread_mutex_lock(&program.lock);
  program.standing = true;
  program.pausing = program.stepping = false;
  pthread_mutex_unlock(&program.lock);
  bool told = program.listener.stopped(program.data, reason, breakpoint, description);
  pthread_mutex_lock(&program.lock);
  while (told && program.standing) {
    job *j = program.job;
    if (j == NULL) {
      pthread_cond_wait(&program.changed, &program.lock);
      continue;
    }
    pthread_mutex_unlock(&program.lock);
    program_do(L, j);
    pthread_mutex_lock(&program.lock);
    program.job = NULL;
    j->done = true;
    pthread_cond_broadcast(&program.changed);
  }
  program.standing = false;
  if (program.stepping) {
    program.from = L;
    program.depth = program_depth(L);
  }
  pthread_mutex_unlock(&program.lock);
  program_forget_agent(L);
}

/* Whether a step is done at this line. A coroutine that is over has no depth: whatever runs then is outside
 * of it. */
static bool program_step_is_done(lua_State *L) {
  if (!program.stepping) return false;
  if (program.move == DEBUGGER_IN) return true;
  if (L != program.from) return lua_status(program.from) == LUA_OK && program_depth(program.from) == 0;
  int depth = program_depth(L);
  return program.move == DEBUGGER_OVER ? depth <= program.depth : depth < program.depth;
}

/* The breakpoint at a line; NULL: none. */
static point *program_find_point(const char *source, int line) {
  for (size_t i = 0; i < program.point_count; i++) {
    if (program.points[i].line == line && strcmp(program.points[i].source, source) == 0)
      return &program.points[i];
  }
  return NULL;
}

/* The name of a chunk's file below the folder of the specs; NULL: it is none. */
static const char *program_name(const char *source) {
  size_t size = strlen(program.folder);
  if (*source != '@') return NULL;
  source++;
  if (strncmp(source, "./", 2) == 0) source += 2;
  if (*source != '/') return source;
  return strncmp(source, program.folder, size) == 0 && source[size] == '/' ? source + size + 1 : NULL;
}

/* Counts that a breakpoint, if it is still there, is met; whether its hit condition lets that stop. */
static bool program_count(int id) {
  bool stops = false;
  pthread_mutex_lock(&program.lock);
  for (size_t i = 0; i < program.point_count; i++) {
    point *p = &program.points[i];
    if (p->id != id) continue;
    p->count++;
    stops = p->hits == NULL || debugger_hits(p->hits, p->count);
  }
  pthread_mutex_unlock(&program.lock);
  return stops;
}

/* Adds the first field of the agent's answer. */
static void program_add_field(const text *answer, text *to) {
  bytes left = text_bytes(answer), field = dap_next_field(&left);
  text_add(to, field.data, field.size);
}

/* The line of a breakpoint runs: stops there, or writes its message, if its conditions hold. */
static void program_meet(lua_State *L, int id, const char *condition, const char *message) {
  text answer = {0}, fault = {0};
  bool fine = condition == NULL || program_ask_here(L, "test", condition, &answer);
  if (!fine) program_add_field(&answer, &fault);
  bool holds = !fine || condition == NULL || strcmp(answer.data, "1:1") == 0;
  text_clear(&answer);
  if (holds && program_count(id)) {
    if (fine && message != NULL && program_ask_here(L, "message", message, &answer)) {
      bytes left = text_bytes(&answer);
      program.listener.said(program.data, dap_next_field(&left));
    } else {
      program_stand(L, DEBUGGER_BREAKPOINT, id, text_string(&fault));
    }
  }
  text_free(&fault);
  text_free(&answer);
}

/* lua_Hook */
static void program_hook(lua_State *L, lua_Debug *ar) {
  if (program.asking) return;
  lua_getinfo(L, "Sl", ar);
  const char *name = program_name(ar->source);
  if (name == NULL || !lua_checkstack(L, LUA_MINSTACK)) return;
  pthread_mutex_lock(&program.lock);
  bool pauses = program.pausing, steps = program_step_is_done(L);
  const point *p = program_find_point(name, ar->currentline);
  int id = p != NULL ? p->id : 0;
  char *condition = p != NULL && p->condition != NULL ? memory_copy(bytes_of(p->condition)) : NULL;
  char *message = p != NULL && p->message != NULL ? memory_copy(bytes_of(p->message)) : NULL;
  pthread_mutex_unlock(&program.lock);
  if (id != 0)
    program_meet(L, id, condition, message);
  else if ((pauses || steps) && access(name, R_OK) == 0) /* chunks of flaron.edge have names of files, too */
    program_stand(L, pauses ? DEBUGGER_PAUSE : DEBUGGER_STEP, 0, "");
  free(condition);
  free(message);
}

void lua_program_begin(lua_State *L, int table, const lua_program_listener *listener, void *data) {
  lua_pushvalue(L, table);
  program.table = luaL_ref(L, LUA_REGISTRYINDEX);
  program.listener = *listener;
  program.data = data;
  if (getcwd(program.folder, sizeof program.folder) == NULL) *program.folder = '\0';
  lua_sethook(L, program_hook, LUA_MASKLINE, 0);
}

/* dap_program.steps_in */
static bool program_steps_in(void) {
  pthread_mutex_lock(&program.lock);
  bool steps = program.stepping && program.move == DEBUGGER_IN;
  pthread_mutex_unlock(&program.lock);
  return steps;
}

/* dap_program.step */
static void program_step(void) {
  pthread_mutex_lock(&program.lock);
  program.stepping = true;
  program.move = DEBUGGER_IN;
  pthread_mutex_unlock(&program.lock);
}

/* ---- for the session's thread ---- */

/* dap_program.move_on */
static bool program_move_on(debugger_move move, text *error) {
  bool ends = move == DEBUGGER_DETACH || move == DEBUGGER_TERMINATE;
  if (move >= DEBUGGER_REVERSE_CONTINUE && !ends) {
    text_add_string(error, "a spec goes forwards only: it is native Lua");
    return false;
  }
  pthread_mutex_lock(&program.lock);
  bool stood = program.standing;
  program.stepping = move == DEBUGGER_OVER || move == DEBUGGER_IN || move == DEBUGGER_OUT;
  program.move = move;
  program.standing = false;
  pthread_cond_broadcast(&program.changed);
  pthread_mutex_unlock(&program.lock);
  return stood;
}

/* dap_program.pause */
static bool program_pause(void) {
  pthread_mutex_lock(&program.lock);
  bool runs = !program.standing;
  program.pausing = runs;
  pthread_mutex_unlock(&program.lock);
  return runs;
}

/* dap_program.ask */
static bool program_ask(const char *request, const dap_argument *arguments, size_t count, text *answer,
                        text *error) {
  text said = {0};
  job j = {.request = request, .arguments = arguments, .count = count, .answer = &said};
  pthread_mutex_lock(&program.lock);
  if (program.standing) {
    program.job = &j;
    pthread_cond_broadcast(&program.changed);
    while (!j.done) pthread_cond_wait(&program.changed, &program.lock);
  } else {
    text_add_string(error, "it runs");
  }
  pthread_mutex_unlock(&program.lock);
  if (j.good) {
    text_add(answer, said.data, said.size);
  } else if (error->size == 0) {
    bytes left = text_bytes(&said), why = dap_next_field(&left);
    text_add(error, why.data, why.size);
  }
  text_free(&said);
  return j.good;
}

/* The lines of a file that have code, as the runtime's compiler has it, sorted; NULL: there is no such file,
 * or it does not compile. */
static json_t *program_lines(const char *source) {
  module file = {.name = (char *)"main", .file = (char *)source};
  const modules all = {.items = &file, .count = 1};
  text map = {0}, ignored = {0};
  json_t *lines = NULL;
  if (file_read(source, FILE_PROJECT_MAX, &file.source) == 0 && linemap_make(&all, 0, &map, &ignored))
    lines = json_loadb(map.data, map.size, 0, NULL);
  text_free(&file.source);
  text_free(&map);
  text_free(&ignored);
  return lines;
}

/* The first line with code from `line` on, or the last one before; 0: there is none. */
static int program_nearest(const json_t *map, int line) {
  size_t f, i;
  json_t *function;
  int after = 0, before = 0;
  json_array_foreach(json_object_get(map, "functions"), f, function) {
    const json_t *lines = json_object_get(function, "lines");
    for (i = 1; i < json_array_size(lines); i += 2) {
      int n = (int)json_integer_value(json_array_get(lines, i));
      if (n >= line && (after == 0 || n < after)) after = n;
      if (n < line && n > before) before = n;
    }
  }
  return after != 0 ? after : before;
}

static char *program_copy(const char *string) {
  return string != NULL && *string != '\0' ? memory_copy(bytes_of(string)) : NULL;
}

/* Removes the breakpoints of a file. */
static void program_remove(const char *source) {
  size_t kept = 0;
  for (size_t i = 0; i < program.point_count; i++) {
    point *p = &program.points[i];
    if (strcmp(p->source, source) != 0) {
      program.points[kept++] = *p;
      continue;
    }
    free(p->source);
    free(p->condition);
    free(p->hits);
    free(p->message);
  }
  program.point_count = kept;
}

/* dap_program.set_lines */
static void program_set_lines(const char *source, const debugger_breakpoint *list, size_t count,
                              debugger_verified *verified) {
  json_t *map = count > 0 ? program_lines(source) : NULL;
  pthread_mutex_lock(&program.lock);
  program_remove(source);
  for (size_t i = 0; i < count; i++) {
    int line = map != NULL ? program_nearest(map, list[i].line) : 0;
    verified[i] = (debugger_verified){.id = list[i].id, .verified = line >= list[i].line, .line = line};
    if (!verified[i].verified) continue;
    LIST_ROOM(program.points, program.point_count);
    program.points[program.point_count++] = (point){.id = list[i].id,
                                                    .line = line,
                                                    .source = memory_copy(bytes_of(source)),
                                                    .condition = program_copy(list[i].condition),
                                                    .hits = program_copy(list[i].hit_condition),
                                                    .message = program_copy(list[i].log_message)};
  }
  pthread_mutex_unlock(&program.lock);
  json_decref(map);
}

const dap_program lua_program = {program_ask,       program_move_on,  program_pause,
                                 program_set_lines, program_steps_in, program_step};
