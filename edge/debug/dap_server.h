/*
 * dap_server.h - a port to which debuggers' clients come while a server runs flares: each request that meets
 * a breakpoint of the client stands still, the others go on.
 *
 * One client at a time is served; while none is there, no invocation is under the debugger.
 */
#ifndef FLARON_EDGE_DAP_SERVER_H
#define FLARON_EDGE_DAP_SERVER_H

#include "debug/dap.h"

typedef struct dap_server dap_server;

/* Serves clients that connect to a socket that listens, which it takes over. The site is borrowed until
 * dap_server_close. NULL with a sentence in `error`. */
dap_server *dap_server_open(const dap_site *site, int fd, text *error);

/* pool_maker.prepare, with the server as `data`: puts an edge under the debugger, or takes it away from
 * there. */
void dap_server_prepare(void *data, edge *e);

/* Waits until a client has said what stops. */
void dap_server_wait(dap_server *s);

/* The flare is another one now: breakpoints are looked for in it before this returns, if a client is there.
 * On any thread. */
void dap_server_changed(dap_server *s);

/* Returns when all that the client was to be told has been sent. */
void dap_server_flush(dap_server *s);

/* On the thread of the site's program: it stands still; false: there is no session, it must go on. */
bool dap_server_stopped(dap_server *s, debugger_reason reason, int breakpoint, const char *description);

/* The same: what a breakpoint of it writes. */
void dap_server_said(dap_server *s, bytes line);

/* Ends the session with its client; what stands still goes on. NULL is ignored. */
void dap_server_close(dap_server *s);

#endif
