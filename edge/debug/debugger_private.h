/*
 * debugger_private.h - what the files of the debugger's core share: debugger.c (runs and how they go on),
 * match.c (what stops), find.c (values that are looked for), settings.c (breakpoints and the lines that have
 * code), tape.c (the host's answers), look.c (looking into a run).
 */
#ifndef FLARON_EDGE_DEBUGGER_PRIVATE_H
#define FLARON_EDGE_DEBUGGER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "debug/debugger.h"
#include "debug/inspect.h"
#include "profile/callstack.h"

/* ---- settings ---- */

/* A breakpoint of a line or a function. Owned. */
typedef struct setting {
  int id, line;
  char *source, *function, *condition, *hits, *message; /* NULL = not set */
} setting;

/* What stops. Owned; each run has a copy, so that it need not lock. */
typedef struct settings {
  setting *items;
  size_t count;
  bool all, uncaught;
  char *all_filter, *uncaught_filter;
} settings;

void settings_copy(settings *to, const settings *from);
void settings_free(settings *s);

/* Of an edge under the debugger. */
typedef struct attachment {
  edge_debug hooks; /* data: the attachment */
  debugger *d;
  edge *e;
  debugger_run *run; /* of the invocation that goes on; NULL = none */
  struct attachment *next;
} attachment;

struct debugger {
  debugger_config config;
  pthread_mutex_t lock; /* of what follows */
  settings settings;
  attachment *attachments;
  const recording *record; /* for the next invocation */
  atomic_uint version;     /* of the settings */
};

/* ---- runs ---- */

/* A place as Lua has it: a chunk's name in the memory, and a line. */
typedef struct raw_place {
  uint32_t at, size;
  int line;
} raw_place;

/* A point of an invocation: before its `event`-th line, or at its `thrown`-th error. */
typedef struct moment {
  uint64_t event, thrown;
  bool at_error; /* it is the error; else the line */
} moment;

/* Whether `a` is before `b`. */
static inline bool moment_is_before(moment a, moment b) {
  return a.event != b.event     ? a.event < b.event
         : a.thrown != b.thrown ? a.thrown < b.thrown
                                : !a.at_error && b.at_error;
}

/* What a run is at present: all that is found out about a stop, without its texts. */
typedef enum mode {
  MODE_FORWARD, /* stops where something matches */
  MODE_GO,      /* to a moment, then stops for what is due */
  MODE_SEARCH,  /* to a moment, noting the last match before it; then goes there */
  MODE_TRACE,   /* to the last event, telling each; then goes to a moment */
  MODE_DETACHED /* to the end */
} mode;

/* A match: where a run is to stop and why. */
typedef struct match {
  bool found;
  moment at;
  debugger_reason reason;
  int breakpoint;
  bool uncaught;
  text description; /* owned, as the next are */
  debugger_place wrote;
} match;

/* Steps, forwards or, in a search, backwards; DEBUGGER_RESTART: to the first line of the call. */
typedef struct step {
  bool on;
  debugger_move kind;
  uint32_t state,
      offset; /* the call: its Lua state, and how far its function is from the start of the stack */
  uint32_t outer[CALLSTACK_STATES];
  size_t outer_count; /* states that have resumed `state` */
  bool replaced;      /* forwards: the call has ended, another is in its place */
  match same, above;  /* backwards: the last line in the call, and in calls that called it */
} step;

/* A call and the line that it is at, while data is watched. */
typedef struct active {
  uint32_t state, offset;
  raw_place place;
  moment at;
} active;

/* Something watched. Owned. */
typedef struct watch {
  int id;
  char *condition, *hits;
  enum { WATCH_LOCAL, WATCH_UPVALUE, WATCH_FIELD } kind;
  uint32_t state, offset, closure, slot, from,
      to;          /* LOCAL: the call, its function, the register, the code in which it is */
  uint32_t object; /* UPVALUE: of it; FIELD: of the table */
  bool is_integer;
  int64_t integer; /* FIELD: the key */
  char *key;
  size_t key_size;
  char *name;
  bool written; /* since the last line, */
  active by;    /* by this */
  bool present;
  uint8_t value[9]; /* the data and the tag of the last value */
} watch;

/* A text or number that is looked for: debugger_go_value. Owned. */
typedef struct finding {
  bool on;
  text text;
  bool is_integer, is_number;
  int64_t integer;
  double number;
  bool had; /* it was there at the event before */
} finding;

/* A change by the user, made again when the invocation is repeated. Owned. */
typedef struct change {
  moment at;
  char *request;
  inspect_argument *arguments; /* their texts are owned */
  size_t count;
  int ms;
  text references;
} change;

/* How often a breakpoint was met. */
typedef struct hit {
  int id;
  int64_t count;
} hit;

/* A source that has run: the breakpoints in it. */
typedef struct view {
  raw_place name; /* where its name was seen */
  text source;    /* as in breakpoints */
  bool any;
  uint8_t *lines; /* a byte for each, up to `most` */
  int most;
} view;

/* Work for the thread of the invocation. */
typedef struct job {
  void (*function)(debugger_run *run, void *data);
  void *data;
  bool done;
} job;

struct debugger_run {
  debugger *d;
  attachment *attachment;
  edge *e;
  uint32_t id;
  flare_handler handler;
  const host_request *request;
  pthread_t thread;

  /* of the invocation's thread: where it is */
  moment now;
  uint64_t furthest;       /* event */
  uint32_t state;          /* the Lua state of the present event */
  raw_place place, before; /* of the present event and of the one before */
  moment last;             /* the event before */
  int line;                /* of the present event, as in the source */
  uint8_t error[16];       /* at an error: the value, as a TValue */
  uint64_t error_event;
  bool error_is_memory;

