/*
 * dap_run.c - what is launched: its thread, how it goes on, and what of it the client is told.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/http.h"
#include "base/list.h"
#include "debug/dap_private.h"

/* The coroutine that every invocation begins in (debugger.h). */
enum { MAIN_COROUTINE = 1 };

/* ---- from the invocations' threads ---- */

static void run_stop_free(debugger_stop *stop) {
  text_free(&stop->description);
  text_free(&stop->wrote.source);
  text_free(&stop->departure);
}

static void run_event_free(dap_event *e) {
  run_stop_free(&e->stop);
  text_free(&e->line);
  text_free(&e->place.source);
  free(e);
}

static void run_queue(dap *d, dap_event *e) {
  enum { MOST = 65536 };
  pthread_mutex_lock(&d->lock);
  if (e->kind == DAP_OUTPUT && d->event_count >= MOST) {
    d->left_out++;
    pthread_mutex_unlock(&d->lock);
    run_event_free(e);
    return;
  }
  LIST_ROOM(d->events, d->event_count);
  d->events[d->event_count++] = e;
  eventfd_write(d->wake, 1);
  pthread_mutex_unlock(&d->lock);
}

static void run_copy_text(text *to, const text *from) { text_add(to, text_string(from), from->size); }

static dap_event *run_new_event(int kind, debugger_run *run) {
  dap_event *e = memory_get(sizeof *e);
  e->kind = kind;
  e->run = run;
  return e;
}

/* Queues an event, and returns when it was told. */
static void run_queue_and_wait(dap *d, int kind, debugger_run *run) {
  dap_event e = {.kind = kind, .run = run};
  run_queue(d, &e);
  pthread_mutex_lock(&d->lock);
  while (!e.done) pthread_cond_wait(&d->told, &d->lock);
  pthread_mutex_unlock(&d->lock);
}

/* debugger_listener */
static void run_began(void *data, debugger_run *run, const host_request *request) {
  dap_event *e = run_new_event(DAP_BEGAN, run);
  if (request->event.type != NULL) {
    text_printf(&e->line, "ws %s", request->event.type);
  } else {
    text_printf(&e->line, "%s %s", text_string(&request->method), http_path(text_string(&request->url)));
  }
  run_queue(data, e);
}

/* debugger_listener */
static debugger_move run_stopped(void *data, debugger_run *run, const debugger_stop *stop) {
  dap_event *e = run_new_event(DAP_STOPPED, run);
  e->stop = *stop;
  e->stop.description = e->stop.wrote.source = e->stop.departure = (text){0};
  run_copy_text(&e->stop.description, &stop->description);
  run_copy_text(&e->stop.wrote.source, &stop->wrote.source);
  run_copy_text(&e->stop.departure, &stop->departure);
  run_queue(data, e);
  return DEBUGGER_WAIT;
}

/* debugger_listener */
static void run_output(void *data, const debugger_output *output) {
  dap_event *e = run_new_event(DAP_OUTPUT, output->run);
  e->category = !output->log_point && output->level == HOST_ERROR ? "stderr" : "console";
  if (!output->log_point) text_printf(&e->line, "%s: ", host_level_name(output->level));
  text_add(&e->line, output->line.data, output->line.size);
  run_copy_text(&e->place.source, &output->place.source);
  e->place.line = output->place.line;
  run_queue(data, e);
}

/* debugger_listener: returns when the client's thread knows, and does not use `run` any more. */
static void run_ended(void *data, debugger_run *run, const edge_result *result) {
  (void)result;
  run_queue_and_wait(data, DAP_ENDED, run);
}

const debugger_listener dap_listener = {
    .began = run_began, .stopped = run_stopped, .output = run_output, .ended = run_ended};

void dap_program_stopped(dap *d, debugger_reason reason, int breakpoint, const char *description) {
  dap_event *e = run_new_event(DAP_STOPPED, NULL);
  e->stop = (debugger_stop){.reason = reason, .thread = MAIN_COROUTINE, .breakpoint = breakpoint};
  text_add_string(&e->stop.description, description);
  run_queue(d, e);
}

void dap_program_said(dap *d, bytes line) {
  dap_event *e = run_new_event(DAP_OUTPUT, NULL);
  e->category = "console";
  text_add(&e->line, line.data, line.size);
  run_queue(d, e);
}

