/*
 * dap.c - see dap.h: the loop of a session, and which function answers which request.
 */
#include "debug/dap.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/list.h"
#include "debug/dap_private.h"

/* What a request needs before it is answered. */
typedef enum dap_need { NEEDS_NOTHING, NEEDS_CLIENT, NEEDS_LAUNCH } dap_need;

/* A request of the protocol, and who answers it. */
typedef struct dap_request {
  const char *command;
  dap_need need;
  dap_handler *handle;
  void (*after)(dap *d); /* after a good response was sent; NULL = nothing */
} dap_request;

/* ---- messages ---- */

void dap_send_event(dap *d, const char *event, json_t *body) {
  json_t *message = json_pack("{s:s, s:s}", "type", "event", "event", event);
  if (body != NULL) json_object_set_new(message, "body", body);
  dap_wire_write(&d->wire, message);
}

/* Answers a request: with `body` (may be NULL), which it takes, or with a refusal if `error` has a sentence.
 */
static void dap_respond(dap *d, const json_t *request, json_t *body, const text *error) {
  enum { REFUSED = 1 };
  const char *command = json_string_value(json_object_get(request, "command"));
  bool good = error->size == 0;
  json_t *message = json_pack("{s:s, s:O, s:b, s:s}", "type", "response", "request_seq",
                              json_object_get(request, "seq"), "success", good, "command", command);
  if (!good) {
    json_t *sentence = dap_string(text_bytes(error));
    json_object_set(message, "message", sentence);
    json_decref(body);
    body = json_pack("{s:{s:i, s:o, s:b}}", "error", "id", REFUSED, "format", sentence, "showUser",
                     strcmp(command, "launch") == 0 || strcmp(command, "attach") == 0);
  }
  if (body != NULL) json_object_set_new(message, "body", body);
  dap_wire_write(&d->wire, message);
}

json_t *dap_string(bytes b) {
  json_t *string = json_stringn(b.size != 0 ? (const char *)b.data : "", b.size);
  if (string != NULL) return string;
  text shown = {0};
  text_add_harmless(&shown, b, "");
  string = json_stringn(shown.data, shown.size);
  text_free(&shown);
  return string;
}

const char *dap_get_string(const json_t *arguments, const char *name) {
  return json_string_value(json_object_get(arguments, name));
}

int dap_get_number(const json_t *arguments, const char *name, int otherwise) {
  const json_t *value = json_object_get(arguments, name);
  json_int_t number = json_integer_value(value);
  return json_is_integer(value) && number >= 0 && number <= INT32_MAX ? (int)number : otherwise;
}

/* ---- requests ---- */

/* What can be asked, as `initialize` answers it. */
static json_t *dap_capabilities(void) {
  static const char *const can[] = {"supportsConfigurationDoneRequest",
                                    "supportsFunctionBreakpoints",
                                    "supportsConditionalBreakpoints",
                                    "supportsHitConditionalBreakpoints",
                                    "supportsEvaluateForHovers",
                                    "supportsStepBack",
                                    "supportsSetVariable",
                                    "supportsRestartFrame",
                                    "supportsGotoTargetsRequest",
                                    "supportsCompletionsRequest",
                                    "supportsRestartRequest",
                                    "supportsExceptionInfoRequest",
                                    "supportTerminateDebuggee",
                                    "supportsDelayedStackTraceLoading",
                                    "supportsLoadedSourcesRequest",
                                    "supportsLogPoints",
                                    "supportsSetExpression",
                                    "supportsTerminateRequest",
                                    "supportsDataBreakpoints",
                                    "supportsCancelRequest",
                                    "supportsBreakpointLocationsRequest",
                                    "supportsClipboardContext",
                                    "supportsExceptionFilterOptions"};
  json_t *all =
      json_pack("{s:[{s:s, s:s, s:b, s:s}, {s:s, s:s, s:b, s:b, s:s}], s:[s, s]}",
                "exceptionBreakpointFilters", "filter", "all", "label", "All errors", "supportsCondition",
                true, "conditionDescription", "text that the message has", "filter", "uncaught", "label",
                "Uncaught errors", "default", true, "supportsCondition", true, "conditionDescription",
                "text that the message has", "completionTriggerCharacters", ".", ":");
  for (size_t i = 0; i < sizeof can / sizeof *can; i++) json_object_set_new(all, can[i], json_true());
  return all;
}

static bool dap_initialize(dap *d, const json_t *arguments, json_t **body, text *error) {
  const char *format = json_string_value(json_object_get(arguments, "pathFormat"));
  if (d->initialized) {
    text_add_string(error, "it is initialized already");
    return false;
  }
  if (format != NULL && strcmp(format, "path") != 0 && strcmp(format, "uri") != 0) {
    text_printf(error, "pathFormat must be path or uri, not %s", format);
    return false;
  }
  d->initialized = true;
  d->uris = format != NULL && strcmp(format, "uri") == 0;
  d->lines_from_0 = json_is_false(json_object_get(arguments, "linesStartAt1"));
  d->columns_from_0 = json_is_false(json_object_get(arguments, "columnsStartAt1"));
  *body = dap_capabilities();
  return true;
}

