/*
 * dap_relay.h - hands a session on to another process that speaks the protocol: `dev --debug`, or the specs
 * of a project, which are started here.
 */
#ifndef FLARON_EDGE_DAP_RELAY_H
#define FLARON_EDGE_DAP_RELAY_H

#include <sys/types.h>

#include "debug/dap_wire.h"

/* Another process. Begin with {.peer = -1, .output = -1}. */
typedef struct dap_relay {
  int peer;    /* a connection to its server; -1 = none */
  pid_t child; /* it was started here; 0 = it was not */
  int output;  /* what the child writes to its standard output and error; -1 = nothing */
  text said;   /* what of it has not been shown yet */
} dap_relay;

/* Connects to a port of this machine. False with a sentence in `error`. */
bool dap_relay_connect(dap_relay *r, int port, text *error);

/*
 * Starts `flaron-lua test --debug` for a spec (a file or a folder) of the project in `folder`, and connects
 * to it. False with a sentence in `error`, which has what it said.
 */
bool dap_relay_start_spec(dap_relay *r, const char *folder, const char *spec, text *error);

/*
 * Sends requests to the server: the one that began the session, whose answer is dropped, since the client has
 * it, and those that followed. Then hands on what either side writes, and what the child says, until the
 * server ends, which is told to the client, or the client does. Returns the client's request to disconnect,
 * the caller's to answer; NULL: it has sent none.
 */
struct json_t *dap_relay_run(dap_relay *r, dap_wire *client, struct json_t *const *requests, size_t count);

/* Ends the connection, and the child. */
void dap_relay_close(dap_relay *r);

#endif