void dap_flush(dap *d) { run_queue_and_wait(d, DAP_FLUSHED, NULL); }

void dap_changed(dap *d) { run_queue_and_wait(d, DAP_CHANGED, NULL); }

/* The thread of what was launched. */
static void *run_launched(void *data) {
  dap *d = data;
  const dap_launch *l = &d->launch;
  const host_request *request = l->recorded ? &l->record.request : &l->request;
  edge_invoke(&d->edge, l->handler, request, &d->result, &d->fault);
  run_queue(d, run_new_event(DAP_FINISHED, NULL));
  return NULL;
}

/* ---- runs and threads ---- */

dap_run *dap_find_run(dap *d, const debugger_run *run) {
  for (size_t i = 0; i < d->run_count; i++) {
    if (d->runs[i].run == run) return &d->runs[i];
  }
  return NULL;
}

dap_run *dap_any_standing(dap *d) {
  for (size_t i = 0; i < d->run_count; i++) {
    if (d->runs[i].standing) return &d->runs[i];
  }
  return NULL;
}

/* The protocol's id of a coroutine of a run. */
static int run_thread_id(dap *d, const debugger_run *run, uint32_t coroutine) {
  uint32_t id = dap_run_id(run);
  for (size_t i = 0; i < d->thread_count; i++) {
    if (d->threads[i].run == id && d->threads[i].coroutine == coroutine) return (int)i + 1;
  }
  LIST_ROOM(d->threads, d->thread_count);
  d->threads[d->thread_count++] = (dap_thread){id, coroutine};
  return (int)d->thread_count;
}

/* The run of `threadId` of a request, and its coroutine; NULL with a sentence. */
static dap_run *run_find_thread(dap *d, const json_t *arguments, uint32_t *coroutine, text *error) {
  int id = dap_get_number(arguments, "threadId", 0);
  for (size_t i = 0; id > 0 && (size_t)id <= d->thread_count && i < d->run_count; i++) {
    const dap_thread *t = &d->threads[id - 1];
    *coroutine = t->coroutine;
    if (dap_run_id(d->runs[i].run) == t->run) return &d->runs[i];
  }
  text_printf(error, "there is no thread %d: its invocation is over", id);
  return NULL;
}

dap_run *dap_find_standing(dap *d, const json_t *arguments, uint32_t *coroutine, text *error) {
  dap_run *run = run_find_thread(d, arguments, coroutine, error);
  if (run == NULL || run->standing) return run;
  text_add_string(error, "it runs: it must stand still for this");
  return NULL;
}

/* Adds one thread to a list. */
static void run_add_thread(dap *d, json_t *list, const dap_run *run, uint32_t coroutine, const char *name) {
  text shown = {0};
  run_copy_text(&shown, &run->name);
  if (coroutine != MAIN_COROUTINE) text_printf(&shown, ": %s", name);
  json_array_append_new(list, json_pack("{s:i, s:o}", "id", run_thread_id(d, run->run, coroutine), "name",
                                        dap_string(text_bytes(&shown))));
  text_free(&shown);
}

bool dap_threads_request(dap *d, const json_t *arguments, json_t **body, text *error) {
  (void)arguments;
  json_t *list = json_array();
  for (size_t i = 0; i < d->run_count; i++) {
    const dap_run *run = &d->runs[i];
    debugger_threads threads = {0};
    if (run->run != NULL && run->standing && run->stop.reason != DEBUGGER_END)
      debugger_get_threads(run->run, &threads, error);
    if (threads.count == 0) run_add_thread(d, list, run, MAIN_COROUTINE, "");
    for (size_t j = 0; j < threads.count; j++)
      run_add_thread(d, list, run, threads.items[j].id, text_string(&threads.items[j].name));
    debugger_threads_free(&threads);
  }
  text_clear(error); /* a run that cannot tell has one thread */
  *body = json_pack("{s:o}", "threads", list);
  return true;
}

/* ---- going on ---- */

/* Notes that a run goes on. */
static void run_goes_on(dap *d, dap_run *run) {
  run->standing = false;
  dap_forget_values(d, run->run);
  run_stop_free(&run->stop);
  run->stop = (debugger_stop){0};
}

