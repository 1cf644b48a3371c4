/*
 * debugger_test.c - the debugger's core (edge/debug/debugger.h): what stops, what is seen, forwards and
 * backwards. The protocol's server is tested by tests/tool/debug_spec.lua.
 *
 * A test is a script, what is set, and a list of moves with what is seen after each. Ends with "N passed, N
 * failed".
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/debugger.h"
#include "pack/pack.h"

static int passed, failed;

/* A move and the place and reason of the stop that it leads to, such as "step main.lua:3"; then what is asked
 * for there. */
typedef struct move {
  debugger_move move;
  const char *stop;
  const char *(*look)(debugger_run *run); /* NULL = nothing; the answer is NULL if all is well */
} move;

typedef struct test {
  const char *name;
  const move *moves; /* the first one's move is not made; ends with a stop that is NULL */
  size_t at;
  debugger_run *run;
  text log;
} test;

static const char *const reasons[] = {"entry",     "step",  "breakpoint", "function", "data",
                                      "exception", "pause", "goto",       "end"};

static void report(const char *name, size_t at, const char *expected, const char *got) {
  failed++;
  printf("failed: %s, stop %zu: expected %s, got %s\n", name, at, expected, got);
}

static void check(const char *name, bool good) {
  if (good) {
    passed++;
  } else {
    report(name, 0, "true", "false");
  }
}

/* "REASON FILE:LINE", with the line that wrote or the message after it. */
static void describe(debugger_run *run, const debugger_stop *stop, text *to) {
  debugger_frames frames;
  text error = {0};
  text_add_string(to, reasons[stop->reason]);
  if (debugger_get_frames(run, 0, 0, 10, &frames, &error) && frames.count != 0) {
    size_t i = 0;
    while (i + 1 < frames.count && !frames.items[i].lua) i++;
    text_printf(to, " %s:%d", text_string(&frames.items[i].place.source), frames.items[i].place.line);
  } else if (stop->reason != DEBUGGER_END) {
    text_printf(to, " (%s)", text_string(&error));
  }
  if (stop->reason == DEBUGGER_DATA) text_printf(to, " wrote %d", stop->wrote.line);
  if (stop->reason == DEBUGGER_EXCEPTION)
    text_printf(to, " %s%s", text_string(&stop->description), stop->uncaught ? " (uncaught)" : "");
  if (stop->departure.size != 0) text_printf(to, " DEPARTED: %s", text_string(&stop->departure));
  debugger_frames_free(&frames);
  text_free(&error);
}

static debugger_move stopped(void *data, debugger_run *run, const debugger_stop *stop) {
  test *t = data;
  const move *m = &t->moves[t->at];
  text got = {0};
  describe(run, stop, &got);
  if (m->stop == NULL) {
    report(t->name, t->at, "no stop", text_string(&got));
    text_free(&got);
    return DEBUGGER_TERMINATE;
  }
  if (strcmp(m->stop, text_string(&got)) == 0) {
    passed++;
  } else {
    report(t->name, t->at, m->stop, text_string(&got));
    text_free(&got);
    t->at++;
    return DEBUGGER_TERMINATE;
  }
  text_free(&got);
  if (m->look != NULL) {
    const char *fault = m->look(run);
    if (fault == NULL) {
      passed++;
    } else {
      report(t->name, t->at, "all well", fault);
    }
  }
  t->at++;
  return t->moves[t->at].move;
}

static void output(void *data, const debugger_output *o) {
  test *t = data;
  text_add(&t->log, o->line.data, o->line.size);
  text_add_string(&t->log, "\n");
}

static int traced_lines;

static void traced(void *data, debugger_run *run, uint64_t event, uint32_t thread, int depth,
                   const debugger_place *place) {
  (void)data, (void)run, (void)depth;
  traced_lines += event == (uint64_t)traced_lines + 1 && thread == DEBUGGER_MAIN && place->line > 0;
}

static int read_main(void *data, const char *path, text *out) {
  if (strcmp(path, "main.lua") != 0) return 2;
  text_add_string(out, data);
  return 0;
}

/* What is set: breakpoints of lines and functions, errors. */
typedef struct sets {
  debugger_breakpoint list[4];
  size_t count;
  debugger_breakpoint functions[2];
  size_t function_count;
  debugger_exceptions exceptions;
  bool entry, end, strip;
} sets;

