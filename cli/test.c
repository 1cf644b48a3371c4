/*
 * test.c - `flaron-lua test`: a project's busted specs, with flaron.edge at hand. Specs are native programs:
 * this is the one command that is not safe with a project of somebody else.
 *
 * What specs may say is documented in docs/testing.md. Here busted is found, told where flaron.edge is, and
 * run; with --coverage, flaron.edge writes what it counted (scripts/testing/coverage.lua), and its table is
 * shown.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "dev/watch.h"
#include "options.h"
#include "own_lua.h"
#include "pack/pack.h"
#include "project/state.h"

extern char **environ;

static bool test_is_folder(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool test_exists_in(const char *folder, const char *file) {
  text path = {0};
  text_printf(&path, "%s/%s", folder, file);
  bool exists = access(path.data, F_OK) == 0;
  text_free(&path);
  return exists;
}

/* Whether `path` is a project's folder, and not one of specs. */
static bool test_is_project(const char *path) {
  return test_is_folder(path) && (test_exists_in(path, "main.lua") || test_exists_in(path, "flare.lua"));
}

/* Puts `entry` in front of a search path of Lua's, which has a name of its own for 5.4. */
static void test_prepend(const char *name, const char *entry) {
  text versioned = {0}, value = {0};
  text_printf(&versioned, "%s_5_4", name);
  const char *before = getenv(versioned.data);
  if (before == NULL) before = getenv(name);
  text_printf(&value, "%s;%s", entry, before != NULL ? before : ";");
  setenv(versioned.data, value.data, 1);
  text_free(&versioned);
  text_free(&value);
}

/* Reads flare.lua of this folder. One that cannot be read is for the specs to find: `m` is that of none. */
static void test_read_manifest(manifest *m) {
  modules_source source = {modules_read_file, (void *)".", NULL};
  text content = {0}, error = {0};
  pack_read_manifest(&source, m, &content, &error);
  text_free(&content);
  text_free(&error);
}

/* Lets Lua find modules where a flare's are looked for, but for the project's own, which Lua finds by itself:
 * the further places that flare.lua names, and rocks. */
static void test_set_module_path(const manifest *m) {
  modules found = {0};
  text path = {0};
  const char *place;
  for (size_t i = 0; i < m->paths.count; i++) modules_add_path(&found, m->paths.items[i]);
  for (size_t i = modules_own_places(); (place = modules_place(&found, i)) != NULL; i++)
    text_printf(&path, "%s./%s", path.size > 0 ? ";" : "", place);
  test_prepend("LUA_PATH", path.data);
  modules_free(&found);
  text_free(&path);
}

/* Lets Lua find flaron.edge, unless it is in this executable: beside this executable where it was built, or
 * where it is installed, by `make install` or as Debian's packages have it. */
static bool test_set_paths(const cli_command *self, const manifest *m) {
  static const char *const places[] = {"lua", "../lib/lua/5.4", "../lib/" MULTIARCH "/lua/5.4"};
  char exe[PATH_MAX];
  if (own_lua_program() != NULL) {
    test_set_module_path(m);
    return true;
  }
  ssize_t size = readlink("/proc/self/exe", exe, sizeof exe - 1);
  if (size <= 0) {
    cli_fail(self, "/proc/self/exe: %s", strerror(errno));
    return false;
  }
  exe[size] = '\0';
  *strrchr(exe, '/') = '\0';
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    text folder = {0}, entry = {0};
    text_printf(&folder, "%s/%s", exe, places[i]);
    bool found = test_exists_in(folder.data, "flaron/edge.so");
    if (found) {
      text_printf(&entry, "%s/?.so", folder.data);
      test_prepend("LUA_CPATH", entry.data);
      test_set_module_path(m);
    }
    text_free(&folder);
    text_free(&entry);
    if (found) return true;
  }
  cli_fail(self, "the Lua module flaron.edge is neither in %s/lua nor below %s/../lib", exe, exe);
  return false;
}

/* Tells which secrets the flare of this folder may use and dev would not have. */
static void test_tell_unset_secrets(const manifest *m) {
  state s = {0};
  text error = {0};
  bool good = m->config != NULL && (!test_is_folder(".flaron") || state_read_folder(&s, ".flaron", &error));
  if (good) cli_tell_unset_secrets(m->config, &s);
  state_close(&s);
  text_free(&error);
}