/* debugger_move_on, for the program, too. */
static bool run_move_on(dap *d, debugger_run *run, debugger_move move, uint32_t coroutine, text *error) {
  if (run != NULL) return debugger_move_on(run, move, coroutine, 0);
  return d->options->attached->site->program->move_on(move, error);
}

/* False with a sentence for the program, which goes forwards alone. */
static bool run_can_go(const dap_run *run, text *error) {
  if (run->run == NULL) text_add_string(error, "native Lua goes forwards only");
  return run->run != NULL;
}

static bool run_move(dap *d, const json_t *arguments, debugger_move move, text *error) {
  uint32_t coroutine;
  dap_run *run = dap_find_standing(d, arguments, &coroutine, error);
  if (run == NULL) return false;
  if (!run_move_on(d, run->run, move, coroutine, error)) {
    if (error->size == 0) text_add_string(error, "it does not stand still");
    return false;
  }
  run->stepping = move == DEBUGGER_OVER || move == DEBUGGER_IN || move == DEBUGGER_OUT;
  run_goes_on(d, run);
  return true;
}

bool dap_continue(dap *d, const json_t *arguments, json_t **body, text *error) {
  if (!run_move(d, arguments, DEBUGGER_CONTINUE, error)) return false;
  *body = json_pack("{s:b}", "allThreadsContinued", d->run_count == 1);
  return true;
}

#define RUN_MOVE(name, move)                                               \
  bool name(dap *d, const json_t *arguments, json_t **body, text *error) { \
    (void)body;                                                            \
    return run_move(d, arguments, move, error);                            \
  }
RUN_MOVE(dap_next, DEBUGGER_OVER)
RUN_MOVE(dap_step_in, DEBUGGER_IN)
RUN_MOVE(dap_step_out, DEBUGGER_OUT)
RUN_MOVE(dap_step_back, DEBUGGER_BACK_OVER)
RUN_MOVE(dap_reverse_continue, DEBUGGER_REVERSE_CONTINUE)
#undef RUN_MOVE

bool dap_pause(dap *d, const json_t *arguments, json_t **body, text *error) {
  (void)body;
  uint32_t coroutine;
  dap_run *run = run_find_thread(d, arguments, &coroutine, error);
  if (run == NULL) return false;
  if (run->standing || !debugger_pause(run->run))
    text_add_string(error, "it stands still already, or is over");
  return error->size == 0;
}

bool dap_goto(dap *d, const json_t *arguments, json_t **body, text *error) {
  (void)body;
  uint32_t coroutine;
  int id = dap_get_number(arguments, "targetId", 0);
  dap_run *run = dap_find_standing(d, arguments, &coroutine, error);
  if (run == NULL) return false;
  if (id < 1 || (size_t)id > d->target_count) {
    text_printf(error, "there is no target %d", id);
    return false;
  }
  const dap_target *t = &d->targets[id - 1];
  if (!run_can_go(run, error) || !debugger_go_line(run->run, t->source, t->line, t->backwards, error))
    return false;
  run_goes_on(d, run);
  return true;
}

bool dap_restart_frame(dap *d, const json_t *arguments, json_t **body, text *error) {
  (void)body;
  dap_frame f;
  if (!dap_get_frame(d, arguments, &f, error)) return false;
  dap_run *run = dap_find_run(d, f.run);
  if (run == NULL || !run_can_go(run, error) || !debugger_go_frame(f.run, f.coroutine, f.level, error))
    return false;
  run_goes_on(d, run);
  return true;
}

/* Has all runs end, or go on without the debugger. */
static void run_leave_all(dap *d, debugger_move move) {
  text ignored = {0};
  for (size_t i = 0; i < d->run_count; i++) {
    run_move_on(d, d->runs[i].run, move, 0, &ignored);
    text_clear(&ignored);
    if (d->runs[i].standing) run_goes_on(d, &d->runs[i]);
  }
  text_free(&ignored);
}

/* ---- launching ---- */