static void run(const char *name, const char *source, const sets *s, const move *moves, const char *body,
                const char *log) {
  modules_source files = {read_main, (void *)source, NULL};
  text wasm = {0}, error = {0}, map = {0};
  pack_options options = {.strip = s->strip, .map = s->strip ? &map : NULL};
  flare f = {0};
  if (!pack_project(&files, NULL, &options, &wasm, &error) || !flare_read(&f, &wasm, &error)) {
    report(name, 0, "a flare", text_string(&error));
    return;
  }
  test t = {.name = name, .moves = moves};
  linemap *lines = s->strip ? linemap_read(text_bytes(&map), &error) : NULL;
  debugger_config config = {.listener = {.data = &t, .stopped = stopped, .output = output, .traced = traced},
                            .lines = true,
                            .stop_on_entry = s->entry,
                            .stop_at_end = s->end,
                            .map = lines};
  debugger *d = debugger_new(&config);
  debugger_verified verified[4] = {{0}};
  if (s->count != 0) debugger_set_lines(d, &f, "main.lua", s->list, s->count, verified);
  for (size_t i = 0; i < s->count; i++) {
    if (!verified[i].verified) report(name, 0, "a verified breakpoint", text_string(&verified[i].message));
  }
  debugger_verified_free(verified, 4);
  if (s->function_count != 0) debugger_set_functions(d, s->functions, s->function_count, verified);
  debugger_set_exceptions(d, &s->exceptions);
  edge e = {.flare = &f, .host = {.config = host_config_default()}};
  host_request request = {0};
  edge_result result = {0};
  text_add_string(&request.method, "GET");
  text_add_string(&request.url, "http://localhost/?name=Ada");
  if (!debugger_attach(d, &e, &error) || !edge_invoke(&e, FLARE_HANDLE_REQUEST, &request, &result, &error))
    report(name, 0, "an invocation", text_string(&error));
  if (moves[t.at].stop != NULL) report(name, t.at, moves[t.at].stop, "the end");
  const char *got = text_string(&e.host.response.body);
  if (body != NULL && strcmp(got, body) != 0) report(name, t.at, body, got);
  if (body != NULL && strcmp(got, body) == 0) passed++;
  if (log != NULL && strcmp(text_string(&t.log), log) != 0) report(name, t.at, log, text_string(&t.log));
  if (log != NULL && strcmp(text_string(&t.log), log) == 0) passed++;
  edge_close(&e);
  debugger_free(d);
  linemap_free(lines);
  flare_free(&f);
  host_request_free(&request);
  text_free(&error);
  text_free(&map);
  text_free(&t.log);
}

/* ---- what is asked for at stops ---- */

static char fault[1000];

/* NULL if an expression has this value. */
static const char *value_is(debugger_run *run, int level, const char *code, const char *value) {
  debugger_variable v = {0};
  text error = {0};
  bool good = debugger_evaluate(run, 0, level, bytes_of(code), DEBUGGER_LOOK, 0, &v, NULL, &error);
  snprintf(fault, sizeof fault, "%s is %s", code, good ? text_string(&v.value) : text_string(&error));
  bool same = strcmp(good ? text_string(&v.value) : text_string(&error), value) == 0;
  debugger_variable_free(&v);
  text_free(&error);
  return same ? NULL : fault;
}

/* Watches a local of the innermost frame. */
static const char *watch(debugger_run *run, const char *name) {
  debugger_scopes scopes;
  text error = {0}, key = {0}, shown = {0};
  debugger_verified verified = {0};
  debugger_breakpoint b = {.id = 7};
  const char *answer = NULL;
  if (!debugger_get_scopes(run, 0, 0, &scopes, &error) ||
      !debugger_data_key(run, scopes.locals, bytes_of(name), &key, &shown, &error)) {
    snprintf(fault, sizeof fault, "%s", text_string(&error));
    answer = fault;
  } else {
    const char *keys[] = {text_string(&key)};
    debugger_set_data(run, keys, &b, 1, &verified);
    if (!verified.verified) answer = "not verified";
  }
  debugger_verified_free(&verified, 1);
  text_free(&error);
  text_free(&key);
  text_free(&shown);
  return answer;
}

static const char cart[] =
    "local flaron = require 'flaron'\n"                /* 1 */
    "local function add(cart, price)\n"                /* 2 */
    "  cart.total = cart.total + price\n"              /* 3 */
    "  return cart.total\n"                            /* 4 */
    "end\n"                                            /* 5 */
    "return function()\n"                              /* 6 */
    "  local cart, sum = { total = 0, 'a', 'b' }, 0\n" /* 7 */
    "  flaron.logging.info('begins')\n"                /* 8 */
    "  for i = 1, 3 do\n"                              /* 9 */
    "    sum = sum + add(cart, i)\n"                   /* 10 */
    "  end\n"                                          /* 11 */
    "  flaron.logging.info('ends')\n"                  /* 12 */
    "  return { body = cart.total .. ' ' .. sum }\n"   /* 13 */
    "end\n";

static const char *look_at_cart(debugger_run *run) {
  const char *answer = NULL;
  if (answer == NULL) answer = value_is(run, 0, "price", "1");
  if (answer == NULL) answer = value_is(run, 0, "cart.total", "0");
  if (answer == NULL) answer = value_is(run, 1, "sum + i", "1");
  if (answer == NULL) answer = value_is(run, 0, "cart", "{\"a\", \"b\", total = 0}");
  if (answer == NULL) answer = value_is(run, 0, "(function() cart.total = 99 return cart.total end)()", "99");
  if (answer == NULL) answer = value_is(run, 0, "cart.total", "0");
  if (answer == NULL)
    answer =
        value_is(run, 0, "nothing.there", "(debugger):1: attempt to index a nil value (global 'nothing')");
  return answer;
}

