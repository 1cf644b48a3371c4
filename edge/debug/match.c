/*
 * match.c - whether a run is to stop at the line or the error that it is at: breakpoints, steps, watched
 * data, errors. It stops nothing itself.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "debug/debugger_private.h"
#include "engine/inside.h"
#include "lua_layout.h"

void match_free(match *m) {
  text_free(&m->description);
  text_free(&m->wrote.source);
  *m = (match){0};
}

static void match_set(debugger_run *run, match *m, debugger_reason reason, int breakpoint) {
  m->found = true;
  m->at = run->now;
  m->reason = reason;
  m->breakpoint = breakpoint;
}

/* ---- hits and conditions ---- */

static int64_t match_hit(debugger_run *run, int id) {
  size_t i = 0;
  while (i < run->hit_count && run->hits[i].id != id) i++;
  if (i == run->hit_count) {
    LIST_ROOM(run->hits, run->hit_count);
    run->hits[run->hit_count++] = (hit){.id = id};
  }
  return ++run->hits[i].count;
}

bool debugger_hits(const char *condition, int64_t count) {
  while (isspace((unsigned char)*condition)) condition++;
  size_t size = strspn(condition, "<>=%");
  long long n = strtoll(condition + size, NULL, 10);
  if (size == 0) return count >= n;
  switch (condition[0]) {
    case '%': return n > 0 && count % n == 0;
    case '<': return size > 1 ? count <= n : count < n;
    case '>': return size > 1 ? count >= n : count > n;
    default: return count == n;
  }
}

/* Whether a condition in the running frame holds; an error in it does, and is added to `fault`. */
static bool match_condition(debugger_run *run, const char *condition, text *fault) {
  inspect_argument of[] = {{.kind = INSPECT_THREAD, .integer = run->state},
                           {.kind = INSPECT_INTEGER},
                           {.kind = INSPECT_TEXT, .text = bytes_of(condition)}};
  bool holds;
  if (condition_test(run, condition, &holds)) return holds;
  text answer = {0}, error = {0};
  holds = true;
  if (look_ask(run, "test", of, 3, &answer, &error)) {
    bytes left = text_bytes(&answer);
    holds = inspect_number(&left) != 0;
  } else {
    text_printf(fault, "the condition failed: %s", text_string(&error));
  }
  look_end(run);
  text_free(&answer);
  text_free(&error);
  return holds;
}

/* Whether condition and hit condition let a breakpoint stop. */
static bool match_allowed(debugger_run *run, int id, const char *condition, const char *hits, text *fault) {
  if (condition != NULL && !match_condition(run, condition, fault)) return false;
  return hits == NULL || debugger_hits(hits, match_hit(run, id));
}

/* ---- lines and functions ---- */

static void match_views_free(debugger_run *run) {
  for (size_t i = 0; i < run->view_count; i++) {
    text_free(&run->views[i].source);
    free(run->views[i].lines);
  }
  free(run->views);
  run->views = run->last_view = NULL;
  run->view_count = 0;
}

/* The breakpoints of the source that runs. */
static const view *match_view(debugger_run *run) {
  const raw_place *place = &run->place;
  view *v = run->last_view;
  if (v != NULL && run->d->config.map == NULL && v->name.at == place->at && v->name.size == place->size)
    return v;
  debugger_place here = {0};
  place_set(run, place, &here);
  size_t i = 0;
  while (i < run->view_count &&
         (run->views[i].source.size != here.source.size ||
          memcmp(text_string(&run->views[i].source), text_string(&here.source), here.source.size) != 0))
    i++;
  if (i < run->view_count) {
    text_free(&here.source);
    run->views[i].name = *place;
    return run->last_view = &run->views[i];
  }
  LIST_ROOM(run->views, run->view_count);
  v = &run->views[run->view_count++];
  *v = (view){.name = *place, .source = here.source};
  for (size_t n = 0; n < run->settings.count; n++) {
    const setting *s = &run->settings.items[n];
    if (s->source == NULL || strcmp(s->source, text_string(&v->source)) != 0 || s->line <= 0) continue;
    if (s->line >= v->most) {
      v->lines = memory_resize(v->lines, (size_t)s->line + 1);
      memset(v->lines + v->most, 0, (size_t)(s->line + 1 - v->most));
      v->most = s->line + 1;
    }
    v->lines[s->line] = 1;
    v->any = true;
  }
  return run->last_view = v;
}

