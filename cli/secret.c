/*
 * secret.c - `flaron-lua secret`: sets, lists and deletes the secrets of a project; it never prints one.
 *
 * The file they are in is state.c's.
 */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli.h"
#include "keep.h"
#include "options.h"
#include "project/state.h"

enum { SET, LIST, DELETE, VALUE_MAX = 1 << 20 };

/* What the words of the command say, and what they are about. */
typedef struct job {
  const cli_command *self;
  cli_call call; /* the verb, a name, a value */
  const char *persist, *project;
  bool as_json;
  text folder, value; /* the value is set's */
} job;

/* ---- the value ---- */

static struct termios terminal_before; /* for the signal handler */

/* For what ends the process while the terminal does not echo. */
static void on_signal(int signal) {
  tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
  raise(signal); /* with its default again: SA_RESETHAND */
}

/* Makes the terminal echo or not, and the signals that end the process set it right. */
static void set_echo(bool on) {
  static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
  struct sigaction action = {.sa_handler = on ? SIG_DFL : on_signal, .sa_flags = on ? 0 : (int)SA_RESETHAND};
  struct termios quiet = terminal_before;
  quiet.c_lflag &= ~(tcflag_t)ECHO;
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, on ? &terminal_before : &quiet);
}

/* Reads a line from the terminal, without echo and without its end. 0 or an errno value. */
static int read_line(const char *name, text *value) {
  if (tcgetattr(STDIN_FILENO, &terminal_before) != 0) return errno;
  set_echo(false);
  cli_note("%s: ", name);
  int fault = 0;
  for (char c = 0; c != '\n';) {
    ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fault = errno;
    if (n <= 0) break;
    if (c != '\n') text_add(value, &c, 1);
  }
  set_echo(true);
  fputc('\n', stderr);
  return fault;
}

/* Takes the end of the last line away: `echo` and here-documents put one there. */
static void cut_line_end(text *value) {
  if (value->size == 0 || value->data[value->size - 1] != '\n') return;
  value->size--;
  if (value->size > 0 && value->data[value->size - 1] == '\r') value->size--;
  value->data[value->size] = '\0';
}

/* Reads the value as it is given. False after saying why not. */
static bool read_bytes(const job *j, text *value) {
  if (j->call.count > 1) return keep_value(j->self, j->call.words[1], VALUE_MAX, value);
  if (!isatty(STDIN_FILENO)) {
    if (!keep_value(j->self, "@-", VALUE_MAX, value)) return false;
    cut_line_end(value);
    return true;
  }
  int fault = read_line(j->call.words[0], value);
  if (fault != 0) cli_fail(j->self, "the terminal: %s", strerror(fault));
  return fault == 0;
}

/* Reads the value of the job, which cannot be empty. False after saying why not. */
static bool read_value(job *j) {
  if (!read_bytes(j, &j->value)) return false;
  if (j->value.size != 0) return true;
  cli_fail(j->self, "'%s': a secret of no bytes counts as one that is not set", j->call.words[0]);
  return false;
}

/* ---- the verbs ---- */

/* secret set NAME [VALUE] */
static int set(const job *j) {
  text error = {0};
  bool good = state_set_secret(j->folder.data, j->call.words[0], text_bytes(&j->value), &error);
  if (!good) cli_fail(j->self, "%s", text_string(&error));
  if (good && j->value.size > 1 && j->value.data[j->value.size - 1] == '\n') {
    cli_note("flaron-lua secret: '%s' ends with a line end, which is part of it\n", j->call.words[0]);
  }
  text_free(&error);
  return good ? CLI_DONE : CLI_FAILED;
}

/* secret delete NAME */
static int delete (const job *j) {
  text error = {0};
  bool found;
  int status = CLI_DONE;
  if (!state_delete_secret(j->folder.data, j->call.words[0], &found, &error)) {
    status = cli_fail(j->self, "%s", text_string(&error));
  } else if (!found) {
    status = cli_fail(j->self, "there is no secret '%s'", j->call.words[0]);
  }
  text_free(&error);
  return status;
}

/* For qsort: by name. */
static int compare(const void *a, const void *b) {
  return strcmp(((const host_secret *)a)->name, ((const host_secret *)b)->name);
}