/*
 * The words of Lua before those for busted. Busted's module is called here, and not the program: that would
 * have to be told by --lua to run on 5.4, and then gives its arguments to a shell as one line. --ignore-lua
 * has it pass over `lua` in .busted, which does the same. /dev/null stands where Lua expects a script. For
 * --debug, flaron.edge is loaded before, so that all of a spec is debugged, and again by the specs.
 */
#define START                                                             \
  "if os.getenv 'FLARON_LUA_DEBUG' then "                                 \
  "require 'flaron.edge' package.loaded['flaron.edge'] = nil end "        \
  "local found, run = pcall(require, 'busted.runner') "                   \
  "if not found then "                                                    \
  "io.stderr:write('flaron-lua test: busted for Lua 5.4: ', run, '\\n') " \
  "os.exit(1) end "                                                       \
  "arg[0] = 'busted' "                                                    \
  "run { standalone = false }"
static const char *const first_words[] = {OWN_LUA_NAME, "-e", START, "/dev/null", "--ignore-lua"};
enum { FIRST_WORDS = sizeof first_words / sizeof *first_words };

/* Finds lua5.4, and looks whether busted is installed if it is the machine's, or says what is missing. */
static bool test_find_lua(const cli_command *self, text *lua) {
  text busted = {0};
  if (own_lua_program() != NULL) {
    text_add_string(lua, own_lua_program());
    return true;
  }
  bool installed = cli_find_program("busted", &busted);
  text_free(&busted);
  if (!installed) {
    cli_fail(self, "busted is not installed: it is in the Debian package lua-busted");
    return false;
  }
  if (cli_find_program("lua5.4", lua)) return true;
  cli_fail(self, "lua5.4 is not installed: it is in the Debian package lua5.4");
  return false;
}

/* Runs busted with the words given; its exit code, 128 + N when signal N ended it, -1 after saying why not.
 */
static int test_run_busted(const cli_command *self, char **words) {
  pid_t child;
  int status;
  text lua = {0};
  if (!test_find_lua(self, &lua)) return -1;
  int fault = posix_spawn(&child, lua.data, NULL, NULL, words, environ);
  if (fault != 0) cli_fail(self, "%s: %s", lua.data, strerror(fault));
  text_free(&lua);
  if (fault != 0) return -1;
  signal(SIGINT, SIG_IGN); /* Ctrl-C is busted's: it ends, and then we do */
  signal(SIGQUIT, SIG_IGN);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Shows the table that ends luacov.report.out in `folder`. */
static void test_show_coverage(const cli_command *self, const char *folder) {
  static const char mark[] = "\nSummary\n";
  text path = {0}, report = {0};
  text_printf(&path, "%s/luacov.report.out", folder);
  int fault = file_read(path.data, FILE_PROJECT_ALL, &report);
  const char *summary = NULL;
  for (const char *at = text_string(&report); (at = strstr(at, mark)) != NULL; at++) summary = at;
  const char *table = summary != NULL ? strstr(summary, "\n\n") : NULL;
  if (table != NULL) {
    cli_print("\n%s", table + 2);
  } else {
    text why = {0};
    if (fault != 0) file_explain(&why, path.data, fault, FILE_PROJECT_ALL);
    if (fault == 0) text_printf(&why, "%s: cut off", path.data);
    cli_fail(self, "%s: no lines were counted", why.data);
    text_free(&why);
  }
  text_free(&path);
  text_free(&report);
}

/* ---- forms of coverage ---- */

/* What --output takes besides what is busted's: the name of a form, its file, and how flaron.edge is told. */
static const struct form {
  const char *name, *file, *variable;
} forms[] = {
    {"lcov", "lcov.info", "FLARON_LUA_COVERAGE_LCOV"},
    {"html", "coverage.html", "FLARON_LUA_COVERAGE_HTML"},
};
enum { FORMS = sizeof forms / sizeof *forms };

/* The form of a name; FORMS: there is none. */
static size_t test_find_form(const char *name) {
  size_t i = 0;
  while (i < FORMS && strcmp(forms[i].name, name) != 0) i++;
  return i;
}

/* Makes the file of a form empty, so that one that cannot be written is told at once, and tells flaron.edge
 * where it is: `file`, or its own in this folder. False after saying why not. */
static bool test_prepare_form(const cli_command *self, const struct form *form, const char *file) {
  const char *path = file != NULL ? file : form->file;
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    cli_fail(self, "--output %s: %s: %s", form->name, path, strerror(errno));
    return false;
  }
  close(fd);
  setenv(form->variable, path, 1);
  return true;
}