/* Whether the running line is the first of a call. */
static bool match_enters(const debugger_run *run) {
  int pc;
  uint32_t proto, call = run_word(run, run->state + LAYOUT_STATE_CI);
  if (!run_instruction(run, run->state, call, &pc, &proto)) return false;
  int first = run_byte(run, proto + LAYOUT_PROTO_VARARG) != 0 ? 1 : 0;
  return pc == first && (int)run_word(run, run->state + LAYOUT_STATE_OLD_PC) <= first;
}

/* Whether a function breakpoint names the function that runs: by its name in the call, or by where it is
 * defined. */
static bool match_is_function(debugger_run *run, const setting *s) {
  uint32_t proto, call = run_word(run, run->state + LAYOUT_STATE_CI);
  int pc;
  const char *colon = strrchr(s->function, ':');
  if (colon != NULL && isdigit((unsigned char)colon[1])) {
    if (!run_instruction(run, run->state, call, &pc, &proto)) return false;
    debugger_place place = {0};
    raw_place raw = run->place;
    raw.line = (int)run_word(run, proto + LAYOUT_PROTO_LINE);
    place_set(run, &raw, &place);
    bool same = place.line == atoi(colon + 1) && place.source.size == (size_t)(colon - s->function) &&
                memcmp(text_string(&place.source), s->function, place.source.size) == 0;
    text_free(&place.source);
    return same;
  }
  uint32_t at = inside_name(instance_inside(run->e->engine), run->state);
  if (at == 0) return false;
  const char *name = (const char *)run_memory(run).data + at, *last = s->function;
  for (const char *c = s->function; *c != '\0'; c++) {
    if (*c == '.' || *c == ':') last = c + 1;
  }
  return strcmp(name, last) == 0;
}

/* Writes what a breakpoint has as its message. */
static void match_log(debugger_run *run, const setting *s) {
  const debugger_listener *l = &run->d->config.listener;
  inspect_argument of[] = {{.kind = INSPECT_THREAD, .integer = run->state},
                           {.kind = INSPECT_INTEGER},
                           {.kind = INSPECT_TEXT, .text = bytes_of(s->message)}};
  text answer = {0}, error = {0};
  if (l->output == NULL || run->mode != MODE_FORWARD) return;
  bool good = look_ask(run, "message", of, 3, &answer, &error);
  look_end(run);
  bytes left = text_bytes(&answer);
  debugger_output output = {.run = run,
                            .event = run->now.event,
                            .log_point = true,
                            .line = good ? inspect_field(&left) : text_bytes(&error)};
  place_set(run, &run->place, &output.place);
  l->output(l->data, &output);
  text_free(&output.place.source);
  text_free(&answer);
  text_free(&error);
}

/* A breakpoint that is met: whether it stops. `only_hits`: it is only counted. */
static bool match_setting(debugger_run *run, const setting *s, bool only_hits, debugger_reason reason,
                          match *m) {
  text fault = {0};
  if (only_hits && s->hits == NULL) return false;
  bool stops = match_allowed(run, s->id, s->condition, s->hits, &fault) && !only_hits;
  if (stops && s->message != NULL) {
    match_log(run, s);
    stops = false;
  }
  if (stops) {
    match_set(run, m, reason, s->id);
    m->description = fault;
  } else {
    text_free(&fault);
  }
  return stops;
}

static bool match_settings(debugger_run *run, bool only_hits, match *m) {
  const view *v = match_view(run);
  int line = run->line;
  if (v->any && line >= 0 && line < v->most && v->lines[line]) {
    for (size_t i = 0; i < run->settings.count; i++) {
      const setting *s = &run->settings.items[i];
      if (s->source != NULL && s->line == line && strcmp(s->source, text_string(&v->source)) == 0 &&
          match_setting(run, s, only_hits, DEBUGGER_BREAKPOINT, m))
        return true;
    }
  }
  if (!run->has_functions || !match_enters(run)) return false;
  for (size_t i = 0; i < run->settings.count; i++) {
    const setting *s = &run->settings.items[i];
    if (s->function != NULL && match_is_function(run, s) &&
        match_setting(run, s, only_hits, DEBUGGER_FUNCTION, m))
      return true;
  }
  return false;
}

