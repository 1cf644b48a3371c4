/*
 * dap_values.c - what a client sees of an invocation that stands still: its frames, their variables, and what
 * expressions are in them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "debug/dap_private.h"

/* ---- numbers that the client has of frames and variables ---- */

void dap_forget_values(dap *d, const debugger_run *run) {
  size_t kept = 0;
  for (size_t i = 0; i < d->frame_count; i++) {
    if (d->frames[i].run != run) d->frames[kept++] = d->frames[i];
  }
  d->frame_count = kept;
  kept = 0;
  for (size_t i = 0; i < d->reference_count; i++) {
    if (d->references[i].run != run) d->references[kept++] = d->references[i];
  }
  d->reference_count = kept;
}

static int values_add_frame(dap *d, debugger_run *run, uint32_t coroutine, int level) {
  for (size_t i = 0; i < d->frame_count; i++) {
    const dap_frame *f = &d->frames[i];
    if (f->run == run && f->coroutine == coroutine && f->level == level) return f->id;
  }
  LIST_ROOM(d->frames, d->frame_count);
  d->frames[d->frame_count++] = (dap_frame){++d->last_id, run, coroutine, level};
  return d->last_id;
}

/* The number for a reference, 0 for 0. */
static int values_add_reference(dap *d, debugger_run *run, uint32_t reference) {
  if (reference == 0) return 0;
  LIST_ROOM(d->references, d->reference_count);
  d->references[d->reference_count++] = (dap_reference){++d->last_id, run, reference};
  return d->last_id;
}

/* The frame of a request; NULL after a sentence. */
static const dap_frame *values_find_frame(dap *d, const json_t *arguments, text *error) {
  int id = dap_get_number(arguments, "frameId", 0);
  for (size_t i = 0; i < d->frame_count; i++) {
    if (d->frames[i].id == id) return &d->frames[i];
  }
  text_printf(error, "there is no frame %d: the invocation has gone on", id);
  return NULL;
}

bool dap_get_frame(dap *d, const json_t *arguments, dap_frame *frame, text *error) {
  dap_run *run = dap_any_standing(d);
  if (json_object_get(arguments, "frameId") != NULL) {
    const dap_frame *found = values_find_frame(d, arguments, error);
    if (found != NULL) *frame = *found;
    return found != NULL;
  }
  if (run == NULL) {
    text_add_string(error, "nothing stands still: an expression needs a frame");
    return false;
  }
  *frame = (dap_frame){0, run->run, run->stop.thread, 0};
  return true;
}

const dap_reference *dap_find_reference(dap *d, const json_t *arguments, text *error) {
  int id = dap_get_number(arguments, "variablesReference", 0);
  size_t low = 0, high = d->reference_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (d->references[middle].id < id)
      low = middle + 1;
    else
      high = middle;
  }
  if (low < d->reference_count && d->references[low].id == id) return &d->references[low];
  text_printf(error, "there are no variables %d: the invocation has gone on", id);
  return NULL;
}

/* ---- frames ---- */

/* Whether a run has ended but for its answer, so that it has no frames. */
static bool values_is_at_end(const dap_run *run) { return run->stop.reason == DEBUGGER_END; }

static json_t *values_frame(dap *d, debugger_run *run, uint32_t coroutine, const debugger_frame *f) {
  text name = {0};
  text_add(&name, text_string(&f->name), f->name.size);
  if (f->tail) text_add_string(&name, " (tail call)");
  bool placed = f->lua && f->place.source.size != 0;
  json_t *frame =
      json_pack("{s:i, s:o, s:i, s:i, s:b}", "id", values_add_frame(d, run, coroutine, f->level), "name",
                dap_string(text_bytes(&name)), "line", placed ? f->place.line - d->lines_from_0 : 0, "column",
                placed ? 1 - d->columns_from_0 : 0, "canRestart", f->lua);
  if (placed) json_object_set_new(frame, "source", dap_source_of(d, text_string(&f->place.source)));
  if (!f->lua) json_object_set_new(frame, "presentationHint", json_string("subtle"));
  text_free(&name);
  return frame;
}

