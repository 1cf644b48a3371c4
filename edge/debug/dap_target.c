/*
 * dap_target.c - looking into what stands still: a flare's invocation, which debugger.h does, or the program
 * beside the flares (run NULL), whose agent is asked here. The functions do what debugger.h's of these names
 * do.
 */
#include <string.h>

#include "base/list.h"
#include "debug/answer.h"
#include "debug/dap_private.h"

bytes dap_next_field(bytes *left) { return inspect_field(left); }

/* The program, or NULL with a sentence. */
static const dap_program *target_program(const dap *d, text *error) {
  const dap_attached *to = d->options->attached;
  const dap_program *program = to != NULL ? to->site->program : NULL;
  if (program == NULL) text_add_string(error, "it is over");
  return program;
}

/* Asks the program's agent. */
static bool target_ask(dap *d, const char *request, const dap_argument *arguments, size_t count, text *answer,
                       text *error) {
  const dap_program *program = target_program(d, error);
  return program != NULL && program->ask(request, arguments, count, answer, error);
}

static dap_argument target_text(bytes b) { return (dap_argument){.kind = DAP_TEXT, .text = b}; }

static dap_argument target_integer(int64_t n) { return (dap_argument){.kind = DAP_INTEGER, .integer = n}; }

static const dap_argument target_thread = {.kind = DAP_THREAD};

uint32_t dap_run_id(const debugger_run *run) { return run != NULL ? debugger_run_id(run) : 0; }

bool dap_get_frames(dap *d, debugger_run *run, uint32_t thread, size_t start, size_t count,
                    debugger_frames *frames, text *error) {
  if (run != NULL) return debugger_get_frames(run, thread, start, count, frames, error);
  const dap_argument arguments[] = {target_thread, target_integer((int64_t)start),
                                    target_integer((int64_t)count)};
  text answer = {0};
  if (!target_ask(d, "frames", arguments, 3, &answer, error)) return false;
  answer_frames(text_bytes(&answer), frames);
  text_free(&answer);
  return true;
}

bool dap_get_scopes(dap *d, debugger_run *run, uint32_t thread, int level, debugger_scopes *scopes,
                    text *error) {
  if (run != NULL) return debugger_get_scopes(run, thread, level, scopes, error);
  const dap_argument arguments[] = {target_thread, target_integer(level)};
  text answer = {0};
  if (!target_ask(d, "scopes", arguments, 2, &answer, error)) return false;
  answer_scopes(text_bytes(&answer), scopes);
  text_free(&answer);
  return true;
}

bool dap_get_variables(dap *d, debugger_run *run, uint32_t reference, debugger_filter filter, size_t start,
                       size_t count, debugger_variables *variables, text *error) {
  static const char *const filters[] = {"all", "named", "indexed"};
  if (run != NULL) return debugger_get_variables(run, reference, filter, start, count, variables, error);
  const dap_argument arguments[] = {target_integer(reference), target_text(bytes_of(filters[filter])),
                                    target_integer((int64_t)start), target_integer((int64_t)count)};
  text answer = {0};
  if (!target_ask(d, "variables", arguments, 4, &answer, error)) return false;
  for (bytes left = text_bytes(&answer); left.size > 0; variables->count++) {
    LIST_ROOM(variables->items, variables->count);
    answer_variable(&left, &variables->items[variables->count]);
  }
  text_free(&answer);
  return true;
}

bool dap_set_value(dap *d, debugger_run *run, uint32_t reference, bytes name, bytes expression,
                   debugger_variable *now, text *error) {
  if (run != NULL) return debugger_set_variable(run, reference, name, expression, now, error);
  const dap_argument arguments[] = {target_integer(reference), target_text(name), target_text(expression)};
  text answer = {0};
  bool good = target_ask(d, "set", arguments, 3, &answer, error);
  bytes left = text_bytes(&answer);
  if (good) answer_variable(&left, now);
  text_free(&answer);
  return good;
}

bool dap_get_value(dap *d, const dap_frame *f, bytes code, debugger_evaluation how, debugger_variable *result,
                   size_t *more, text *error) {
  if (f->run != NULL)
    return debugger_evaluate(f->run, f->coroutine, f->level, code, how, 0, result, more, error);
  const dap_argument arguments[] = {target_thread,
                                    target_integer(f->level),
                                    target_text(code),
                                    {.kind = DAP_BOOLEAN, .integer = how == DEBUGGER_LOOK}};
  text answer = {0};
  if (!target_ask(d, "evaluate", arguments, 4, &answer, error)) return false;
  bytes left = text_bytes(&answer);
  int64_t count = inspect_number(&left);
  if (more != NULL) *more = count > 1 ? (size_t)count - 1 : 0;
  answer_variable(&left, result);
  text_free(&answer);
  return true;
}

bool dap_get_whole(dap *d, const dap_frame *f, bytes code, size_t most, text *whole) {
  text answer = {0}, ignored = {0};
  size_t size;
  bool good;
  if (f->run != NULL) {
    good = debugger_get_string(f->run, f->coroutine, f->level, code, 0, most, whole, &size, &ignored);
  } else {
    const dap_argument arguments[] = {target_thread, target_integer(f->level), target_text(code),
                                      target_integer(0), target_integer((int64_t)most)};
    good = target_ask(d, "string", arguments, 5, &answer, &ignored);
    bytes left = text_bytes(&answer);
    inspect_number(&left);
    if (good) answer_text(&left, whole);
  }
  text_free(&answer);
  text_free(&ignored);
  return good;
}

bool dap_get_names(dap *d, const dap_frame *f, bytes code, text *names, size_t *from, text *error) {
  if (f->run != NULL) return debugger_complete(f->run, f->coroutine, f->level, code, names, from, error);
  const dap_argument arguments[] = {target_thread, target_integer(f->level), target_text(code)};
  text answer = {0};
  if (!target_ask(d, "complete", arguments, 3, &answer, error)) return false;
  bytes left = text_bytes(&answer);
  *from = (size_t)inspect_number(&left);
  while (left.size > 0) {
    answer_text(&left, names);
    text_add(names, "", 1);
  }
  text_free(&answer);
  return true;
}
