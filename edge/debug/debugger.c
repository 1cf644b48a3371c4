/*
 * debugger.c - runs under the debugger: their events, how they stand still and go on, forwards and backwards
 * by repeating. See debugger.h; what stops them is in match.c, the host's answers in tape.c.
 *
 * The thread of the invocation does all the work. Other threads hand it jobs while it stands still (run_do),
 * and a move.
 */
#include <stdlib.h>
#include <string.h>

#include "base/wait.h"
#include "debug/debugger_private.h"
#include "engine/trap.h"
#include "lua_layout.h"

/* ---- reads of the memory ---- */

bytes run_memory(const debugger_run *run) {
  size_t size;
  const uint8_t *data = instance_memory(run->e->engine, &size);
  return (bytes){data, size};
}

uint32_t run_word(const debugger_run *run, uint32_t at) {
  bytes memory = run_memory(run);
  uint32_t word = 0;
  if ((uint64_t)at + sizeof word <= memory.size) memcpy(&word, memory.data + at, sizeof word);
  return word;
}

uint8_t run_byte(const debugger_run *run, uint32_t at) {
  bytes memory = run_memory(run);
  return at < memory.size ? memory.data[at] : 0;
}

uint32_t run_call(const debugger_run *run, uint32_t state, int level) {
  uint32_t call = run_word(run, state + LAYOUT_STATE_CI), base = state + LAYOUT_STATE_BASE_CI;
  for (; level > 0 && call != base && call != 0; level--) call = run_word(run, call + LAYOUT_CALL_PREVIOUS);
  return call != base ? call : 0;
}

uint32_t run_offset(const debugger_run *run, uint32_t state, uint32_t call) {
  return run_word(run, call + LAYOUT_CALL_FUNC) - run_word(run, state + LAYOUT_STATE_STACK);
}

/* The main state. */
static uint32_t run_main(const debugger_run *run) {
  return run_word(run, run_word(run, run->state + LAYOUT_STATE_GLOBAL) + LAYOUT_GLOBAL_MAIN);
}

uint32_t run_thread(const debugger_run *run, uint32_t state) {
  return state == run_main(run) ? DEBUGGER_MAIN : state;
}

uint32_t run_state(const debugger_run *run, uint32_t thread) {
  if (thread == 0) return run->state;
  if (thread == DEBUGGER_MAIN) return run_main(run);
  return run_byte(run, thread + LAYOUT_OBJECT_TAG) == LAYOUT_TAG_THREAD_OBJECT ? thread : run->state;
}

int run_depth(const debugger_run *run, uint32_t state) {
  int depth = 0;
  uint32_t base = state + LAYOUT_STATE_BASE_CI;
  for (uint32_t call = run_word(run, state + LAYOUT_STATE_CI); call != base && call != 0; depth++)
    call = run_word(run, call + LAYOUT_CALL_PREVIOUS);
  return depth;
}

bool run_instruction(const debugger_run *run, uint32_t state, uint32_t call, int *pc, uint32_t *proto) {
  uint32_t function = run_word(run, state + LAYOUT_STATE_STACK) + run_offset(run, state, call);
  if (run_byte(run, function + LAYOUT_VALUE_TAG) != LAYOUT_TAG_LUA) return false;
  *proto = run_word(run, run_word(run, function + LAYOUT_VALUE_DATA) + LAYOUT_CLOSURE_PROTO);
  *pc =
      (int)((run_word(run, call + LAYOUT_CALL_SAVED_PC) - run_word(run, *proto + LAYOUT_PROTO_CODE)) / 4) - 1;
  return true;
}

/* ---- places ---- */

bytes place_name(bytes source) {
  bool marked = source.size != 0 && (source.data[0] == '@' || source.data[0] == '=');
  return marked ? (bytes){source.data + 1, source.size - 1} : source;
}

