/*
 * repl.c - `flaron-lua repl`: reads Lua, runs it in a flare of a project (console.h), and prints what it
 * gives.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/size.h"
#include "cli.h"
#include "engine/watchdog.h"
#include "options.h"
#include "repl/console.h"
#include "repl/lines.h"

/* What the words of the command say. */
typedef struct words {
  console_options options;
  long cpu_ms;
} words;

/* ---- Ctrl-C ---- */

static volatile sig_atomic_t interrupted;
static atomic_int cancel;
static pthread_t thread;

static void on_interrupt(int signal) {
  (void)signal;
  interrupted = 1;
  atomic_store(&cancel, 1);
  watchdog_nudge(thread);
}

static void forget_interrupt(void) {
  interrupted = 0;
  atomic_store(&cancel, 0);
}

/* From now on Ctrl-C ends the chunk that runs, or the line that is typed. */
static void catch_interrupts(void) {
  struct sigaction action = {.sa_handler = on_interrupt}; /* no SA_RESTART: reading a line ends, too */
  thread = pthread_self();
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
}

/* ---- the history ---- */

/* Sets `path` to the file of the history: in the folder of the state, if there is one, else in the user's. */
static void find_history(const console_options *o, text *path) {
  struct stat about;
  const char *home = getenv("HOME"), *state = getenv("XDG_STATE_HOME");
  if (o->persist != NULL) text_add_string(path, o->persist);
  if (o->persist == NULL) cli_state_folder(o->input, path);
  if (stat(text_string(path), &about) != 0 || !S_ISDIR(about.st_mode)) {
    text_clear(path);
    if (state != NULL && *state == '/') {
      text_printf(path, "%s/flaron-lua", state);
    } else if (home != NULL && *home == '/') {
      text_printf(path, "%s/.local/state/flaron-lua", home);
    } else {
      return;
    }
    for (char *at = path->data + 1; (at = strchr(at, '/')) != NULL; *at++ = '/') {
      *at = '\0';
      mkdir(path->data, 0700);
    }
    mkdir(path->data, 0700);
  }
  text_add_string(path, "/repl_history");
}

/* ---- reading and running ---- */

static void complete(void *data, bytes line, text *answer) { console_complete(data, line, answer); }

/* What a line that begins with a dot asks for: no Lua begins so. */
typedef enum command { NONE, RELOAD, EXIT } command;

static command find_command(const cli_command *self, const char *line) {
  line += strspn(line, " \t");
  char *word = memory_copy((bytes){(const uint8_t *)line, strcspn(line, " \t\r")});
  command found = NONE;
  if (strcmp(word, ".exit") == 0) {
    found = EXIT;
  } else if (strcmp(word, ".reload") == 0) {
    found = RELOAD;
  } else {
    if (strcmp(word, ".help") != 0) cli_fail(self, "there is no command '%s'", word);
    cli_note(
        "Lua runs as in a handler of this project; the value of an expression is printed, and what is not\n"
        "complete goes on in the next line. Locals end with their line: globals stay.\n"
        ".reload  begins anew, with the files as they are now\n"
        ".exit    ends it, as Ctrl-D does; Ctrl-C ends what runs\n");
  }
  free(word);
  return found;
}

/* What is between lines: the chunk so far, and where it begins. */
typedef struct reading {
  text chunk;
  long line, first; /* the number of the last line, and of the chunk's first */
  bool failed;
} reading;

/* Says that a line or a chunk has more than LINES_MOST bytes, which is no Lua that anybody writes. */
static void refuse_size(const console *c, reading *r) {
  cli_fail(c->self, "line %ld: more than %d bytes without an end", r->line, LINES_MOST);
  r->failed = true;
}

/* Takes a line; false when it says that this is the end. */
static bool take_line(console *c, reading *r, const text *line, bool typed) {
  const char *begin = text_string(line);
  r->line++;
  if (r->chunk.size == 0) {
    r->first = typed ? 1 : r->line;
    if (begin[strspn(begin, " \t")] == '.') {
      command what = find_command(c->self, begin);
      if (what == RELOAD && !console_reset(c)) r->failed = true;
      return what != EXIT;
    }
    if (begin[strspn(begin, " \t\r")] == '\0') return true;
  } else {
    text_add_string(&r->chunk, "\n");
  }
  text_add(&r->chunk, begin, line->size);
  if (r->chunk.size > LINES_MOST) {
    refuse_size(c, r);
    return false;
  }
  console_result result = console_run(c, "=stdin", r->first, text_bytes(&r->chunk), false);
  if (result == CONSOLE_FAILED) r->failed = true;
  if (result != CONSOLE_MORE) text_clear(&r->chunk);
  return true;
}