/* Makes what the arguments of launch say, with a debugger for it. */
static bool run_prepare(dap *d, text *error) {
  text lines = {0}, ignored = {0};
  const char *file;
  char *parent = NULL;
  dap_launch *l = &d->launch;
  bool good = dap_launch_read(l, d->arguments, d->options->project, d->options->state_folder, &d->files,
                              &lines, error) &&
              pack_split_path(l->input, &parent, &file, error);
  if (good) {
    d->folder = realpath(parent, NULL);
    d->map = l->flare.stripped && lines.size != 0 ? linemap_read(text_bytes(&lines), &ignored) : NULL;
    debugger_config config = {
        .listener = dap_listener,
        .lines = true,
        .stop_on_entry = l->stop_on_entry,
        .stop_at_end = l->stop_at_end,
        .map = d->map,
    };
    config.listener.data = d;
    d->code = &l->flare;
    d->debugger = debugger_new(&config);
    d->edge = (edge){.flare = &l->flare, .host = {.config = l->config}, .cpu_ms = l->cpu_ms};
    good = l->no_debug || debugger_attach(d->debugger, &d->edge, error);
    if (good && l->recorded) debugger_use_record(d->debugger, &l->record);
  }
  free(parent);
  text_free(&lines);
  text_free(&ignored);
  return good;
}

/* Frees what run_prepare made; nothing runs. */
static void run_forget(dap *d) {
  edge_close(&d->edge);
  if (d->options->attached == NULL && d->debugger != NULL) debugger_free(d->debugger);
  linemap_free(d->map);
  free(d->folder);
  modules_free(&d->files);
  dap_launch_free(&d->launch);
  text_free(&d->fault);
  d->edge = (edge){0};
  d->debugger = NULL;
  d->code = NULL;
  d->map = NULL;
  d->folder = NULL;
  d->files = (modules){0};
  d->result = (edge_result){0};
}

/* Takes the server's flare as it is now. */
static void run_take_flare(dap *d) {
  const dap_site *site = d->options->attached->site;
  if (d->held != NULL) pool_flare_release(d->held);
  d->held = site->flare(site->data);
  d->code = d->held != NULL ? pool_flare_get(d->held) : NULL;
}

/* Attaches to the server in this process. */
static bool run_attach(dap *d, text *error) {
  const dap_attached *to = d->options->attached;
  const char *file;
  char *parent = NULL;
  if (!pack_split_path(to->site->path, &parent, &file, error)) return false;
  d->folder = realpath(parent, NULL);
  free(parent);
  d->debugger = to->debugger;
  d->launched = true;
  if (to->site->program != NULL) {
    LIST_ROOM(d->runs, d->run_count);
    d->runs[d->run_count] = (dap_run){0};
    text_add_string(&d->runs[d->run_count++].name, "spec");
  }
  run_take_flare(d);
  to->join(to->server, d);
  return true;
}

/* Has the specs of a project go on with the session. */
static bool run_launch_spec(dap *d, const json_t *arguments, const char *spec, text *error) {
  const char *project = dap_get_string(arguments, "project"), *file;
  char *folder = NULL;
  if (project == NULL) project = d->options->project != NULL ? d->options->project : ".";
  bool good =
      pack_split_path(project, &folder, &file, error) && dap_relay_start_spec(&d->relay, folder, spec, error);
  if (!good) dap_relay_close(&d->relay);
  free(folder);
  return good;
}

bool dap_launch_request(dap *d, const json_t *arguments, json_t **body, text *error) {
  (void)body;
  const char *spec = dap_get_string(arguments, "spec");
  if (d->launched) {
    text_add_string(error, "something is debugged already");
    return false;
  }
  if (d->options->attached != NULL) return run_attach(d, error);
  if (spec != NULL) return run_launch_spec(d, arguments, spec, error);
  d->arguments = json_deep_copy(arguments);
  d->launched = run_prepare(d, error);
  if (d->launched) return true;
  run_forget(d);
  json_decref(d->arguments);
  d->arguments = NULL;
  return false;
}

bool dap_attach_request(dap *d, const json_t *arguments, json_t **body, text *error) {
  (void)body;
  int port = dap_get_number(arguments, "port", 0);
  if (d->launched) {
    text_add_string(error, "something is debugged already");
  } else if (d->options->attached != NULL) {
    return run_attach(d, error);
  } else if (port == 0 || port > UINT16_MAX) {
    text_add_string(error, "attach needs the 'port' of `flaron-lua dev --debug`");
  } else {
    if (!dap_relay_connect(&d->relay, port, error))
      text_printf(error, ": is `flaron-lua dev --debug %d` running?", port);
  }
  return error->size == 0;
}