void place_set(const debugger_run *run, const raw_place *raw, debugger_place *to) {
  bytes memory = run_memory(run);
  bytes source = {0};
  if ((uint64_t)raw->at + raw->size <= memory.size) source = (bytes){memory.data + raw->at, raw->size};
  const linemap *map = run->d->config.map;
  const char *file;
  to->line = raw->line;
  if (map != NULL && raw->line > 0 && linemap_find(map, source, (uint32_t)raw->line, &file, &to->line)) {
    text_add_string(&to->source, file);
    return;
  }
  source = place_name(source);
  if (raw->size != source.size) {
    text_add(&to->source, source.data, source.size);
  } else { /* a chunk of text: as Lua shows it */
    const uint8_t *end = source.size != 0 ? memchr(source.data, '\n', source.size) : NULL;
    size_t size = end != NULL ? (size_t)(end - source.data) : source.size;
    text_add_string(&to->source, "[string \"");
    text_add(&to->source, source.data, size < 40 ? size : 40);
    text_add_string(&to->source, end != NULL || size > 40 ? "...\"]" : "\"]");
  }
}

/* ---- standing still ---- */

/* Leaves the invocation, which is run again by edge_invoke. */
static _Noreturn void run_repeat(debugger_run *run) {
  run->again = true;
  instance_leave(run->e->engine);
}

/* Sets out for a moment of what has run. `due` goes over to the run. */
static void run_set_out(debugger_run *run, moment to, match due) {
  match_free(&run->due);
  run->due = due;
  run->mode = MODE_GO;
  run->target = to;
  run->to_the_end = false;
}

/* Begins to search from the first event to the present one, or to the end. */
static void run_search(debugger_run *run, bool steps, bool to_the_end) {
  match_free(&run->due);
  run->mode = MODE_SEARCH;
  run->target = run->now;
  run->searching_steps = steps;
  run->to_the_end = to_the_end;
}

static bool run_can_repeat(const debugger_run *run) { return run->given != NULL || !run->made.cut; }

static match match_for(const debugger_run *run, debugger_reason reason) {
  return (match){.found = true, .at = run->now, .reason = reason};
}

/* What alone was to stop does so no more. */
static void run_forget_wishes(debugger_run *run) {
  free(run->line_source);
  run->line_source = NULL;
  find_free(&run->find);
  run->step.on = false;
}

/* Takes a move over; true: the invocation must be run again. `at_end`: it is over. */
static bool run_take_move(debugger_run *run, debugger_move move, bool at_end) {
  uint32_t state = run_state(run, run->move_state);
  run_forget_wishes(run);
  if (move >= DEBUGGER_REVERSE_CONTINUE && move <= DEBUGGER_RESTART && !run_can_repeat(run))
    move = DEBUGGER_CONTINUE;
  switch (move) {
    case DEBUGGER_OVER:
    case DEBUGGER_IN:
    case DEBUGGER_OUT:
      if (!at_end) match_step(run, move, state, run->move_level);
      run->mode = MODE_FORWARD;
      return false;
    case DEBUGGER_REVERSE_CONTINUE: run_search(run, false, at_end); return true;
    case DEBUGGER_BACK_OVER:
    case DEBUGGER_BACK_OUT:
      if (!at_end && !run->now.at_error) {
        match_step(run, move, state, run->move_level);
        run_search(run, true, false);
        return true;
      }
      run_set_out(run, (moment){.event = run->now.event}, match_for(run, DEBUGGER_STEP));
      return true;
    case DEBUGGER_BACK_IN:
      run_set_out(run,
                  (moment){.event = at_end || run->now.at_error || run->now.event <= 1 ? run->now.event
                                                                                       : run->now.event - 1},
                  match_for(run, run->now.event <= 1 ? DEBUGGER_ENTRY : DEBUGGER_STEP));
      return true;
    case DEBUGGER_RESTART:
      run_set_out(run, (moment){.event = 1}, match_for(run, DEBUGGER_ENTRY));
      return true;
    case DEBUGGER_TERMINATE: atomic_store(&run->terminate, true); return false;
    case DEBUGGER_DETACH: run->mode = MODE_DETACHED; return false;
    default: run->mode = MODE_FORWARD; return false;
  }
}