bool dap_stack_trace(dap *d, const json_t *arguments, json_t **body, text *error) {
  uint32_t coroutine;
  debugger_frames frames = {0};
  dap_run *run = dap_find_standing(d, arguments, &coroutine, error);
  if (run == NULL) return false;
  json_t *list = json_array();
  bool good = values_is_at_end(run) ||
              dap_get_frames(d, run->run, coroutine, (size_t)dap_get_number(arguments, "startFrame", 0),
                             (size_t)dap_get_number(arguments, "levels", 0), &frames, error);
  for (size_t i = 0; good && i < frames.count; i++)
    json_array_append_new(list, values_frame(d, run->run, coroutine, &frames.items[i]));
  *body = json_pack("{s:o, s:I}", "stackFrames", list, "totalFrames", (json_int_t)frames.total);
  debugger_frames_free(&frames);
  return good;
}

/* ---- scopes and variables ---- */

static void values_add_scope(dap *d, json_t *list, debugger_run *run, const char *name, const char *hint,
                             uint32_t reference, size_t named, size_t indexed) {
  if (reference == 0) return;
  json_t *scope =
      json_pack("{s:s, s:i, s:I, s:I, s:b}", "name", name, "variablesReference",
                values_add_reference(d, run, reference), "namedVariables", (json_int_t)named,
                "indexedVariables", (json_int_t)indexed, "expensive", strcmp(name, "Globals") == 0);
  if (hint != NULL) json_object_set_new(scope, "presentationHint", json_string(hint));
  json_array_append_new(list, scope);
}

bool dap_scopes(dap *d, const json_t *arguments, json_t **body, text *error) {
  debugger_scopes s = {0};
  const dap_frame *f = values_find_frame(d, arguments, error);
  if (f == NULL || !dap_get_scopes(d, f->run, f->coroutine, f->level, &s, error)) return false;
  debugger_run *run = f->run;
  json_t *list = json_array();
  values_add_scope(d, list, run, "Locals", "locals", s.locals, s.local_count, 0);
  values_add_scope(d, list, run, "Varargs", "arguments", s.varargs, s.vararg_count, 0);
  values_add_scope(d, list, run, "Upvalues", NULL, s.upvalues, s.upvalue_count, 0);
  values_add_scope(d, list, run, "Globals", NULL, s.globals, s.global_count, 0);
  *body = json_pack("{s:o}", "scopes", list);
  return true;
}

/* Sets what all that has a value tells of it: `value` is the name of the member with the text. */
static void values_describe(dap *d, debugger_run *run, const debugger_variable *v, const char *value,
                            json_t *to) {
  json_object_set_new(to, value, dap_string(text_bytes(&v->value)));
  json_object_set_new(to, "type", json_string(v->type));
  json_object_set_new(to, "variablesReference", json_integer(values_add_reference(d, run, v->reference)));
  if (v->reference != 0) {
    json_object_set_new(to, "namedVariables", json_integer((json_int_t)v->named));
    json_object_set_new(to, "indexedVariables", json_integer((json_int_t)v->indexed));
  }
}

static json_t *values_variable(dap *d, debugger_run *run, const debugger_variable *v) {
  json_t *variable = json_object();
  json_object_set_new(variable, "name", dap_string(text_bytes(&v->name)));
  values_describe(d, run, v, "value", variable);
  if (v->expression.size != 0)
    json_object_set_new(variable, "evaluateName", dap_string(text_bytes(&v->expression)));
  if (v->constant)
    json_object_set_new(variable, "presentationHint", json_pack("{s:[s]}", "attributes", "readOnly"));
  return variable;
}

