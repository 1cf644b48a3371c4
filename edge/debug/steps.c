/*
 * steps.c - see steps.h. It is a listener of a debugger of its own, on the thread that asks: at each stop it
 * looks, and says where to go next.
 */
#include "debug/steps.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_bytes.h"
#include "record/redact.h"

/* One question being answered. */
typedef struct steps {
  const steps_question *question;
  json_t *answer;
  text *error;
  json_t *sources; /* STEPS_LINES: list of their names, */
  text s, l, d, t; /* and the items of the four lists, after each a comma */
  uint64_t events; /* that were traced */
  bool cut;        /* there are more than STEPS_MOST */
  json_t *logs;    /* what was logged */
  json_t *calls;   /* the event of each call of the host */
  json_t *earlier; /* STEPS_AT: the variables at `before` */
  int stops;       /* so far */
  bool done;       /* what was asked is known, or cannot be */
} steps;

/* ---- the lines that ran ---- */

static void steps_traced(void *data, debugger_run *run, uint64_t event, uint32_t thread, int depth,
                         const debugger_place *place) {
  steps *s = data;
  (void)run;
  if (event > STEPS_MOST) return;
  s->events = event;
  size_t source = 0, count = json_array_size(s->sources);
  const char *name = text_string(&place->source);
  while (source < count && strcmp(json_string_value(json_array_get(s->sources, source)), name) != 0) source++;
  if (source == count) json_array_append_new(s->sources, json_shown(text_bytes(&place->source)));
  text_printf(&s->s, "%zu,", source);
  text_printf(&s->l, "%d,", place->line);
  text_printf(&s->d, "%d,", depth);
  text_printf(&s->t, "%u,", (unsigned)thread);
}

/* The list of a text of items. */
static json_t *steps_list(text *items) {
  text list = {0};
  text_add_string(&list, "[");
  text_add(&list, text_string(items), items->size > 0 ? items->size - 1 : 0);
  text_add_string(&list, "]");
  json_t *value = json_loadb(list.data, list.size, 0, NULL);
  text_free(&list);
  return value;
}

/* Notes the events of the host's calls, which are in the record, at the last event that is told. */
static void steps_note_calls(steps *s, debugger_run *run) {
  const debugger_call *calls;
  size_t count = debugger_calls(run, &calls);
  s->calls = json_array();
  for (size_t i = 0; i < count; i++) {
    json_array_append_new(s->calls, json_pack("{s:I, s:I}", "event", (json_int_t)calls[i].event, "call",
                                              (json_int_t)(calls[i].call - s->question->record->calls)));
  }
}

static void steps_output(void *data, const debugger_output *output) {
  static const char *const levels[] = {[HOST_INFO] = "info", [HOST_WARN] = "warn", [HOST_ERROR] = "error"};
  steps *s = data;
  if (json_array_size(s->logs) < STEPS_LOGS)
    json_array_append_new(s->logs, json_pack("{s:I, s:s, s:o}", "event", (json_int_t)output->event, "level",
                                             levels[output->level], "line", json_shown(output->line)));
}

static void steps_tell_lines(steps *s) {
  json_t *sources = json_array();
  size_t i;
  json_t *name;
  json_array_foreach(s->sources, i, name) {
    text source = {0};
    json_t *item = json_pack("{s:O}", "name", name);
    if (s->question->read_source(s->question->data, json_string_value(name),
                                 &source)) /* NULL: it is no UTF-8 */
      json_object_set_new(item, "text", json_stringn(text_string(&source), source.size));
    json_array_append_new(sources, item);
    text_free(&source);
  }
  s->answer = json_pack("{s:I, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:O}", "events", (json_int_t)s->events,
                        "cut", s->cut, "sources", sources, "s", steps_list(&s->s), "l", steps_list(&s->l),
                        "d", steps_list(&s->d), "t", steps_list(&s->t), "calls", s->calls, "logs", s->logs);
  s->calls = NULL;
}

/* ---- what is there at an event ---- */

/* Adds what is inside a table to an item. */
static void steps_add_inside(debugger_run *run, const debugger_variable *v, json_t *item) {
  debugger_variables inside;
  text error = {0};
  if (v->reference != 0 &&
      debugger_get_variables(run, v->reference, DEBUGGER_ALL, 0, STEPS_INSIDE, &inside, &error)) {
    json_t *list = json_array();
    for (size_t i = 0; i < inside.count; i++) {
      json_array_append_new(
          list, json_pack("{s:o, s:o}", "name", json_shown(text_bytes(&inside.items[i].name)), "value",
                          json_shown(text_bytes(&inside.items[i].value))));
    }
    size_t all = v->named + v->indexed;
    if (inside.count > 0) json_object_set(item, "inside", list);
    if (all > inside.count) json_object_set_new(item, "more", json_integer((json_int_t)(all - inside.count)));
    json_decref(list);
    debugger_variables_free(&inside);
  }
  text_free(&error);
}