/* Waits on `changed`, and looks now and then whether the invocation is still wanted. */
static void run_sleep(debugger_run *run) {
  enum { LOOK_NS = 100000000, SECOND_NS = 1000000000 };
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += LOOK_NS;
  until.tv_sec += until.tv_nsec / SECOND_NS;
  until.tv_nsec %= SECOND_NS;
  pthread_cond_timedwait(&run->changed, &run->lock, &until);
  if (wait_is_over()) run->move = DEBUGGER_TERMINATE;
}

/* Does jobs until there is a move, and returns it. */
static debugger_move run_wait(debugger_run *run) {
  host *h = &run->e->host;
  bool told = run->move == DEBUGGER_WAIT && h->config.wait != NULL && h->config.wait(HOST_WAITS);
  pthread_mutex_lock(&run->lock);
  while (true) {
    if (run->job != NULL) {
      job *j = run->job;
      pthread_mutex_unlock(&run->lock);
      j->function(run, j->data);
      pthread_mutex_lock(&run->lock);
      j->done = true;
      run->job = NULL;
      pthread_cond_broadcast(&run->changed);
    } else if (run->move != DEBUGGER_WAIT || run->set_out) {
      break;
    } else if (atomic_load(&run->terminate) || atomic_load(&run->detach)) {
      run->move = atomic_load(&run->terminate) ? DEBUGGER_TERMINATE : DEBUGGER_DETACH;
    } else {
      run_sleep(run);
    }
  }
  debugger_move move = run->move;
  run->standing = false;
  pthread_mutex_unlock(&run->lock);
  if (told) h->config.wait(HOST_WAITED);
  return move;
}

/* Stands still for a match until there is a move; true: the invocation must be run again. */
static bool run_stand(debugger_run *run, match *m, bool at_end) {
  const debugger_listener *l = &run->d->config.listener;
  debugger_stop stop = {.reason = m->reason,
                        .event = run->now.event,
                        .call = run->call_at,
                        .thread = at_end ? 0 : run_thread(run, run->state),
                        .breakpoint = m->breakpoint,
                        .uncaught = m->uncaught,
                        .description = m->description,
                        .wrote = m->wrote,
                        .past = run->now.event < run->furthest,
                        .departure = run->departure};
  atomic_store(&run->pause, false);
  run->look.engine = run->e->engine;
  run->look.state = run->state;
  run->stop = &stop;
  run->again = run->set_out = false;
  run->mode = MODE_FORWARD;
  run->move = DEBUGGER_WAIT;
  run->move_state = 0;
  run->move_level = 0;
  pthread_mutex_lock(&run->lock);
  run->standing = true;
  pthread_mutex_unlock(&run->lock);
  debugger_move move = l->stopped != NULL ? l->stopped(l->data, run, &stop) : DEBUGGER_CONTINUE;
  if (move != DEBUGGER_WAIT) run->move = move;
  move = run_wait(run);
  look_end(run);
  run->stop = NULL;
  match_free(m);
  text_clear(&run->departure);
  if (l->continued != NULL) l->continued(l->data, run);
  if (run->set_out) return run->again;
  return run_take_move(run, move, at_end);
}

/* ---- events ---- */

static _Noreturn void run_end(debugger_run *run) { instance_leave(run->e->engine); }

/* Stops inside of the invocation. */
static void run_stop(debugger_run *run, match *m) {
  trap_enter_host();
  bool again = run_stand(run, m, false);
  if (again) run_repeat(run);
  if (atomic_load(&run->terminate)) run_end(run);
  match_baseline(run);
  trap_leave_host();
}