bool dap_variables(dap *d, const json_t *arguments, json_t **body, text *error) {
  const char *filter = dap_get_string(arguments, "filter");
  debugger_filter which = filter == NULL                   ? DEBUGGER_ALL
                          : strcmp(filter, "indexed") == 0 ? DEBUGGER_INDEXED
                                                           : DEBUGGER_NAMED;
  debugger_variables found = {0};
  const dap_reference *r = dap_find_reference(d, arguments, error);
  if (r == NULL) return false;
  debugger_run *run = r->run;
  bool good = dap_get_variables(d, run, r->reference, which, (size_t)dap_get_number(arguments, "start", 0),
                                (size_t)dap_get_number(arguments, "count", 0), &found, error);
  json_t *list = json_array();
  for (size_t i = 0; good && i < found.count; i++)
    json_array_append_new(list, values_variable(d, run, &found.items[i]));
  *body = json_pack("{s:o}", "variables", list);
  debugger_variables_free(&found);
  return good;
}

bool dap_set_variable(dap *d, const json_t *arguments, json_t **body, text *error) {
  const char *name = dap_get_string(arguments, "name"), *value = dap_get_string(arguments, "value");
  debugger_variable now = {0};
  const dap_reference *r = dap_find_reference(d, arguments, error);
  if (r == NULL) return false;
  if (name == NULL || value == NULL) {
    text_add_string(error, "setVariable needs a 'name' and a 'value'");
    return false;
  }
  debugger_run *run = r->run;
  bool good = dap_set_value(d, run, r->reference, bytes_of(name), bytes_of(value), &now, error);
  if (good) {
    *body = json_object();
    values_describe(d, run, &now, "value", *body);
  }
  debugger_variable_free(&now);
  return good;
}

/* ---- expressions ---- */

/* Evaluates in a frame, and describes the result in a new `body`, whose member `value` has the text. */
static bool values_evaluate(dap *d, const dap_frame *f, const char *code, debugger_evaluation how,
                            const char *value, json_t **body, text *error) {
  debugger_variable result = {0};
  size_t more = 0;
  bool good = dap_get_value(d, f, bytes_of(code), how, &result, &more, error);
  if (good) {
    if (more > 0) text_printf(&result.value, " (and %zu more)", more);
    *body = json_object();
    values_describe(d, f->run, &result, value, *body);
  }
  debugger_variable_free(&result);
  return good;
}

/* The whole string that an expression is, for the clipboard; false if it is no string. */
static bool values_copy_string(dap *d, const dap_frame *f, const char *code, json_t **body) {
  enum { MOST = 16 << 20 };
  text whole = {0};
  bool good = dap_get_whole(d, f, bytes_of(code), MOST, &whole);
  if (good)
    *body = json_pack("{s:o, s:i}", "result", dap_string(text_bytes(&whole)), "variablesReference", 0);
  text_free(&whole);
  return good;
}

bool dap_evaluate(dap *d, const json_t *arguments, json_t **body, text *error) {
  const char *code = dap_get_string(arguments, "expression"), *context = dap_get_string(arguments, "context");
  dap_frame f;
  if (code == NULL) {
    text_add_string(error, "evaluate needs an 'expression'");
    return false;
  }
  if (!dap_get_frame(d, arguments, &f, error)) return false;
  if (context != NULL && strcmp(context, "clipboard") == 0 && values_copy_string(d, &f, code, body))
    return true;
  bool lasting = context != NULL && strcmp(context, "repl") == 0;
  return values_evaluate(d, &f, code, lasting ? DEBUGGER_DO : DEBUGGER_LOOK, "result", body, error);
}

bool dap_set_expression(dap *d, const json_t *arguments, json_t **body, text *error) {
  const char *place = dap_get_string(arguments, "expression"), *value = dap_get_string(arguments, "value");
  dap_frame f;
  text code = {0};
  json_t *ignored = NULL;
  if (place == NULL || value == NULL) {
    text_add_string(error, "setExpression needs an 'expression' and a 'value'");
    return false;
  }
  if (!dap_get_frame(d, arguments, &f, error)) return false;
  text_printf(&code, "%s = %s", place, value);
  bool good = values_evaluate(d, &f, code.data, DEBUGGER_DO, "value", &ignored, error) &&
              values_evaluate(d, &f, place, DEBUGGER_LOOK, "value", body, error);
  json_decref(ignored);
  text_free(&code);
  return good;
}