/* Reads and runs up to the end. Whether all went well. */
static bool read_and_run(console *c, lines *l) {
  reading r = {0};
  text line = {0};
  bool typed = lines_are_typed(l);
  for (bool more = true; more;) {
    text_clear(&line);
    forget_interrupt();
    lines_kind kind = lines_read(l, r.chunk.size == 0 ? "> " : ">> ", &line);
    forget_interrupt();
    if (kind == LINES_INTERRUPTED) {
      text_clear(&r.chunk);
      more = typed;
    } else if (kind == LINES_TOO_LONG) {
      r.line++;
      refuse_size(c, &r);
      more = false;
    } else if (kind == LINES_END) {
      if (r.chunk.size != 0 && console_run(c, "=stdin", r.first, text_bytes(&r.chunk), true) != CONSOLE_DONE)
        r.failed = true;
      more = false;
    } else {
      more = take_line(c, &r, &line, typed);
    }
  }
  text_free(&line);
  text_free(&r.chunk);
  return typed || !r.failed;
}

static int run(const cli_command *self, int argc, char **argv) {
  words w = {.options = {.input = ".", .cancel = &cancel}, .cpu_ms = 1000};
  int status = options_read(self, argc, argv, &w);
  if (status != CLI_GO_ON) return status;
  host_request request = {0};
  console c = {0};
  text history = {0};
  text_add_string(&request.method, "GET");
  text_add_string(&request.url, "http://localhost/");
  w.options.request = &request;
  w.options.cpu_ms = (int)w.cpu_ms;
  status = CLI_FAILED;
  if (console_open(&c, self, &w.options)) {
    if (isatty(STDIN_FILENO)) find_history(&w.options, &history);
    lines *l = lines_open(history.size > 0 ? history.data : NULL, complete, &c, &interrupted);
    if (lines_are_typed(l)) {
      cli_note("%s; .help says more, Ctrl-D ends it\n", c.flare.name != NULL ? c.flare.name : "flaron-lua");
      catch_interrupts();
    }
    if (read_and_run(&c, l)) status = CLI_DONE;
    lines_close(l);
  }
  console_close(&c);
  host_request_free(&request);
  text_free(&history);
  return status;
}

#define AT(field) offsetof(words, field)

static const cli_option options[] = {
    {CLI_ARGUMENT, 0, NULL, "DIR|MAIN.lua", AT(options.input), .offer = {.folders = true, .endings = ".lua"},
     .help = "a project, or a script in it (default: this folder)"},
    {CLI_NUMBER, 0, "cpu-ms", "N", AT(cpu_ms), 0, INT32_MAX, .unit = "milliseconds",
     .help = "CPU time that a chunk may take, 0 = no limit (default 1000)"},
    {CLI_SIZE, 0, "memory", "SIZE", AT(options.pack.memory), SIZE_MEMORY_MIN, SIZE_MEMORY_MAX,
     .takes = SIZE_MEMORY, .help = "limit of the memory of all chunks (default 32M, or flare.lua's)"},
    {CLI_WORD, 0, "persist", "DIR", AT(options.persist), .offer = {.folders = true},
     .help =
         "folder of its stores and secrets (default: .flaron in the project, if there is one; else stores "
         "are empty and forgotten)"},
    {CLI_WORD, 0, "secrets", "FILE", AT(options.secrets), .offer = {.files = true},
     .help = "secrets as JSON: {\"NAME\": \"value\"}, readable only by you"},
    CLI_LAST("this text"),
};

const cli_command cli_repl = {
    .name = "repl",
    .summary = "run Lua line by line in a project",
    .also = "console shell eval interactive",
    .options = options,
    .expected = "one project is",
    .notes =
        "Lines run in a flare, with the modules, stores, secrets and rights of the project; its main script "
        "does not run unless it is required. Globals stay from line to line, flaron is one of them. An "
        "expression, also after '=', prints its values as flaron.inspect writes them; what is not complete "
        "goes on in the next line. What print writes goes to standard output, other lines of the log to "
        "standard error.\n\n"
        "In a terminal, Tab completes names and modules, the arrows bring earlier lines, Ctrl-C ends what "
        "runs and Ctrl-D the command. Earlier lines are in .flaron/repl_history of the project or, without "
        "such a folder, in ~/.local/state/flaron-lua. Else lines are read from standard input, and the exit "
        "code is 1 if one of them failed.",
    .run = run,
};