  mode mode;
  moment target;        /* MODE_GO, MODE_SEARCH, MODE_TRACE */
  match due;            /* MODE_GO: for the stop; MODE_SEARCH: the last match */
  moment back_to;       /* MODE_TRACE */
  bool to_the_end;      /* MODE_SEARCH, MODE_TRACE, MODE_GO: the target is the end */
  bool searching_steps; /* MODE_SEARCH: for `step`, not for what is set */
  char *
      line_source; /* MODE_FORWARD, MODE_SEARCH: the only thing that stops is this place (debugger_go_line) */
  int line_wanted;
  finding find; /* the same of a value (debugger_go_value) */
  step step;
  bool again, entered, set_out; /* set_out: by debugger_go and others, instead of a move */

  settings settings;
  unsigned version;
  bool has_functions, has_hits;
  view *views;
  size_t view_count;
  view *last_view;
  hit *hits;
  size_t hit_count;
  watch *watches;
  size_t watch_count;
  active *active; /* the calls that are not over, innermost last in each state */
  size_t active_count;
  change *changes;
  size_t change_count, change_at;

  /* looking */
  inspection look;
  bool looking;  /* the agent runs: events do not count */
  bool pretends; /* and calls of the host are answered "not available" */
  const debugger_stop *stop;

  /* the tape */
  host_tape tape, *outer;
  recording made;         /* calls that the host answered, in order, without output */
  const recording *given; /* in their place: of a record */
  uint64_t *call_events;
  size_t call_room, call_at, given_at, calls_told, calls_made, lines_told, lines_made;
  size_t counted[5]; /* of the host, at the end of the tape: what it has limits for */
  debugger_call *call_list;
  text departure;

  /* shared with other threads */
  pthread_mutex_t lock;
  pthread_cond_t changed;
  atomic_bool pause, terminate, detach;
  bool standing, over;
  job *job;
  debugger_move move;
  uint32_t move_state;
  int move_level;
};

/* ---- of the parts ---- */

/* Reads of the linear memory. */
uint32_t run_word(const debugger_run *run, uint32_t at);
uint8_t run_byte(const debugger_run *run, uint32_t at);
bytes run_memory(const debugger_run *run);

/* The call at a level of a state, as the address of its CallInfo; 0 = none. */
uint32_t run_call(const debugger_run *run, uint32_t state, int level);

/* How far a call's function is from the start of its stack, in bytes. */
uint32_t run_offset(const debugger_run *run, uint32_t state, uint32_t call);

/* A state's id as a thread, and back; `thread` 0 is the one that runs. */
uint32_t run_thread(const debugger_run *run, uint32_t state);
uint32_t run_state(const debugger_run *run, uint32_t thread);

/* The number of calls of a state. */
int run_depth(const debugger_run *run, uint32_t state);

/* The next instruction of a Lua call, counted from 0, and its function's prototype; false for a C function.
 */
bool run_instruction(const debugger_run *run, uint32_t state, uint32_t call, int *pc, uint32_t *proto);

/* match.c: whether the run is to stop at the present event; `m`, empty before, says why. */
bool match_line(debugger_run *run, match *m);
bool match_error(debugger_run *run, match *m);
bool match_data(debugger_run *run, match *m, bool at_end);
void match_return(debugger_run *run, uint32_t state); /* a function returns: has it written? */
void match_free(match *m);
void match_count(debugger_run *run);    /* only counts how often breakpoints were met */
void match_begin(debugger_run *run);    /* a run begins */
void match_settle(debugger_run *run);   /* takes over new settings */
void match_baseline(debugger_run *run); /* what is watched has not changed so far */
void match_step(debugger_run *run, debugger_move kind, uint32_t state, int level);
void match_back(debugger_run *run);      /* notes a line for steps backwards */
void match_back_ends(debugger_run *run); /* the line from which they go */
void match_watches_free(debugger_run *run);
void match_end(debugger_run *run);

/* find.c: whether what is looked for is in a variable of the function that runs. */
void find_begin(finding *f, bytes wanted);
bool find_is_here(const debugger_run *run);
void find_free(finding *f);

/* The address of the value of what a watch of a field names; 0 = the table has none. */
uint32_t match_field(const debugger_run *run, const watch *w);

/* condition.c: evaluates a condition in the running call; false if it is left to the agent. */
bool condition_test(const debugger_run *run, const char *condition, bool *holds);

/* tape.c. Bytes of calls that are kept; beyond, the way back is closed. */
enum { TAPE_MOST = 256 << 20 };
void tape_begin(debugger_run *run);
void tape_end(debugger_run *run);
void tape_cut(debugger_run *run); /* forgets what is after the present call */
void tape_free(debugger_run *run);

/* look.c: a request for the agent on the invocation's thread; as inspect_ask. */
bool look_ask(debugger_run *run, const char *request, const inspect_argument *arguments, size_t count,
              text *answer, text *error);
bool look_change(debugger_run *run, const char *request, const inspect_argument *arguments, size_t count,
                 int ms, text *answer, text *error);
void look_repeat(debugger_run *run, const change *c);
void look_end(debugger_run *run);

/* debugger.c: runs `function` on the invocation's thread; false, with a sentence in `error`, if it does not
 * stand still. */
bool run_do(debugger_run *run, void (*function)(debugger_run *run, void *data), void *data, text *error);

/* A chunk's name as in places and breakpoints: without '@' and '='. */
bytes place_name(bytes source);

/* The place where the run is or was; `to` is empty before. */
void place_set(const debugger_run *run, const raw_place *raw, debugger_place *to);

#endif
