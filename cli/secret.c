/*
 * secret.c - `flaron-lua secret`: sets, lists and deletes the secrets of a project; it never prints one.
 *
 * The file they are in is state.c's.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli.h"
#include "keep.h"
#include "project/state.h"

enum { WORDS = 3, VALUE_MAX = 1 << 20 };

typedef struct job job;

/* What can be done; the table is below. */
typedef struct verb {
  const char *name;
  int least, most; /* words behind the verb */
  const char *expected;
  bool makes_folder;
  int (*run)(const job *j);
} verb;

/* What the words of the command say, and what they are about. */
struct job {
  const cli_command *self;
  const char *words[WORDS]; /* the verb, a name, a value */
  int count;                /* of words, also those that were too many */
  const char *persist, *project;
  bool as_json;
  const verb *verb;
  text folder, value; /* the value is set's */
};

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
  if (j->count > 2) return keep_value(j->self, j->words[2], VALUE_MAX, value);
  if (!isatty(STDIN_FILENO)) {
    if (!keep_value(j->self, "@-", VALUE_MAX, value)) return false;
    cut_line_end(value);
    return true;
  }
  int fault = read_line(j->words[1], value);
  if (fault != 0) cli_fail(j->self, "the terminal: %s", strerror(fault));
  return fault == 0;
}

/* Reads the value of the job, which cannot be empty. False after saying why not. */
static bool read_value(job *j) {
  if (!read_bytes(j, &j->value)) return false;
  if (j->value.size != 0) return true;
  cli_fail(j->self, "'%s': a secret of no bytes counts as one that is not set", j->words[1]);
  return false;
}

/* ---- the verbs ---- */

/* secret set NAME [VALUE] */
static int set(const job *j) {
  text error = {0};
  bool good = state_set_secret(j->folder.data, j->words[1], text_bytes(&j->value), &error);
  if (!good) cli_fail(j->self, "%s", text_string(&error));
  text_free(&error);
  return good ? CLI_DONE : CLI_FAILED;
}

/* secret delete NAME */
static int delete (const job *j) {
  text error = {0};
  bool found;
  int status = CLI_DONE;
  if (!state_delete_secret(j->folder.data, j->words[1], &found, &error)) {
    status = cli_fail(j->self, "%s", text_string(&error));
  } else if (!found) {
    status = cli_fail(j->self, "there is no secret '%s'", j->words[1]);
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
    cli_print("%-*s %8zu bytes\n", width, s->secrets[i].name, s->secrets[i].size);
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

static const verb verbs[] = {
    {"set", 1, 2, "a name and perhaps a value", true, set},
    {"list", 0, 0, "nothing else", false, list},
    {"delete", 1, 1, "a name", false, delete},
};

/* ---- the words ---- */

/* Finds the verb of the job; false when there is none of that name. */
static bool find_verb(job *j) {
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    if (j->count > 0 && strcmp(j->words[0], verbs[i].name) == 0) j->verb = &verbs[i];
  }
  return j->verb != NULL;
}

/* Whether verb, words and options go together: CLI_DONE, or CLI_MISUSED after saying why not. */
static int check(job *j) {
  if (j->count == 0) return cli_misuse(j->self, "set, list or delete is expected");
  if (!find_verb(j)) return cli_misuse(j->self, "set, list or delete is expected, not '%s'", j->words[0]);
  const verb *v = j->verb;
  if (j->count - 1 < v->least || j->count - 1 > v->most) {
    return cli_misuse(j->self, "%s takes %s; %d word%s there", v->name, v->expected, j->count - 1,
                      j->count == 2 ? " is" : "s are");
  }
  if (v->run == set && strchr(j->words[1], '=') != NULL) {
    return cli_misuse(j->self, "a name has no '=': name and value are words of their own");
  }
  if (v->run == set && !state_secret_name_valid(j->words[1])) {
    return cli_misuse(j->self,
                      "'%s' is no name: a name has 1 to 256 bytes of UTF-8 without control characters",
                      j->words[1]);
  }
  if (j->as_json && v->run != list) return cli_misuse(j->self, "--json goes with list");
  return CLI_DONE;
}

/* Takes a word that is no option. */
static void take_word(job *j, const char *word) {
  if (j->count < WORDS) j->words[j->count] = word;
  j->count++;
}

/* Reads the words; CLI_DONE when they are good, -1 when help was shown, else the exit code. */
static int read_words(job *j, int argc, char **argv) {
  enum { PERSIST = 256, PROJECT, AS_JSON };
  static const struct option options[] = {
      {"persist", required_argument, NULL, PERSIST},
      {"project", required_argument, NULL, PROJECT},
      {"json", no_argument, NULL, AS_JSON},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  for (int c; (c = getopt_long(argc, argv, "-:h", options, NULL)) != -1;) {
    switch (c) {
      case 1: take_word(j, optarg); break;
      case PERSIST: j->persist = optarg; break;
      case PROJECT: j->project = optarg; break;
      case AS_JSON: j->as_json = true; break;
      case 'h': cli_show_help(j->self); return -1;
      default: return cli_bad_option(j->self, argc, argv);
    }
  }
  for (; optind < argc; optind++) take_word(j, argv[optind]);
  return check(j);
}

static int run(const cli_command *self, int argc, char **argv) {
  job j = {.self = self};
  int status = read_words(&j, argc, argv);
  if (status == CLI_DONE) {
    bool ready = (j.verb->run != set || read_value(&j)) &&
                 keep_folder(self, j.persist, j.project, j.verb->makes_folder, &j.folder);
    status = ready ? j.verb->run(&j) : CLI_FAILED;
  }
  text_free(&j.value);
  text_free(&j.folder);
  return status < 0 ? CLI_DONE : status;
}

const cli_command cli_secret = {
    .name = "secret",
    .summary = "set, list and delete the secrets of a project",
    .usage =
        "secret set NAME [VALUE|@FILE|@-] | list | delete NAME\n"
        "                         [--json] [--persist DIR] [--project DIR|MAIN.lua]",
    .help =
        "  set NAME [VALUE]        set a secret: to the word (which a shell remembers and others may see), "
        "to the\n"
        "                          file behind '@', or to standard input for @-. Without a value it is read "
        "from\n"
        "                          the terminal, unseen, or else from standard input up to its last line "
        "end\n"
        "  list                    print the names and sizes of all secrets\n"
        "  delete NAME             remove a secret\n"
        "  --json                  the list as JSON: name and bytes\n"
        "  --persist DIR           the folder of secrets.json, as in `run` and `dev`\n"
        "  --project DIR|MAIN.lua  the project whose .flaron it is (default: this folder)\n"
        "  --                      what follows is no option, such as a value that begins with '-'\n"
        "  -h, --help              this text\n"
        "\nSecrets are in .flaron/secrets.json, which only you can read: keep it out of version control. A\n"
        "`flaron-lua dev` that is running knows new ones once it is started again.\n",
    .run = run,
};