/* The UTF-16 units, which the protocol counts columns in, of the character of UTF-8 that begins with `first`.
 */
static size_t values_units(char first) { return (unsigned char)first >= 0xf0 ? 2 : 1; }

/* The character after the one at `at`. */
static const char *values_next(const char *at) {
  do at++;
  while (((unsigned char)*at & 0xc0) == 0x80);
  return at;
}

bool dap_completions(dap *d, const json_t *arguments, json_t **body, text *error) {
  const char *code = dap_get_string(arguments, "text");
  int column = dap_get_number(arguments, "column", 1) - !d->columns_from_0, line = 1;
  size_t from = 0, before = 0, start = 0;
  dap_frame f;
  text names = {0};
  if (code == NULL) {
    text_add_string(error, "completions needs a 'text'");
    return false;
  }
  if (!dap_get_frame(d, arguments, &f, error)) return false;
  const char *end = code;
  for (; line < dap_get_number(arguments, "line", 1) && strchr(end, '\n') != NULL; line++)
    end = strchr(end, '\n') + 1;
  for (int unit = 0; *end != '\0' && unit < column; unit += (int)values_units(*end), end = values_next(end))
    continue;
  bytes typed = {(const uint8_t *)code, (size_t)(end - code)};
  bool good = dap_get_names(d, &f, typed, &names, &from, error);
  json_t *targets = json_array();
  for (const char *at = code; at < end; at = values_next(at)) {
    if (at < code + from) start += values_units(*at);
    before += values_units(*at);
  }
  for (size_t at = 0; good && at < names.size; at += strlen(names.data + at) + 1) {
    json_array_append_new(
        targets, json_pack("{s:o, s:I, s:I}", "label", dap_string(bytes_of(names.data + at)), "start",
                           (json_int_t)(start + !d->columns_from_0), "length", (json_int_t)(before - start)));
  }
  *body = json_pack("{s:o}", "targets", targets);
  text_free(&names);
  return good;
}

bool dap_exception_info(dap *d, const json_t *arguments, json_t **body, text *error) {
  uint32_t coroutine;
  debugger_variable value = {0};
  debugger_frames frames = {0};
  text stack = {0}, ignored = {0};
  dap_run *run = dap_find_standing(d, arguments, &coroutine, error);
  if (run == NULL) return false;
  if (run->stop.reason != DEBUGGER_EXCEPTION) {
    text_add_string(error, "no error was raised here");
    return false;
  }
  if (dap_get_frames(d, run->run, coroutine, 0, 0, &frames, &ignored)) {
    for (size_t i = 0; i < frames.count; i++) {
      const debugger_frame *f = &frames.items[i];
      if (f->lua) text_printf(&stack, "%s:%d: ", text_string(&f->place.source), f->place.line);
      text_printf(&stack, "%s%s\n", f->lua ? "" : "[C]: ", text_string(&f->name));
    }
  }
  const char *type =
      run->run != NULL && debugger_get_exception(run->run, &value, &ignored) ? value.type : "error";
  bytes message = text_bytes(&run->stop.description);
  *body = json_pack("{s:s, s:o, s:s, s:{s:o, s:s, s:o}}", "exceptionId",
                    run->stop.uncaught ? "uncaught" : "error", "description", dap_string(message),
                    "breakMode", run->stop.uncaught ? "unhandled" : "always", "details", "message",
                    dap_string(message), "typeName", type, "stackTrace", dap_string(text_bytes(&stack)));
  debugger_variable_free(&value);
  debugger_frames_free(&frames);
  text_free(&stack);
  text_free(&ignored);
  return true;
}
