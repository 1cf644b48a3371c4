/*
 * look.c - looking into a run that stands still: threads, frames, variables, evaluation, changes. The agent
 * finds it out (scripts/debug/agent.lua); this asks and reads its answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "debug/answer.h"
#include "debug/debugger_private.h"
#include "lua_layout.h"

/* ---- asking ---- */

bool look_ask(debugger_run *run, const char *request, const inspect_argument *arguments, size_t count,
              text *answer, text *error) {
  run->looking = run->pretends = true;
  bool good = inspect_ask(&run->look, request, arguments, count, INSPECT_MS, answer, error);
  run->looking = run->pretends = false;
  return good;
}

void look_end(debugger_run *run) {
  run->looking = run->pretends = true;
  inspect_end(&run->look);
  run->looking = run->pretends = false;
}

static bool look_do(debugger_run *run, const char *request, const inspect_argument *arguments, size_t count,
                    int ms, text *answer, text *error) {
  run->looking = true;
  bool good = inspect_do(&run->look, request, arguments, count, ms, answer, error);
  run->looking = false;
  return good;
}

bool look_change(debugger_run *run, const char *request, const inspect_argument *arguments, size_t count,
                 int ms, text *answer, text *error) {
  if (!look_do(run, request, arguments, count, ms, answer, error)) return false;
  while (run->change_count > run->change_at) { /* those of a future that is no longer */
    change *c = &run->changes[--run->change_count];
    for (size_t n = 0; n < c->count; n++) free((void *)c->arguments[n].text.data);
    free(c->arguments);
    free(c->request);
    text_free(&c->references);
  }
  tape_cut(run);
  LIST_ROOM(run->changes, run->change_count);
  change *c = &run->changes[run->change_count++];
  run->change_at = run->change_count;
  *c = (change){.at = run->now, .request = memory_copy(bytes_of(request)), .count = count, .ms = ms};
  text_add(&c->references, run->look.references.data, run->look.references.size);
  c->arguments = memory_get((count + 1) * sizeof *c->arguments);
  for (size_t i = 0; i < count; i++) {
    c->arguments[i] = arguments[i];
    c->arguments[i].text.data =
        arguments[i].text.size != 0 ? (uint8_t *)memory_copy(arguments[i].text) : NULL;
  }
  return true;
}

void look_repeat(debugger_run *run, const change *c) {
  text ignored = {0};
  text_clear(&run->look.references);
  text_add(&run->look.references, c->references.data, c->references.size);
  look_do(run, c->request, c->arguments, c->count, c->ms, NULL, &ignored);
  text_clear(&run->look.references);
  text_free(&ignored);
}

/* ---- reading answers ---- */

/* Makes places of stripped flares those of their sources. */
static void look_place(const debugger_run *run, text *source, int *line, bool has_line) {
  const char *file;
  int mapped;
  if (run->d->config.map == NULL || !has_line) return;
  if (!linemap_find(run->d->config.map, text_bytes(source), (uint32_t)*line, &file, &mapped)) return;
  text_clear(source);
  text_add_string(source, file);
  *line = mapped;
}

/* Replaces "?HASH:N" in what is shown. */
static void look_explain(const debugger_run *run, text *shown) {
  char other[9];
  text out = {0};
  if (run->d->config.map == NULL || shown->size == 0) return;
  linemap_explain(run->d->config.map, text_bytes(shown), &out, other);
  text_free(shown);
  *shown = out;
}

static void look_variable(const debugger_run *run, bytes *left, debugger_variable *v) {
  answer_variable(left, v);
  if (strcmp(v->type, "function") == 0) {
    look_explain(run, &v->value);
    look_explain(run, &v->place);
  }
}

/* ---- requests, as jobs for the invocation's thread ---- */

typedef struct asked {
  const char *request;
  inspect_argument arguments[5];
  size_t count;
  bool changes, dirties;
  int ms;
  bool good;
  text answer, *error;
} asked;