void dap_send_initialized(dap *d) { dap_send_event(d, "initialized", NULL); }

bool dap_configuration_done(dap *d, const json_t *arguments, json_t **body, text *error) {
  const dap_attached *to = d->options->attached;
  (void)arguments, (void)body;
  if (d->configured) {
    text_add_string(error, "it runs already");
    return false;
  }
  d->configured = true;
  if (to != NULL)
    to->begin(to->server); /* before the answer: the client's next request may be one to the flare */
  return true;
}

void dap_begin(dap *d) {
  if (d->options->attached != NULL) return;
  d->running = true;
  pthread_create(&d->thread, NULL, run_launched, d);
}

bool dap_restart(dap *d, const json_t *arguments, json_t **body, text *error) {
  (void)body;
  json_t *now = json_object_get(arguments, "arguments");
  if (!d->running) {
    text_add_string(error, "nothing runs");
    return false;
  }
  if (json_is_object(now)) {
    json_decref(d->arguments);
    d->arguments = json_deep_copy(now);
  }
  d->restarting = true;
  run_leave_all(d, DEBUGGER_TERMINATE);
  return true;
}

bool dap_terminate(dap *d, const json_t *arguments, json_t **body, text *error) {
  (void)arguments, (void)body, (void)error;
  run_leave_all(d, d->options->attached == NULL ? DEBUGGER_TERMINATE : DEBUGGER_DETACH);
  return true;
}

void dap_send_terminated(dap *d) {
  if (d->options->attached != NULL) dap_send_event(d, "terminated", NULL);
}

/* ---- telling ---- */

/* Sends text to the client's console. */
static void run_say(dap *d, const char *category, bytes said, const debugger_place *place) {
  json_t *body = json_pack("{s:s, s:o}", "category", category, "output", dap_string(said));
  if (place != NULL && place->source.size != 0) {
    json_object_set_new(body, "source", dap_source_of(d, place->source.data));
    json_object_set_new(body, "line", json_integer(place->line - d->lines_from_0));
  }
  dap_send_event(d, "output", body);
}

static void run_say_line(dap *d, const char *category, bytes line, const debugger_place *place) {
  text said = {0};
  text_add_harmless(&said, line, "");
  text_add_string(&said, "\n");
  run_say(d, category, text_bytes(&said), place);
  text_free(&said);
}

/* Sends the answer of what was launched. */
static void run_say_answer(dap *d) {
  enum { MOST = 65536 };
  static const char *const actions[] = {"", "", "TRANSFORM", "PASS_THROUGH"};
  const host_response *r = &d->edge.host.response;
  text answer = {0};
  if (d->launch.handler != FLARE_HANDLE_REQUEST) return;
  if (r->action != HOST_RESPOND) {
    text_printf(&answer, "%s: the origin answers\n", actions[r->action]);
  } else {
    text_printf(&answer, "HTTP/1.1 %d %s\n", r->status, http_reason(r->status));
    for (size_t i = 0; i < r->headers.count; i++)
      text_printf(&answer, "%s: %s\n", r->headers.items[i].name, r->headers.items[i].value);
    text_add_string(&answer, "\n");
    bytes body = text_bytes(&r->body);
    bool cut = body.size > MOST;
    if (cut) body.size = MOST;
    text_add_harmless(&answer, body, "");
    if (cut) text_printf(&answer, "\n(and %zu bytes more)", r->body.size - MOST);
  }
  run_say(d, "stdout", text_bytes(&answer), NULL);
  text_free(&answer);
}

static void run_tell_began(dap *d, dap_event *e) {
  LIST_ROOM(d->runs, d->run_count);
  d->runs[d->run_count++] = (dap_run){.run = e->run, .name = e->line};
  e->line = (text){0};
  dap_send_event(
      d, "thread",
      json_pack("{s:s, s:i}", "reason", "started", "threadId", run_thread_id(d, e->run, MAIN_COROUTINE)));
}

