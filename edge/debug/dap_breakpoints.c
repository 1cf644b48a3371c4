/*
 * dap_breakpoints.c - where an invocation is to stop: lines, functions, errors, writes; and where `goto` can
 * go to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "debug/dap_private.h"

/* ---- what became of them ---- */

/* The Breakpoint of a line of `source` (NULL: of something else). */
static json_t *breakpoints_describe(const dap *d, const debugger_verified *v, json_t *source) {
  json_t *point = json_pack("{s:i, s:b}", "id", v->id, "verified", v->verified);
  text message = {0};
  if (v->verified && v->line > 0) json_object_set_new(point, "line", json_integer(v->line - d->lines_from_0));
  if (source != NULL) json_object_set(point, "source", source);
  text_add(&message, text_string(&v->message), v->message.size);
  if (!v->verified && v->line > 0)
    text_printf(&message, "%sthe nearest line with code is %d", message.size != 0 ? "; " : "", v->line);
  if (message.size != 0) json_object_set_new(point, "message", dap_string(text_bytes(&message)));
  if (!v->verified) json_object_set_new(point, "reason", json_string("failed"));
  text_free(&message);
  return point;
}

static json_t *breakpoints_list(const dap *d, const debugger_verified *verified, size_t count,
                                json_t *source) {
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(list, breakpoints_describe(d, &verified[i], source));
  return list;
}

/* The list that a request must have; NULL after a sentence. */
static const json_t *breakpoints_get_list(const json_t *arguments, const char *name, text *error) {
  const json_t *list = json_object_get(arguments, name);
  if (json_is_array(list)) return list;
  text_printf(error, "it needs a list '%s'", name);
  return NULL;
}

/* ---- lines ---- */

/* Sets the breakpoints of a file in the program beside the flares, too: those that it has are verified. */
static void breakpoints_set_program(dap *d, const char *name, const debugger_breakpoint *points, size_t count,
                                    debugger_verified *verified) {
  const dap_attached *to = d->options->attached;
  if (to == NULL || to->site->program == NULL) return;
  debugger_verified *other = memory_get((count + 1) * sizeof *other);
  to->site->program->set_lines(name, points, count, other);
  for (size_t i = 0; i < count; i++) {
    if (verified[i].verified || (!other[i].verified && other[i].line == 0)) continue;
    debugger_verified unused = verified[i];
    verified[i] = other[i];
    other[i] = unused;
  }
  debugger_verified_free(other, count);
  free(other);
}

/* Sets the breakpoints of a file, with ids from `first` on; a list of what became of them. */
static json_t *breakpoints_set_lines(dap *d, const char *name, const json_t *list, int first) {
  size_t count = json_array_size(list), i;
  debugger_breakpoint *points = memory_get((count + 1) * sizeof *points);
  debugger_verified *verified = memory_get((count + 1) * sizeof *verified);
  json_t *item, *source = dap_source_of(d, name);
  json_array_foreach(list, i, item) {
    points[i] = (debugger_breakpoint){.id = first + (int)i,
                                      .source = name,
                                      .line = dap_get_number(item, "line", 0) + d->lines_from_0,
                                      .condition = dap_get_string(item, "condition"),
                                      .hit_condition = dap_get_string(item, "hitCondition"),
                                      .log_message = dap_get_string(item, "logMessage")};
  }
  debugger_set_lines(d->debugger, d->code, name, points, count, verified);
  breakpoints_set_program(d, name, points, count, verified);
  json_t *answer = breakpoints_list(d, verified, count, source);
  debugger_verified_free(verified, count);
  json_decref(source);
  free(verified);
  free(points);
  return answer;
}

bool dap_set_breakpoints(dap *d, const json_t *arguments, json_t **body, text *error) {
  char *name = dap_source_name(d, json_object_get(arguments, "source"));
  json_t *list = json_object_get(arguments, "breakpoints");
  if (name == NULL) {
    text_add_string(error, "setBreakpoints needs a 'source' with a path");
    return false;
  }
  if (!json_is_array(list))
    list = json_array();
  else
    json_incref(list);
  int first = d->last_point + 1;
  d->last_point += (int)json_array_size(list);
  json_object_set_new(d->points, name, json_pack("{s:O, s:i}", "list", list, "first", first));
  *body = json_pack("{s:o}", "breakpoints", breakpoints_set_lines(d, name, list, first));
  json_decref(list);
  free(name);
  return true;
}