static const char *look_at_variables(debugger_run *run) {
  debugger_scopes scopes;
  debugger_variables locals, fields;
  text error = {0};
  static char all[1000];
  int used = 0;
  if (!debugger_get_scopes(run, 0, 1, &scopes, &error)) return text_string(&error);
  if (!debugger_get_variables(run, scopes.locals, DEBUGGER_ALL, 0, 0, &locals, &error))
    return text_string(&error);
  for (size_t i = 0; i < locals.count; i++) {
    debugger_variable *v = &locals.items[i];
    used += snprintf(all + used, sizeof all - (size_t)used, "%s=%s:%s;", text_string(&v->name),
                     text_string(&v->value), v->type);
    if (v->reference == 0) continue;
    if (!debugger_get_variables(run, v->reference, DEBUGGER_NAMED, 0, 0, &fields, &error))
      return text_string(&error);
    for (size_t n = 0; n < fields.count; n++)
      used += snprintf(all + used, sizeof all - (size_t)used, ".%s=%s;",
                       text_string(&fields.items[n].expression), text_string(&fields.items[n].value));
    debugger_variables_free(&fields);
  }
  debugger_variables_free(&locals);
  const char *expected = "cart={\"a\", \"b\", total = 0}:table;.cart.total=0;sum=0:integer;i=1:integer;";
  return strcmp(all, expected) == 0 ? NULL : all;
}

static void test_forwards(void) {
  static const move steps[] = {{DEBUGGER_CONTINUE, "entry main.lua:7", NULL},
                               {DEBUGGER_OVER, "step main.lua:8", NULL},
                               {DEBUGGER_OVER, "step main.lua:9", NULL},
                               {DEBUGGER_OVER, "step main.lua:10", NULL},
                               {DEBUGGER_IN, "step main.lua:3", look_at_cart},
                               {DEBUGGER_OUT, "step main.lua:9", NULL},
                               {DEBUGGER_OVER, "step main.lua:10", NULL},
                               {DEBUGGER_OVER, "step main.lua:9", NULL},
                               {DEBUGGER_CONTINUE, NULL, NULL}};
  run("steps", cart, &(sets){.entry = true}, steps, "6 10", "begins\nends\n");
  static const move lines[] = {{DEBUGGER_CONTINUE, "breakpoint main.lua:3", look_at_variables},
                               {DEBUGGER_CONTINUE, "breakpoint main.lua:3", NULL},
                               {DEBUGGER_CONTINUE, "breakpoint main.lua:3", NULL},
                               {DEBUGGER_CONTINUE, NULL, NULL}};
  run("a breakpoint", cart, &(sets){.list = {{.id = 1, .line = 3}}, .count = 1}, lines, "6 10", NULL);
  run("a breakpoint of a stripped flare", cart,
      &(sets){.list = {{.id = 1, .line = 3}}, .count = 1, .strip = true},
      (move[]){{DEBUGGER_CONTINUE, "breakpoint main.lua:3", NULL},
               {DEBUGGER_OVER, "step main.lua:4", NULL},
               {DEBUGGER_OVER, "step main.lua:9", NULL},
               {DEBUGGER_DETACH, NULL, NULL}},
      "6 10", NULL);
  static const move one[] = {{DEBUGGER_CONTINUE, "breakpoint main.lua:3", NULL},
                             {DEBUGGER_CONTINUE, NULL, NULL}};
  run("a condition", cart, &(sets){.list = {{.id = 1, .line = 3, .condition = "price == 2"}}, .count = 1},
      one, "6 10", NULL);
  run("a hit condition", cart, &(sets){.list = {{.id = 1, .line = 3, .hit_condition = "==3"}}, .count = 1},
      one, "6 10", NULL);
  run("a log message", cart,
      &(sets){.list = {{.id = 1, .line = 3, .log_message = "{price} to {cart.total}"}}, .count = 1},
      (move[]){{DEBUGGER_CONTINUE, NULL, NULL}}, "6 10", "begins\n1 to 0\n2 to 1\n3 to 3\nends\n");
  static const move function[] = {{DEBUGGER_CONTINUE, "function main.lua:3", NULL},
                                  {DEBUGGER_CONTINUE, "function main.lua:3", NULL},
                                  {DEBUGGER_DETACH, NULL, NULL}};
  run("a function", cart, &(sets){.functions = {{.id = 1, .function = "add"}}, .function_count = 1}, function,
      "6 10", NULL);
  run("a function by its place", cart,
      &(sets){.functions = {{.id = 1, .function = "main.lua:2"}}, .function_count = 1}, function, "6 10",
      NULL);
}

/* Conditions that both evaluators know, and such as only the agent does: they hold in line 3 with price 2. */
static void test_conditions(void) {
  static const char *const hold[] = {"price == 2",
                                     "price == 2.0",
                                     "price ~= 1 and price < 3",
                                     "cart.total == 1 and cart.nothing == nil",
                                     "price == 9 or price >= 2 and price <= 2",
                                     "(price == 2)",
                                     "flaron == nil and price == 2",
                                     "cart[1] == 'a' and price == 2",
                                     "type(price) == 'number' and price == 2",
                                     "price == 2 and 'a' < \"b\""};
  static const move one[] = {{DEBUGGER_CONTINUE, "breakpoint main.lua:3", NULL},
                             {DEBUGGER_CONTINUE, NULL, NULL}};
  for (size_t i = 0; i < sizeof hold / sizeof *hold; i++)
    run(hold[i], cart, &(sets){.list = {{.id = 1, .line = 3, .condition = hold[i]}}, .count = 1}, one, "6 10",
        NULL);
  static const move none[] = {{DEBUGGER_CONTINUE, NULL, NULL}};
  static const char *const fail[] = {"price == '2'", "nothing", "price > 3 or false", "cart == price"};
  for (size_t i = 0; i < sizeof fail / sizeof *fail; i++)
    run(fail[i], cart, &(sets){.list = {{.id = 1, .line = 3, .condition = fail[i]}}, .count = 1}, none,
        "6 10", NULL);
  run("a condition that fails", cart,
      &(sets){.list = {{.id = 1, .line = 3, .condition = "price < 'a'"}}, .count = 1},
      (move[]){{DEBUGGER_CONTINUE, "breakpoint main.lua:3", NULL}, {DEBUGGER_DETACH, NULL, NULL}}, "6 10",
      NULL);
}