/* The target of a search or a trace was reached: sets out for what was found. */
static void run_turn(debugger_run *run) {
  match found = run->due;
  run->due = (match){0};
  if (run->mode == MODE_TRACE) {
    match_free(&found);
    run_set_out(run, run->back_to, match_for(run, DEBUGGER_GOTO));
  } else {
    if (run->searching_steps) {
      match *best =
          run->step.same.found && run->step.kind != DEBUGGER_BACK_OUT ? &run->step.same : &run->step.above;
      match_free(&found);
      found = *best;
      *best = (match){0};
    }
    run->step.on = false;
    if (!found.found) found = (match){.found = true, .at = {.event = 1}, .reason = DEBUGGER_ENTRY};
    run_set_out(run, found.at, found);
  }
}

/* Keeps the better of two matches of a search: the later one, if it is before the target. */
static void run_note(debugger_run *run, match *m) {
  if (!m->found) return;
  if (!run->to_the_end && !moment_is_before(m->at, run->target)) {
    match_free(m);
    return;
  }
  match_free(&run->due);
  run->due = *m;
  *m = (match){0};
}

static void run_tell(debugger_run *run) {
  const debugger_listener *l = &run->d->config.listener;
  debugger_place place = {0};
  if (l->traced == NULL) return;
  place_set(run, &run->place, &place);
  trap_enter_host();
  l->traced(l->data, run, run->now.event, run_thread(run, run->state), run_depth(run, run->state), &place);
  trap_leave_host();
  text_free(&place.source);
}

/* Makes the user's changes of this moment again. */
static void run_change(debugger_run *run) {
  while (run->change_at < run->change_count) {
    const change *c = &run->changes[run->change_at];
    if (c->at.event != run->now.event || c->at.at_error != run->now.at_error ||
        (c->at.at_error && c->at.thrown != run->now.thrown))
      return;
    run->change_at++;
    run->look.engine = run->e->engine;
    run->look.state = run->state;
    trap_enter_host();
    look_repeat(run, c);
    trap_leave_host();
  }
}

/* At a line or an error, `error` being which: whatever the mode has to be done there. */
static void run_look(debugger_run *run, bool error) {
  match m = {0};
  if (run->version != atomic_load_explicit(&run->d->version, memory_order_relaxed)) {
    match_settle(run);
    run->look.engine = run->e->engine;
  }
  run->look.engine = run->e->engine;
  run->look.state = run->state;
  trap_enter_host();
  if (run->mode == MODE_SEARCH) {
    bool at_target = !run->to_the_end && run->now.event == run->target.event &&
                     (run->target.at_error ? error && run->now.thrown == run->target.thrown : !error);
    if (at_target) {
      if (!run->searching_steps && run->watch_count != 0 && !error && match_data(run, &m, false))
        run_note(run, &m);
      if (run->searching_steps && !error) match_back_ends(run);
      run_turn(run);
      run_repeat(run);
    }
    if (run->searching_steps) {
      if (!error) match_back(run);
    } else if (error ? match_error(run, &m) : match_line(run, &m)) {
      run_note(run, &m);
    }
    trap_leave_host();
    return;
  }
  bool stops = error ? match_error(run, &m) : match_line(run, &m);
  if (!stops && !error && run->now.event == 1 && run->d->config.stop_on_entry && !run->entered) {
    m = match_for(run, DEBUGGER_ENTRY);
    stops = true;
  }
  if (!stops && !error && atomic_load_explicit(&run->pause, memory_order_relaxed)) {
    m = match_for(run, DEBUGGER_PAUSE);
    stops = true;
  }
  run->entered = true;
  trap_leave_host();
  if (stops) run_stop(run, &m);
}

/* Stops where MODE_GO has led to. */
static void run_arrive(debugger_run *run) {
  match due = run->due;
  run->due = (match){0};
  run->entered = true;
  run_stop(run, &due);
}

/* Whether anything at all may happen at this line but that it is counted. */
static bool run_is_idle(const debugger_run *run) {
  return !run->step.on && run->settings.count == 0 && run->watch_count == 0 && run->line_source == NULL &&
         !run->find.on && run->entered &&
         run->version == atomic_load_explicit(&run->d->version, memory_order_relaxed) &&
         !atomic_load_explicit(&run->pause, memory_order_relaxed);
}

