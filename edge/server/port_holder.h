/*
 * port_holder.h - which process of this machine listens on a port, and whose connections are, as far as
 * Linux's /proc tells.
 */
#ifndef FLARON_EDGE_PORT_HOLDER_H
#define FLARON_EDGE_PORT_HOLDER_H

#include "base/text.h"

/*
 * Adds "process 4711 (node)" for a process that listens on a TCP port, whatever the address. False, with
 * nothing added, when none is found: /proc shows the sockets of one's own processes alone, or is not there.
 */
bool port_holder_add(int port, text *to);

/*
 * Whether the other end of a TCP connection that was accepted is of this machine and of the user who runs
 * this, or of root. False also where /proc does not tell.
 */
bool port_holder_is_own(int fd);

#endif