static const char *look_at_overflow(debugger_run *run) {
  debugger_frames frames;
  text error = {0};
  bool good =
      debugger_get_frames(run, 0, 0, 0, &frames, &error) && frames.count == 1000 && frames.total > 10000;
  snprintf(fault, sizeof fault, "%s %zu %zu", text_string(&error), frames.count, frames.total);
  debugger_frames_free(&frames);
  return good ? value_is(run, 0, "n > 10000", "true") : fault;
}

static const char *look_at_threads(debugger_run *run) {
  debugger_threads threads;
  text error = {0};
  bool good = debugger_get_threads(run, &threads, &error) && threads.count == 3 && threads.items[0].running &&
              threads.items[1].waiting && threads.items[1].id == DEBUGGER_MAIN && !threads.items[2].running;
  debugger_frames frames = {0}, outer = {0};
  good = good && debugger_get_frames(run, threads.items[2].id, 0, 0, &frames, &error) && frames.count == 2 &&
         frames.items[1].place.line == 2 && debugger_get_frames(run, DEBUGGER_MAIN, 0, 0, &outer, &error) &&
         outer.items[outer.count - 1].place.line == 7;
  snprintf(fault, sizeof fault, "%s %zu threads", text_string(&error), threads.count);
  debugger_threads_free(&threads);
  debugger_frames_free(&frames);
  debugger_frames_free(&outer);
  return good ? NULL : fault;
}

static void test_stacks(void) {
  run("a stack that is full", "local function f(n) return 1 + f(n + 1) end\nreturn function() f(1) end\n",
      &(sets){.exceptions = {.uncaught = true}},
      (move[]){
          {DEBUGGER_CONTINUE, "exception main.lua:1 main.lua:1: stack overflow (uncaught)", look_at_overflow},
          {DEBUGGER_DETACH, NULL, NULL}},
      NULL, NULL);
  run("threads",
      "return function()\n"
      "  local waiting = coroutine.create(function() coroutine.yield() end)\n"
      "  coroutine.resume(waiting)\n"
      "  local running = coroutine.wrap(function()\n"
      "    return 1\n"
      "  end)\n"
      "  return { body = running() .. coroutine.status(waiting) }\n"
      "end\n",
      &(sets){.list = {{.id = 1, .line = 5}}, .count = 1},
      (move[]){{DEBUGGER_CONTINUE, "breakpoint main.lua:5", look_at_threads}, {DEBUGGER_DETACH, NULL, NULL}},
      "1suspended", NULL);
}

static const char *watch_total(debugger_run *run) {
  debugger_scopes scopes;
  debugger_variables locals;
  text error = {0}, key = {0}, shown = {0};
  debugger_verified verified = {0};
  debugger_breakpoint b = {.id = 7};
  if (!debugger_get_scopes(run, 0, 0, &scopes, &error)) return text_string(&error);
  if (!debugger_get_variables(run, scopes.locals, DEBUGGER_ALL, 0, 0, &locals, &error))
    return text_string(&error);
  uint32_t reference = locals.items[0].reference;
  debugger_variables_free(&locals);
  if (!debugger_data_key(run, reference, bytes_of("total"), &key, &shown, &error)) return text_string(&error);
  const char *keys[] = {text_string(&key)};
  debugger_set_data(run, keys, &b, 1, &verified);
  text_free(&key);
  text_free(&shown);
  return verified.verified ? NULL : "not verified";
}

static const char *watch_sum(debugger_run *run) { return watch(run, "sum"); }

static const char *again(debugger_run *run) {
  text error = {0};
  bool good = debugger_go_frame(run, 0, 1, &error);
  snprintf(fault, sizeof fault, "%s", text_string(&error));
  text_free(&error);
  return good ? NULL : fault;
}

static const char *trace(debugger_run *run) {
  text error = {0};
  bool good = debugger_trace(run, 3, &error);
  text_free(&error);
  return good ? NULL : "no trace";
}

static const char *go_to_10(debugger_run *run) {
  text error = {0};
  bool good =
      traced_lines > 10 && (uint64_t)traced_lines == debugger_last_event(run) && debugger_go(run, 10, &error);
  text_free(&error);
  return good ? NULL : "cannot go";
}

static void test_journeys(void) {
  run("restart of a frame", cart, &(sets){.list = {{.id = 1, .line = 4, .hit_condition = "3"}}, .count = 1},
      (move[]){{DEBUGGER_CONTINUE, "breakpoint main.lua:4", again},
               {DEBUGGER_WAIT, "goto main.lua:7", NULL},
               {DEBUGGER_DETACH, NULL, NULL}},
      "6 10", "begins\nends\n");
  run("a trace", cart, &(sets){.end = true},
      (move[]){{DEBUGGER_CONTINUE, "end", trace},
               {DEBUGGER_WAIT, "goto main.lua:9", go_to_10},
               {DEBUGGER_WAIT, "goto main.lua:4", NULL},
               {DEBUGGER_RESTART, "entry main.lua:7", NULL},
               {DEBUGGER_CONTINUE, "end", NULL},
               {DEBUGGER_CONTINUE, NULL, NULL}},
      "6 10", "begins\nends\n");
}