/* What is still to be done is done by whoever sees that the session is over. */
static bool dap_disconnect(dap *d, const json_t *arguments, json_t **body, text *error) {
  (void)arguments, (void)body, (void)error;
  d->over = true;
  return true;
}

/* A request that can be cancelled was looked for when it was taken (dap_is_cancelled): this one is answered
 * by now. */
static bool dap_cancel(dap *d, const json_t *arguments, json_t **body, text *error) {
  (void)d, (void)arguments, (void)body, (void)error;
  return true;
}

static const dap_request requests[] = {
    {"initialize", NEEDS_NOTHING, dap_initialize, NULL},
    {"launch", NEEDS_CLIENT, dap_launch_request, dap_send_initialized},
    {"attach", NEEDS_CLIENT, dap_attach_request, dap_send_initialized},
    {"disconnect", NEEDS_NOTHING, dap_disconnect, NULL},
    {"cancel", NEEDS_NOTHING, dap_cancel, NULL},
    {"configurationDone", NEEDS_LAUNCH, dap_configuration_done, dap_begin},
    {"restart", NEEDS_LAUNCH, dap_restart, NULL},
    {"terminate", NEEDS_LAUNCH, dap_terminate, dap_send_terminated},

    {"setBreakpoints", NEEDS_LAUNCH, dap_set_breakpoints, NULL},
    {"setFunctionBreakpoints", NEEDS_LAUNCH, dap_set_functions, NULL},
    {"setExceptionBreakpoints", NEEDS_LAUNCH, dap_set_exceptions, NULL},
    {"setDataBreakpoints", NEEDS_LAUNCH, dap_set_data, NULL},
    {"dataBreakpointInfo", NEEDS_LAUNCH, dap_data_info, NULL},
    {"breakpointLocations", NEEDS_LAUNCH, dap_breakpoint_locations, NULL},

    {"continue", NEEDS_LAUNCH, dap_continue, NULL},
    {"next", NEEDS_LAUNCH, dap_next, NULL},
    {"stepIn", NEEDS_LAUNCH, dap_step_in, NULL},
    {"stepOut", NEEDS_LAUNCH, dap_step_out, NULL},
    {"stepBack", NEEDS_LAUNCH, dap_step_back, NULL},
    {"reverseContinue", NEEDS_LAUNCH, dap_reverse_continue, NULL},
    {"pause", NEEDS_LAUNCH, dap_pause, NULL},
    {"gotoTargets", NEEDS_LAUNCH, dap_goto_targets, NULL},
    {"goto", NEEDS_LAUNCH, dap_goto, NULL},
    {"restartFrame", NEEDS_LAUNCH, dap_restart_frame, NULL},

    {"threads", NEEDS_LAUNCH, dap_threads_request, NULL},
    {"stackTrace", NEEDS_LAUNCH, dap_stack_trace, NULL},
    {"scopes", NEEDS_LAUNCH, dap_scopes, NULL},
    {"variables", NEEDS_LAUNCH, dap_variables, NULL},
    {"setVariable", NEEDS_LAUNCH, dap_set_variable, NULL},
    {"setExpression", NEEDS_LAUNCH, dap_set_expression, NULL},
    {"evaluate", NEEDS_LAUNCH, dap_evaluate, NULL},
    {"completions", NEEDS_LAUNCH, dap_completions, NULL},
    {"exceptionInfo", NEEDS_LAUNCH, dap_exception_info, NULL},

    {"source", NEEDS_LAUNCH, dap_source_request, NULL},
    {"loadedSources", NEEDS_LAUNCH, dap_loaded_sources, NULL},
};
enum { REQUESTS = sizeof requests / sizeof *requests };

static const dap_request *dap_find(const char *command) {
  for (size_t i = 0; i < REQUESTS; i++) {
    if (strcmp(requests[i].command, command) == 0) return &requests[i];
  }
  return NULL;
}

/* Whether a request can be handled now; false after a sentence in `error`. */
static bool dap_may_handle(const dap *d, const dap_request *r, const char *command, text *error) {
  if (r == NULL) {
    text_printf(error, "there is no request '%s'", command);
  } else if (r->need != NEEDS_NOTHING && !d->initialized) {
    text_add_string(error, "the first request must be initialize");
  } else if (r->need == NEEDS_LAUNCH && !d->launched) {
    text_add_string(error, "nothing is debugged: it needs launch or attach first");
  }
  return error->size == 0;
}

/* Whether a request that waits cancels the one with the number `seq`. */
static bool dap_is_cancelled(const dap *d, const json_t *seq) {
  for (size_t i = 0; i < d->waiting_count; i++) {
    const json_t *command = json_object_get(d->waiting[i], "command");
    const json_t *id = json_object_get(json_object_get(d->waiting[i], "arguments"), "requestId");
    if (json_is_string(command) && strcmp(json_string_value(command), "cancel") == 0 && json_equal(id, seq))
      return true;
  }
  return false;
}

