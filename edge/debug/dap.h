/*
 * dap.h - a server of the Debug Adapter Protocol: one session with one client.
 *
 * What is debugged is started here, by what the client asks (dap_launch.h); how a program is stopped and
 * looked into is debugger.h's. One thread reads requests, answers them in order and sends events: the
 * caller's.
 */
#ifndef FLARON_EDGE_DAP_H
#define FLARON_EDGE_DAP_H

#include "debug/debugger.h"
#include "server/pool.h"

typedef struct dap dap;

/* An argument of a request to scripts/debug/agent.lua. */
typedef struct dap_argument {
  enum { DAP_TEXT, DAP_INTEGER, DAP_BOOLEAN, DAP_THREAD /* the one that stands still */ } kind;
  bytes text;
  int64_t integer;
} dap_argument;

/* The next field of the agent's answer; `left` is what follows. Empty at the end. */
bytes dap_next_field(bytes *left);

/* A program beside the flares, native Lua: a spec. It has one thread. The functions are called on the
 * session's. */
typedef struct dap_program {
  /* Asks the agent, while it stands still; false with a sentence in `error`. */
  bool (*ask)(const char *request, const dap_argument *arguments, size_t count, text *answer, text *error);
  bool (*move_on)(debugger_move move, text *error); /* as debugger_move_on */
  bool (*pause)(void);
  /* As debugger_set_lines. */
  void (*set_lines)(const char *source, const debugger_breakpoint *list, size_t count,
                    debugger_verified *verified);
  bool (*steps_in)(void); /* it is in a step, which goes into an invocation that begins */
  void (*step)(void);     /* a step in an invocation goes out of it: stop at the next line */
} dap_program;

/* What runs already, and is attached to. Borrowed. */
typedef struct dap_site {
  const char *path;                 /* of the project: names of files are relative to its folder */
  pool_flare *(*flare)(void *data); /* the flare as it is now, with a reference; NULL = there is none */
  void *data;
  const dap_program *program; /* NULL = there are flares alone */
  void (*left)(void *data);   /* a session is over; NULL = nothing is to be done */
} dap_site;

/* How a session attaches to a server (dap_server.h): the functions that it calls, with `server`. */
typedef struct dap_attached {
  const dap_site *site;
  debugger *debugger; /* the server's; tells the session as dap_listener does */
  void *server;
  void (*join)(void *server, dap *session); /* tell this session from now on */
  void (*begin)(void *server);              /* what stops has been said */
  bool (*part)(void *server); /* tell it nothing more; false: something is still being told, try again */
} dap_attached;

/* A session to be had. */
typedef struct dap_options {
  int in, out;         /* what the client writes, and what it reads */
  int end;             /* ends the session when it can be read; -1 = none */
  const char *project; /* what is debugged, unless launch says so; NULL = this folder. Borrowed */
  void (*state_folder)(const char *input, text *path); /* adds the folder of the state of a project */
  const dap_attached
      *attached; /* what `attach` means; NULL = the server at its `port`. Then there is no launch */
} dap_options;

/*
 * Serves the client until it disconnects or is gone. Nothing that was started is left, but for an invocation
 * in a C function that takes long, which the end of the process ends. False, with a sentence in `error`: what
 * it sent could not be read.
 */
bool dap_serve(const dap_options *options, text *error);

/* For a server: tells a session, which is `data`, what an invocation does. */
extern const debugger_listener dap_listener;

/* For a server, on the program's thread: it stands still; what a breakpoint of it writes. */
void dap_program_stopped(dap *d, debugger_reason reason, int breakpoint, const char *description);
void dap_program_said(dap *d, bytes line);

/* For a server: returns when all that a session was told before has been sent. */
void dap_flush(dap *d);

/* For a server: tells a session that the flare is another one now. */
void dap_changed(dap *d);

#endif