/* Adds the variables of a reference to the list. */
static bool steps_add_variables(steps *s, debugger_run *run, const char *kind, uint32_t reference,
                                json_t *list) {
  debugger_variables all;
  if (reference == 0) return true;
  if (!debugger_get_variables(run, reference, DEBUGGER_ALL, 0, STEPS_VARIABLES, &all, s->error)) return false;
  for (size_t i = 0; i < all.count; i++) {
    const debugger_variable *v = &all.items[i];
    if (strcmp(text_string(&v->name), "_ENV") == 0) continue;
    json_t *item = json_pack("{s:s, s:o, s:o, s:s}", "kind", kind, "name", json_shown(text_bytes(&v->name)),
                             "value", json_shown(text_bytes(&v->value)), "type", v->type);
    if (v->place.size > 0) json_object_set_new(item, "place", json_shown(text_bytes(&v->place)));
    if (strcmp(v->type, "table") == 0) steps_add_inside(run, v, item);
    json_array_append_new(list, item);
  }
  debugger_variables_free(&all);
  return true;
}

/* The variables of the call that is asked for; NULL, with a sentence. */
static json_t *steps_variables(steps *s, debugger_run *run) {
  debugger_scopes scopes;
  json_t *list = json_array();
  if (!debugger_get_scopes(run, 0, s->question->level, &scopes, s->error) ||
      !steps_add_variables(s, run, "local", scopes.locals, list) ||
      !steps_add_variables(s, run, "vararg", scopes.varargs, list) ||
      !steps_add_variables(s, run, "upvalue", scopes.upvalues, list)) {
    json_decref(list);
    return NULL;
  }
  return list;
}

/* Says of each variable whether it is another one than at the event before. */
static void steps_mark(json_t *now, const json_t *earlier) {
  size_t i, j;
  json_t *item, *other;
  json_array_foreach(now, i, item) {
    bool changed = earlier != NULL;
    json_array_foreach(earlier, j, other) {
      if (json_equal(item, other)) changed = false;
    }
    json_object_set_new(item, "changed", json_boolean(changed));
  }
}

static void steps_tell_place(steps *s, debugger_run *run, const debugger_stop *stop) {
  debugger_frames frames = {0};
  json_t *list = json_array(), *variables = NULL;
  bool over = stop->reason == DEBUGGER_END;
  if (!over && (!debugger_get_frames(run, 0, 0, STEPS_FRAMES, &frames, s->error) ||
                (variables = steps_variables(s, run)) == NULL)) {
    debugger_frames_free(&frames);
    json_decref(list);
    return;
  }
  for (size_t i = 0; i < frames.count; i++) {
    const debugger_frame *f = &frames.items[i];
    json_array_append_new(
        list, json_pack("{s:o, s:o, s:i, s:b, s:b}", "name", json_shown(text_bytes(&f->name)), "source",
                        json_shown(text_bytes(&f->place.source)), "line", f->place.line, "lua", f->lua,
                        "tail", f->tail));
  }
  steps_mark(variables, s->earlier);
  s->answer = json_pack("{s:I, s:o, s:I, s:i, s:o, s:b}", "event", (json_int_t)stop->event, "frames", list,
                        "depth", (json_int_t)frames.total, "level", s->question->level, "variables",
                        variables != NULL ? variables : json_array(), "over", over);
  debugger_frames_free(&frames);
}

/* ---- changes ---- */

/* Watches the variable that is asked for; false with a sentence. */
static bool steps_watch(steps *s, debugger_run *run) {
  debugger_scopes scopes;
  debugger_verified verified = {0};
  text key = {0}, description = {0};
  bool good = debugger_get_scopes(run, 0, s->question->level, &scopes, s->error) &&
              debugger_data_key(run, scopes.locals, s->question->name, &key, &description, s->error);
  if (good) {
    const char *keys[] = {key.data};
    debugger_set_data(run, keys, &(debugger_breakpoint){.id = 1}, 1, &verified);
    good = verified.verified;
    if (!good) text_add(s->error, text_string(&verified.message), verified.message.size);
    debugger_verified_free(&verified, 1);
  }
  text_free(&key);
  text_free(&description);
  return good;
}

static void steps_tell_event(steps *s, const debugger_stop *stop) {
  bool found = stop->reason == DEBUGGER_DATA || stop->reason == DEBUGGER_GOTO;
  s->answer = json_pack("{s:I}", "event", (json_int_t)(found ? stop->event : 0));
  if (found && stop->wrote.line > 0) {
    json_object_set_new(s->answer, "source", json_shown(text_bytes(&stop->wrote.source)));
    json_object_set_new(s->answer, "line", json_integer(stop->wrote.line));
  }
}

