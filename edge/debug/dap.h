/*
 * dap.h - a server of the Debug Adapter Protocol: one session with one client.
 *
 * What is debugged is started here, by what the client asks (dap_launch.h); how a program is stopped and
 * looked into is debugger.h's. One thread reads requests, answers them in order and sends events: the
 * caller's.
 */
#ifndef FLARON_EDGE_DAP_H
#define FLARON_EDGE_DAP_H

#include "base/text.h"

/* A session to be had. */
typedef struct dap_options {
  int in, out;         /* what the client writes, and what it reads */
  const char *project; /* what is debugged, unless launch says so; NULL = this folder. Borrowed */
  void (*state_folder)(const char *input, text *path); /* adds the folder of the state of a project */
} dap_options;

/*
 * Serves the client until it disconnects or is gone. Nothing that was started is left. False, with a sentence
 * in `error`: what it sent could not be read.
 */
bool dap_serve(const dap_options *options, text *error);

#endif
