/*
 * dap_private.h - what the files of the protocol's server share; for them alone.
 *
 *   dap.c              the loop, and the table of requests
 *   dap_run.c          what is launched, how it goes on, events
 *   dap_breakpoints.c  where it stops
 *   dap_values.c       frames, variables, expressions
 *   dap_target.c       what of that is asked of a program that is no flare
 *   dap_source.c       names of files, here and in the flare
 *
 * All of it runs on the thread of dap_serve, but for what debugger.h calls: that queues a dap_event, which
 * dap_tell_events takes from there.
 */
#ifndef FLARON_EDGE_DAP_PRIVATE_H
#define FLARON_EDGE_DAP_PRIVATE_H

#include <jansson.h>
#include <pthread.h>

#include "debug/dap.h"
#include "debug/dap_launch.h"
#include "debug/dap_relay.h"
#include "debug/dap_wire.h"
#include "debug/debugger.h"
#include "debug/inspect.h"

/* What an invocation's thread has to tell. */
typedef struct dap_event {
  enum { DAP_BEGAN, DAP_STOPPED, DAP_OUTPUT, DAP_ENDED, DAP_FINISHED, DAP_CHANGED, DAP_FLUSHED } kind;
  debugger_run *run;
  debugger_stop stop;   /* STOPPED; its texts are owned, as the others are */
  text line;            /* BEGAN: what is run, "GET /notes"; OUTPUT: what is shown */
  const char *category; /* OUTPUT: of the protocol; static */
  debugger_place place;
  bool done; /* ENDED, CHANGED, FLUSHED: it was told, whoever waits may go on */
} dap_event;

/* An invocation that the client sees, or the program beside the flares. */
typedef struct dap_run {
  debugger_run *run;  /* NULL = the program */
  text name;          /* "GET /notes" */
  bool stepping;      /* it goes on by a step */
  bool standing;      /* it stands still: `stop` says where */
  debugger_stop stop; /* owned */
} dap_run;

/* A coroutine of an invocation, which the protocol calls a thread. Its id there is its index + 1. */
typedef struct dap_thread {
  uint32_t run; /* debugger_run_id */
  uint32_t coroutine;
} dap_thread;

/* A frame of a stop that the client was told of. */
typedef struct dap_frame {
  int id;
  debugger_run *run;
  uint32_t coroutine;
  int level;
} dap_frame;

/* Variables of a stop that the client was told of. */
typedef struct dap_reference {
  int id;
  debugger_run *run;
  uint32_t reference;
} dap_reference;

/* A place that `goto` can go to. */
typedef struct dap_target {
  char *source;
  int line;
  bool backwards;
} dap_target;

struct dap {
  const dap_options *options;
  dap_wire wire;
  json_t **waiting; /* requests that have come */
  size_t waiting_count;
  bool initialized, launched, configured, terminated, over;
  bool uris, lines_from_0, columns_from_0, wants_invalidated; /* of the client */

  json_t *first;   /* the request initialize */
  dap_relay relay; /* to whom the session is handed on; `peer` -1 = to nobody */

  int wake;             /* eventfd: there are events */
  pthread_mutex_t lock; /* of the next four */
  pthread_cond_t told;
  dap_event **events;           /* what somebody waits for is his, the others are owned */
  size_t event_count, left_out; /* lines of output that are not among them: there were too many */

  json_t *arguments; /* of launch */
  dap_launch launch;
  modules files; /* the flare's sources; none of a .wasm */
  char *folder;  /* real path of the folder that names of the flare's files are relative to */
  linemap *map;
  debugger *debugger;
  const flare *code; /* what is debugged: of the launch, or of the server; NULL = there is none */
  pool_flare *held;  /* the server's */
  edge edge;
  pthread_t thread; /* runs the edge, */
  bool running;     /* until it is joined */
  edge_result result;
  text fault; /* why there is no result */
  bool restarting;

  dap_run *runs;
  size_t run_count;
  dap_thread *threads;
  size_t thread_count;
  dap_frame *frames;
  size_t frame_count;
  dap_reference *references;
  size_t reference_count;
  dap_target *targets;
  size_t target_count;
  char **texts; /* names of sources that the client has by number: index + 1 */
  size_t text_count;
  int last_id;    /* of frames and references */
  int last_point; /* of breakpoints */
  json_t *points; /* for each file its breakpoints as they were set, to be set again: {name: {arguments,
                     first}} */
  json_t *functions, *exceptions; /* the same: the arguments; NULL = never set */
  int first_function;
};

/*
 * Answers a request: with true, and perhaps a new reference in `body`; or with false and a sentence in
 * `error`.
 */
