/*
 * absent.c - the commands that need Linux, and options of `run` that do, as they answer without it: with a
 * sentence.
 */
#include <errno.h>

#include "cli.h"
#include "options.h"
#include "profiler.h"
#include "repl/console.h"

static const char elsewhere[] =
    "needs the native flaron-lua, which runs on Linux: in Docker, a dev container or WSL (docs/npm.md)";

static int refuse(const cli_command *self, int argc, char **argv) {
  (void)argc, (void)argv;
  cli_note("flaron-lua %s: it %s. Here work pack, check, inspect and run\n", self->name, elsewhere);
  return CLI_MISUSED;
}

static const cli_option options[] = {
    {CLI_REST, 0, NULL, "...", 0},
    CLI_LAST("this text"),
};

#define ABSENT(name_)                                                                                \
  const cli_command cli_##name_ = {.name = #name_,                                                   \
                                   .summary = "(needs the native flaron-lua: Linux, Docker or WSL)", \
                                   .options = options,                                               \
                                   .expected = "no argument is",                                     \
                                   .run = refuse}
ABSENT(new);
ABSENT(dev);
ABSENT(test);
ABSENT(kv);
ABSENT(secret);
ABSENT(replay);
ABSENT(explain);
ABSENT(debug);
ABSENT(repl);
ABSENT(conform);

bool profiler_begin(const cli_command *self, profiler *p) {
  (void)p;
  cli_fail(self, "--profile %s", elsewhere);
  return false;
}

bool profiler_finish(const cli_command *self, profiler *p, edge *e, const host_request *request) {
  (void)self, (void)p, (void)e, (void)request;
  return false;
}

void profile_free(profile *p) { (void)p; }

bool console_open(console *c, const cli_command *self, const console_options *options_) {
  (void)c, (void)options_;
  cli_fail(self, "-e %s", elsewhere);
  return false;
}

console_result console_run(console *c, const char *name, long line, bytes chunk, bool final) {
  (void)c, (void)name, (void)line, (void)chunk, (void) final;
  return CONSOLE_FAILED;
}

void console_close(console *c) { (void)c; }
