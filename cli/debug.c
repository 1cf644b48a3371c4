/*
 * debug.c - `flaron-lua debug`: a server of the Debug Adapter Protocol for one client: on standard input and
 * output, or on a port.
 */
#include "debug/dap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "options.h"
#include "server/port_holder.h"
#include "server/server.h"

typedef struct words {
  const char *project;
  long port; /* -1 = standard input and output */
} words;

/* Waits on a port of this machine for a client; -1 after saying why not. */
static int debug_accept(const cli_command *self, int port) {
  text error = {0};
  int client = -1,
      fd = server_listen_on("127.0.0.1", port, "--port takes another; 0: any that is free", &error);
  if (fd < 0) {
    cli_fail(self, "%s", text_string(&error));
  } else {
    cli_note("a debugger's client is awaited on 127.0.0.1:%d\n", server_port_of(fd));
    while (client < 0) {
      poll(&(struct pollfd){fd, POLLIN, 0}, 1, -1);
      client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
      if (client < 0 || port_holder_is_own(client)) continue;
      cli_note("a client of another user was refused\n"); /* it may have code run */
      close(client);
      client = -1;
    }
    close(fd);
  }
  text_free(&error);
  return client;
}

/*
 * Keeps the client's descriptors for itself: what else would read from standard input or print on standard
 * output has /dev/null and standard error.
 */
static bool debug_take_streams(dap_options *options) {
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  options->in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  options->out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  return null >= 0 && options->in >= 0 && options->out >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
         dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 && close(null) == 0;
}

static int debug_serve(const cli_command *self, const words *w) {
  dap_options options = {.end = -1, .project = w->project, .state_folder = cli_state_folder};
  text error = {0};
  if (w->port >= 0) {
    options.in = options.out = debug_accept(self, (int)w->port);
    if (options.in < 0) return CLI_FAILED;
  } else if (!debug_take_streams(&options)) {
    return cli_fail(self, "standard input and output: %s", strerror(errno));
  }
  signal(SIGPIPE, SIG_IGN); /* a client that is gone is seen by what is written to it */
  bool good = dap_serve(&options, &error);
  if (!good) cli_fail(self, "%s", text_string(&error));
  text_free(&error);
  return good ? CLI_DONE : CLI_FAILED;
}

static int debug_run(const cli_command *self, int argc, char **argv) {
  words w = {.project = NULL, .port = -1};
  int status = options_read(self, argc, argv, &w);
  if (status != CLI_GO_ON) return status;
  if (w.port < 0 && isatty(STDIN_FILENO))
    return options_misuse(self, "it is for an editor, which speaks to it on standard input, or with --port");
  return debug_serve(self, &w);
}

#define AT(field) offsetof(words, field)

static const cli_option options[] = {
    {CLI_ARGUMENT, 0, NULL, "DIR|MAIN.lua|FLARE.wasm", AT(project),
     .offer = {.folders = true, .endings = ".lua .wasm"},
     .help = "what is debugged, unless the client's launch says so (default: this folder)"},
    {CLI_NUMBER, 'p', "port", "N", AT(port), 0, UINT16_MAX,
     .help = "wait for the client on this port of 127.0.0.1 (0: any that is free), not on standard input"},
    CLI_LAST("this text"),
};

const cli_command cli_debug = {
    .name = "debug",
    .summary = "debug a flare, forwards and backwards, from an editor",
    .options = options,
    .expected = "one project is",
    .notes =
        "It speaks the Debug Adapter Protocol with one client and ends with it. What is run, the request and "
        "its "
        "stores are arguments of the client's launch: docs/debugger.md lists them.",
    .run = debug_run,
};