static void look_run(debugger_run *run, void *data) {
  asked *a = data;
  for (size_t i = 0; i < a->count; i++) {
    if (a->arguments[i].kind == INSPECT_THREAD)
      a->arguments[i].integer = run_state(run, (uint32_t)a->arguments[i].integer);
  }
  if (run->stop->reason == DEBUGGER_END) {
    text_add_string(a->error, "the invocation is over");
    return;
  }
  if (a->changes) {
    a->good = look_change(run, a->request, a->arguments, a->count, a->ms, &a->answer, a->error);
    return;
  }
  run->looking = run->pretends = true;
  a->good = inspect_ask(&run->look, a->request, a->arguments, a->count, a->ms, &a->answer, a->error);
  run->looking = run->pretends = false;
  if (a->dirties) run->look.dirty = run->look.open;
}

/* Asks; the answer is `a->answer`, to be freed, also after a failure. */
static bool look_for(debugger_run *run, asked *a, text *error) {
  a->error = error;
  if (a->ms == 0) a->ms = INSPECT_MS;
  return run_do(run, look_run, a, error) && a->good;
}

#define THREAD(id) \
  { .kind = INSPECT_THREAD, .integer = (id) }
#define INTEGER(n) \
  { .kind = INSPECT_INTEGER, .integer = (int64_t)(n) }
#define BOOLEAN(b) \
  { .kind = INSPECT_BOOLEAN, .integer = (b) }
#define TEXT(b) \
  { .kind = INSPECT_TEXT, .text = (b) }

/* ---- threads ---- */

typedef struct threads_asked {
  debugger_threads *threads;
  bool good;
  text *error;
} threads_asked;

static void look_add_thread(debugger_threads *threads, uint32_t id, bool running, bool waiting) {
  for (size_t i = 0; i < threads->count; i++) {
    if (threads->items[i].id == id) return;
  }
  LIST_ROOM(threads->items, threads->count);
  threads->items[threads->count++] = (debugger_thread){.id = id, .running = running, .waiting = waiting};
}

static void look_run_threads(debugger_run *run, void *data) {
  enum { MOST = 1000 };
  threads_asked *a = data;
  uint32_t states[CALLSTACK_STATES];
  if (run->stop->reason == DEBUGGER_END) {
    a->good = true;
    return;
  }
  debugger_threads found = {0};
  size_t count = callstack_states(run_memory(run), run->state, states);
  look_add_thread(&found, run->state, true, false);
  for (size_t i = count; i > 1; i--) look_add_thread(&found, states[i - 2], false, true);
  uint32_t object = run_word(run, run_word(run, run->state + LAYOUT_STATE_GLOBAL) + LAYOUT_GLOBAL_OBJECTS);
  for (; object != 0 && found.count < MOST; object = run_word(run, object + LAYOUT_OBJECT_NEXT)) {
    if (run_byte(run, object + LAYOUT_OBJECT_TAG) == LAYOUT_TAG_THREAD_OBJECT && object != run->look.agent)
      look_add_thread(&found, object, false, false);
  }
  for (size_t i = 0; i < found.count; i++) {
    inspect_argument of = THREAD(found.items[i].id);
    text answer = {0}, fault = {0};
    bool good = look_ask(run, "threads", &of, 1, &answer, &fault);
    bytes left = text_bytes(&answer);
    bytes status = inspect_field(&left);
    bytes name = inspect_field(&left);
    debugger_thread *t = &found.items[i];
    if (good && (t->running || t->waiting || bytes_are(status, "suspended"))) {
      LIST_ROOM(a->threads->items, a->threads->count);
      debugger_thread *to = &a->threads->items[a->threads->count++];
      *to = *t;
      to->id = run_thread(run, t->id);
      text_add(&to->name, name.data, name.size);
      look_explain(run, &to->name);
    }
    text_free(&answer);
    text_free(&fault);
  }
  free(found.items);
  a->good = true;
}

bool debugger_get_threads(debugger_run *run, debugger_threads *threads, text *error) {
  threads_asked a = {.threads = threads, .error = error};
  *threads = (debugger_threads){0};
  return run_do(run, look_run_threads, &a, error) && a.good;
}