/* Whether an instruction of a stripped flare begins a line, as luaG_traceexec decides for others. */
static bool run_begins_line(const debugger_run *run, uint32_t state, bytes source, int line, int *now) {
  const char *file;
  int then, pc;
  uint32_t proto, call = run_word(run, state + LAYOUT_STATE_CI);
  if (!linemap_find(run->d->config.map, source, (uint32_t)line, &file, now)) return true;
  if (!run_instruction(run, state, call, &pc, &proto)) return true;
  int old = (int)run_word(run, state + LAYOUT_STATE_OLD_PC);
  if (old < 0 || old >= (int)run_word(run, proto + LAYOUT_PROTO_CODE_SIZE)) old = 0;
  if (pc <= old) return true;
  return !linemap_find(run->d->config.map, source, (uint32_t)(line - (pc - old)), &file, &then) ||
         then != *now;
}

/* engine_debug.line */
static void run_on_line(void *data, uint32_t state, bytes source, int line) {
  debugger_run *run = ((attachment *)data)->run;
  if (run == NULL || run->looking) return;
  int shown = line;
  if (run->d->config.map != NULL && !run_begins_line(run, state, source, line, &shown)) return;
  run->last = run->now;
  run->now.event++;
  run->now.at_error = false;
  run->before = run->place;
  run->place = (raw_place){(uint32_t)(source.data - instance_memory(run->e->engine, NULL)),
                           (uint32_t)source.size, line};
  run->line = shown;
  run->state = state;
  if (run->now.event > run->furthest) run->furthest = run->now.event;
  if (run->change_at < run->change_count) run_change(run);
  if (atomic_load_explicit(&run->terminate, memory_order_relaxed)) run_end(run);
  if (atomic_load_explicit(&run->detach, memory_order_relaxed)) run->mode = MODE_DETACHED;
  switch (run->mode) {
    case MODE_DETACHED: return;
    case MODE_GO:
      if (run->now.event == run->target.event && !run->target.at_error) {
        run_arrive(run);
      } else {
        match_count(run);
      }
      return;
    case MODE_TRACE:
      run_tell(run);
      if (run->now.event == run->target.event) {
        run_turn(run);
        run_repeat(run);
      }
      return;
    default:
      if (!run_is_idle(run) || run->mode == MODE_SEARCH) run_look(run, false);
  }
}

/* engine_debug.returned */
static void run_on_return(void *data, uint32_t state) {
  debugger_run *run = ((attachment *)data)->run;
  if (run != NULL && !run->looking && (run->mode == MODE_FORWARD || run->mode == MODE_SEARCH))
    match_return(run, state);
}

/* engine_debug.thrown */
static void run_on_error(void *data, uint32_t state, int status) {
  debugger_run *run = ((attachment *)data)->run;
  if (run == NULL || run->looking || run->mode == MODE_DETACHED) return;
  uint8_t value[sizeof run->error] = {0};
  uint32_t top = run_word(run, state + LAYOUT_STATE_TOP) - LAYOUT_VALUE_SIZE;
  bool is_memory = status != 2;
  if (!is_memory) memcpy(value, run_memory(run).data + top, sizeof value);
  memset(value + LAYOUT_VALUE_TAG + 1, 0, sizeof value - LAYOUT_VALUE_TAG - 1);
  bool handed_on = !is_memory && state != run->state && run->error_event == run->now.event &&
                   memcmp(value, run->error, sizeof value) == 0;
  memcpy(run->error, value, sizeof value);
  run->error_event = run->now.event;
  run->error_is_memory = is_memory;
  run->now.thrown++;
  run->now.at_error = true;
  run->state = state;
  if (run->change_at < run->change_count) run_change(run);
  if (run->mode == MODE_GO) {
    if (run->target.at_error && run->now.thrown == run->target.thrown) run_arrive(run);
  } else if (run->mode != MODE_TRACE && !handed_on) {
    run_look(run, true);
  }
}