/* A line for each secret. */
static void print_lines(const state *s) {
  int width = 0;
  for (size_t i = 0; i < s->secret_count; i++) {
    int size = (int)strlen(s->secrets[i].name);
    if (size > width) width = size;
  }
  for (size_t i = 0; i < s->secret_count; i++) {
    size_t bytes = s->secrets[i].size;
    cli_print("%-*s %8zu byte%s\n", width, s->secrets[i].name, bytes, bytes == 1 ? "" : "s");
  }
}

/* The same as JSON. */
static void print_json(const state *s) {
  json_t *all = json_array();
  for (size_t i = 0; i < s->secret_count; i++) {
    json_array_append_new(
        all, json_pack("{s:s, s:I}", "name", s->secrets[i].name, "bytes", (json_int_t)s->secrets[i].size));
  }
  cli_print_json(all);
  json_decref(all);
}

/* secret list */
static int list(const job *j) {
  state s = {0};
  text error = {0};
  bool good = state_read_folder(&s, j->folder.data, &error);
  if (!good) {
    cli_fail(j->self, "%s", text_string(&error));
  } else {
    if (s.secret_count > 0) qsort(s.secrets, s.secret_count, sizeof *s.secrets, compare);
    (j->as_json ? print_json : print_lines)(&s);
  }
  state_close(&s);
  text_free(&error);
  return good ? CLI_DONE : CLI_FAILED;
}

/* ---- the words ---- */

/* Whether the words make sense: CLI_GO_ON, or CLI_MISUSED after saying why not. */
static int check(const job *j) {
  const char *name = j->call.words[0];
  if (j->call.verb == SET && strchr(name, '=') != NULL) {
    return options_misuse(j->self, "a name has no '=': name and value are words of their own");
  }
  if (j->call.verb == SET && !state_secret_name_valid(name)) {
    return options_misuse(
        j->self, "'%s' is no name: a name has 1 to 256 bytes of UTF-8 without control characters", name);
  }
  return CLI_GO_ON;
}

static int run(const cli_command *self, int argc, char **argv) {
  static int (*const verbs[])(const job *j) = {set, list, delete};
  job j = {.self = self};
  int status = options_read(self, argc, argv, &j);
  if (status == CLI_GO_ON) status = check(&j);
  if (status != CLI_GO_ON) return status;
  bool ready = (j.call.verb != SET || read_value(&j)) &&
               keep_folder(self, j.persist, j.project, j.call.verb == SET, &j.folder);
  status = ready ? verbs[j.call.verb](&j) : CLI_FAILED;
  text_free(&j.value);
  text_free(&j.folder);
  return status;
}

#define AT(field) offsetof(job, field)

static const cli_option options[] = {
    {CLI_VERB, 0, "set", "NAME [VALUE|@FILE|@-]", AT(call), 1, 2, SET, "a name and perhaps a value",
     .help = "set a secret: to the word (which a shell remembers and others may see; one that begins with "
             "'@' is written "
             "with '@@'), to the file behind '@', or to standard input for @-. Without a value it is read "
             "from the terminal, unseen, or else from standard "
             "input up to its last line end"},
    {CLI_VERB, 0, "list", NULL, AT(call), 0, 0, LIST, "nothing else",
     .help = "print the names and sizes of all secrets"},
    {CLI_VERB, 0, "delete", "NAME", AT(call), 1, 1, DELETE, "a name", .help = "remove a secret"},
    {CLI_FLAG, 0, "json", NULL, AT(as_json), .verb = "list", .help = "the list as JSON: name and bytes"},
    {CLI_WORD, 0, "persist", "DIR", AT(persist), .offer = {.folders = true},
     .help = "the folder of secrets.json, as in `run` and `dev`"},
    {CLI_WORD, 0, "project", "DIR|MAIN.lua", AT(project), .offer = {.folders = true, .endings = ".lua"},
     .help = "the project whose .flaron it is (default: this folder)"},
    {CLI_DASHES, 0, NULL, "--", .help = "what follows is no option, such as a value that begins with '-'"},
    CLI_LAST("this text"),
};

const cli_command cli_secret = {
    .name = "secret",
    .summary = "set, list and delete the secrets of a project",
    .options = options,
    .notes =
        "Secrets are in .flaron/secrets.json, which only you can read: keep it out of version control. A "
        "`flaron-lua dev` that is running takes a change at once.",
    .run = run,
};