/* Whether one of the words names a file or folder, where busted is to look for specs. */
static bool test_name_specs(char **words) {
  for (; *words != NULL; words++) {
    if (**words != '-' && access(*words, F_OK) == 0) return true;
  }
  return false;
}

typedef struct words {
  const char *folder, *conform;
  bool coverage;
  bool watch;
  long debug;              /* the port for a debugger, -1 = none */
  cli_list output;         /* each a form, or busted's */
  const char *output_file; /* of the one form */
  bool forms[FORMS];
  cli_list rest; /* busted's */
} words;

/* Runs the specs of the project here, whose manifest is `m`. */
static int test(const cli_command *self, const manifest *m, char **words, const struct words *w) {
  char here[PATH_MAX];
  if (!test_set_paths(self, m)) return CLI_FAILED;
  if (!test_is_folder("spec") && access(".busted", F_OK) != 0 && !test_name_specs(words + FIRST_WORDS)) {
    return cli_fail(self, "there are no specs here: neither a folder spec/ nor a file .busted%s",
                    test_is_project(".") ? "" : "; " PACK_NO_PROJECT);
  }
  if (getcwd(here, sizeof here) == NULL) return cli_fail(self, "this folder: %s", strerror(errno));
  unsetenv("FLARON_LUA_COVERAGE");
  for (size_t i = 0; i < FORMS; i++) {
    unsetenv(forms[i].variable);
    if (w->forms[i] && !test_prepare_form(self, &forms[i], w->output_file)) return CLI_FAILED;
  }
  if (w->debug >= 0) {
    char port[24];
    snprintf(port, sizeof port, "%ld", w->debug);
    setenv("FLARON_LUA_DEBUG", port, 1);
  } else {
    unsetenv("FLARON_LUA_DEBUG");
  }
  if (w->coverage) {
    setenv("FLARON_LUA_COVERAGE", here, 1);
    unlink("luacov.stats.out");
    unlink("luacov.report.out");
  }
  test_tell_unset_secrets(m);
  int code = test_run_busted(self, words);
  if (w->coverage && code >= 0) test_show_coverage(self, here);
  return code == 0 ? CLI_DONE : CLI_FAILED;
}

/* Takes the project's folder from the words for busted, when it is the first of them. False after saying why
 * not. */
static bool test_take_folder(const cli_command *self, words *w) {
  const char *first = w->rest.count > 0 ? w->rest.items[0] : "-";
  if (w->folder != NULL || *first == '-') return true;
  if (access(first, F_OK) != 0) {
    cli_fail(self, "%s: %s", first, strerror(errno));
    return false;
  }
  if (!test_is_project(first) && strcmp(first, ".") != 0) return true;
  w->folder = first;
  w->rest.items[0] = NULL;
  return true;
}

/* Takes the forms from the values of --output; the others become words for busted, which are freed with
 * `own`. False after saying that they make no sense. */
static bool test_take_forms(const cli_command *self, words *w, text *own) {
  size_t asked = 0;
  for (size_t i = 0; i < w->output.count; i++) {
    const char *value = w->output.items[i];
    size_t form = test_find_form(value);
    if (form == FORMS) {
      text_printf(own, "--output=%s", value);
      text_add(own, "", 1);
      continue;
    }
    if (!w->coverage) {
      options_misuse(self, "--output %s: it is how coverage is told, and there is no --coverage", value);
      return false;
    }
    asked += !w->forms[form];
    w->forms[form] = true;
  }
  if (w->output_file != NULL && asked != 1) {
    options_misuse(self, "--output-file %s: it is the file of one --output, lcov or html", w->output_file);
    return false;
  }
  return true;
}