static void run_tell_stopped(dap *d, dap_event *e) {
  static const char *const reasons[] = {[DEBUGGER_ENTRY] = "entry",
                                        [DEBUGGER_STEP] = "step",
                                        [DEBUGGER_BREAKPOINT] = "breakpoint",
                                        [DEBUGGER_FUNCTION] = "function breakpoint",
                                        [DEBUGGER_DATA] = "data breakpoint",
                                        [DEBUGGER_EXCEPTION] = "exception",
                                        [DEBUGGER_PAUSE] = "pause",
                                        [DEBUGGER_GOTO] = "goto",
                                        [DEBUGGER_END] = "end"};
  dap_run *run = dap_find_run(d, e->run);
  text shown = {0};
  if (run == NULL ||
      (d->over && d->options->attached != NULL)) { /* it is not of this session, or that is over */
    text ignored = {0};
    run_move_on(d, e->run, DEBUGGER_DETACH, 0, &ignored);
    text_free(&ignored);
    return;
  }
  run->standing = true;
  run->stop = e->stop;
  e->stop = (debugger_stop){0};
  const debugger_stop *stop = &run->stop;
  if (stop->departure.size != 0) run_say_line(d, "important", text_bytes(&stop->departure), NULL);
  run_copy_text(&shown, &stop->description);
  if (stop->reason == DEBUGGER_DATA && stop->wrote.line > 0)
    text_printf(&shown, " at %s:%d", text_string(&stop->wrote.source), stop->wrote.line);
  if (stop->reason == DEBUGGER_END) text_add_string(&shown, "the invocation is over, and has answered");
  json_t *body =
      json_pack("{s:s, s:i, s:b}", "reason", reasons[stop->reason], "threadId",
                run_thread_id(d, run->run, stop->reason == DEBUGGER_END ? MAIN_COROUTINE : stop->thread),
                "allThreadsStopped", d->run_count == 1);
  if (shown.size != 0) {
    json_object_set_new(body, "text", dap_string(text_bytes(&shown)));
    json_object_set(body, "description", json_object_get(body, "text"));
  }
  if (stop->breakpoint != 0)
    json_object_set_new(body, "hitBreakpointIds", json_pack("[i]", stop->breakpoint));
  dap_send_event(d, "stopped", body);
  text_free(&shown);
}

static void run_tell_ended(dap *d, dap_event *e) {
  dap_run *run = dap_find_run(d, e->run);
  if (run != NULL) {
    uint32_t id = dap_run_id(e->run);
    for (size_t i = 0; i < d->thread_count; i++) {
      if (d->threads[i].run == id)
        dap_send_event(d, "thread",
                       json_pack("{s:s, s:I}", "reason", "exited", "threadId", (json_int_t)i + 1));
    }
    const dap_attached *to = d->options->attached;
    if (run->stepping && to != NULL && to->site->program != NULL) to->site->program->step();
    run_goes_on(d, run);
    text_free(&run->name);
    *run = d->runs[--d->run_count];
  }
}

/* Begins again what was launched, with the files as they are now. */
static void run_again(dap *d) {
  text error = {0};
  d->restarting = false;
  run_forget(d);
  if (run_prepare(d, &error)) {
    dap_set_again(d);
    dap_begin(d);
  } else {
    run_say_line(d, "stderr", text_bytes(&error), NULL);
    d->terminated = true;
    dap_send_event(d, "terminated", NULL);
  }
  text_free(&error);
}

static void run_tell_finished(dap *d) {
  pthread_join(d->thread, NULL);
  d->running = false;
  if (d->restarting && !d->over) {
    run_again(d);
    return;
  }
  bool bad = d->fault.size != 0 || edge_result_is_bad(&d->result);
  if (d->fault.size != 0) {
    run_say_line(d, "stderr", text_bytes(&d->fault), NULL);
  } else {
    run_say_answer(d);
  }
  d->terminated = true;
  dap_send_event(d, "exited", json_pack("{s:i}", "exitCode", bad));
  dap_send_event(d, "terminated", NULL);
}

/* Takes the flare that there is now, and looks for the breakpoints in it. */
static void run_change(dap *d) {
  if (d->over) return;
  run_take_flare(d);
  dap_set_again(d);
}

