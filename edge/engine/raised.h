/*
 * raised.h - whether a script's error ended a handler, for engines that run the packed flare itself: it has
 * no export that tells.
 */
#ifndef FLARON_EDGE_RAISED_H
#define FLARON_EDGE_RAISED_H

#include "host/host.h"

/*
 * Judges by the flare's last calls and the last line of its log; nothing else parses the log. `is_request`:
 * the handler was handle_request, else it was one of an event. `message` is that error with its traceback,
 * cut as log lines are and borrowed from the host. A script that logs a traceback itself and makes the very
 * response of the runtime is taken for one that raised.
 */
bool raised_is_likely(const host *h, bool is_request, bytes *message);

#endif