/* Runs the specs of this folder, with the words for busted that are left and those in `own`. */
static int test_run_once(const cli_command *self, const words *w, const text *own) {
  size_t most = FIRST_WORDS + w->rest.count + w->output.count + 1, count = FIRST_WORDS;
  const char **words = memory_get(most * sizeof *words);
  memcpy(words, first_words, sizeof first_words);
  for (const char *at = own->data; at != NULL && at < own->data + own->size; at += strlen(at) + 1)
    words[count++] = at;
  for (size_t i = 0; i < w->rest.count; i++) {
    if (w->rest.items[i] != NULL) words[count++] = w->rest.items[i];
  }
  manifest m = {0};
  test_read_manifest(&m);
  int status = test(self, &m, (char **)words, w);
  manifest_free(&m);
  free(words);
  return status;
}

/* ---- watching ---- */

/* What has changed since it was last looked at. */
typedef struct changes {
  bool running; /* the specs run: what they write themselves is no change, unless it is Lua */
  text name;    /* of the first file, "" = none */
} changes;

/* watch_function */
static void test_note_change(void *data, int folder, const char *name) {
  changes *c = data;
  (void)folder;
  const char *dot = name != NULL ? strrchr(name, '.') : NULL;
  if (c->running && (dot == NULL || strcmp(dot, ".lua") != 0)) return;
  if (c->name.size == 0) text_add_string(&c->name, name != NULL ? name : "something");
}

/* Watches what the words for busted name, which may be elsewhere. */
static void test_watch_words(watch *files, const words *w) {
  for (size_t i = 0; i < w->rest.count; i++) {
    const char *word = w->rest.items[i];
    if (word == NULL || *word == '-' || access(word, F_OK) != 0) continue;
    if (test_is_folder(word)) {
      watch_project(files, &(file_place){word, ""});
    } else {
      char *parent = pack_parent(word);
      watch_path(files, parent);
      free(parent);
    }
  }
}

static volatile sig_atomic_t interrupted;

static void test_interrupt(int number) { interrupted = number; }

/* Runs the specs in a process of their own, so that each run begins anew. */
static void test_run_apart(const cli_command *self, const words *w, const text *own) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    signal(SIGINT, SIG_DFL);
    int code = test_run_once(self, w, own);
    fflush(NULL);
    _exit(code);
  }
  if (child < 0) cli_fail(self, "%s", strerror(errno));
  while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
}

/* Waits until something changes, or Ctrl-C. */
static void test_wait_for_change(watch *files, changes *c) {
  enum { SETTLE_MS = 50 };
  struct pollfd fd = {watch_descriptor(files), POLLIN, 0};
  while (c->name.size == 0 && !interrupted) {
    if (poll(&fd, 1, -1) < 0) continue;
    poll(NULL, 0, SETTLE_MS); /* who writes one file often writes two */
    watch_read(files, test_note_change, c);
  }
}

/* Runs the specs again whenever something changes, until Ctrl-C. */
static int test_run_watching(const cli_command *self, const words *w, const text *own) {
  const file_place here = {".", ""};
  changes c = {0};
  watch *files = watch_open(&here);
  if (files == NULL) return cli_fail(self, "files cannot be watched: %s", strerror(errno));
  sigaction(SIGINT, &(struct sigaction){.sa_handler = test_interrupt},
            NULL); /* no SA_RESTART: it ends what waits */
  for (bool again = false; !interrupted;) {
    test_watch_words(files, w);
    test_run_apart(self, w, own);
    c.running = true;
    watch_read(files, test_note_change, &c);
    c.running = false;
    again = !again && c.name.size > 0; /* at once, but once: specs that write Lua would have no end */
    if (!again) text_clear(&c.name);
    if (!again && !interrupted) cli_print("\nwaiting for a file to change (Ctrl-C ends)\n");
    fflush(stdout);
    test_wait_for_change(files, &c);
    if (!interrupted) cli_print("\n%s has changed\n", text_string(&c.name));
    text_clear(&c.name);
  }
  watch_close(files);
  text_free(&c.name);
  signal(SIGINT, SIG_DFL);
  raise(SIGINT);
  return CLI_FAILED;
}

/* ---- the command ---- */

/* Tells flaron.edge the report that hosts follow, by a name that is good in any folder. False after saying
 * why not. */
