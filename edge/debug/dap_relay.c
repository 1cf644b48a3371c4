/*
 * dap_relay.c - see dap_relay.h. What the client writes goes through as it is; what the server writes is
 * numbered anew, since events of our own come between.
 */
#include "debug/dap_relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json_bytes.h"

bool dap_relay_connect(dap_relay *r, int port, text *error) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  r->peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (r->peer >= 0 && connect(r->peer, (struct sockaddr *)&address, sizeof address) == 0) return true;
  text_printf(error, "127.0.0.1:%d: %s", port, strerror(errno));
  if (r->peer >= 0) close(r->peer);
  r->peer = -1;
  return false;
}

/* ---- the child ---- */

/* Starts it, in a group of its own, with a pipe for what it says. False with a sentence in `error`. */
static bool relay_spawn(dap_relay *r, const char *const *words, text *error) {
  int pipes[2];
  posix_spawn_file_actions_t streams;
  posix_spawnattr_t attributes;
  sigset_t pipe_signal;
  if (pipe2(pipes, O_CLOEXEC) != 0) {
    text_add_string(error, strerror(errno));
    return false;
  }
  posix_spawn_file_actions_init(&streams);
  posix_spawn_file_actions_addopen(&streams, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&streams, pipes[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&streams, pipes[1], STDERR_FILENO);
  posix_spawnattr_init(&attributes);
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE); /* which is ignored here */
  posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  int fault = posix_spawn(&r->child, "/proc/self/exe", &streams, &attributes, (char **)words, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&streams);
  close(pipes[1]);
  r->output = pipes[0];
  if (fault == 0) return true;
  r->child = 0;
  text_printf(error, "flaron-lua test: %s", strerror(fault));
  return false;
}

/* Reads what it says; false at the end. */
static bool relay_hear(dap_relay *r) {
  enum { PIECE = 4096 };
  size_t before = r->said.size;
  ssize_t got = read(r->output, text_room(&r->said, PIECE), PIECE);
  r->said.size = before + (got > 0 ? (size_t)got : 0);
  r->said.data[r->said.size] = '\0';
  return got > 0 || (got < 0 && errno == EINTR);
}

/* The port on which it waits, from its line; 0 = it has not said so. The line is taken out of what is shown.
 */
static int relay_find_port(dap_relay *r) {
  static const char line[] = "a debugger's client is awaited on 127.0.0.1:";
  const char *begin = strstr(text_string(&r->said), line), *end = begin != NULL ? strchr(begin, '\n') : NULL;
  if (end == NULL) return 0;
  int port = (int)strtol(begin + sizeof line - 1, NULL, 10);
  text rest = {0};
  text_add(&rest, r->said.data, (size_t)(begin - r->said.data));
  text_add_string(&rest, end + 1);
  text_free(&r->said);
  r->said = rest;
  return port;
}

bool dap_relay_start_spec(dap_relay *r, const char *folder, const char *spec, text *error) {
  const char *const words[] = {"flaron-lua", "test", "--debug", "0", "-C", folder, spec, NULL};
  int port = 0;
  setenv("FLARON_LUA_DEBUG_ENDS", "1", 1); /* edge/lua/lua_debug.c */
  if (!relay_spawn(r, words, error)) return false;
  while (port == 0 && relay_hear(r)) port = relay_find_port(r);
  if (port != 0) return dap_relay_connect(r, port, error);
  text_add_string(error, r->said.size != 0 ? r->said.data : "flaron-lua test ended");
  while (error->size > 0 && error->data[error->size - 1] == '\n') error->data[--error->size] = '\0';
  return false;
}

/* ---- the session ---- */

/* Writes all; false if nobody reads. */
static bool relay_write(int fd, bytes b) {
  for (size_t at = 0; at < b.size;) {
    ssize_t put = write(fd, b.data + at, b.size - at);
    if (put < 0 && errno != EINTR) return false;
    if (put > 0) at += (size_t)put;
  }
  return true;
}

/* Sends a request as it came. */
static bool relay_send(int fd, const json_t *request) {
  text body = {0}, frame = {0};
  json_add_to(&body, json_incref((json_t *)request), JSON_COMPACT);
  text_printf(&frame, "Content-Length: %zu\r\n\r\n", body.size);
  text_add(&frame, body.data, body.size);
  bool good = relay_write(fd, text_bytes(&frame));
  text_free(&body);
  text_free(&frame);
  return good;
}

