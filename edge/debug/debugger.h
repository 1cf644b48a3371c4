/*
 * debugger.h - the debugger's core: stops an invocation on the engine in this process, looks into it, and
 * takes it forwards and backwards. It knows no protocol and prints nothing.
 *
 * A `debugger` has what is asked for: breakpoints, what errors stop, who is told. A `debugger_run` is one
 * invocation under it; several may run at a time, each on a thread of its own.
 *
 * Time is counted in *events*: event N is the N-th time that a line begins to run in the invocation, 1 for
 * the first. The same invocation has the same events each time it is run, since all answers of the host are
 * kept and given again. So going back is running again, from the packed image, up to an event
 * (docs/internals/debugger.md).
 *
 * Threads: an invocation runs on the thread that calls edge_invoke, and stands still on it. The functions
 * that take a `debugger_run` may be called from any other thread, from the moment that `stopped` is called
 * until `ended` returns, and on the invocation's own thread inside of `stopped`, where debugger_go and the
 * like say how it goes on, too (`stopped` then answers DEBUGGER_WAIT). Those of a `debugger` may be called
 * from all threads.
 *
 * All texts given are UTF-8; other bytes are shown as \xNN. Lines of the log are as the flare wrote them.
 */
#ifndef FLARON_EDGE_DEBUGGER_H
#define FLARON_EDGE_DEBUGGER_H

#include "engine/runner.h"
#include "pack/linemap.h"
#include "record/record.h"

typedef struct debugger debugger;
typedef struct debugger_run debugger_run;

/* ---- stops ---- */

/* Why an invocation stands still. */
typedef enum debugger_reason {
  DEBUGGER_ENTRY,      /* its first line; also the end of the way backwards */
  DEBUGGER_STEP,       /* a step is done */
  DEBUGGER_BREAKPOINT, /* of a line: `breakpoint` is its id */
  DEBUGGER_FUNCTION,   /* of a function: `breakpoint` */
  DEBUGGER_DATA,       /* something watched has changed: `breakpoint`, `description`, `wrote` */
  DEBUGGER_EXCEPTION,  /* an error is raised, the stack is whole: `description` is the message */
  DEBUGGER_PAUSE,      /* debugger_pause */
  DEBUGGER_GOTO,       /* debugger_go has arrived */
  DEBUGGER_END /* the invocation is over, see debugger_config.stop_at_end: there are no frames. The host's
                  response is what the invocation made. Backwards is possible, forwards ends it. */
} debugger_reason;

/* A place in a source. `source` is the file as in the flare ("main.lua", "lib/cart.lua"), or how Lua shows
 * another chunk. */
typedef struct debugger_place {
  text source;
  int line; /* 0 = not known */
} debugger_place;

typedef struct debugger_stop {
  debugger_reason reason;
  uint64_t event;       /* number of the line that is about to run; in DEBUGGER_EXCEPTION the one that runs */
  uint64_t call;        /* host calls made so far */
  uint32_t thread;      /* the coroutine that runs: an id for debugger_frames */
  int breakpoint;       /* id that was given by debugger_set_...; 0 = none */
  bool uncaught;        /* DEBUGGER_EXCEPTION: nothing in the script catches it */
  text description;     /* owned; what there is to say beside the reason */
  debugger_place wrote; /* DEBUGGER_DATA: the line that wrote. Forwards the stop is at the next line that
                           runs, backwards at the line that wrote, before it runs */
  bool past;            /* it is in what has run before: calls are answered from the tape */
  text departure; /* owned; not empty: the repeated run was not the same, and how. It is then live from there
                     on */
} debugger_stop;

/* How an invocation goes on. The last five go backwards; where there is no such place they end at
 * DEBUGGER_ENTRY. */
typedef enum debugger_move {
  DEBUGGER_CONTINUE,
  DEBUGGER_OVER,             /* the next line in this function, or in one that called it */
  DEBUGGER_IN,               /* the next line anywhere in this coroutine or another */
  DEBUGGER_OUT,              /* the next line in a function that called this one */
  DEBUGGER_REVERSE_CONTINUE, /* to the last event before at which a breakpoint or an error would have stopped
                              */
  DEBUGGER_BACK_OVER,        /* the last line before, in this function or in one that called it */
  DEBUGGER_BACK_IN,          /* the last line before, anywhere */
  DEBUGGER_BACK_OUT,         /* the line that called this function */
  DEBUGGER_RESTART,          /* to the first event */
  DEBUGGER_TERMINATE,        /* ends the invocation, which fails */
  DEBUGGER_DETACH,           /* to its end without any stop */
  DEBUGGER_WAIT              /* for `stopped`: stands still until debugger_move_on */
} debugger_move;

