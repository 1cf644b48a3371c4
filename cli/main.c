/*
 * main.c - `flaron-lua`: the list of its commands; finds the one that is asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "help/describe.h"
#include "base/embedded.h"
#include "lua_layout.h"

static const cli_command *const commands[] = {&cli_new,     &cli_dev,    &cli_test,   &cli_check,
                                              &cli_pack,    &cli_run,    &cli_kv,     &cli_secret,
                                              &cli_inspect, &cli_replay, &cli_explain};

enum { COMMANDS = sizeof commands / sizeof *commands };

/* What flaron-lua says of itself. */
static const cli_command self = {
    .name = "",
    .summary = "Lua 5.4 for the Flaron edge",
    .usage = "COMMAND [ARGUMENTS]",
    .help =
        "  -h, --help                   this text; behind a command, more of that command\n"
        "  --version                    which flaron-lua this is\n"
        "  --licenses                   the licences of flaron-lua and of what is built in\n"
        "  --man                        the manual page, as roff\n"
        "  --completion bash|zsh|fish   a script that completes words in this shell\n",
};

static const describe_program program = {&self, commands, COMMANDS};

static void print_help(FILE *to) {
  fprintf(to, "usage: flaron-lua %s\n\n%s.\n\n", self.usage, self.summary);
  for (int i = 0; i < COMMANDS; i++) fprintf(to, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
  fprintf(to, "\n%s", self.help);
  text place = {0};
  if (cli_find_beside("../share/doc/flaron-lua/README.md", "../../README.md", &place)) {
    fprintf(to, "\nThe documents begin with %s\n", place.data);
  }
  text_free(&place);
}

/* Puts something in place of standard streams that are closed, so that no file gets theirs. Writing to it
 * fails. */
static void keep_streams(void) {
  int fd;
  do fd = open("/dev/null", O_RDONLY);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

/* The exit code of a command: `status`, or CLI_FAILED when standard output could not be written. */
static int finish(const char *name, int status) {
  const char *why = fflush(stdout) != 0 ? strerror(errno) : "not all of it could be written";
  if (!ferror(stdout)) return status;
  fprintf(stderr, "flaron-lua%s%s: standard output: %s\n", *name != '\0' ? " " : "", name, why);
  return CLI_FAILED;
}

/* Does what an option in place of a command says; false when it is none. */
static bool answer(const char *word, const char *value) {
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
    print_help(stdout);
  } else if (strcmp(word, "--version") == 0) {
    printf("flaron-lua %s (Lua %s, runtime %.12s)\n", FLARON_LUA_VERSION, LAYOUT_LUA_RELEASE,
           flare_runtime_hash());
  } else if (strcmp(word, "--licenses") == 0) {
    const bytes *licenses = embedded_find("licenses.txt");
    fwrite(licenses->data, 1, licenses->size, stdout);
  } else if (strcmp(word, "--man") == 0) {
    man_print(&program);
  } else {
    return strcmp(word, "--completion") == 0 && completion_print(&program, value);
  }
  return true;
}

int main(int argc, char **argv) {
  const char *word = argc > 1 ? argv[1] : "", *value = argc > 2 ? argv[2] : "";
  static const char equals[] = "--completion=";
  if (strncmp(word, equals, strlen(equals)) == 0) {
    value = word + strlen(equals);
    word = "--completion";
  }
  opterr = 0;
  keep_streams();
  for (int i = 0; i < COMMANDS; i++) {
    if (strcmp(word, commands[i]->name) == 0) {
      return finish(word, commands[i]->run(commands[i], argc - 1, argv + 1));
    }
  }
  if (answer(word, value)) return finish("", CLI_DONE);
  if (strcmp(word, "--completion") == 0) {
    cli_note("flaron-lua: --completion takes bash, zsh or fish, not '%s'\n", value);
  } else if (*word != '\0') {
    cli_note("flaron-lua: there is no command '%s'\n", word);
  }
  print_help(stderr);
  return CLI_MISUSED;
}
