/*
 * engine_process.c - the protocol of engine_process.h, on the edge's side. It trusts no length that it reads.
 */
#include "engine/engine_process.h"
#include "engine/raised.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

typedef struct process {
  engine engine;
  host *host;
  pid_t pid;
  int fd;
  text out, in;
  size_t memory;
  bool is_request; /* the last call was handle_request */
} process;

enum { MESSAGE_MAX = 256 << 20 };

/* ---- messages ---- */

static void add_number(text *t, uint64_t n) { text_add(t, &n, sizeof n); }

static void add_bytes(text *t, bytes b) {
  uint32_t size = (uint32_t)b.size;
  text_add(t, &size, sizeof size);
  text_add(t, b.data, b.size);
}

static void begin(process *p, char tag) {
  text_clear(&p->out);
  text_room(&p->out, sizeof(uint32_t));
  text_add(&p->out, &tag, 1);
}

static bool send_all(process *p) {
  uint32_t size = (uint32_t)(p->out.size - sizeof size);
  memcpy(p->out.data, &size, sizeof size);
  for (size_t done = 0; done < p->out.size;) {
    ssize_t n = send(p->fd, p->out.data + done, p->out.size - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += (size_t)n;
  }
  return true;
}

static bool receive_exactly(process *p, void *to, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t n = recv(p->fd, (char *)to + done, size - done, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += (size_t)n;
  }
  return true;
}

static bool receive(process *p) {
  uint32_t size;
  text_clear(&p->in);
  if (!receive_exactly(p, &size, sizeof size) || size == 0 || size > MESSAGE_MAX) return false;
  return receive_exactly(p, text_room(&p->in, size), size);
}

/* A cursor in a message; missing bytes read as empty or 0. */
typedef struct cursor {
  const char *at, *end;
} cursor;

static bytes take(cursor *c, size_t size) {
  if ((size_t)(c->end - c->at) < size) {
    c->at = c->end;
    return (bytes){0};
  }
  bytes b = {(const uint8_t *)c->at, size};
  c->at += size;
  return b;
}

static uint64_t take_number(cursor *c) {
  uint64_t n = 0;
  bytes b = take(c, sizeof n);
  if (b.size == sizeof n) memcpy(&n, b.data, sizeof n);
  return n;
}

static bytes take_bytes(cursor *c) {
  uint32_t size = 0;
  bytes b = take(c, sizeof size);
  if (b.size == sizeof size) memcpy(&size, b.data, sizeof size);
  return take(c, size);
}

/* ---- the engine ---- */

/* Serves an import that the other process called. */
static bool serve(process *p, cursor *c) {
  uint64_t import = take_number(c);
  host_arguments arguments = {0};
  host_answer answer;
  if (import >= HOST_IMPORTS) return false;
  const host_signature *signature = &host_signatures[import];
  const char *params = signature->params;
  if (strcmp(params, "NONE") != 0) {
    if (*params == 'B') arguments.a = take_bytes(c), params++;
    if (*params == 'B') arguments.b = take_bytes(c), params++;
    if (*params != '\0') arguments.n = (int64_t)take_number(c);
  }
  host_call(p->host, (host_import)import, &arguments, &answer);
  if (strcmp(signature->result, "VOID") == 0) return true;
  begin(p, 'A');
  add_number(&p->out, answer.present);
  add_bytes(&p->out, answer.data);
  add_number(&p->out, (uint64_t)(int64_t)answer.number);
  return send_all(p);
}

/* Serves the other process until it answers the message sent; false, with a sentence, if that fails. */
static bool converse(process *p, uint64_t *result, text *error) {
  bool good = send_all(p);
  while (good && (good = receive(p))) {
    cursor c = {p->in.data + 1, p->in.data + p->in.size};
    switch (p->in.data[0]) {
      case 'I': good = serve(p, &c); break;
      case 'R':
        *result = take_number(&c);
        p->memory = (size_t)take_number(&c);
        return true;
      case 'E': {
        bytes sentence = take_bytes(&c);
        text_add(error, sentence.data, sentence.size);
        return false;
      }
      default: good = false;
    }
  }
  text_add_string(error, "the engine's process ended or spoke nonsense");
  return false;
}

static bool call_process(engine *e, flare_handler handler, int cpu_ms, uint64_t *result, text *error) {
  process *p = (process *)e;
  (void)cpu_ms;
  p->is_request = handler == FLARE_HANDLE_REQUEST;
  begin(p, 'C');
  add_bytes(&p->out, bytes_of(flare_handler_names[handler]));
  return converse(p, result, error);
}

static bool process_raised(const engine *e, bytes *message) {
  const process *p = (const process *)e;
  return raised_is_likely(p->host, p->is_request, message);
}

static size_t process_memory(const engine *e) { return ((const process *)e)->memory; }

static void close_process(engine *e) {
  process *p = (process *)e;
  close(p->fd);
  if (p->pid > 0) {
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
  }
  text_free(&p->out);
  text_free(&p->in);
  free(p);
}

static const engine_class class = {call_process, process_raised, process_memory, NULL, NULL, close_process};

/* Starts the command with one end of a socket as its standard input and output. */
static bool spawn(process *p, const char *const *command, text *error) {
  int ends[2];
  posix_spawn_file_actions_t actions;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    text_printf(error, "%s: %s", command[0], strerror(errno));
    return false;
  }
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  int fault = posix_spawnp(&p->pid, command[0], &actions, NULL, (char *const *)command, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  p->fd = ends[0];
  if (fault == 0) return true;
  p->pid = 0;
  text_printf(error, "%s: %s", command[0], strerror(fault));
  return false;
}

engine *process_open(const flare *f, host *h, const char *const *command, text *error) {
  process *p = memory_get(sizeof *p);
  uint64_t result;
  p->engine.class = &class;
  p->host = h;
  p->fd = -1;
  if (spawn(p, command, error)) {
    begin(p, 'O');
    add_number(&p->out, HOST_IMPORTS);
    for (int i = 0; i < HOST_IMPORTS; i++) {
      add_bytes(&p->out, bytes_of(host_signatures[i].name));
      add_bytes(&p->out, bytes_of(host_signatures[i].result));
      add_bytes(&p->out, bytes_of(host_signatures[i].params));
    }
    add_bytes(&p->out, text_bytes(&f->wasm));
    if (converse(p, &result, error)) return &p->engine;
  }
  close_process(&p->engine);
  return NULL;
}