void debugger_threads_free(debugger_threads *threads) {
  for (size_t i = 0; i < threads->count; i++) text_free(&threads->items[i].name);
  free(threads->items);
  *threads = (debugger_threads){0};
}

/* ---- frames and scopes ---- */

bool debugger_get_frames(debugger_run *run, uint32_t thread, size_t start, size_t count,
                         debugger_frames *frames, text *error) {
  asked a = {.request = "frames", .arguments = {THREAD(thread), INTEGER(start), INTEGER(count)}, .count = 3};
  *frames = (debugger_frames){0};
  bool good = look_for(run, &a, error);
  if (good) answer_frames(text_bytes(&a.answer), frames);
  for (size_t i = 0; i < frames->count; i++) {
    debugger_frame *f = &frames->items[i];
    look_explain(run, &f->name);
    text source = {0};
    text_add(&source, f->place.source.data, f->place.source.size);
    look_place(run, &source, &f->defined_from, f->defined_from > 0);
    text_free(&source);
    text_add(&source, f->place.source.data, f->place.source.size);
    look_place(run, &source, &f->defined_to, f->defined_to > 0);
    text_free(&source);
    look_place(run, &f->place.source, &f->place.line, f->lua);
  }
  text_free(&a.answer);
  return good;
}

void debugger_frames_free(debugger_frames *frames) {
  for (size_t i = 0; i < frames->count; i++) {
    text_free(&frames->items[i].name);
    text_free(&frames->items[i].place.source);
  }
  free(frames->items);
  *frames = (debugger_frames){0};
}

bool debugger_get_scopes(debugger_run *run, uint32_t thread, int level, debugger_scopes *scopes,
                         text *error) {
  asked a = {.request = "scopes", .arguments = {THREAD(thread), INTEGER(level)}, .count = 2};
  bool good = look_for(run, &a, error);
  *scopes = (debugger_scopes){0};
  if (good) answer_scopes(text_bytes(&a.answer), scopes);
  text_free(&a.answer);
  return good;
}

/* ---- variables ---- */

bool debugger_get_variables(debugger_run *run, uint32_t reference, debugger_filter filter, size_t start,
                            size_t count, debugger_variables *variables, text *error) {
  static const char *const filters[] = {"all", "named", "indexed"};
  asked a = {
      .request = "variables",
      .arguments = {INTEGER(reference), TEXT(bytes_of(filters[filter])), INTEGER(start), INTEGER(count)},
      .count = 4};
  *variables = (debugger_variables){0};
  bool good = look_for(run, &a, error);
  bytes left = text_bytes(&a.answer);
  while (good && left.size != 0) {
    LIST_ROOM(variables->items, variables->count);
    look_variable(run, &left, &variables->items[variables->count++]);
  }
  text_free(&a.answer);
  return good;
}

void debugger_variable_free(debugger_variable *v) {
  text_free(&v->name);
  text_free(&v->value);
  text_free(&v->expression);
  text_free(&v->place);
}

void debugger_variables_free(debugger_variables *variables) {
  for (size_t i = 0; i < variables->count; i++) debugger_variable_free(&variables->items[i]);
  free(variables->items);
  *variables = (debugger_variables){0};
}

bool debugger_set_variable(debugger_run *run, uint32_t reference, bytes name, bytes expression,
                           debugger_variable *now, text *error) {
  asked a = {.request = "set",
             .arguments = {INTEGER(reference), TEXT(name), TEXT(expression)},
             .count = 3,
             .changes = true};
  bool good = look_for(run, &a, error);
  bytes left = text_bytes(&a.answer);
  if (good) look_variable(run, &left, now);
  if (good) now->reference = 0; /* of an agent that is gone */
  text_free(&a.answer);
  return good;
}

/* ---- evaluation ---- */