static void test_backwards(void) {
  static const move back[] = {{DEBUGGER_CONTINUE, "breakpoint main.lua:12", NULL},
                              {DEBUGGER_BACK_OVER, "step main.lua:9", NULL},
                              {DEBUGGER_BACK_OVER, "step main.lua:10", NULL},
                              {DEBUGGER_BACK_IN, "step main.lua:9", NULL},
                              {DEBUGGER_BACK_IN, "step main.lua:4", NULL},
                              {DEBUGGER_BACK_OVER, "step main.lua:3", NULL},
                              {DEBUGGER_BACK_OVER, "step main.lua:10", NULL},
                              {DEBUGGER_IN, "step main.lua:3", NULL},
                              {DEBUGGER_BACK_OUT, "step main.lua:10", NULL},
                              {DEBUGGER_REVERSE_CONTINUE, "entry main.lua:7", NULL},
                              {DEBUGGER_CONTINUE, "breakpoint main.lua:12", NULL},
                              {DEBUGGER_CONTINUE, "end", NULL},
                              {DEBUGGER_REVERSE_CONTINUE, "breakpoint main.lua:12", NULL},
                              {DEBUGGER_CONTINUE, "end", NULL},
                              {DEBUGGER_CONTINUE, NULL, NULL}};
  run("backwards", cart, &(sets){.list = {{.id = 1, .line = 12}}, .count = 1, .end = true}, back, "6 10",
      "begins\nends\n");
  static const move who[] = {{DEBUGGER_CONTINUE, "breakpoint main.lua:12", watch_total},
                             {DEBUGGER_REVERSE_CONTINUE, "data main.lua:3 wrote 3", NULL},
                             {DEBUGGER_REVERSE_CONTINUE, "data main.lua:3 wrote 3", NULL},
                             {DEBUGGER_REVERSE_CONTINUE, "data main.lua:3 wrote 3", NULL},
                             {DEBUGGER_REVERSE_CONTINUE, "data main.lua:7 wrote 7", NULL},
                             {DEBUGGER_CONTINUE, "data main.lua:4 wrote 3", NULL},
                             {DEBUGGER_DETACH, NULL, NULL}};
  run("who wrote a field", cart, &(sets){.list = {{.id = 1, .line = 12}}, .count = 1}, who, "6 10",
      "begins\nends\n");
  static const move local[] = {{DEBUGGER_CONTINUE, "breakpoint main.lua:12", watch_sum},
                               {DEBUGGER_REVERSE_CONTINUE, "data main.lua:10 wrote 10", NULL},
                               {DEBUGGER_DETACH, NULL, NULL}};
  run("who wrote a local", cart, &(sets){.list = {{.id = 1, .line = 12}}, .count = 1}, local, "6 10", NULL);
}

static void test_errors(void) {
  static const char source[] =
      "local function deep(n)\n"                                                /* 1 */
      "  if n == 0 then error('bad', 0) end\n"                                  /* 2 */
      "  return deep(n - 1) + 1\n"                                              /* 3 */
      "end\n"                                                                   /* 4 */
      "return function()\n"                                                     /* 5 */
      "  local good, message = pcall(deep, 2)\n"                                /* 6 */
      "  local co = coroutine.wrap(function() local x = nil; return x.y end)\n" /* 7 */
      "  co()\n"                                                                /* 8 */
      "end\n";
  static const move all[] = {
      {DEBUGGER_CONTINUE, "exception main.lua:2 bad", NULL},
      {DEBUGGER_CONTINUE,
       "exception main.lua:7 main.lua:7: attempt to index a nil value (local 'x') (uncaught)", NULL},
      {DEBUGGER_REVERSE_CONTINUE, "exception main.lua:2 bad", NULL},
      {DEBUGGER_BACK_OVER, "step main.lua:2", NULL},
      {DEBUGGER_BACK_OVER, "step main.lua:3", NULL},
      {DEBUGGER_DETACH, NULL, NULL}};
  run("all errors", source, &(sets){.exceptions = {.all = true}}, all, "Internal Server Error", NULL);
  static const move uncaught[] = {
      {DEBUGGER_CONTINUE,
       "exception main.lua:7 main.lua:7: attempt to index a nil value (local 'x') (uncaught)", NULL},
      {DEBUGGER_DETACH, NULL, NULL}};
  run("uncaught errors", source, &(sets){.exceptions = {.uncaught = true}}, uncaught, NULL, NULL);
  run("errors by their text", source, &(sets){.exceptions = {.all = true, .all_filter = "nil value"}},
      uncaught, NULL, NULL);
}

/* ---- deep in C ---- */