bool dap_breakpoint_locations(dap *d, const json_t *arguments, json_t **body, text *error) {
  char *name = dap_source_name(d, json_object_get(arguments, "source"));
  int *lines = NULL;
  if (name == NULL) {
    text_add_string(error, "breakpointLocations needs a 'source' with a path");
    return false;
  }
  int from = dap_get_number(arguments, "line", 0), to = dap_get_number(arguments, "endLine", from);
  size_t count = debugger_lines(d->code, d->map, name, &lines);
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) {
    int line = lines[i] - d->lines_from_0;
    if (line >= from && line <= to) json_array_append_new(list, json_pack("{s:i}", "line", line));
  }
  *body = json_pack("{s:o}", "breakpoints", list);
  free(lines);
  free(name);
  return true;
}

/* ---- functions ---- */

static json_t *breakpoints_set_functions(dap *d, const json_t *list, int first) {
  size_t count = json_array_size(list), i;
  debugger_breakpoint *points = memory_get((count + 1) * sizeof *points);
  debugger_verified *verified = memory_get((count + 1) * sizeof *verified);
  json_t *item;
  json_array_foreach(list, i, item) {
    const char *name = dap_get_string(item, "name");
    points[i] = (debugger_breakpoint){.id = first + (int)i,
                                      .function = name != NULL ? name : "",
                                      .condition = dap_get_string(item, "condition"),
                                      .hit_condition = dap_get_string(item, "hitCondition")};
  }
  debugger_set_functions(d->debugger, points, count, verified);
  json_t *answer = breakpoints_list(d, verified, count, NULL);
  debugger_verified_free(verified, count);
  free(verified);
  free(points);
  return answer;
}

bool dap_set_functions(dap *d, const json_t *arguments, json_t **body, text *error) {
  const json_t *list = breakpoints_get_list(arguments, "breakpoints", error);
  if (list == NULL) return false;
  json_decref(d->functions);
  d->functions = json_deep_copy(list);
  d->first_function = d->last_point + 1;
  d->last_point += (int)json_array_size(list);
  *body = json_pack("{s:o}", "breakpoints", breakpoints_set_functions(d, list, d->first_function));
  return true;
}

/* ---- errors ---- */

/* Adds one filter with its condition (NULL: none) to what stops. False: there is no such filter. */
static bool breakpoints_add_filter(const char *filter, const char *condition, debugger_exceptions *e) {
  bool all = filter != NULL && strcmp(filter, "all") == 0;
  if (filter == NULL || (!all && strcmp(filter, "uncaught") != 0)) return false;
  if (condition != NULL && *condition == '\0') condition = NULL;
  if (all) {
    e->all = true;
    e->all_filter = condition;
  } else {
    e->uncaught = true;
    e->uncaught_filter = condition;
  }
  return true;
}

bool dap_set_exceptions(dap *d, const json_t *arguments, json_t **body, text *error) {
  debugger_exceptions e = {0};
  size_t i;
  json_t *item, *list = json_array();
  (void)error;
  *body = json_pack("{s:o}", "breakpoints", list);
  json_array_foreach(json_object_get(arguments, "filters"), i, item) {
    bool known = breakpoints_add_filter(json_string_value(item), NULL, &e);
    json_array_append_new(list, json_pack("{s:b}", "verified", known));
  }
  json_array_foreach(json_object_get(arguments, "filterOptions"), i, item) {
    bool known =
        breakpoints_add_filter(dap_get_string(item, "filterId"), dap_get_string(item, "condition"), &e);
    json_array_append_new(list, json_pack("{s:b}", "verified", known));
  }
  debugger_set_exceptions(d->debugger, &e);
  json_t *kept = json_deep_copy(arguments);
  json_decref(d->exceptions);
  d->exceptions = kept;
  return true;
}