/* Has the server that was attached to have the rest of the session, from `request` on. */
static void dap_hand_on(dap *d, json_t *request) {
  size_t count = d->waiting_count + 2;
  json_t **all = memory_get(count * sizeof *all);
  all[0] = d->first;
  all[1] = request;
  for (size_t i = 2; i < count; i++) all[i] = d->waiting[i - 2];
  json_t *disconnect = dap_relay_run(&d->relay, &d->wire, all, count);
  dap_relay_close(&d->relay);
  for (size_t i = 0; i < d->waiting_count; i++) json_decref(d->waiting[i]);
  d->waiting_count = 0;
  if (disconnect != NULL) {
    LIST_ROOM(d->waiting, d->waiting_count);
    d->waiting[d->waiting_count++] = disconnect;
  }
  free(all);
}

static void dap_handle(dap *d, json_t *request) {
  const char *command = json_string_value(json_object_get(request, "command"));
  const json_t *arguments = json_object_get(request, "arguments");
  const dap_request *r = dap_find(command);
  json_t *body = NULL, *empty = NULL;
  text error = {0};
  if (!json_is_object(arguments)) arguments = empty = json_object();
  if (dap_is_cancelled(d, json_object_get(request, "seq"))) {
    text_add_string(&error, "cancelled");
  } else if (dap_may_handle(d, r, command, &error) && !r->handle(d, arguments, &body, &error) &&
             error.size == 0) {
    text_add_string(&error, "it failed");
  }
  if (d->relay.peer >= 0) {
    dap_hand_on(d, request);
  } else {
    dap_respond(d, request, body, &error);
    if (error.size == 0 && r->after != NULL) r->after(d);
  }
  json_decref(empty);
  text_free(&error);
}

/* ---- the loop ---- */

/* Whether a message is a request; false after a sentence in `error` if it is nothing that can be passed over
 * either. */
static bool dap_is_request(const json_t *message, text *error) {
  const char *type = json_string_value(json_object_get(message, "type"));
  const json_t *command = json_object_get(message, "command");
  if (type != NULL && strcmp(type, "response") == 0) return false; /* we ask nothing of a client */
  if (type == NULL || strcmp(type, "request") != 0) {
    text_add_string(error, "a message is neither a request nor a response");
  } else if (!json_is_integer(json_object_get(message, "seq"))) {
    text_add_string(error, "a request has no number 'seq'");
  } else if (!json_is_string(command) || strlen(json_string_value(command)) != json_string_length(command)) {
    text_add_string(error, "a request has no 'command'");
  }
  return error->size == 0;
}

/* Takes all requests that have come. False when no more can be read: with a sentence in `error`, or at the
 * end. */
static bool dap_take(dap *d, text *error) {
  json_t *message;
  dap_taken taken;
  while ((taken = dap_wire_take(&d->wire, &message, error)) == DAP_TAKEN_MESSAGE) {
    if (dap_is_request(message, error)) {
      LIST_ROOM(d->waiting, d->waiting_count);
      d->waiting[d->waiting_count++] = message;
    } else {
      json_decref(message);
      if (error->size != 0) return false;
    }
  }
  return taken == DAP_TAKEN_NONE;
}

/* Handles the requests that wait, in order. */
static void dap_handle_waiting(dap *d) {
  while (d->waiting_count > 0 && !d->over) {
    json_t *request = d->waiting[0];
    memmove(d->waiting, d->waiting + 1, --d->waiting_count * sizeof *d->waiting);
    dap_handle(d, request);
    if (d->first == NULL) d->first = json_incref(request);
    json_decref(request);
    dap_tell_events(d);
  }
}

static dap *dap_new(const dap_options *options) {
  dap *d = memory_get(sizeof *d);
  d->options = options;
  d->wire = (dap_wire){.in = options->in, .out = options->out};
  d->points = json_object();
  d->relay = (dap_relay){.peer = -1, .output = -1};
  d->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  pthread_mutex_init(&d->lock, NULL);
  pthread_cond_init(&d->told, NULL);
  return d;
}

static void dap_free(dap *d) {
  json_decref(d->first);
  dap_relay_close(&d->relay);
  for (size_t i = 0; i < d->waiting_count; i++) json_decref(d->waiting[i]);
  free(d->waiting);
  dap_wire_free(&d->wire);
  pthread_cond_destroy(&d->told);
  pthread_mutex_destroy(&d->lock);
  close(d->wake);
  free(d);
}

bool dap_serve(const dap_options *options, text *error) {
  dap *d = dap_new(options);
  if (d->wake < 0) text_add_string(error, strerror(errno));
  for (bool more = error->size == 0; more && !d->over && !d->wire.deaf;) {
    struct pollfd fds[] = {{d->wire.in, POLLIN, 0}, {d->wake, POLLIN, 0}, {options->end, POLLIN, 0}};
    if ((poll(fds, sizeof fds / sizeof *fds, -1) < 0 && errno != EINTR) || fds[2].revents != 0) break;
    if (fds[0].revents != 0) dap_wire_fill(&d->wire);
    more = dap_take(d, error);
    dap_tell_events(d);
    dap_handle_waiting(d);
  }
  if (dap_stop(d)) dap_free(d);
  return error->size == 0;
}