/* ---- a run from its beginning to its end ---- */

static debugger_run *run_new(attachment *a) {
  static atomic_uint ids;
  debugger_run *run = memory_get(sizeof *run);
  run->d = a->d;
  run->attachment = a;
  run->e = a->e;
  run->id = atomic_fetch_add(&ids, 1) + 1;
  pthread_mutex_init(&run->lock, NULL);
  pthread_cond_init(&run->changed, NULL);
  pthread_mutex_lock(&a->d->lock);
  run->given = a->d->record;
  a->d->record = NULL;
  pthread_mutex_unlock(&a->d->lock);
  return run;
}

static void run_free(debugger_run *run) {
  match_end(run);
  match_free(&run->due);
  tape_free(run);
  inspect_free(&run->look);
  for (size_t i = 0; i < run->change_count; i++) {
    change *c = &run->changes[i];
    for (size_t n = 0; n < c->count; n++) free((void *)c->arguments[n].text.data);
    free(c->arguments);
    free(c->request);
    text_free(&c->references);
  }
  free(run->changes);
  run_forget_wishes(run);
  pthread_cond_destroy(&run->changed);
  pthread_mutex_destroy(&run->lock);
  free(run);
}

/* edge_debug.begin */
static void run_begin(void *data, edge *e, flare_handler handler, const host_request *request) {
  attachment *a = data;
  const debugger_listener *l = &a->d->config.listener;
  bool first = a->run == NULL;
  debugger_run *run = first ? run_new(a) : a->run;
  run->handler = handler;
  run->request = request;
  run->thread = pthread_self();
  run->now = run->last = (moment){0};
  run->place = run->before = (raw_place){0};
  run->change_at = 0;
  run->error_event = UINT64_MAX;
  run->state = instance_running(e->engine);
  run->again = false;
  match_begin(run);
  tape_begin(run);
  a->run = run;
  if (first && l->began != NULL) l->began(l->data, run, request);
}

/* edge_debug.again */
static bool run_ended(void *data, edge *e, const edge_result *result) {
  attachment *a = data;
  debugger_run *run = a->run;
  const debugger_listener *l = &a->d->config.listener;
  match m = {0};
  (void)e;
  if (run == NULL) return false;
  if (run->again) return true;
  if (!atomic_load(&run->terminate) && !atomic_load(&run->detach) && run->mode != MODE_DETACHED) {
    bool waits = run->d->config.stop_at_end;
    if (run->mode == MODE_SEARCH || run->mode == MODE_TRACE) {
      /* Its target was the end, or it has ended early. */
      if (run->mode == MODE_SEARCH && !run->searching_steps && e->engine != NULL && run->watch_count != 0) {
        if (match_data(run, &m, true)) run_note(run, &m);
      }
      run_turn(run);
      return true;
    }
    if (run->mode == MODE_GO) {
      if (run->target.event <= run->furthest)
        text_printf(&run->departure, "the invocation ended earlier than before");
      waits = true;
    }
    if (waits) {
      match_free(&run->due);
      m = match_for(run, DEBUGGER_END);
      if (run_stand(run, &m, true) || run->again) return true;
    }
  }
  pthread_mutex_lock(&run->lock);
  run->over = true;
  pthread_cond_broadcast(&run->changed);
  pthread_mutex_unlock(&run->lock);
  if (l->ended != NULL) l->ended(l->data, run, result);
  tape_end(run);
  a->run = NULL;
  run_free(run);
  return false;
}

/* ---- debuggers ---- */

debugger *debugger_new(const debugger_config *config) {
  debugger *d = memory_get(sizeof *d);
  d->config = *config;
  pthread_mutex_init(&d->lock, NULL);
  atomic_store(&d->version, 1);
  return d;
}