/* ---- writes ---- */

/* Finds what is watched by a name in one of the scopes of a frame. */
static bool breakpoints_find_local(const dap_frame *f, const char *name, text *key, text *description) {
  debugger_scopes s = {0};
  text ignored = {0};
  bool found = false;
  if (debugger_get_scopes(f->run, f->coroutine, f->level, &s, &ignored)) {
    const uint32_t references[] = {s.locals, s.upvalues, s.globals};
    for (size_t i = 0; !found && i < sizeof references / sizeof *references; i++)
      found = references[i] != 0 &&
              debugger_data_key(f->run, references[i], bytes_of(name), key, description, &ignored);
  }
  text_free(&ignored);
  return found;
}

/* Finds what is watched by an expression such as "cart.total": a field of what is before it. */
static bool breakpoints_find_field(const dap_frame *f, const char *expression, text *key, text *description,
                                   text *error) {
  const char *dot = strrchr(expression, '.');
  debugger_variable owner = {0};
  bytes before = {(const uint8_t *)expression, dot != NULL ? (size_t)(dot - expression) : 0};
  bool good =
      dot != NULL &&
      debugger_evaluate(f->run, f->coroutine, f->level, before, DEBUGGER_LOOK, 0, &owner, NULL, error) &&
      owner.reference != 0 &&
      debugger_data_key(f->run, owner.reference, bytes_of(dot + 1), key, description, error);
  if (!good && error->size == 0)
    text_printf(error, "%s is no variable or field that can be watched", expression);
  debugger_variable_free(&owner);
  return good;
}

static bool breakpoints_refuse_program(text *error) {
  text_add_string(error, "only what is in a flare can be watched: this is native Lua");
  return false;
}

/* Finds what is watched: a variable of those with a number, or an expression in a frame. */
static bool breakpoints_find_data(dap *d, const json_t *arguments, const char *name, debugger_run **run,
                                  text *key, text *description, text *error) {
  dap_frame f;
  if (dap_get_number(arguments, "variablesReference", 0) > 0) {
    const dap_reference *r = dap_find_reference(d, arguments, error);
    if (r == NULL) return false;
    *run = r->run;
    if (r->run != NULL)
      return debugger_data_key(r->run, r->reference, bytes_of(name), key, description, error);
    return breakpoints_refuse_program(error);
  }
  if (!dap_get_frame(d, arguments, &f, error)) return false;
  *run = f.run;
  if (f.run == NULL) return breakpoints_refuse_program(error);
  return breakpoints_find_local(&f, name, key, description) ||
         breakpoints_find_field(&f, name, key, description, error);
}

bool dap_data_info(dap *d, const json_t *arguments, json_t **body, text *error) {
  const char *name = dap_get_string(arguments, "name");
  text key = {0}, description = {0}, why = {0}, id = {0};
  debugger_run *run = NULL;
  if (name == NULL) {
    text_add_string(error, "dataBreakpointInfo needs a 'name'");
    return false;
  }
  bool good = breakpoints_find_data(d, arguments, name, &run, &key, &description, &why);
  if (good) text_printf(&id, "%u/%s", debugger_run_id(run), text_string(&key));
  *body = json_pack("{s:o, s:o, s:[s], s:b}", "dataId", good ? dap_string(text_bytes(&id)) : json_null(),
                    "description", dap_string(text_bytes(good ? &description : &why)), "accessTypes", "write",
                    "canPersist", false);
  text_free(&key);
  text_free(&description);
  text_free(&why);
  text_free(&id);
  return true;
}

