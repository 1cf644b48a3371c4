/*
 * main.c - `flaron-lua`: the list of its commands; finds the one that is asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/embedded.h"
#include "base/nearest.h"
#include "cli.h"
#include "help/help.h"
#include "options.h"
#include "own_lua.h"

static const cli_command *const commands[] = {
    &cli_new,     &cli_dev,    &cli_test,    &cli_check, &cli_pack, &cli_run,     &cli_kv, &cli_secret,
    &cli_inspect, &cli_replay, &cli_explain, &cli_debug, &cli_repl, &cli_conform, NULL};

/* What is asked for in place of a command. */
enum { NOTHING, VERSION, LICENSES, MAN };

typedef struct words {
  int asked;
  const char *shell;
} words;

#define AT(field) offsetof(words, field)

static const cli_option options[] = {
    {CLI_HELP, 'h', "help", .help = "this text; behind a command, more of that command"},
    {CLI_MODE, 0, "version", .at = AT(asked), .id = VERSION, .help = "which flaron-lua this is"},
    {CLI_MODE, 0, "licenses", .at = AT(asked), .id = LICENSES,
     .help = "the licences of flaron-lua and of what is built in"},
    {CLI_MODE, 0, "man", .at = AT(asked), .id = MAN, .help = "the manual page, as roff"},
    {CLI_WORD, 0, "completion", "bash|zsh|fish", AT(shell), .lacks = "", .offer = {.words = "bash zsh fish"},
     .help = "a script that completes words in this shell"},
    {.kind = CLI_END},
};

static const cli_command program = {
    .name = "",
    .summary = "Lua 5.4 for the Flaron edge",
    .usage = "COMMAND [ARGUMENTS]",
    .options = options,
    .expected = "no argument is",
    .commands = commands,
};

static void print_help(FILE *to) {
  text help = {0};
  help_add(&program, &help);
  text place = {0};
  if (cli_find_beside("../share/doc/flaron-lua/README.md", "../../README.md", &place)) {
    text_printf(&help, "\nThe documents begin with %s\n", place.data);
  }
  fputs(help.data, to);
  text_free(&place);
  text_free(&help);
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

static const cli_command *find(const char *name) {
  for (const cli_command *const *c = commands; *c != NULL; c++) {
    if (strcmp((*c)->name, name) == 0) return *c;
  }
  return NULL;
}

/* The command that some call by another word; NULL: nobody does. */
static const cli_command *find_also(const char *word) {
  for (const cli_command *const *c = commands; *c != NULL; c++) {
    if ((*c)->also != NULL && cli_has_word((*c)->also, word)) return *c;
  }
  return NULL;
}

/* Looks at words with a blank between. */
static void try_words(nearest *n, const char *words) {
  char word[NEAREST_LONGEST];
  for (size_t size; words != NULL && *words != '\0'; words += size + strspn(words + size, " ")) {
    size = strcspn(words, " ");
    snprintf(word, sizeof word, "%.*s", (int)size, words);
    nearest_try(n, word);
  }
}

/* Says that there is no such command, and which was perhaps meant: by another word for it, or misspelt. */
static int refuse(const char *word) {
  nearest n = {.name = word};
  text guess = {0};
  const cli_command *also = find_also(word);
  for (const cli_command *const *c = commands; also == NULL && *c != NULL; c++) {
    nearest_try(&n, (*c)->name);
    try_words(&n, (*c)->also);
  }
  if (n.found != NULL) also = find_also(n.found);
  if (also != NULL) n.found = also->name;
  if (strcmp(word, "version") == 0) n.found = "--version";
  nearest_add(&n, &guess);
  options_misuse(&program, "there is no command '%s'%s", word, text_string(&guess));
  text_free(&guess);
  return CLI_MISUSED;
}

/* Does what an option in place of a command says; the exit code. */
static int answer(int argc, char **argv) {
  words w = {0};
  int status = options_read(&program, argc, argv, &w);
  if (status != CLI_GO_ON) return status;
  if (w.asked == VERSION) {
    text version = {0};
    cli_add_version(&version);
    text_add_string(&version, own_lua_linked());
    puts(version.data);
    text_free(&version);
  } else if (w.asked == LICENSES) {
    const bytes *licenses = embedded_find("licenses.txt");
    fwrite(licenses->data, 1, licenses->size, stdout);
  } else if (w.asked == MAN) {
    man_print(&program);
  } else {
    completion_print(&program, w.shell);
  }
  return CLI_DONE;
}

/* Shows the help of a command, or that of flaron-lua when it is NULL; the exit code. */
static int help(const char *name) {
  const cli_command *command = name != NULL ? find(name) : NULL;
  if (name != NULL && command == NULL) return refuse(name);
  if (command != NULL) {
    help_print(command);
  } else {
    print_help(stdout);
  }
  return CLI_DONE;
}

int main(int argc, char **argv) {
  const char *word = argc > 1 ? argv[1] : "";
  const cli_command *command = find(word);
  keep_streams();
  if (argc > 0 && own_lua_is_asked(argv[0])) return own_lua_run(argc, argv);
  if (command != NULL) return finish(word, command->run(command, argc - 1, argv + 1));
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
    return finish("", help(argc > 2 ? argv[2] : NULL));
  }
  if (*word == '-') return finish("", answer(argc, argv));
  if (*word != '\0') return refuse(word);
  print_help(stderr);
  return CLI_MISUSED;
}