void match_count(debugger_run *run) {
  match ignored = {0};
  if (run->has_hits) match_settings(run, true, &ignored);
}

/* ---- data ---- */

void match_watches_free(debugger_run *run) {
  for (size_t i = 0; i < run->watch_count; i++) {
    watch *w = &run->watches[i];
    free(w->condition);
    free(w->hits);
    free(w->key);
    free(w->name);
  }
  free(run->watches);
  run->watches = NULL;
  run->watch_count = 0;
}

uint32_t match_field(const debugger_run *run, const watch *w) {
  uint32_t table = w->object;
  if (run_byte(run, table + LAYOUT_OBJECT_TAG) != LAYOUT_TAG_TABLE_OBJECT) return 0;
  if (w->is_integer) {
    uint32_t size = run_word(run, table + LAYOUT_TABLE_ARRAY_SIZE);
    if ((run_byte(run, table + LAYOUT_TABLE_FLAGS) & LAYOUT_TABLE_SIZE_IS_HINT) != 0 &&
        (size & (size - 1)) != 0) {
      uint32_t power = 1;
      while (power < size) power *= 2;
      size = power;
    }
    if (w->integer >= 1 && w->integer <= size)
      return run_word(run, table + LAYOUT_TABLE_ARRAY) + (uint32_t)(w->integer - 1) * LAYOUT_VALUE_SIZE;
  }
  uint32_t node = run_word(run, table + LAYOUT_TABLE_NODES);
  uint32_t count = 1u << (run_byte(run, table + LAYOUT_TABLE_LOG_SIZE) & 31);
  bytes memory = run_memory(run);
  for (uint32_t i = 0; i < count && (uint64_t)node + LAYOUT_NODE_SIZE <= memory.size;
       i++, node += LAYOUT_NODE_SIZE) {
    uint8_t tag = memory.data[node + LAYOUT_NODE_KEY_TAG];
    if (w->is_integer) {
      if (tag == LAYOUT_TAG_INTEGER &&
          memcmp(memory.data + node + LAYOUT_NODE_KEY, &w->integer, sizeof w->integer) == 0)
        return node + LAYOUT_NODE_VALUE;
      continue;
    }
    if (tag != LAYOUT_TAG_SHORT && tag != LAYOUT_TAG_LONG) continue;
    uint32_t string = run_word(run, node + LAYOUT_NODE_KEY);
    uint32_t size = tag == LAYOUT_TAG_SHORT ? run_byte(run, string + LAYOUT_STRING_SHORT_SIZE)
                                            : run_word(run, string + LAYOUT_STRING_LONG_SIZE);
    if (size == w->key_size && (uint64_t)string + LAYOUT_STRING_DATA + size <= memory.size &&
        memcmp(memory.data + string + LAYOUT_STRING_DATA, w->key, size) == 0)
      return node + LAYOUT_NODE_VALUE;
  }
  return 0;
}

/* The address of the value of a local; 0 = its call is over, or it is not in scope. */
static uint32_t match_local(const debugger_run *run, const watch *w) {
  uint32_t base = w->state + LAYOUT_STATE_BASE_CI, call = run_word(run, w->state + LAYOUT_STATE_CI);
  while (call != base && call != 0 && run_offset(run, w->state, call) > w->offset)
    call = run_word(run, call + LAYOUT_CALL_PREVIOUS);
  if (call == base || call == 0 || run_offset(run, w->state, call) != w->offset) return 0;
  uint32_t function = run_word(run, w->state + LAYOUT_STATE_STACK) + w->offset, proto;
  int pc;
  if (run_word(run, function + LAYOUT_VALUE_DATA) != w->closure ||
      !run_instruction(run, w->state, call, &pc, &proto))
    return 0;
  if ((uint32_t)pc < w->from || (uint32_t)pc >= w->to) return 0;
  return function + (w->slot + 1) * LAYOUT_VALUE_SIZE;
}