/* Hands on the messages of the server that have come, but for the first of all; false at the end. */
static bool relay_hand_on(dap_wire *server, dap_wire *client, bool *first) {
  json_t *message;
  text ignored = {0};
  dap_taken taken;
  while ((taken = dap_wire_take(server, &message, &ignored)) == DAP_TAKEN_MESSAGE) {
    if (*first) {
      json_decref(message);
    } else {
      dap_wire_write(client, message);
    }
    *first = false;
  }
  text_free(&ignored);
  return taken == DAP_TAKEN_NONE;
}

/* Whether a message is the request to disconnect. */
static bool relay_is_disconnect(const json_t *message) {
  const char *command = json_string_value(json_object_get(message, "command"));
  return command != NULL && strcmp(command, "disconnect") == 0;
}

/* Hands on the messages of the client that have come; false at the end. A request to disconnect is kept. */
static bool relay_pass_on(dap_wire *client, int peer, json_t **disconnect) {
  json_t *message;
  text ignored = {0}; /* what is no message is found again by who reads on */
  bool goes = true;
  dap_taken taken = DAP_TAKEN_MESSAGE;
  while (goes && (taken = dap_wire_take(client, &message, &ignored)) == DAP_TAKEN_MESSAGE) {
    bool last = relay_is_disconnect(message);
    goes = !last && relay_send(peer, message);
    if (last)
      *disconnect = message;
    else
      json_decref(message);
  }
  text_free(&ignored);
  return goes && taken == DAP_TAKEN_NONE;
}

static void relay_send_event(dap_wire *client, const char *event, json_t *body) {
  dap_wire_write(client, json_pack("{s:s, s:s, s:o}", "type", "event", "event", event, "body", body));
}

/* Shows what the child has said. */
static void relay_show(dap_relay *r, dap_wire *client) {
  text shown = {0};
  text_add_harmless(&shown, text_bytes(&r->said), "");
  if (shown.size != 0)
    relay_send_event(client, "output",
                     json_pack("{s:s, s:s}", "category", "stdout", "output", text_string(&shown)));
  text_free(&shown);
  text_clear(&r->said);
}

/* Shows the rest of what the child says, and how it ended. */
static void relay_finish(dap_relay *r, dap_wire *client) {
  enum { SIGNALLED = 128 };
  int status;
  while (relay_hear(r)) continue;
  relay_show(r, client);
  while (waitpid(r->child, &status, 0) < 0 && errno == EINTR) continue;
  r->child = 0;
  relay_send_event(
      client, "exited",
      json_pack("{s:i}", "exitCode", WIFEXITED(status) ? WEXITSTATUS(status) : SIGNALLED + WTERMSIG(status)));
}

json_t *dap_relay_run(dap_relay *r, dap_wire *client, json_t *const *requests, size_t count) {
  dap_wire server = {.in = r->peer, .out = r->peer};
  json_t *disconnect = NULL;
  bool goes = true, first = true;
  for (size_t i = 0; i < count; i++) goes = goes && relay_send(r->peer, requests[i]);
  bool there = relay_pass_on(client, r->peer, &disconnect);
  while (goes && there && !client->deaf) {
    struct pollfd fds[] = {{client->in, POLLIN, 0}, {r->peer, POLLIN, 0}, {r->output, POLLIN, 0}};
    if (poll(fds, sizeof fds / sizeof *fds, -1) < 0 && errno != EINTR) break;
    if (fds[2].revents != 0) {
      goes = relay_hear(r);
      relay_show(r, client);
    }
    if (fds[1].revents != 0) {
      dap_wire_fill(&server);
      goes = relay_hand_on(&server, client, &first) && goes;
    }
    if (fds[0].revents != 0) {
      dap_wire_fill(client);
      there = relay_pass_on(client, r->peer, &disconnect);
    }
  }
  if (there && r->child != 0) relay_finish(r, client);
  if (there && r->child == 0) relay_send_event(client, "terminated", json_object());
  dap_wire_free(&server);
  return disconnect;
}

void dap_relay_close(dap_relay *r) {
  if (r->peer >= 0) close(r->peer);
  if (r->output >= 0) close(r->output);
  if (r->child != 0) {
    kill(-r->child, SIGKILL); /* with what it started */
    while (waitpid(r->child, NULL, 0) < 0 && errno == EINTR) continue;
  }
  text_free(&r->said);
  *r = (dap_relay){.peer = -1, .output = -1};
}