static bool test_tell_report(const cli_command *self, const char *report) {
  if (report == NULL) return true;
  char *path = realpath(report, NULL);
  if (path == NULL) {
    cli_fail(self, "%s: %s", report, strerror(errno));
    return false;
  }
  setenv("FLARON_CONFORM", path, 1);
  free(path);
  return true;
}

/* Runs the specs in the folder that the words name. */
static int test_run_with(const cli_command *self, words *w) {
  text own = {0}, file = {0};
  for (size_t i = 0; i < w->rest.count; i++) {
    const char *word = w->rest.items[i];
    if (strcmp(word, "--lua") == 0 || strncmp(word, "--lua=", 6) == 0) {
      return options_misuse(self, "%s: specs run on lua5.4, which flaron.edge is made for", word);
    }
  }
  if (!test_take_forms(self, w, &own)) return CLI_MISUSED;
  char here[PATH_MAX]; /* what --output-file is relative to */
  if (w->output_file != NULL && *w->output_file != '/' && getcwd(here, sizeof here) != NULL) {
    text_printf(&file, "%s/%s", here, w->output_file);
    w->output_file = file.data;
  }
  int status = CLI_FAILED;
  if (test_tell_report(self, w->conform) && test_take_folder(self, w)) {
    if (w->folder != NULL && chdir(w->folder) != 0) {
      cli_fail(self, "%s: %s", w->folder, strerror(errno));
    } else {
      status = w->watch ? test_run_watching(self, w, &own) : test_run_once(self, w, &own);
    }
  }
  text_free(&own);
  text_free(&file);
  return status;
}

static int test_run(const cli_command *self, int argc, char **argv) {
  words w = {.debug = -1};
  int status = options_read(self, argc, argv, &w);
  if (status != CLI_GO_ON) return status;
  if (w.debug >= 0 && w.coverage) {
    status =
        options_misuse(self, "--debug and --coverage do not go together: both look at each line that runs");
  } else {
    status = test_run_with(self, &w);
  }
  cli_list_free(&w.rest);
  cli_list_free(&w.output);
  return status;
}

#define AT(field) offsetof(words, field)

static const cli_option options[] = {
    {CLI_ARGUMENT, 0, NULL, "DIR", .offer = {.folders = true},
     .help = "the project's folder, also as -C DIR (default: this one)"},
    {CLI_WORD, 'C', NULL, "DIR", AT(folder), .lacks = "the project's folder", .offer = {.folders = true},
     .help = "the same, wherever it stands"},
    {CLI_FLAG, 0, "coverage", NULL, AT(coverage),
     .help = "count the lines of the flare that ran: a table, luacov.stats.out, luacov.report.out"},
    {CLI_WORDS, 'o', "output", "FORM", AT(output), .lacks = "how to tell it",
     .help = "with --coverage: tell it as `lcov`, in lcov.info, or as `html`, in coverage.html, too; all "
             "else goes to "
             "busted"},
    {CLI_WORD, 0, "output-file", "FILE", AT(output_file), .lacks = "a file", .with = "coverage",
     .offer = {.files = true}, .help = "where to write the one form that --output says"},
    {CLI_NUMBER, 0, "debug", "N", AT(debug), 0, UINT16_MAX,
     .help = "wait on a port of 127.0.0.1 (0: any that is free) for a debugger, which stops in the flares "
             "that specs "
             "load: docs/debugger.md"},
    {CLI_FLAG, 'w', "watch", NULL, AT(watch),
     .help = "run the specs again whenever a file of the project or a spec changes, until Ctrl-C"},
    CLI_FOLLOW(AT(conform)),
    {CLI_REST, .value = "BUSTED ARGUMENTS", .at = AT(rest)},
    CLI_LAST("this text"),
};

const cli_command cli_test = {
    .name = "test",
    .summary = "run a project's busted specs on the local edge",
    .options = options,
    .notes =
        "All else goes to busted, which finds the specs in spec/ or as the file .busted says: files, "
        "folders, "
        "--filter=WORDS, -o TAP and more (`busted --help`), but not --lua: specs run on lua5.4, also where "
        ".busted names another Lua. In a spec, require \"flaron.edge\".\n"
        "Specs and .busted are programs, not flares: they may do all that you may. With a project that you "
        "do "
        "not know, `check` is safe, this is not.",
    .run = test_run,
};
