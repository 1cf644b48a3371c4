/*
 * answer.c - see answer.h.
 */
#include "debug/answer.h"

#include "base/list.h"
#include "debug/inspect.h"

void answer_text(bytes *left, text *to) {
  bytes field = inspect_field(left);
  text_add(to, field.data, field.size);
}

static const char *answer_type(bytes name) {
  static const char *const types[] = {"nil",   "boolean",  "integer", "float",   "string",
                                      "table", "function", "thread",  "userdata"};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (bytes_are(name, types[i])) return types[i];
  }
  return "nil";
}

void answer_variable(bytes *left, debugger_variable *v) {
  *v = (debugger_variable){0};
  answer_text(left, &v->name);
  answer_text(left, &v->value);
  v->type = answer_type(inspect_field(left));
  v->reference = (uint32_t)inspect_number(left);
  v->indexed = (size_t)inspect_number(left);
  v->named = (size_t)inspect_number(left);
  answer_text(left, &v->expression);
  answer_text(left, &v->place);
  v->constant = inspect_number(left) != 0;
}

void answer_frames(bytes left, debugger_frames *frames) {
  frames->total = (size_t)inspect_number(&left);
  while (left.size > 0) {
    LIST_ROOM(frames->items, frames->count);
    debugger_frame *f = &frames->items[frames->count++];
    *f = (debugger_frame){.level = (int)inspect_number(&left)};
    answer_text(&left, &f->name);
    answer_text(&left, &f->place.source);
    f->place.line = (int)inspect_number(&left);
    f->defined_from = (int)inspect_number(&left);
    f->defined_to = (int)inspect_number(&left);
    f->lua = inspect_number(&left) != 0;
    f->tail = inspect_number(&left) != 0;
  }
}

void answer_scopes(bytes left, debugger_scopes *scopes) {
  scopes->locals = (uint32_t)inspect_number(&left);
  scopes->local_count = (size_t)inspect_number(&left);
  scopes->varargs = (uint32_t)inspect_number(&left);
  scopes->vararg_count = (size_t)inspect_number(&left);
  scopes->upvalues = (uint32_t)inspect_number(&left);
  scopes->upvalue_count = (size_t)inspect_number(&left);
  scopes->globals = (uint32_t)inspect_number(&left);
  scopes->global_count = (size_t)inspect_number(&left);
}