/* Sets those of the watched data of a request that are of one run; notes what became of each. */
static void breakpoints_set_data(dap *d, debugger_run *run, const json_t *list, int first, json_t **became) {
  size_t count = json_array_size(list), mine = 0, i;
  debugger_breakpoint *points = memory_get((count + 1) * sizeof *points);
  debugger_verified *verified = memory_get((count + 1) * sizeof *verified);
  const char **keys = memory_get((count + 1) * sizeof *keys);
  json_t *item;
  text prefix = {0};
  text_printf(&prefix, "%u/", debugger_run_id(run));
  json_array_foreach(list, i, item) {
    const char *id = dap_get_string(item, "dataId");
    if (id == NULL || strncmp(id, prefix.data, prefix.size) != 0) continue;
    keys[mine] = id + prefix.size;
    points[mine++] = (debugger_breakpoint){.id = first + (int)i,
                                           .condition = dap_get_string(item, "condition"),
                                           .hit_condition = dap_get_string(item, "hitCondition")};
  }
  debugger_set_data(run, keys, points, mine, verified);
  for (i = 0; i < mine; i++) became[verified[i].id - first] = breakpoints_describe(d, &verified[i], NULL);
  debugger_verified_free(verified, mine);
  text_free(&prefix);
  free(keys);
  free(verified);
  free(points);
}

bool dap_set_data(dap *d, const json_t *arguments, json_t **body, text *error) {
  const json_t *list = breakpoints_get_list(arguments, "breakpoints", error);
  if (list == NULL) return false;
  size_t count = json_array_size(list);
  int first = d->last_point + 1;
  d->last_point += (int)count;
  json_t **became = memory_get((count + 1) * sizeof *became), *answer = json_array();
  for (size_t i = 0; i < d->run_count; i++) {
    if (d->runs[i].run != NULL) breakpoints_set_data(d, d->runs[i].run, list, first, became);
  }
  for (size_t i = 0; i < count; i++) {
    if (became[i] == NULL)
      became[i] = json_pack("{s:i, s:b, s:s}", "id", first + (int)i, "verified", false, "message",
                            "its invocation is over");
    json_array_append_new(answer, became[i]);
  }
  *body = json_pack("{s:o}", "breakpoints", answer);
  free(became);
  return true;
}

/* ---- again ---- */

void dap_set_again(dap *d) {
  const char *name;
  json_t *item, *point, *body = NULL;
  text ignored = {0};
  json_object_foreach(d->points, name, item) {
    json_t *became =
        breakpoints_set_lines(d, name, json_object_get(item, "list"), dap_get_number(item, "first", 0));
    size_t i;
    json_array_foreach(became, i, point)
        dap_send_event(d, "breakpoint", json_pack("{s:s, s:O}", "reason", "changed", "breakpoint", point));
    json_decref(became);
  }
  if (d->functions != NULL) json_decref(breakpoints_set_functions(d, d->functions, d->first_function));
  if (d->exceptions != NULL) {
    json_t *exceptions = json_incref(d->exceptions);
    dap_set_exceptions(d, exceptions, &body, &ignored);
    json_decref(exceptions);
  }
  json_decref(body);
  text_free(&ignored);
}

/* ---- goto ---- */

static json_t *breakpoints_add_target(dap *d, const char *name, int line, bool backwards) {
  char label[64];
  snprintf(label, sizeof label, "the %s time that line %d runs", backwards ? "last" : "next", line);
  LIST_ROOM(d->targets, d->target_count);
  d->targets[d->target_count++] = (dap_target){memory_copy(bytes_of(name)), line, backwards};
  return json_pack("{s:I, s:s, s:i}", "id", (json_int_t)d->target_count, "label", label, "line",
                   line - d->lines_from_0);
}

bool dap_goto_targets(dap *d, const json_t *arguments, json_t **body, text *error) {
  char *name = dap_source_name(d, json_object_get(arguments, "source"));
  int *lines = NULL, line = dap_get_number(arguments, "line", 0) + d->lines_from_0;
  if (name == NULL) {
    text_add_string(error, "gotoTargets needs a 'source' with a path");
    return false;
  }
  size_t count = debugger_lines(d->code, d->map, name, &lines);
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) {
    if (lines[i] != line) continue;
    json_array_append_new(list, breakpoints_add_target(d, name, line, false));
    json_array_append_new(list, breakpoints_add_target(d, name, line, true));
  }
  *body = json_pack("{s:o}", "targets", list);
  free(lines);
  free(name);
  return true;
}