static void test_boundaries(void) {
  static const char source[] =
      "local object = setmetatable({}, {\n"               /* 1 */
      "  __index = function(_, key)\n"                    /* 2 */
      "    return key .. '!'\n"                           /* 3 */
      "  end,\n"                                          /* 4 */
      "  __close = function()\n"                          /* 5 */
      "    error('closed', 0)\n"                          /* 6 */
      "  end,\n"                                          /* 7 */
      "})\n"                                              /* 8 */
      "local function tail(n)\n"                          /* 9 */
      "  return n\n"                                      /* 10 */
      "end\n"                                             /* 11 */
      "local function calls(n)\n"                         /* 12 */
      "  return tail(n)\n"                                /* 13 */
      "end\n"                                             /* 14 */
      "return function()\n"                               /* 15 */
      "  local a = object.key\n"                          /* 16 */
      "  local b = ('xy'):gsub('.', function(c)\n"        /* 17 */
      "    return c:upper()\n"                            /* 18 */
      "  end)\n"                                          /* 19 */
      "  local good, message = pcall(function()\n"        /* 20 */
      "    local closing <close> = object\n"              /* 21 */
      "    return 1\n"                                    /* 22 */
      "  end)\n"                                          /* 23 */
      "  local outer = coroutine.wrap(function()\n"       /* 24 */
      "    local inner = coroutine.create(function(x)\n"  /* 25 */
      "      coroutine.yield(x + 1)\n"                    /* 26 */
      "    end)\n"                                        /* 27 */
      "    local _, got = coroutine.resume(inner, 1)\n"   /* 28 */
      "    coroutine.yield(got)\n"                        /* 29 */
      "  end)\n"                                          /* 30 */
      "  local c = outer()\n"                             /* 31 */
      "  local d = calls(4)\n"                            /* 32 */
      "  return { body = a .. b .. message .. c .. d }\n" /* 33 */
      "end\n";
  static const move in[] = {{DEBUGGER_CONTINUE, "breakpoint main.lua:16", NULL},
                            {DEBUGGER_IN, "step main.lua:3", NULL},
                            {DEBUGGER_IN, "step main.lua:17", NULL},
                            {DEBUGGER_IN, "step main.lua:19", NULL},
                            {DEBUGGER_IN, "step main.lua:17", NULL},
                            {DEBUGGER_IN, "step main.lua:18", NULL},
                            {DEBUGGER_OVER, "step main.lua:20", NULL},
                            {DEBUGGER_OVER, "step main.lua:23", NULL},
                            {DEBUGGER_OVER, "step main.lua:20", NULL},
                            {DEBUGGER_IN, "step main.lua:21", NULL},
                            {DEBUGGER_OVER, "step main.lua:22", NULL},
                            {DEBUGGER_OVER, "step main.lua:24", NULL},
                            {DEBUGGER_OVER, "step main.lua:30", NULL},
                            {DEBUGGER_OVER, "step main.lua:24", NULL},
                            {DEBUGGER_OVER, "step main.lua:31", NULL},
                            {DEBUGGER_IN, "step main.lua:25", NULL},
                            {DEBUGGER_OVER, "step main.lua:27", NULL},
                            {DEBUGGER_OVER, "step main.lua:25", NULL},
                            {DEBUGGER_OVER, "step main.lua:28", NULL},
                            {DEBUGGER_IN, "step main.lua:26", NULL},
                            {DEBUGGER_BACK_OUT, "step main.lua:28", NULL},
                            {DEBUGGER_OVER, "step main.lua:29", NULL},
                            {DEBUGGER_OVER, "step main.lua:32", NULL},
                            {DEBUGGER_IN, "step main.lua:13", NULL},
                            {DEBUGGER_OVER, "step main.lua:33", NULL},
                            {DEBUGGER_BACK_OVER, "step main.lua:32", NULL},
                            {DEBUGGER_IN, "step main.lua:13", NULL},
                            {DEBUGGER_IN, "step main.lua:10", NULL},
                            {DEBUGGER_CONTINUE, NULL, NULL}};
  run("boundaries", source, &(sets){.list = {{.id = 1, .line = 16}}, .count = 1}, in, "key!XYclosed24", NULL);
  run("boundaries of a stripped flare", source,
      &(sets){.list = {{.id = 1, .line = 16}}, .count = 1, .strip = true}, in, "key!XYclosed24", NULL);
  run("an error in __close", source, &(sets){.exceptions = {.all = true}},
      (move[]){{DEBUGGER_CONTINUE, "exception main.lua:6 closed", NULL},
               {DEBUGGER_OUT, "step main.lua:24", NULL},
               {DEBUGGER_DETACH, NULL, NULL}},
      "key!XYclosed24", NULL);
  static const char hooks[] =
      "local count = 0\n"                       /* 1 */
      "return function()\n"                     /* 2 */
      "  debug.sethook(function(event, line)\n" /* 3 */
      "    count = count + 1\n"                 /* 4 */
      "  end, 'l')\n"                           /* 5 */
      "  local x = 1\n"                         /* 6 */
      "  x = x + 1\n"                           /* 7 */
      "  debug.sethook()\n"                     /* 8 */
      "  return { body = count .. ' ' .. x }\n" /* 9 */
      "end\n";
  run("a script with hooks", hooks,
      &(sets){.list = {{.id = 1, .line = 7}, {.id = 2, .line = 4, .hit_condition = "==3"}}, .count = 2},
      (move[]){{DEBUGGER_CONTINUE, "breakpoint main.lua:7", NULL},
               {DEBUGGER_BACK_OVER, "step main.lua:6", NULL},
               {DEBUGGER_CONTINUE, "breakpoint main.lua:7", NULL},
               {DEBUGGER_CONTINUE, "breakpoint main.lua:4", NULL},
               {DEBUGGER_DETACH, NULL, NULL}},
      "3 2", NULL);
}