/* Tells of one event, and frees it, or says to whoever waits that it was told. */
static void run_tell(dap *d, dap_event *e) {
  bool waited = e->kind == DAP_ENDED || e->kind == DAP_CHANGED || e->kind == DAP_FLUSHED;
  switch (e->kind) {
    case DAP_BEGAN: run_tell_began(d, e); break;
    case DAP_STOPPED: run_tell_stopped(d, e); break;
    case DAP_OUTPUT: run_say_line(d, e->category, text_bytes(&e->line), &e->place); break;
    case DAP_ENDED: run_tell_ended(d, e); break;
    case DAP_FINISHED: run_tell_finished(d); break;
    case DAP_CHANGED: run_change(d); break;
    case DAP_FLUSHED: break;
  }
  if (!waited) {
    run_event_free(e);
    return;
  }
  pthread_mutex_lock(&d->lock);
  e->done = true;
  pthread_cond_broadcast(&d->told);
  pthread_mutex_unlock(&d->lock);
}

/* Takes the events that wait; the list is the caller's. */
static dap_event **run_take_events(dap *d, size_t *count, size_t *left_out) {
  pthread_mutex_lock(&d->lock);
  dap_event **events = d->events;
  *count = d->event_count;
  *left_out = d->left_out;
  d->events = NULL;
  d->event_count = d->left_out = 0;
  pthread_mutex_unlock(&d->lock);
  return events;
}

void dap_tell_events(dap *d) {
  eventfd_t number;
  size_t count = 1, left_out;
  eventfd_read(d->wake, &number);
  while (count > 0) {
    dap_event **events = run_take_events(d, &count, &left_out);
    for (size_t i = 0; i < count; i++) run_tell(d, events[i]);
    free(events);
    if (left_out == 0) continue;
    text said = {0};
    text_printf(&said, "%zu lines of output were left out: they came too fast", left_out);
    run_say_line(d, "important", text_bytes(&said), NULL);
    text_free(&said);
  }
}

/* Leaves the server that was attached to; what stands still goes on. */
static void run_part(dap *d) {
  enum { MOMENT_MS = 10 };
  const dap_attached *to = d->options->attached;
  const debugger_exceptions none = {0};
  const char *name;
  json_t *item;
  json_object_foreach(d->points, name, item) {
    debugger_set_lines(d->debugger, d->code, name, NULL, 0, NULL);
    if (to->site->program != NULL) to->site->program->set_lines(name, NULL, 0, NULL);
  }
  debugger_set_functions(d->debugger, NULL, 0, NULL);
  debugger_set_exceptions(d->debugger, &none);
  dap_tell_events(d);
  run_leave_all(d, DEBUGGER_DETACH); /* while they cannot end without this session */
  while (!to->part(to->server)) {
    dap_tell_events(d);
    poll(&(struct pollfd){d->wake, POLLIN, 0}, 1, MOMENT_MS);
  }
  dap_tell_events(d);
}

bool dap_stop(dap *d) {
  enum { MOMENT_MS = 20, PATIENCE_MS = 1000 };
  d->over = true;
  if (d->options->attached != NULL && d->launched) run_part(d);
  if (d->held != NULL) pool_flare_release(d->held);
  for (int turns = 0; d->running && turns < PATIENCE_MS / MOMENT_MS; turns++) {
    run_leave_all(d, DEBUGGER_TERMINATE);
    poll(&(struct pollfd){d->wake, POLLIN, 0}, 1, MOMENT_MS);
    dap_tell_events(d);
  }
  if (d->running) return false;
  run_forget(d);
  for (size_t i = 0; i < d->run_count; i++) {
    run_stop_free(&d->runs[i].stop);
    text_free(&d->runs[i].name);
  }
  for (size_t i = 0; i < d->target_count; i++) free(d->targets[i].source);
  for (size_t i = 0; i < d->text_count; i++) free(d->texts[i]);
  free(d->targets);
  free(d->texts);
  free(d->events);
  free(d->runs);
  free(d->threads);
  free(d->frames);
  free(d->references);
  json_decref(d->arguments);
  json_decref(d->points);
  json_decref(d->functions);
  json_decref(d->exceptions);
  return true;
}