void debugger_free(debugger *d) {
  if (d == NULL) return;
  while (d->attachments != NULL) {
    attachment *a = d->attachments;
    d->attachments = a->next;
    free(a);
  }
  settings_free(&d->settings);
  pthread_mutex_destroy(&d->lock);
  free(d);
}

bool debugger_attach(debugger *d, edge *e, text *error) {
  attachment *old = e->debug != NULL ? e->debug->engine.data : NULL;
  if (old != NULL) {
    pthread_mutex_lock(&old->d->lock);
    attachment **at = &old->d->attachments;
    while (*at != old) at = &(*at)->next;
    *at = old->next;
    pthread_mutex_unlock(&old->d->lock);
    free(old);
    e->debug = NULL;
    edge_renew(e);
  }
  if (d == NULL) return true;
  if (e->command != NULL || e->watcher != NULL) {
    text_add_string(error, e->command != NULL
                               ? "the debugger needs the engine in this process, not FLARON_ENGINE"
                               : "the debugger and counting lines (--coverage) do not go together");
    return false;
  }
  attachment *a = memory_get(sizeof *a);
  *a = (attachment){.hooks = {.engine = {.data = a,
                                         .lines = d->config.lines,
                                         .line = run_on_line,
                                         .returned = run_on_return,
                                         .thrown = run_on_error},
                              .begin = run_begin,
                              .again = run_ended},
                    .d = d,
                    .e = e};
  pthread_mutex_lock(&d->lock);
  a->next = d->attachments;
  d->attachments = a;
  pthread_mutex_unlock(&d->lock);
  edge_renew(e);
  e->debug = &a->hooks;
  return true;
}

void debugger_use_record(debugger *d, const recording *record) {
  pthread_mutex_lock(&d->lock);
  d->record = record;
  pthread_mutex_unlock(&d->lock);
}

/* ---- going on ---- */

bool run_do(debugger_run *run, void (*function)(debugger_run *run, void *data), void *data, text *error) {
  bool mine = run->stop != NULL && pthread_equal(run->thread, pthread_self());
  if (mine) {
    function(run, data);
    return true;
  }
  job j = {.function = function, .data = data};
  pthread_mutex_lock(&run->lock);
  while (run->job != NULL && run->standing) pthread_cond_wait(&run->changed, &run->lock);
  bool stands = run->standing && !run->over;
  if (stands) {
    run->job = &j; /* cppcheck-suppress autoVariables ; until it is done, below */
    pthread_cond_broadcast(&run->changed);
    while (!j.done) pthread_cond_wait(&run->changed, &run->lock);
  }
  pthread_mutex_unlock(&run->lock);
  if (!stands && error != NULL) text_add_string(error, "it does not stand still");
  return stands;
}

bool debugger_pause(debugger_run *run) {
  pthread_mutex_lock(&run->lock);
  bool good = !run->standing && !run->over;
  if (good) atomic_store(&run->pause, true);
  pthread_mutex_unlock(&run->lock);
  return good;
}

bool debugger_move_on(debugger_run *run, debugger_move move, uint32_t thread, int level) {
  pthread_mutex_lock(&run->lock);
  if (move == DEBUGGER_TERMINATE) atomic_store(&run->terminate, true);
  if (move == DEBUGGER_DETACH) atomic_store(&run->detach, true);
  bool stands = run->standing && !run->over && move != DEBUGGER_WAIT;
  if (stands) {
    run->move = move;
    run->move_state = thread;
    run->move_level = level;
    run->standing = false;
    pthread_cond_broadcast(&run->changed);
  }
  pthread_mutex_unlock(&run->lock);
  return stands || move == DEBUGGER_TERMINATE || move == DEBUGGER_DETACH;
}

/* Where to go, for run_do. */
typedef struct journey {
  uint64_t event;
  uint32_t thread;
  int level;
  bool backwards;
  const char *source;
  int line;
  bool good;
  text *error;
  bytes value;
} journey;

