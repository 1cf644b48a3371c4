/*
 * connection.h - a connection of the server: its socket, TLS, what waits to be sent. What the bytes mean is
 * its protocol's: server_http1.c, server_http2.c, server_socket.c.
 *
 * A connection ends in this file alone, after its protocol's functions have returned: they say that it is to
 * end, and go on. So whoever has a connection in hand may finish what it does.
 */
#ifndef FLARON_EDGE_CONNECTION_H
#define FLARON_EDGE_CONNECTION_H

#include <openssl/ssl.h>

#include "server/loop.h"
#include "base/text.h"

typedef struct connection connection;

/* What a client begins with. NO_TLS: with something else, at a port that is for TLS alone. */
typedef enum connection_speech { CONNECTION_HTTP1, CONNECTION_HTTP2, CONNECTION_NO_TLS } connection_speech;

/* The connections of a server, and what they share. */
typedef struct connection_set {
  struct server *server;
  struct loop *loop;
  int timeout_ms; /* how long a client may take nothing of what waits to be sent */
  /* Gives a connection its protocol. */
  void (*start)(connection *c, connection_speech speech);
  /* One has ended: its descriptor is free. */
  void (*closed)(struct server *s);
  connection *first;
  connection *again, **again_last; /* those that are looked after in the next round */
  int64_t now_ms;                  /* of this round, CLOCK_MONOTONIC */
  int64_t sweep_ms;                /* when the next one is late */
  size_t held;                     /* bytes of answers that are kept for clients */
  char input[64 << 10];            /* what is read */
} connection_set;

typedef struct protocol {
  /* Bytes came. Returns how many are taken; the rest is kept, and comes again with what follows it. */
  size_t (*received)(connection *c, const char *data, size_t size);
  /* What waited to be sent is nearly gone: there may be more. */
  void (*drained)(connection *c);
  /* The client sends no more. It may still read, or be gone. */
  void (*finished)(connection *c);
  /* The deadline has passed. */
  void (*late)(connection *c);
  /* It ends: frees `c->state`. Nothing can be sent. */
  void (*closed)(connection *c);
} protocol;

/* What waits to be sent. */
typedef struct chunk {
  text data;
  size_t sent;
  bool whole; /* nothing is added to it */
  struct chunk *next;
} chunk;

struct connection {
  loop_watch watch;
  struct server *server;
  connection_set *set;
  const protocol *protocol;
  void *state;   /* the protocol's */
  SSL *tls;      /* NULL = none */
  bool shaking;  /* TLS is not agreed on yet */
  bool greeted;  /* but the client has begun with it */
  bool of_page;  /* it came to the page's port */
  bool local;    /* from this machine */
  bool readable; /* there may be something to read, so to say of the next */
  bool writable;
  bool fin;       /* the client's end has come, or will when all before it is read */
  bool finished;  /* it has been read */
  bool broken;    /* it is to be closed at once */
  bool ending;    /* it is to be closed when all is sent */
  bool lingering; /* all is sent: it is read until the client has seen that */
  bool paused;    /* it is not read */
  bool resumed;   /* what is kept is to be given to the protocol again */
  bool again;     /* in the list of those that are looked after in the next round */
  bool waits;     /* the protocol wants to hear when it has drained */
  text in;        /* bytes that the protocol did not take */
  chunk *first, *last, *spare;
  size_t unsent;                /* bytes in these */
  size_t held;                  /* bytes of answers that are kept for the client: these, and the protocol's */
  size_t progress;              /* bytes sent since write_deadline_ms was set */
  size_t discarded;             /* bytes while lingering */
  int64_t deadline_ms;          /* the protocol's; 0 = none */
  int64_t write_deadline_ms;    /* of what waits to be sent */
  bool tells_progress;          /* the protocol sets the next: not all that is sent is part of an answer */
  int64_t progress_ms;          /* when something of an answer was sent last */
  connection *next, **previous; /* of the set's */
  connection *next_again;
};

/* Takes over a socket that was accepted; `tls` is NULL where that is not spoken. */
void connection_open(connection_set *s, int fd, SSL_CTX *tls, bool of_page, bool local);

/* Adds bytes to what is to be sent: copies them, or takes the text over. */
void connection_write(connection *c, const void *data, size_t size);
void connection_give(connection *c, text *data);

/* Sends what can be sent now. */
void connection_flush(connection *c);

/* Counts bytes of answers that the protocol keeps for the client, or (negative) does no more. */
void connection_hold(connection *c, ptrdiff_t bytes);

/* Closes it when all is sent; what comes meanwhile is not read. */
void connection_end(connection *c);

/* Closes it as soon as the protocol's function has returned. */
void connection_break(connection *c);

/* Has it read no more, and read on: in the next round, with what was kept. */
void connection_pause(connection *c);
void connection_resume(connection *c);

/* Has `late` called `ms` from now; 0 = never. */
void connection_deadline(connection *c, int64_t ms);

/* Another protocol goes on with the connection. The state of the one before is the caller's to free. */
void connection_switch(connection *c, const protocol *protocol, void *state);

/* ---- for the server ---- */

/* Looks after those that wait for a round; true: some do again. */
bool connection_serve_again(connection_set *s);

/* Ends those that are late. Sets `sweep_ms`. */
void connection_sweep(connection_set *s);

/* Ends all. */
void connection_close_all(connection_set *s);

#endif