/* Reads what is watched; false if it is not there. */
static bool match_read(const debugger_run *run, watch *w, uint8_t value[9]) {
  uint32_t at = w->kind == WATCH_LOCAL     ? match_local(run, w)
                : w->kind == WATCH_UPVALUE ? run_word(run, w->object + LAYOUT_UPVALUE_VALUE)
                                           : match_field(run, w);
  memset(value, 0, 9);
  if (at == 0) {
    return w->kind == WATCH_FIELD && run_byte(run, w->object + LAYOUT_OBJECT_TAG) == LAYOUT_TAG_TABLE_OBJECT;
  }
  bytes memory = run_memory(run);
  if ((uint64_t)at + LAYOUT_VALUE_SIZE > memory.size) return false;
  value[8] = memory.data[at + LAYOUT_VALUE_TAG];
  if ((value[8] & 15) == 0) value[8] = 0; /* nil has variants in tables */
  if (value[8] > 1 && value[8] != LAYOUT_TAG_TRUE) memcpy(value, memory.data + at + LAYOUT_VALUE_DATA, 8);
  return true;
}

/* The call in the list, NULL if no line of it has run; calls within it are dropped. */
static active *match_active(debugger_run *run, uint32_t state, uint32_t offset) {
  for (size_t i = run->active_count; i > 0; i--) {
    active *a = &run->active[i - 1];
    if (a->state != state) continue;
    if (a->offset == offset) return a;
    if (a->offset < offset) return NULL;
    memmove(a, a + 1, (run->active_count - i) * sizeof *a);
    run->active_count--;
  }
  return NULL;
}

/* Notes the line that runs. */
static void match_here(debugger_run *run) {
  uint32_t offset = run_offset(run, run->state, run_word(run, run->state + LAYOUT_STATE_CI));
  active *here = match_active(run, run->state, offset);
  if (here == NULL) {
    LIST_ROOM(run->active, run->active_count);
    here = &run->active[run->active_count++];
  }
  *here = (active){run->state, offset, run->place, run->now};
}

void match_baseline(debugger_run *run) {
  uint32_t states[CALLSTACK_STATES];
  if (run->watch_count == 0) return;
  for (size_t i = 0; i < run->watch_count; i++)
    run->watches[i].present = match_read(run, &run->watches[i], run->watches[i].value);
  size_t count = callstack_states(run_memory(run), run->state, states);
  for (size_t i = 0; i < count; i++) instance_tell_returns(run->e->engine, states[i]);
  if (!run->now.at_error) match_here(run);
}

/* The innermost line of a state other than in the call at `offset`; NULL = none has run. */
static const active *match_caller(const debugger_run *run, uint32_t state, uint32_t offset) {
  for (size_t i = run->active_count; i > 0; i--) {
    const active *a = &run->active[i - 1];
    if (a->state != state || a->offset < offset) return a;
  }
  return NULL;
}

/* Notes what has changed since the last look; `by` is who ran. */
static void match_compare(debugger_run *run, const active *by) {
  bool backwards = run->mode == MODE_SEARCH;
  for (size_t i = 0; i < run->watch_count; i++) {
    watch *w = &run->watches[i];
    uint8_t value[9];
    bool present = match_read(run, w, value);
    bool changed = present && (w->present ? memcmp(value, w->value, sizeof value) != 0 : backwards);
    w->present = present;
    memcpy(w->value, value, sizeof value);
    if (!changed) continue;
    w->written = true;
    w->by = by != NULL ? *by
                       : (active){.place = run->before, .at = run->last}; /* it is watched only since then */
  }
}

void match_return(debugger_run *run, uint32_t state) {
  uint32_t call = run_word(run, state + LAYOUT_STATE_CI);
  if (run->watch_count == 0 || (run_word(run, call + LAYOUT_CALL_STATUS) & LAYOUT_CALL_IS_C) != 0) return;
  match_compare(run, match_active(run, state, run_offset(run, state, call)));
}