/* ---- changes ---- */

static const char *do_it(debugger_run *run, const char *code) {
  debugger_variable v = {0};
  text error = {0};
  bool good = debugger_evaluate(run, 0, 0, bytes_of(code), DEBUGGER_DO, 0, &v, NULL, &error);
  snprintf(fault, sizeof fault, "%s", text_string(&error));
  debugger_variable_free(&v);
  text_free(&error);
  return good ? NULL : fault;
}

static const char *set_sum(debugger_run *run) {
  debugger_scopes scopes;
  debugger_variable v = {0};
  text error = {0};
  if (!debugger_get_scopes(run, 0, 0, &scopes, &error)) return text_string(&error);
  bool good = debugger_set_variable(run, scopes.locals, bytes_of("sum"), bytes_of("sum + 100"), &v, &error);
  snprintf(fault, sizeof fault, "%s", good ? text_string(&v.value) : text_string(&error));
  if (good && strcmp(text_string(&v.value), "100") == 0) good = (value_is(run, 0, "sum", "100")) == NULL;
  debugger_variable_free(&v);
  text_free(&error);
  return good ? NULL : fault;
}

static const char *log_something(debugger_run *run) {
  return do_it(run, "flaron.logging.info('by hand', cart.total)");
}
static const char *make_total(debugger_run *run) { return do_it(run, "cart.total = 50"); }
static const char *loops(debugger_run *run) {
  const char *answer = value_is(run, 0, "(function() while true do end end)()", "it took more than 1000 ms");
  return answer != NULL ? answer : value_is(run, 0, "('x'):rep(200 * 1024 * 1024)", "not enough memory");
}

static void test_changes(void) {
  static const move moves[] = {{DEBUGGER_CONTINUE, "breakpoint main.lua:10", set_sum},
                               {DEBUGGER_OVER, "step main.lua:9", make_total},
                               {DEBUGGER_BACK_OVER, "step main.lua:10", loops},
                               {DEBUGGER_OVER, "step main.lua:9", log_something},
                               {DEBUGGER_BACK_OVER, "step main.lua:10", NULL},
                               {DEBUGGER_DETACH, NULL, NULL}};
  run("changes", cart, &(sets){.list = {{.id = 1, .line = 10, .hit_condition = "==1"}}, .count = 1}, moves,
      "55 208", "begins\nby hand\t50\nends\n");
}

/* ---- the tape ---- */

static const char ids[] =
    "local flaron = require 'flaron'\n"     /* 1 */
    "return function()\n"                   /* 2 */
    "  local first = flaron.id.ulid()\n"    /* 3 */
    "  flaron.logging.info(first)\n"        /* 4 */
    "  local second = flaron.id.ulid()\n"   /* 5 */
    "  flaron.logging.info(second)\n"       /* 6 */
    "  return { body = first .. second }\n" /* 7 */
    "end\n";

/* Runs it under a debugger that goes there and back; what it logged, without line ends, must be its body. */
static void test_tape(void) {
  static const move moves[] = {{DEBUGGER_CONTINUE, "entry main.lua:3", NULL},
                               {DEBUGGER_OVER, "step main.lua:4", NULL},
                               {DEBUGGER_OVER, "step main.lua:5", NULL},
                               {DEBUGGER_BACK_OVER, "step main.lua:4", NULL},
                               {DEBUGGER_OVER, "step main.lua:5", NULL},
                               {DEBUGGER_OVER, "step main.lua:6", NULL},
                               {DEBUGGER_OVER, "step main.lua:7", NULL},
                               {DEBUGGER_RESTART, "entry main.lua:3", NULL},
                               {DEBUGGER_CONTINUE, NULL, NULL}};
  static const move other[] = {
      {DEBUGGER_CONTINUE, "entry main.lua:3", NULL},
      {DEBUGGER_OVER,
       "step main.lua:4 DEPARTED: call 1 is another one than before: id.ulid() in place of id.ksuid()", NULL},
      {DEBUGGER_DETACH, NULL, NULL}};
  modules_source files = {read_main, (void *)ids, NULL};
  text wasm = {0}, error = {0}, body = {0};
  flare f = {0};
  check("a flare",
        pack_project(&files, NULL, &(pack_options){0}, &wasm, &error) && flare_read(&f, &wasm, &error));
  edge e = {.flare = &f, .host = {.config = host_config_default()}};
  host_request request = {0};
  edge_result result = {0};
  text_add_string(&request.method, "GET");
  text_add_string(&request.url, "http://localhost/");
  recording r;
  record_start(&r);
  for (int turn = 0; turn < 3;
       turn++) { /* live, and the first one's record; the record with another call in it */
    test t = {.name = "the tape", .moves = moves};
    debugger *d =
        debugger_new(&(debugger_config){.listener = {.data = &t, .stopped = stopped, .output = output},
                                        .lines = true,
                                        .stop_on_entry = true});
    e.host.tape = turn == 0 ? &r.tape : NULL;
    if (turn > 0) debugger_use_record(d, &r);
    if (turn == 2) {
      size_t i = 0;
      while (i < r.call_count && r.calls[i].import != HOST_id_ulid) i++;
      r.calls[i].import = HOST_id_ksuid;
      t.moves = other;
    }
    check("attached", debugger_attach(d, &e, &error));
    check("invoked", edge_invoke(&e, FLARE_HANDLE_REQUEST, &request, &result, &error));
    for (char *c = t.log.data; turn < 2 && (c = strchr(c, '\n')) != NULL;) memmove(c, c + 1, strlen(c));
    const char *got = text_string(&e.host.response.body);
    if (turn < 2) check("what was logged once", strlen(got) == 52 && strcmp(got, text_string(&t.log)) == 0);
    if (turn == 0) text_add_string(&body, got);
    if (turn == 1) check("the recorded answer", strcmp(got, text_string(&body)) == 0);
    check("the tape that was there", turn != 0 || (e.host.tape == &r.tape && r.call_count >= 4));
    check("detached", debugger_attach(NULL, &e, &error));
    debugger_free(d);
    text_free(&t.log);
  }
  record_free(&r);
  edge_close(&e);
  flare_free(&f);
  host_request_free(&request);
  text_free(&error);
  text_free(&body);
}

