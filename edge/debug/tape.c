/*
 * tape.c - between a run and its host: keeps what the host answers and answers it again when the invocation
 * is repeated, so that stores and other machines see each call once. A tape that was there before is told
 * each call once, too.
 *
 * Calls that are only output go to the host each time, since the response begins anew with each run.
 */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "debug/debugger_private.h"
#include "record/replay.h"

static bool tape_is(host_import import, unsigned flags) {
  return (host_signatures[import].flags & flags) != 0;
}

/* The next kept call; NULL = there is none. */
static const record_call *tape_next(debugger_run *run) {
  if (run->given == NULL) return run->call_at < run->made.call_count ? &run->made.calls[run->call_at] : NULL;
  while (run->given_at < run->given->call_count &&
         tape_is(run->given->calls[run->given_at].import, ABI_OUTPUT))
    run->given_at++;
  return run->given_at < run->given->call_count ? &run->given->calls[run->given_at] : NULL;
}

void tape_cut(debugger_run *run) {
  recording *r = &run->made;
  while (r->call_count > run->call_at) {
    record_call *call = &r->calls[--r->call_count];
    text_clear(&call->a);
    text_clear(&call->b);
    text_clear(&call->answer);
  }
  run->calls_told = run->calls_made < run->calls_told ? run->calls_made : run->calls_told;
  run->lines_told = run->lines_made < run->lines_told ? run->lines_made : run->lines_told;
  run->furthest = run->now.event;
}

/* The invocation makes another call than before. */
static void tape_depart(debugger_run *run, const record_call *kept, host_import import,
                        const host_arguments *arguments) {
  record_call asked = {.import = import, .n = arguments->n};
  text_add(&asked.a, arguments->a.data, arguments->a.size);
  text_add(&asked.b, arguments->b.data, arguments->b.size);
  text_clear(&run->departure);
  text_printf(&run->departure, "call %zu is another one than before: ", run->call_at + 1);
  replay_add_call(&run->departure, &asked, kept);
  text_add_string(&run->departure, " in place of ");
  if (kept != NULL) {
    replay_add_call(&run->departure, kept, &asked);
  } else {
    text_add_string(&run->departure, "none");
  }
  text_free(&asked.a);
  text_free(&asked.b);
}

/* The counters of a host that its limits are compared with. */
static void tape_counters(host *h, size_t *counters[5]) {
  counters[0] = &h->spark_reads;
  counters[1] = &h->spark_writes;
  counters[2] = &h->spark_pulls;
  counters[3] = &h->plasma_writes;
  counters[4] = &h->fetches;
}

/* The host counts on from where the first run was: calls that the tape answered count, too. */
static void tape_go_live(debugger_run *run) {
  size_t *counters[5];
  tape_counters(&run->e->host, counters);
  for (int i = 0; i < 5; i++) {
    if (*counters[i] < run->counted[i]) *counters[i] = run->counted[i];
  }
}

/* What is said where nobody can answer. */
static bool tape_refuse(host_import import, host_answer *answer) {
  *answer = (host_answer){.number = host_signatures[import].absent};
  return true;
}

/* host_tape.before */
static bool tape_before(host_tape *tape, host_import import, const host_arguments *arguments,
                        host_answer *answer) {
  debugger_run *run = (debugger_run *)((char *)tape - offsetof(debugger_run, tape));
  if (run->pretends) return tape_refuse(import, answer);
  if (tape_is(import, ABI_OUTPUT)) return false;
  const record_call *kept = tape_next(run);
  if (kept != NULL && replay_is_same(kept, import, arguments)) {
    replay_answer(kept, &run->e->host, arguments, answer);
    return true;
  }
  if (run->given == NULL) {
    if (kept != NULL) {
      tape_depart(run, kept, import, arguments);
      tape_cut(run);
    }
    tape_go_live(run);
    run->made.tape.before(&run->made.tape, import, arguments, answer);
    return false;
  }
  if (kept == NULL && (run->given->cut || run->given->result.stopped)) {
    tape->stop = true;
    return tape_refuse(import, answer);
  }
  if (run->departure.size == 0) tape_depart(run, kept, import, arguments);
  return tape_is(import, ABI_PURE | ABI_LOCAL) ? false : tape_refuse(import, answer);
}

/* Tells a line of the log, once. */
static void tape_tell(debugger_run *run, host_import import, bytes line) {
  const debugger_listener *l = &run->d->config.listener;
  if (++run->lines_made <= run->lines_told) return;
  run->lines_told = run->lines_made;
  debugger_output output = {.run = run,
                            .event = run->now.event,
                            .level = import == HOST_log_error  ? HOST_ERROR
                                     : import == HOST_log_warn ? HOST_WARN
                                                               : HOST_INFO,
                            .line = line};
  place_set(run, &run->place, &output.place);
  if (l->output != NULL) l->output(l->data, &output);
  text_free(&output.place.source);
}

/* host_tape.after */
static void tape_after(host_tape *tape, host_import import, const host_arguments *arguments,
                       const host_answer *answer) {
  debugger_run *run = (debugger_run *)((char *)tape - offsetof(debugger_run, tape));
  if (run->pretends) return;
  if (tape_is(import, ABI_LOG)) tape_tell(run, import, arguments->a);
  if (++run->calls_made > run->calls_told) {
    run->calls_told = run->calls_made;
    if (run->outer != NULL && run->outer->after != NULL)
      run->outer->after(run->outer, import, arguments, answer);
  }
  if (tape_is(import, ABI_OUTPUT)) return;
  if (run->given != NULL) {
    run->given_at++;
  } else if (run->call_at == run->made.call_count) {
    run->made.tape.after(&run->made.tape, import, arguments, answer);
    size_t *counters[5];
    tape_counters(&run->e->host, counters);
    for (int i = 0; i < 5; i++) run->counted[i] = *counters[i];
  }
  if (run->call_at >= run->call_room) {
    run->call_room = run->call_room != 0 ? 2 * run->call_room : 64;
    run->call_events = memory_resize(run->call_events, run->call_room * sizeof *run->call_events);
  }
  run->call_events[run->call_at++] = run->now.event;
}

void tape_begin(debugger_run *run) {
  host *h = &run->e->host;
  if (h->tape != &run->tape) run->outer = h->tape;
  if (run->made.tape.after == NULL) {
    record_start(&run->made);
    run->made.most = TAPE_MOST;
  }
  run->tape = (host_tape){.before = tape_before, .after = tape_after};
  run->call_at = run->given_at = run->calls_made = run->lines_made = 0;
  text_clear(&run->departure);
  if (run->given != NULL) /* the record says whether a message was sent */
    h->config.max_ws_sends = h->config.max_ws_message = h->config.max_ws_bytes = SIZE_MAX;
  h->tape = &run->tape;
}

void tape_end(debugger_run *run) { run->e->host.tape = run->outer; }

void tape_free(debugger_run *run) {
  record_free(&run->made);
  free(run->call_events);
  free(run->call_list);
  text_free(&run->departure);
}

size_t debugger_calls(debugger_run *run, const debugger_call **calls) {
  const recording *r = run->given != NULL ? run->given : &run->made;
  size_t count = run->call_at, at = 0;
  run->call_list = memory_resize(run->call_list, (count + 1) * sizeof *run->call_list);
  for (size_t i = 0; i < count && at < r->call_count; i++, at++) {
    while (run->given != NULL && at < r->call_count && tape_is(r->calls[at].import, ABI_OUTPUT)) at++;
    if (at < r->call_count) run->call_list[i] = (debugger_call){run->call_events[i], &r->calls[at]};
  }
  *calls = run->call_list;
  return count;
}