/* What a flare sends to its log, or a log point writes. */
typedef struct debugger_output {
  debugger_run *run;
  host_level level;
  bool log_point; /* by a breakpoint with a message, not by the flare */
  bytes line;
  debugger_place place; /* where it is written */
  uint64_t event;       /* the line that writes it */
} debugger_output;

/* Who is told. All are called on the invocation's thread; `data` is theirs. Each may be NULL. */
typedef struct debugger_listener {
  void *data;
  /* An invocation begins under the debugger; `run` is valid until `ended` returns. */
  void (*began)(void *data, debugger_run *run, const host_request *request);
  /*
   * It stands still. The answer says how it goes on; DEBUGGER_WAIT: as debugger_move_on or debugger_go says,
   * from another thread, at once or later. `stop` is valid until the invocation goes on. NULL = nothing ever
   * stops.
   */
  debugger_move (*stopped)(void *data, debugger_run *run, const debugger_stop *stop);
  /* It goes on: references and frames of the stop are no longer valid. */
  void (*continued)(void *data, debugger_run *run);
  /* A line of the log; each is told once, however often the invocation is repeated. */
  void (*output)(void *data, const debugger_output *output);
  /* Called for each event of a run that debugger_trace asked for. */
  void (*traced)(void *data, debugger_run *run, uint64_t event, uint32_t thread, int depth,
                 const debugger_place *place);
  void (*ended)(void *data, debugger_run *run, const edge_result *result);
} debugger_listener;

typedef struct debugger_config {
  debugger_listener listener;
  bool lines;         /* false: only errors stop, and lines are not looked at, so nothing gets slower */
  bool stop_on_entry; /* DEBUGGER_ENTRY at the first line */
  bool stop_at_end;   /* DEBUGGER_END */
  const linemap *map; /* of a stripped flare, borrowed; NULL = none */
} debugger_config;

/* Makes a debugger. Never NULL; the caller frees it with debugger_free when no edge has it any more. */
debugger *debugger_new(const debugger_config *config);
void debugger_free(debugger *d);

/*
 * Puts an edge under the debugger; before its first invocation or between two. From then on edge_invoke runs
 * under it and has no limit of CPU time. The engine must be the one in this process (`e->command` NULL), and
 * it must have no watcher; false, with a sentence in `error`, otherwise. Borrowed until edge_close. `d` NULL:
 * takes it away.
 */
bool debugger_attach(debugger *d, edge *e, text *error);

/*
 * The next invocation of the edge is the one of a record: its calls are answered from there, and after the
 * last one it is ended, as replays are. The record's request, handler and flare are the caller's to compare
 * and to pass. Borrowed until the invocation is over.
 */
void debugger_use_record(debugger *d, const recording *record);

/* ---- what stops ---- */

/* A breakpoint. Texts are copied. Empty texts: not set. */
typedef struct debugger_breakpoint {
  int id;             /* the caller's, from 1; told in stops */
  const char *source; /* of lines: the file as in the flare; else NULL */
  int line;
  const char *function;  /* of functions: a global or field's name as it is called ("total", "cart.total",
                            "cart:add"), or  FILE:LINE where it is defined; else NULL */
  const char *condition; /* an expression in the frame; an error in it stops, with the error as description */
  const char *hit_condition; /* "5" (from the fifth time on), "==5", ">5", ">=5", "<5", "<=5", "%5" */
  const char *log_message;   /* written in place of stopping; {expression} is replaced by its value */
} debugger_breakpoint;

/* Whether a hit condition lets the `count`-th time stop. */
bool debugger_hits(const char *condition, int64_t count);

/* What became of a breakpoint. Owned by the caller: debugger_verified_free. */
typedef struct debugger_verified {
  int id;
  bool verified;
  int line; /* the line of a code that it is at; of an unverified one, the nearest line with code, 0 = none */
  text message; /* why it is not verified */
} debugger_verified;

/*
 * Replaces all breakpoints in the file `source` (all have it). `verified` gets `count` items. `code` (may be
 * NULL) is the flare whose functions are looked at; NULL: nothing is verified. A line without code takes the
 * next line of the same file that has some, if there is one within the same function, as "verified"; else it
 * is not verified and never stops.
 */
void debugger_set_lines(debugger *d, const flare *code, const char *source, const debugger_breakpoint *list,
                        size_t count, debugger_verified *verified);

/* Replaces all function breakpoints. They are always verified, except one whose text cannot be a name. */
void debugger_set_functions(debugger *d, const debugger_breakpoint *list, size_t count,
                            debugger_verified *verified);

void debugger_verified_free(debugger_verified *verified, size_t count);

/* Which errors stop. `filter`: a plain text that the message must have, NULL = any. */
typedef struct debugger_exceptions {
  bool all, uncaught;
  const char *all_filter, *uncaught_filter; /* copied */
} debugger_exceptions;

void debugger_set_exceptions(debugger *d, const debugger_exceptions *exceptions);