/* ---- from another thread ---- */

/* What the invocation's thread tells the other one. */
typedef struct remote {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  debugger_run *run; /* once it has begun */
  int stops;
  debugger_reason reason;
  edge e;
  flare flare;
  host_request request;
} remote;

static void remote_began(void *data, debugger_run *run, const host_request *request) {
  remote *r = data;
  (void)request;
  pthread_mutex_lock(&r->lock);
  r->run = run;
  pthread_cond_broadcast(&r->changed);
  pthread_mutex_unlock(&r->lock);
}

static debugger_move remote_stopped(void *data, debugger_run *run, const debugger_stop *stop) {
  remote *r = data;
  (void)run;
  pthread_mutex_lock(&r->lock);
  r->stops++;
  r->reason = stop->reason;
  pthread_cond_broadcast(&r->changed);
  pthread_mutex_unlock(&r->lock);
  return DEBUGGER_WAIT;
}

static void *remote_invoke(void *data) {
  remote *r = data;
  edge_result result = {0};
  text error = {0};
  if (!edge_invoke(&r->e, FLARE_HANDLE_REQUEST, &r->request, &result, &error))
    report("another thread", 0, "an invocation", text_string(&error));
  text_free(&error);
  return NULL;
}

/* Waits for the stop of this number. */
static debugger_reason remote_wait(remote *r, int stops) {
  pthread_mutex_lock(&r->lock);
  while (r->run == NULL || r->stops < stops) pthread_cond_wait(&r->changed, &r->lock);
  debugger_reason reason = r->reason;
  pthread_mutex_unlock(&r->lock);
  return reason;
}

static void test_another_thread(void) {
  static const char source[] =
      "return function()\n"
      "  local n = 0\n"
      "  while true do\n"
      "    n = n + 1\n"
      "  end\n"
      "end\n";
  modules_source files = {read_main, (void *)source, NULL};
  remote r = {.e = {.host = {.config = host_config_default()}}};
  text wasm = {0}, error = {0};
  pthread_t thread;
  debugger_frames frames = {0};
  pthread_mutex_init(&r.lock, NULL);
  pthread_cond_init(&r.changed, NULL);
  check("a flare",
        pack_project(&files, NULL, &(pack_options){0}, &wasm, &error) && flare_read(&r.flare, &wasm, &error));
  text_add_string(&r.request.method, "GET");
  text_add_string(&r.request.url, "http://localhost/");
  r.e.flare = &r.flare;
  debugger *d = debugger_new(
      &(debugger_config){.listener = {.data = &r, .began = remote_began, .stopped = remote_stopped},
                         .lines = true,
                         .stop_on_entry = true});
  check("attached", debugger_attach(d, &r.e, &error));
  pthread_create(&thread, NULL, remote_invoke, &r);
  check("entry", remote_wait(&r, 1) == DEBUGGER_ENTRY);
  check("frames", debugger_get_frames(r.run, 0, 0, 0, &frames, &error) && frames.count == 1 &&
                      frames.items[0].place.line == 2);
  debugger_frames_free(&frames);
  check("goes on", debugger_move_on(r.run, DEBUGGER_OVER, DEBUGGER_MAIN, 0));
  check("a step", remote_wait(&r, 2) == DEBUGGER_STEP);
  check("continues", debugger_move_on(r.run, DEBUGGER_CONTINUE, 0, 0));
  check("a move of what runs", !debugger_move_on(r.run, DEBUGGER_OVER, 0, 0));
  check("frames of what runs", !debugger_get_frames(r.run, 0, 0, 0, &frames, &error));
  check("pause", debugger_pause(r.run));
  check("paused", remote_wait(&r, 3) == DEBUGGER_PAUSE);
  check("back", debugger_go(r.run, 2, &error));
  check("gone back", remote_wait(&r, 4) == DEBUGGER_GOTO);
  check("terminate", debugger_move_on(r.run, DEBUGGER_TERMINATE, 0, 0));
  pthread_join(thread, NULL);
  check("it failed", r.e.host.response.status == 500);
  edge_close(&r.e);
  debugger_free(d);
  flare_free(&r.flare);
  host_request_free(&r.request);
  text_free(&error);
}

int main(void) {
  test_another_thread();
  test_tape();
  test_forwards();
  test_boundaries();
  test_conditions();
  test_stacks();
  test_changes();
  test_journeys();
  test_backwards();
  test_errors();
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
