/*
 * dap_relay.h - hands a session on to another process that speaks the protocol.
 */
#ifndef FLARON_EDGE_DAP_RELAY_H
#define FLARON_EDGE_DAP_RELAY_H

#include "debug/dap_wire.h"

/* Connects to a port of this machine. -1 with a sentence in `error`. */
int dap_relay_connect(int port, text *error);

/*
 * Sends requests to the server at `peer`: the one that began the session, whose answer is dropped, since the
 * client has it, and those that followed. Then copies what either side writes until one of them ends. What
 * came from the client and was not taken goes before.
 */
void dap_relay_run(dap_wire *client, int peer, struct json_t *const *requests, size_t count);

#endif