typedef bool dap_handler(dap *d, const json_t *arguments, json_t **body, text *error);

/* ---- dap.c ---- */

/* Sends an event; it takes `body`, which may be NULL. */
void dap_send_event(dap *d, const char *event, json_t *body);

/* Text as a JSON string: bytes that are not UTF-8 are shown as \xNN. */
json_t *dap_string(bytes b);

/* The string of an argument, borrowed; NULL = it is not there, or none. */
const char *dap_get_string(const json_t *arguments, const char *name);

/* The number of an argument; `otherwise` if there is none, or it is not from 0 to INT32_MAX. */
int dap_get_number(const json_t *arguments, const char *name, int otherwise);

/* ---- dap_run.c ---- */

dap_handler dap_launch_request, dap_attach_request, dap_configuration_done, dap_threads_request, dap_continue,
    dap_next, dap_step_in, dap_step_out, dap_step_back, dap_reverse_continue, dap_pause, dap_goto,
    dap_restart_frame, dap_restart, dap_terminate;

/* After launch and attach: says that breakpoints may be set. */
void dap_send_initialized(dap *d);

/* After terminate: says that it is over, where that does not follow by itself. */
void dap_send_terminated(dap *d);

/* After configurationDone: begins what was launched. */
void dap_begin(dap *d);

/* Takes what the invocations' threads have queued, and tells the client. */
void dap_tell_events(dap *d);

/*
 * Ends all that was started, and frees what belongs to it. False: the invocation does not end, since it is in
 * a C function that takes long; then all stays as it is, and so must the session.
 */
bool dap_stop(dap *d);

/* The run that a request's `threadId` names, which must stand still, and its coroutine. NULL with a sentence.
 */
dap_run *dap_find_standing(dap *d, const json_t *arguments, uint32_t *coroutine, text *error);

/* A run that stands still, whose it is; NULL: none. */
dap_run *dap_any_standing(dap *d);
dap_run *dap_find_run(dap *d, const debugger_run *run);

/* ---- dap_breakpoints.c ---- */

dap_handler dap_set_breakpoints, dap_set_functions, dap_set_exceptions, dap_set_data, dap_data_info,
    dap_breakpoint_locations, dap_goto_targets;

/* Sets breakpoints as they were set before, in a new debugger, and tells where they are now. */
void dap_set_again(dap *d);

/* ---- dap_values.c ---- */

dap_handler dap_stack_trace, dap_scopes, dap_variables, dap_set_variable, dap_set_expression, dap_evaluate,
    dap_completions, dap_exception_info;

/* The frame of a request; without `frameId`, the innermost one of what stands still. False with a sentence.
 */
bool dap_get_frame(dap *d, const json_t *arguments, dap_frame *frame, text *error);

/* The variables that `variablesReference` of a request names, borrowed; NULL with a sentence. */
const dap_reference *dap_find_reference(dap *d, const json_t *arguments, text *error);

/* Forgets the frames and references of a run that goes on. */
void dap_forget_values(dap *d, const debugger_run *run);

/* ---- dap_target.c: debugger.h's functions, for invocations and for the program (run NULL) ---- */

uint32_t dap_run_id(const debugger_run *run);
bool dap_get_frames(dap *d, debugger_run *run, uint32_t thread, size_t start, size_t count,
                    debugger_frames *frames, text *error);
bool dap_get_scopes(dap *d, debugger_run *run, uint32_t thread, int level, debugger_scopes *scopes,
                    text *error);
bool dap_get_variables(dap *d, debugger_run *run, uint32_t reference, debugger_filter filter, size_t start,
                       size_t count, debugger_variables *variables, text *error);
bool dap_set_value(dap *d, debugger_run *run, uint32_t reference, bytes name, bytes expression,
                   debugger_variable *now, text *error);
bool dap_get_value(dap *d, const dap_frame *f, bytes code, debugger_evaluation how, debugger_variable *result,
                   size_t *more, text *error);

/* The whole of a string, at most `most` bytes; false if the code gives none. */
bool dap_get_whole(dap *d, const dap_frame *f, bytes code, size_t most, text *whole);
bool dap_get_names(dap *d, const dap_frame *f, bytes code, text *names, size_t *from, text *error);

/* ---- dap_source.c ---- */

dap_handler dap_source_request, dap_loaded_sources;

/* The Source of a file of the flare, or of another chunk. */
json_t *dap_source_of(dap *d, const char *name);

/* The name in the flare of an argument `source`. The caller's; NULL: it has neither a path nor a known
 * number. */
char *dap_source_name(dap *d, const json_t *source);

#endif