bool debugger_evaluate(debugger_run *run, uint32_t thread, int level, bytes code, debugger_evaluation how,
                       int ms, debugger_variable *result, size_t *more, text *error) {
  bool changes = how == DEBUGGER_DO;
  asked a = {.request = "evaluate",
             .arguments = {THREAD(thread), INTEGER(level), TEXT(code), BOOLEAN(!changes)},
             .count = 4,
             .changes = changes,
             .dirties = !changes && memchr(code.data, '(', code.size) != NULL,
             .ms = ms};
  bool good = look_for(run, &a, error);
  bytes left = text_bytes(&a.answer);
  int64_t count = good ? inspect_number(&left) : 0;
  if (good) look_variable(run, &left, result);
  if (good && changes) result->reference = 0;
  if (more != NULL) *more = count > 1 ? (size_t)count - 1 : 0;
  text_free(&a.answer);
  return good;
}

bool debugger_get_string(debugger_run *run, uint32_t thread, int level, bytes expression, size_t start,
                         size_t size, text *part, size_t *whole, text *error) {
  asked a = {.request = "string",
             .arguments = {THREAD(thread), INTEGER(level), TEXT(expression), INTEGER(start), INTEGER(size)},
             .count = 5};
  bool good = look_for(run, &a, error);
  bytes left = text_bytes(&a.answer);
  if (good) *whole = (size_t)inspect_number(&left);
  bytes got = inspect_field(&left);
  if (good) text_add(part, got.data, got.size);
  text_free(&a.answer);
  return good;
}

bool debugger_complete(debugger_run *run, uint32_t thread, int level, bytes code, text *names, size_t *from,
                       text *error) {
  asked a = {.request = "complete", .arguments = {THREAD(thread), INTEGER(level), TEXT(code)}, .count = 3};
  bool good = look_for(run, &a, error);
  bytes left = text_bytes(&a.answer);
  if (good) *from = (size_t)inspect_number(&left);
  while (good && left.size != 0) {
    answer_text(&left, names);
    text_add(names, "", 1);
  }
  text_free(&a.answer);
  return good;
}

bool debugger_get_exception(debugger_run *run, debugger_variable *value, text *error) {
  asked a = {.request = "exception",
             .arguments = {{.kind = INSPECT_VALUE, .text = {run->error, sizeof run->error}}},
             .count = 1};
  bool good = look_for(run, &a, error);
  bytes left = text_bytes(&a.answer);
  inspect_field(&left);
  if (good) look_variable(run, &left, value);
  text_free(&a.answer);
  return good;
}

/* ---- data breakpoints ---- */

bool debugger_data_key(debugger_run *run, uint32_t reference, bytes name, text *key, text *description,
                       text *error) {
  asked a = {.request = "key", .arguments = {INTEGER(reference), TEXT(name)}, .count = 2};
  bool good = look_for(run, &a, error);
  bytes left = text_bytes(&a.answer);
  bytes kind = inspect_field(&left);
  if (good && bytes_are(kind, "field")) {
    uint32_t table = (uint32_t)inspect_number(&left);
    bytes key_kind = inspect_field(&left), field = inspect_field(&left), shown = inspect_field(&left);
    text_printf(key, "field %u %s %zu:", table, bytes_are(key_kind, "integer") ? "integer" : "string",
                field.size);
    text_add(key, field.data, field.size);
    text_add(key, shown.data, shown.size);
    text_add(description, shown.data, shown.size);
  } else if (good) {
    uint32_t state = (uint32_t)inspect_number(&left);
    int level = (int)inspect_number(&left), n = (int)inspect_number(&left);
    bytes shown = inspect_field(&left);
    uint32_t call = run_call(run, state, level), proto = 0;
    int pc = 0;
    good = call != 0 && run_instruction(run, state, call, &pc, &proto);
    uint32_t offset = good ? run_offset(run, state, call) : 0;
    uint32_t closure =
        good ? run_word(run, run_word(run, state + LAYOUT_STATE_STACK) + offset + LAYOUT_VALUE_DATA) : 0;
    if (good && bytes_are(kind, "upvalue")) {
      uint32_t upvalue = run_word(run, closure + LAYOUT_LUA_CLOSURE_UPVALUE + 4 * ((uint32_t)n - 1));
      text_printf(key, "upvalue %u ", upvalue);
    } else if (good) {
      /* The n-th local that is in scope is in register n - 1. */
      uint32_t locals = run_word(run, proto + LAYOUT_PROTO_LOCALS),
               count = run_word(run, proto + LAYOUT_PROTO_LOCAL_COUNT);
      int active = 0;
      good = false;
      for (uint32_t i = 0; i < count && !good; i++) {
        uint32_t from = run_word(run, locals + i * LAYOUT_LOCAL_SIZE + LAYOUT_LOCAL_FROM);
        uint32_t to = run_word(run, locals + i * LAYOUT_LOCAL_SIZE + LAYOUT_LOCAL_TO);
        if (from <= (uint32_t)pc && (uint32_t)pc < to && ++active == n) {
          text_printf(key, "local %u %u %u %u %u %u ", state, offset, closure, (uint32_t)n - 1, from, to);
          good = true;
        }
      }
    }
    if (!good) text_add_string(error, "only variables of Lua functions that have names can be watched");
    text_add(key, shown.data, shown.size);
    text_add(description, shown.data, shown.size);
  }
  text_free(&a.answer);
  return good;
}

