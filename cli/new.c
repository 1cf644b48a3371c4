/*
 * new.c - `flaron-lua new`: makes a project from a template (scripts/templates, embedded in the executable).
 *
 * The project is made in a folder beside its place and renamed when it is whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "base/embedded.h"
#include "base/utf8.h"
#include "options.h"

static const char templates[] = "scripts/templates/", common[] = "common/";

/* What is made, and what its files may say. */
typedef struct job {
  const cli_command *self;
  const char *template;
  const char *place; /* of the project, as given */
  char *path, *name; /* the same without slashes behind it, and its last part */
  text parent, part; /* where it is made, and the folder it is made in */
  text library;      /* of annotations, for .luarc.json; empty: it is not there */
} job;

/* The path of an embedded file in a project, when it belongs to `template` (with its slash); else NULL. */
static const char *path_in(const embedded_file *file, const char *template) {
  size_t size = strlen(templates), template_size = strlen(template);
  if (strncmp(file->path, templates, size) != 0) return NULL;
  return strncmp(file->path + size, template, template_size) == 0 ? file->path + size + template_size : NULL;
}

/* The path of an embedded file in the project, NULL when it is not part of it. */
static const char *path_in_project(const job *j, const embedded_file *file) {
  text own = {0};
  text_printf(&own, "%s/", j->template);
  const char *path = path_in(file, common);
  if (path == NULL) path = path_in(file, own.data);
  text_free(&own);
  return path;
}

/* ---- the text of a file ---- */