/* The lines of a file of a flare that have code, in ascending order, without start-up's, which has run when
 * it was packed. Returns their number; `lines` is the caller's to free, NULL if there are none. `code` NULL:
 * no flare is there yet, and so no line. */
size_t debugger_lines(const flare *code, const linemap *map, const char *source, int **lines);

/* The files that functions of the flare are from, in order of their names. Returns the number; owned by the
 * caller: free each and the list. `code` as above. */
size_t debugger_sources(const flare *code, const linemap *map, char ***sources);

/*
 * A data breakpoint of a run that stands still: on a variable of a reference (debugger_variables). `key` gets
 * what names it for debugger_set_data, as text, `description` how it is shown. It is good for this invocation
 * and its repetitions. False, with a sentence in `error`: it cannot be watched.
 */
bool debugger_data_key(debugger_run *run, uint32_t reference, bytes name, text *key, text *description,
                       text *error);

/* Replaces the data breakpoints of a run. `keys[i]` belongs to `list[i]`, of which id, condition and
 * hit_condition count. `verified` gets `count` items. */
void debugger_set_data(debugger_run *run, const char *const *keys, const debugger_breakpoint *list,
                       size_t count, debugger_verified *verified);

/* ---- going on ---- */

/* Stops the invocation at its next line; false if it stands still or is over. In one C function (a long
 * match) it takes until that returns. */
bool debugger_pause(debugger_run *run);

/* Lets it go on; false if it does not stand still. DEBUGGER_TERMINATE and DEBUGGER_DETACH are taken at any
 * time. `thread`: the coroutine whose steps count, 0 = the one that stopped. `level`: the frame whose steps
 * count (over, out), 0 = the innermost. */
bool debugger_move_on(debugger_run *run, debugger_move move, uint32_t thread, int level);

/*
 * Goes to an event, forwards or backwards, without stopping before. False, with a sentence in `error`, if it
 * does not stand still or backwards is not possible. Events after the end of the invocation end in
 * DEBUGGER_END.
 */
bool debugger_go(debugger_run *run, uint64_t event, text *error);

/* Goes to the first line of the frame's call again (restartFrame): the event is known. As debugger_go. */
bool debugger_go_frame(debugger_run *run, uint32_t thread, int level, text *error);

/* Goes to the next event after this one (`backwards`: the last before) at which the running line is `line` of
 * `source` (goto). As debugger_go; ends as continue and reverse continue do if there is none. */
bool debugger_go_line(debugger_run *run, const char *source, int line, bool backwards, text *error);

/*
 * Goes to the next event after this one (`backwards`: the last before) at which a local, an upvalue, or a
 * field of a table in one of them (of the first 128 places) of the function that runs is a string with
 * `value` in it, or a number that is written so, and at the event before none was. From the first event on:
 * where it first appears. As debugger_go; ends as continue and reverse continue do if there is none.
 */
bool debugger_go_value(debugger_run *run, bytes value, bool backwards, text *error);

/* The events so far: the last one that was reached in any run of it. */
uint64_t debugger_last_event(debugger_run *run);

/*
 * Runs it again from the first event to the last one that was reached, calling `traced` for each, and stands
 * at `back_to` afterwards. As debugger_go.
 */
bool debugger_trace(debugger_run *run, uint64_t back_to, text *error);

/* The calls of the host so far, in order, with the event during which each was made. The list is borrowed
 * while it stands still. */
typedef struct debugger_call {
  uint64_t event;
  const record_call *call;
} debugger_call;
size_t debugger_calls(debugger_run *run, const debugger_call **calls);

/* A number from 1 on, never used twice in a process. */
uint32_t debugger_run_id(const debugger_run *run);

/* The edge, for its host's response (host.response) and the like. */
edge *debugger_run_edge(const debugger_run *run);

/* ---- looking into it: for runs that stand still. False, with a sentence in `error`, if not, or as said.
 * ---- */

/* A coroutine. The main one always has the id DEBUGGER_MAIN. */
enum { DEBUGGER_MAIN = 1 };
typedef struct debugger_thread {
  uint32_t id;  /* the same in repeated runs */
  bool running; /* this one runs, */
  bool waiting; /* or it has resumed the running one, directly or not; else it is suspended */
  text name;    /* "main", "coroutine 1 (worker.lua:12)" */
} debugger_thread;

typedef struct debugger_threads {
  debugger_thread *items; /* the running one first, then those that resumed it, then suspended ones; dead ones
                             are left out */
  size_t count;
} debugger_threads;
bool debugger_get_threads(debugger_run *run, debugger_threads *threads, text *error);
void debugger_threads_free(debugger_threads *threads);