bool match_data(debugger_run *run, match *m, bool at_end) {
  bool found = false;
  uint32_t offset = at_end ? 0 : run_offset(run, run->state, run_word(run, run->state + LAYOUT_STATE_CI));
  active *here = at_end ? NULL : match_active(run, run->state, offset);
  if (here != NULL && match_enters(run)) { /* of another call */
    size_t after = (size_t)(&run->active[run->active_count] - here) - 1;
    memmove(here, here + 1, after * sizeof *here);
    run->active_count--;
    here = NULL;
  }
  const active *last = run->active_count != 0 ? &run->active[run->active_count - 1] : NULL;
  match_compare(run, at_end ? last : here != NULL ? here : match_caller(run, run->state, offset));
  for (size_t i = 0; i < run->watch_count; i++) {
    watch *w = &run->watches[i];
    text fault = {0};
    bool written = w->written;
    w->written = false;
    if (!written || found || !match_allowed(run, w->id, w->condition, w->hits, &fault)) {
      text_free(&fault);
      continue;
    }
    found = true;
    match_set(run, m, DEBUGGER_DATA, w->id);
    m->description = fault;
    if (m->description.size == 0) text_printf(&m->description, "%s was written", w->name);
    place_set(run, &w->by.place, &m->wrote);
    if (run->mode == MODE_SEARCH) m->at = w->by.at;
  }
  if (at_end) return found;
  match_here(run);
  instance_tell_returns(run->e->engine, run->state);
  return found;
}

/* ---- steps ---- */

void match_step(debugger_run *run, debugger_move kind, uint32_t state, int level) {
  step *s = &run->step;
  match_free(&s->same);
  match_free(&s->above);
  uint32_t states[CALLSTACK_STATES];
  uint32_t call = run_call(run, state, level);
  *s = (step){
      .on = true, .kind = kind, .state = state, .offset = call != 0 ? run_offset(run, state, call) : 0};
  size_t count = callstack_states(run_memory(run), run->state, states);
  for (size_t i = 0; i < count && states[i] != state; i++) s->outer[s->outer_count++] = states[i];
  if (count == 0 || s->outer_count == count) s->outer_count = 0;
}

/* Where the running line is as seen from the call of a step: in it (0), in a call by it or elsewhere (1), in
 * one that called it
 * (-1). */
static int match_relation(const debugger_run *run) {
  const step *s = &run->step;
  if (run->state != s->state) {
    for (size_t i = 0; i < s->outer_count; i++) {
      if (s->outer[i] == run->state) return -1;
    }
    return 1;
  }
  uint32_t offset = run_offset(run, run->state, run_word(run, run->state + LAYOUT_STATE_CI));
  return offset < s->offset ? -1 : offset > s->offset ? 1 : 0;
}

static bool match_stepped(debugger_run *run) {
  step *s = &run->step;
  if (s->kind == DEBUGGER_IN) return true;
  int relation = match_relation(run);
  if (relation == 0 && match_enters(run))
    s->replaced = true; /* by a tail call, or by the caller's next call */
  return relation < 0 || (relation == 0 && s->kind == DEBUGGER_OVER && !s->replaced);
}

void match_back_ends(debugger_run *run) {
  step *s = &run->step;
  if (match_relation(run) != 0 || !match_enters(run)) return;
  match_free(&s->same);
  if (s->kind == DEBUGGER_RESTART) match_set(run, &s->same, DEBUGGER_GOTO, 0);
}

void match_back(debugger_run *run) {
  step *s = &run->step;
  int relation = match_relation(run);
  match_back_ends(run); /* lines so far were of another call */
  if (s->kind == DEBUGGER_RESTART) return;
  if (relation == 0) match_set(run, &s->same, DEBUGGER_STEP, 0);
  if (relation < 0) match_set(run, &s->above, DEBUGGER_STEP, 0);
}

/* ---- errors ---- */

/* The number of protected calls of a state that are C's, and whether there is one that is not. */
static bool match_catches(const debugger_run *run, uint32_t state) {
  int jumps = 0;
  for (uint32_t jump = run_word(run, state + LAYOUT_STATE_ERROR_JUMP); jump != 0 && jumps < 2; jumps++)
    jump = run_word(run, jump + LAYOUT_JUMP_PREVIOUS);
  if (jumps > 1)
    return true; /* the first is the one that began the state: lua_resume's, or the runtime's own */
  uint32_t base = state + LAYOUT_STATE_BASE_CI;
  for (uint32_t call = run_word(run, state + LAYOUT_STATE_CI); call != base && call != 0;
       call = run_word(run, call + LAYOUT_CALL_PREVIOUS)) {
    if ((run_word(run, call + LAYOUT_CALL_STATUS) & LAYOUT_CALL_IS_YIELDABLE_PCALL) != 0) return true;
  }
  return false;
}