/* Adds a value with '"' and '\' escaped, as both Lua and JSON have it. */
static void add_escaped(text *out, const char *value) {
  for (; *value != '\0'; value++) text_printf(out, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
}

/* Adds what "{{word}}" stands for in a file. */
static void add_value(const job *j, bytes word, bool in_string, text *out) {
  if (bytes_are(word, "name")) {
    if (in_string) {
      add_escaped(out, j->name);
    } else {
      text_add_string(out, j->name);
    }
  } else if (bytes_are(word, "library") && j->library.size != 0) {
    text_add_string(out, "\"");
    add_escaped(out, j->library.data);
    text_add_string(out, "\"");
  }
}

/* Adds the content of a template's file, with its values filled in. */
static void fill_in(const job *j, const char *path, bytes content, text *out) {
  const char *at = (const char *)content.data, *end = at + content.size, *open, *close;
  const char *dot = strrchr(path, '.');
  bool in_string = dot != NULL && strcmp(dot, ".md") != 0;
  while ((open = strstr(at, "{{")) != NULL && (close = strstr(open, "}}")) != NULL) {
    text_add(out, at, (size_t)(open - at));
    add_value(j, (bytes){(const uint8_t *)open + 2, (size_t)(close - open - 2)}, in_string, out);
    at = close + 2;
  }
  text_add(out, at, (size_t)(end - at));
}

/* ---- the folder ---- */

/* The folders a file of the project is in, made; 0 or an errno value. */
static int make_folders(char *path, size_t from) {
  for (char *slash = strchr(path + from, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    int fault = mkdir(path, 0777) != 0 && errno != EEXIST ? errno : 0;
    *slash = '/';
    if (fault != 0) return fault;
  }
  return 0;
}

/* Writes one file of the project. False after saying why not. */
static bool write_file(const job *j, const char *path, bytes content) {
  text full = {0}, filled = {0};
  text_printf(&full, "%s/%s", j->part.data, path);
  fill_in(j, path, content, &filled);
  int fault = make_folders(full.data, j->part.size + 1);
  if (fault == 0) fault = cli_write_file(full.data, text_bytes(&filled));
  if (fault != 0) cli_fail(j->self, "%s/%s: %s", j->path, path, strerror(fault));
  text_free(&full);
  text_free(&filled);
  return fault == 0;
}

/* Removes what was made: files, then the folders they were in. */
static void remove_part(const job *j) {
  text full = {0};
  for (const embedded_file *f = embedded_files; f->path != NULL; f++) {
    const char *path = path_in_project(j, f);
    if (path == NULL) continue;
    text_clear(&full);
    text_printf(&full, "%s/%s", j->part.data, path);
    unlink(full.data);
    for (char *slash; (slash = strrchr(full.data, '/')) > full.data + j->part.size;) {
      *slash = '\0';
      rmdir(full.data); /* fails as long as something is in it */
    }
  }
  rmdir(j->part.data);
  text_free(&full);
}

/* Puts the whole project in its place, where nothing may be; 0 or an errno value. */
static int put_in_place(const job *j) {
  if (renameat2(AT_FDCWD, j->part.data, AT_FDCWD, j->path, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL) return errno; /* EINVAL: this file system cannot promise that */
  return rename(j->part.data, j->path) != 0 ? errno : 0;
}

/* Makes the project. False after saying why not; then nothing is left of it. */
static bool make(job *j) {
  text_printf(&j->part, "%s/.flaron-new-XXXXXX", j->parent.data);
  if (mkdtemp(j->part.data) == NULL) {
    cli_fail(j->self, "%s: a folder cannot be made in '%s': %s", j->path, j->parent.data, strerror(errno));
    return false;
  }
  bool good = true;
  for (const embedded_file *f = embedded_files; good && f->path != NULL; f++) {
    const char *path = path_in_project(j, f);
    if (path != NULL) good = write_file(j, path, f->content);
  }
  mode_t mask = umask(0); /* mkdtemp's folder is for its owner alone */
  umask(mask);
  int fault = good && chmod(j->part.data, 0777 & ~mask) != 0 ? errno : 0;
  if (good && fault == 0) fault = put_in_place(j);
  if (fault == EEXIST || fault == ENOTEMPTY) {
    cli_fail(j->self, "%s: it is there already", j->path);
  } else if (fault != 0) {
    cli_fail(j->self, "%s: %s", j->path, strerror(fault));
  }
  good = good && fault == 0;
  if (!good) remove_part(j);
  return good;
}

/* ---- words ---- */

/* Whether a flare may have this name: what flare.lua and the packed flare can say, on one line. */
static bool valid_name(const char *name) {
  for (const char *c = name; *c != '\0'; c++) {
    if ((unsigned char)*c < ' ' || *c == 0x7f) return false;
  }
  return *name != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
         utf8_is_valid(name, strlen(name));
}

/* Takes the path of the project apart. CLI_DONE, or the exit code after saying what is wrong. */
static int read_path(job *j, const char *word) {
  struct stat about;
  size_t size = strlen(word);
  while (size > 1 && word[size - 1] == '/') size--;
  j->path = memory_copy((bytes){(const uint8_t *)word, size});
  const char *slash = strrchr(j->path, '/');
  j->name = memory_copy(bytes_of(slash != NULL ? slash + 1 : j->path));
  if (slash == NULL) {
    text_add_string(&j->parent, ".");
  } else {
    text_add(&j->parent, j->path, slash > j->path ? (size_t)(slash - j->path) : 1);
  }
  if (!valid_name(j->name)) {
    return options_misuse(
        j->self, "'%s' is no name: UTF-8 without control characters, and neither . nor .. is one", word);
  }
  if (lstat(j->path, &about) == 0) return cli_fail(j->self, "%s: it is there already", j->path);
  if (errno != ENOENT || stat(j->parent.data, &about) != 0) {
    return cli_fail(j->self, "%s: the folder '%s': %s", j->path, j->parent.data, strerror(errno));
  }
  return CLI_DONE;
}

/* Adds a word so that a shell takes it as one. */
static void add_quoted(text *to, const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-";
  if (word[strspn(word, plain)] == '\0' && *word != '-') {
    text_add_string(to, word);
    return;
  }
  text_add_string(to, *word == '-' ? "./'" : "'");
  for (; *word != '\0'; word++) text_add_string(to, *word == '\'' ? "'\\''" : (char[]){*word, '\0'});
  text_add_string(to, "'");
}

/* Says what was made and what comes next. */
static void report(const job *j) {
  cli_print("made %s from the template '%s':", j->path, j->template);
  for (const embedded_file *f = embedded_files; f->path != NULL; f++) {
    const char *path = path_in_project(j, f);
    if (path != NULL) cli_print(" %s", path);
  }
  text word = {0};
  add_quoted(&word, j->path);
  cli_print("\n\n  cd %s\n  flaron-lua test\n  flaron-lua dev\n", text_string(&word));
  text_free(&word);
}

static int run_job(job *j) {
  int status = read_path(j, j->place);
  if (status != CLI_DONE) return status;
  cli_find_beside("../share/flaron-lua/library", "../../scripts/types", &j->library);
  if (!make(j)) return CLI_FAILED;
  report(j);
  return CLI_DONE;
}

static int run(const cli_command *self, int argc, char **argv) {
  job j = {.self = self, .template = "http"};
  int status = options_read(self, argc, argv, &j);
  if (status != CLI_GO_ON) return status;
  status = run_job(&j);
  free(j.path);
  free(j.name);
  text_free(&j.parent);
  text_free(&j.part);
  text_free(&j.library);
  return status;
}

#define AT(field) offsetof(job, field)

static const cli_option options[] = {
    {CLI_ARGUMENT, 0, NULL, "NAME", AT(place), 1,
     .help = "the folder to make; its last part is the name of the flare"},
    {CLI_WORD, 't', "template", "T", AT(template), .offer = {.words = "http websocket api rewriter"},
     .help = "http (a request handler, the default), websocket (an echo), api (JSON over Spark) or rewriter "
             "(pages of another site, changed)"},
    CLI_LAST("this text"),
};

const cli_command cli_new = {
    .name = "new",
    .summary = "make a project: a script, its manifest, its specs",
    .also = "init create",
    .options = options,
    .expected = "one name is",
    .run = run,
};