/* A call. */
typedef struct debugger_frame {
  int level;            /* 0 = the innermost */
  text name;            /* of the function: "total", "method 'add'", "main chunk", "function <main.lua:12>" */
  debugger_place place; /* line 0 for C functions */
  int defined_from, defined_to; /* lines of the function; 0 = not known */
  bool lua;                     /* a Lua function; else a C function: no line, locals are temporaries */
  bool tail;                    /* it was called by a tail call: calls before it are missing */
} debugger_frame;

typedef struct debugger_frames {
  debugger_frame *items;
  size_t count, total; /* `total`: of the whole stack */
} debugger_frames;

/* The frames from level `start` on, `count` at most (0 = 1,000). */
bool debugger_get_frames(debugger_run *run, uint32_t thread, size_t start, size_t count,
                         debugger_frames *frames, text *error);
void debugger_frames_free(debugger_frames *frames);

/* What a frame has. References: for debugger_get_variables; 0 = there is nothing. */
typedef struct debugger_scopes {
  uint32_t locals, varargs, upvalues, globals;
  size_t local_count, vararg_count, upvalue_count, global_count;
} debugger_scopes;
bool debugger_get_scopes(debugger_run *run, uint32_t thread, int level, debugger_scopes *scopes, text *error);

/* A variable, field or result. */
typedef struct debugger_variable {
  text name;  /* of a local, or of a field: `name`, `[1]`, `["a b"]`, `[table: 0x...]`; "(metatable)"; "" for
                 results */
  text value; /* as shown: strings quoted, with \n and \xNN, shortened after 1000 bytes with their size;
                 tables "table: 3 items" */
  const char *type;      /* static: nil boolean integer float string table function thread userdata */
  uint32_t reference;    /* of what is inside; 0 = nothing. Valid until the invocation goes on */
  size_t named, indexed; /* of a table: fields (with the metatable), and items 1..n of its sequence */
  text expression;       /* gives it in the same frame; empty = none */
  text place;            /* of a Lua function: FILE:LINE; else empty */
  bool constant;         /* a <const> or <close> variable, a C function's temporary: it cannot be set */
} debugger_variable;

typedef struct debugger_variables {
  debugger_variable *items;
  size_t count;
} debugger_variables;

typedef enum debugger_filter { DEBUGGER_ALL, DEBUGGER_NAMED, DEBUGGER_INDEXED } debugger_filter;

/* The variables of a reference, `count` (0 = all, 10,000 at most) from `start` on, of those that `filter`
 * says: items by number, fields in order of their names. */
bool debugger_get_variables(debugger_run *run, uint32_t reference, debugger_filter filter, size_t start,
                            size_t count, debugger_variables *variables, text *error);
void debugger_variables_free(debugger_variables *variables);
void debugger_variable_free(debugger_variable *variable);

/*
 * Sets a variable of a reference, `name` as debugger_get_variables gave it, to the value of an expression in
 * the frame that the reference comes from. The change is part of the invocation from here on: repeated runs
 * make it at the same event. What came after it is forgotten, since it may be different now. False, with the
 * error, if it cannot be set.
 */
bool debugger_set_variable(debugger_run *run, uint32_t reference, bytes name, bytes expression,
                           debugger_variable *now, text *error);

/* How an expression is evaluated. */
typedef enum debugger_evaluation {
  DEBUGGER_LOOK, /* for hover and watch: leaves no trace, and calls of the host are errors ("not available")
                  */
  DEBUGGER_DO    /* for the REPL: expression or statements; stays done, as debugger_set_variable. Calls of the
                    host are made */
} debugger_evaluation;

/*
 * Evaluates `code` in a frame: its locals, upvalues and globals have their names. `result` gets the first
 * value (type "nil" for none), `more` (may be NULL) the number of further ones. False, with Lua's message in
 * `error`, if it does not compile, raises an error, or takes more than `ms` milliseconds (0 = 1000) or 64 MiB
 * of memory; then nothing has changed.
 */
bool debugger_evaluate(debugger_run *run, uint32_t thread, int level, bytes code, debugger_evaluation how,
                       int ms, debugger_variable *result, size_t *more, text *error);

/* The whole of a string value, for clipboards and hex views: an expression as debugger_evaluate takes, whose
 * value must be a string; `size` bytes from `start` on, and its whole size. */
bool debugger_get_string(debugger_run *run, uint32_t thread, int level, bytes expression, size_t start,
                         size_t size, text *part, size_t *whole, text *error);

/* Names that may stand at the end of `code` in a frame ("car", "cart.to", "cart:a"), each with a NUL after
 * it, sorted, 200 at most; `from` is the byte of `code` where the name begins. */
bool debugger_complete(debugger_run *run, uint32_t thread, int level, bytes code, text *names, size_t *from,
                       text *error);

/* For an exception: the error value as a variable, of the present stop. */
bool debugger_get_exception(debugger_run *run, debugger_variable *value, text *error);

#endif