static bool journey_is_possible(debugger_run *run, journey *j, bool backwards) {
  j->good = !backwards || run_can_repeat(run);
  if (!j->good)
    text_printf(j->error, "there is no way back: the calls of the host have more than %d MiB",
                TAPE_MOST >> 20);
  return j->good;
}

static void journey_go(debugger_run *run, void *data) {
  journey *j = data;
  uint64_t event = j->event == 0 ? 1 : j->event;
  bool back = event <= run->now.event || run->stop->reason == DEBUGGER_END;
  if (!journey_is_possible(run, j, back)) return;
  run_set_out(run, (moment){.event = event}, match_for(run, DEBUGGER_GOTO));
  run_forget_wishes(run);
  run->again = back;
  run->set_out = true;
}

static void journey_frame(debugger_run *run, void *data) {
  journey *j = data;
  if (!journey_is_possible(run, j, true)) return;
  uint32_t state = run_state(run, j->thread), call = run_call(run, state, j->level), proto;
  int pc;
  j->good = run->stop->reason != DEBUGGER_END && call != 0 && run_instruction(run, state, call, &pc, &proto);
  if (!j->good) {
    text_add_string(j->error, "only a call of a Lua function can be run again");
    return;
  }
  match_step(run, DEBUGGER_RESTART, state, j->level);
  run_search(run, true, false);
  run->again = run->set_out = true;
}

static void journey_trace(debugger_run *run, void *data) {
  journey *j = data;
  if (!journey_is_possible(run, j, true)) return;
  match_free(&run->due);
  run->mode = MODE_TRACE;
  run->target = (moment){.event = run->furthest};
  run->back_to = (moment){.event = j->event == 0 ? 1 : j->event};
  run->again = run->set_out = true;
}

static void journey_line(debugger_run *run, void *data) {
  journey *j = data;
  if (!journey_is_possible(run, j, j->backwards)) return;
  run_forget_wishes(run);
  run->line_source = memory_copy(bytes_of(j->source));
  run->line_wanted = j->line;
  if (j->backwards) run_search(run, false, run->stop->reason == DEBUGGER_END);
  run->again = j->backwards;
  run->set_out = true;
}

static void journey_value(debugger_run *run, void *data) {
  journey *j = data;
  if (!journey_is_possible(run, j, j->backwards)) return;
  run_forget_wishes(run);
  find_begin(&run->find, j->value);
  run->find.had =
      !j->backwards && run->now.event > 1 && run->stop->reason != DEBUGGER_END && find_is_here(run);
  if (j->backwards) run_search(run, false, run->stop->reason == DEBUGGER_END);
  run->again = j->backwards;
  run->set_out = true;
}

/* Runs a journey, and lets the run set out. */
static bool journey_begin(debugger_run *run, void (*function)(debugger_run *, void *), journey *j,
                          text *error) {
  j->error = error;
  return run_do(run, function, j, error) && j->good;
}

bool debugger_go(debugger_run *run, uint64_t event, text *error) {
  return journey_begin(run, journey_go, &(journey){.event = event}, error);
}

bool debugger_go_frame(debugger_run *run, uint32_t thread, int level, text *error) {
  return journey_begin(run, journey_frame, &(journey){.thread = thread, .level = level}, error);
}

bool debugger_trace(debugger_run *run, uint64_t back_to, text *error) {
  return journey_begin(run, journey_trace, &(journey){.event = back_to}, error);
}

bool debugger_go_line(debugger_run *run, const char *source, int line, bool backwards, text *error) {
  return journey_begin(run, journey_line, &(journey){.source = source, .line = line, .backwards = backwards},
                       error);
}

bool debugger_go_value(debugger_run *run, bytes value, bool backwards, text *error) {
  return journey_begin(run, journey_value, &(journey){.value = value, .backwards = backwards}, error);
}

uint64_t debugger_last_event(debugger_run *run) { return run->furthest; }

uint32_t debugger_run_id(const debugger_run *run) { return run->id; }

edge *debugger_run_edge(const debugger_run *run) { return run->e; }