/* Reads what debugger_data_key wrote. */
static bool look_read_key(const char *key, watch *w) {
  int at = 0;
  unsigned long size;
  char kind[8];
  if (sscanf(key, "local %u %u %u %u %u %u %n", &w->state, &w->offset, &w->closure, &w->slot, &w->from,
             &w->to, &at) == 6 &&
      at != 0) {
    w->kind = WATCH_LOCAL;
  } else if (sscanf(key, "upvalue %u %n", &w->object, &at) == 1 && at != 0) {
    w->kind = WATCH_UPVALUE;
  } else if (sscanf(key, "field %u %7s %lu:%n", &w->object, kind, &size, &at) == 3 && at != 0 &&
             strlen(key + at) >= size) {
    w->kind = WATCH_FIELD;
    w->is_integer = strcmp(kind, "integer") == 0;
    w->key = memory_copy((bytes){(const uint8_t *)key + at, size});
    w->key_size = size;
    w->integer = w->is_integer ? strtoll(w->key, NULL, 10) : 0;
    at += (int)size;
  } else {
    return false;
  }
  w->name = memory_copy(bytes_of(key + at));
  return true;
}

typedef struct data_asked {
  const char *const *keys;
  const debugger_breakpoint *list;
  size_t count;
  debugger_verified *verified;
} data_asked;

static void look_run_data(debugger_run *run, void *data) {
  const data_asked *a = data;
  match_watches_free(run);
  for (size_t i = 0; i < a->count; i++) {
    watch w = {.id = a->list[i].id};
    a->verified[i] = (debugger_verified){.id = a->list[i].id, .verified = look_read_key(a->keys[i], &w)};
    if (!a->verified[i].verified) {
      text_add_string(&a->verified[i].message, "it is not known what is to be watched");
      continue;
    }
    if (a->list[i].condition != NULL) w.condition = memory_copy(bytes_of(a->list[i].condition));
    if (a->list[i].hit_condition != NULL) w.hits = memory_copy(bytes_of(a->list[i].hit_condition));
    LIST_ROOM(run->watches, run->watch_count);
    run->watches[run->watch_count++] = w;
  }
}

void debugger_set_data(debugger_run *run, const char *const *keys, const debugger_breakpoint *list,
                       size_t count, debugger_verified *verified) {
  data_asked a = {.keys = keys, .list = list, .count = count, .verified = verified};
  memset(verified, 0, count * sizeof *verified);
  text error = {0};
  if (!run_do(run, look_run_data, &a, &error)) {
    for (size_t i = 0; i < count; i++) {
      verified[i] = (debugger_verified){.id = list[i].id};
      text_add(&verified[i].message, error.data, error.size);
    }
  }
  text_free(&error);
}