/* ---- going through it ---- */

/* The invocation stands still for the `stops`-th time. How it goes on; DEBUGGER_TERMINATE when all is known.
 */
static debugger_move steps_go_on(steps *s, debugger_run *run, const debugger_stop *stop) {
  const steps_question *q = s->question;
  if (s->stops == 1) { /* at its first line, or, where no line runs, at its end */
    uint64_t event = q->kind == STEPS_LINES                  ? STEPS_MOST + 1
                     : q->kind == STEPS_AT && q->before != 0 ? q->before
                                                             : q->event;
    if (event > 1 && stop->reason != DEBUGGER_END)
      return debugger_go(run, event, s->error) ? DEBUGGER_WAIT : DEBUGGER_TERMINATE;
  }
  switch (q->kind) {
    case STEPS_LINES:
      if (s->done || debugger_last_event(run) == 0) {
        if (s->calls == NULL) steps_note_calls(s, run);
        steps_tell_lines(s);
        return DEBUGGER_TERMINATE;
      }
      s->done = true;
      steps_note_calls(s, run);
      s->cut = stop->reason != DEBUGGER_END;
      return debugger_trace(run, 1, s->error) ? DEBUGGER_WAIT : DEBUGGER_TERMINATE;
    case STEPS_AT:
      if (s->earlier == NULL && q->before != 0 && stop->reason != DEBUGGER_END) {
        s->earlier = steps_variables(s, run);
        if (s->earlier == NULL || !debugger_go(run, q->event, s->error)) return DEBUGGER_TERMINATE;
        return DEBUGGER_WAIT;
      }
      steps_tell_place(s, run, stop);
      return DEBUGGER_TERMINATE;
    case STEPS_CHANGE:
      if (s->done) {
        steps_tell_event(s, stop);
        return DEBUGGER_TERMINATE;
      }
      s->done = true;
      if (!steps_watch(s, run)) return DEBUGGER_TERMINATE;
      return q->backwards ? DEBUGGER_REVERSE_CONTINUE : DEBUGGER_CONTINUE;
    case STEPS_FIND:
      if (s->done) {
        steps_tell_event(s, stop);
        return DEBUGGER_TERMINATE;
      }
      s->done = true;
      return debugger_go_value(run, q->text, q->backwards, s->error) ? DEBUGGER_WAIT : DEBUGGER_TERMINATE;
  }
  return DEBUGGER_TERMINATE;
}

static debugger_move steps_stopped(void *data, debugger_run *run, const debugger_stop *stop) {
  steps *s = data;
  s->stops++;
  debugger_move move = steps_go_on(s, run, stop);
  if (s->answer != NULL && stop->departure.size > 0)
    json_object_set_new(s->answer, "departure", json_shown(text_bytes(&stop->departure)));
  return move;
}

/* ---- the answer ---- */

/* Adds JSON, which is freed, without the secrets that the flare read. */
static void steps_add_redacted(const recording *r, json_t *answer, text *json) {
  redaction secrets = {0};
  text whole = {0};
  for (size_t i = 0; i < r->call_count; i++) {
    const record_call *call = &r->calls[i];
    if (call->import == HOST_secret_get && call->present)
      redaction_add_secret(&secrets, text_bytes(&call->a), text_bytes(&call->answer));
  }
  json_add_to(&whole, answer, JSON_COMPACT);
  redaction_apply(&secrets, text_bytes(&whole), json);
  text_free(&whole);
  redaction_free(&secrets);
}

bool steps_answer(const steps_question *question, text *json, text *error) {
  steps s = {.question = question, .error = error, .sources = json_array(), .logs = json_array()};
  debugger_config config = {
      .listener = {.data = &s, .stopped = steps_stopped, .output = steps_output, .traced = steps_traced},
      .lines = true,
      .stop_on_entry = true,
      .stop_at_end = true};
  debugger *d = debugger_new(&config);
  edge e = {.flare = question->flare, .host = {.config = *question->config}};
  edge_result result;
  bool good = debugger_attach(d, &e, error);
  if (good) {
    debugger_use_record(d, question->record);
    good = edge_invoke(&e, question->record->handler, &question->record->request, &result, error);
  }
  edge_close(&e);
  debugger_free(d);
  if (good && s.answer != NULL) {
    steps_add_redacted(question->record, s.answer, json);
  } else if (error->size == 0) {
    text_add_string(error, "the invocation cannot be run again");
  }
  good = good && s.answer != NULL;
  if (!good) json_decref(s.answer);
  json_decref(s.earlier);
  json_decref(s.calls);
  json_decref(s.logs);
  json_decref(s.sources);
  text_free(&s.s);
  text_free(&s.l);
  text_free(&s.d);
  text_free(&s.t);
  return good;
}