/* Whether nothing in the script catches the error. */
static bool match_is_uncaught(const debugger_run *run) {
  uint32_t states[CALLSTACK_STATES];
  size_t count = callstack_states(run_memory(run), run->state, states);
  for (size_t i = count; i > 0; i--) {
    if (match_catches(run, states[i - 1])) return false;
    if (i > 1 && !callstack_wraps(run_memory(run), states[i - 2])) return false; /* coroutine.resume */
  }
  return true;
}

bool match_error(debugger_run *run, match *m) {
  const settings *s = &run->settings;
  if (!s->all && !s->uncaught) return false;
  bool uncaught = match_is_uncaught(run);
  if (!s->all && !uncaught) return false;
  text answer = {0}, error = {0};
  inspect_argument of = {.kind = INSPECT_VALUE, .text = {run->error, sizeof run->error}};
  bytes message = bytes_of("not enough memory");
  if (!run->error_is_memory && look_ask(run, "exception", &of, 1, &answer, &error)) {
    bytes left = text_bytes(&answer);
    message = inspect_field(&left);
  } else if (!run->error_is_memory) {
    message = text_bytes(&error);
  }
  look_end(run);
  text_add(&m->description, message.data, message.size);
  text_free(&answer);
  text_free(&error);
  const char *shown = text_string(&m->description);
  bool stops =
      (s->all && (s->all_filter == NULL || strstr(shown, s->all_filter) != NULL)) ||
      (s->uncaught && uncaught && (s->uncaught_filter == NULL || strstr(shown, s->uncaught_filter) != NULL));
  if (!stops) {
    match_free(m);
    return false;
  }
  match_set(run, m, DEBUGGER_EXCEPTION, 0);
  m->uncaught = uncaught;
  return true;
}

/* ---- all of it ---- */

bool match_line(debugger_run *run, match *m) {
  if (run->line_source != NULL) {
    const view *v = match_view(run);
    if (run->line != run->line_wanted || strcmp(text_string(&v->source), run->line_source) != 0) return false;
    match_set(run, m, DEBUGGER_GOTO, 0);
    return true;
  }
  if (run->find.on) {
    bool had = run->find.had;
    run->find.had = find_is_here(run);
    if (had || !run->find.had) return false;
    match_set(run, m, DEBUGGER_GOTO, 0);
    return true;
  }
  bool data = run->watch_count != 0 && match_data(run, m, false);
  if (run->settings.count != 0) {
    match other = {0};
    if (match_settings(run, false, data ? &other : m)) {
      match_free(&other);
      return true;
    }
  }
  if (data) return true;
  if (run->step.on && match_stepped(run)) {
    match_set(run, m, DEBUGGER_STEP, 0);
    return true;
  }
  return false;
}

void match_settle(debugger_run *run) {
  debugger *d = run->d;
  match_views_free(run);
  settings_free(&run->settings);
  pthread_mutex_lock(&d->lock);
  run->version = atomic_load(&d->version);
  settings_copy(&run->settings, &d->settings);
  pthread_mutex_unlock(&d->lock);
  run->has_functions = run->has_hits = false;
  for (size_t i = 0; i < run->settings.count; i++) {
    run->has_functions = run->has_functions || run->settings.items[i].function != NULL;
    run->has_hits = run->has_hits || run->settings.items[i].hits != NULL;
  }
}

void match_begin(debugger_run *run) {
  match_settle(run);
  run->hit_count = 0;
  run->active_count = 0;
  for (size_t i = 0; i < run->watch_count; i++) run->watches[i].present = run->watches[i].written = false;
  match_free(&run->step.same);
  match_free(&run->step.above);
}

void match_end(debugger_run *run) {
  match_views_free(run);
  settings_free(&run->settings);
  match_watches_free(run);
  match_free(&run->step.same);
  match_free(&run->step.above);
  free(run->hits);
  free(run->active);
}
