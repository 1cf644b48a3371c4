/*
 * new.c - `flaron-lua new`: makes a project from a template, or of what a page of the guide has typed out
 * (both lie in the executable: scripts/templates, docs/guide).
 *
 * The project is made in a folder beside its place and renamed when it is whole.
 */
#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "base/embedded.h"
#include "base/list.h"
#include "base/system.h"
#include "base/utf8.h"
#include "options.h"
#include "types.h"

static const char templates[] = "scripts/templates/", guide[] = "docs/guide/", common[] = "common/",
                  devcontainer[] = "devcontainer/";

/* A file of the project. Owned: `path`. */
typedef struct item {
  char *path;
  bytes content;
  bool of_guide; /* from a page: it has no values to be filled in but the name of flare.lua */
} item;

/* What is made, and what its files may say. */
typedef struct job {
  const cli_command *self;
  const char *template;
  const char *place; /* of the project, as given */
  bool devcontainer; /* with .devcontainer/ */
  bool editor;       /* only what editors read, in a project that is there */
  bool types;        /* of that only .types */
  char *path, *name; /* the same without slashes behind it, and its last part */
  text parent, part; /* where it is made, and the folder it is made in */
  item *items;       /* sorted by path */
  size_t count;
} job;

/* ---- the files ---- */

static void new_add_item(job *j, bytes path, bytes content, bool of_guide) {
  LIST_ROOM(j->items, j->count);
  j->items[j->count++] = (item){memory_copy(path), content, of_guide};
}

/* Adds the files of a folder of templates, whose name has a slash behind it. */
static void new_add_folder(job *j, const char *folder) {
  size_t size = strlen(templates), folder_size = strlen(folder);
  for (const embedded_file *f = embedded_files; f->path != NULL; f++) {
    if (strncmp(f->path, templates, size) != 0 || strncmp(f->path + size, folder, folder_size) != 0) continue;
    new_add_item(j, bytes_of(f->path + size + folder_size), f->content, false);
  }
}

/* Adds the blocks of Lua of a page, which begin with a line "-- PATH"; `page` has a NUL behind it. */
static void new_add_blocks(job *j, const bytes *page) {
  static const char open[] = "\n```lua\n-- ", close[] = "\n```\n";
  const char *at = (const char *)page->data;
  while ((at = strstr(at, open)) != NULL) {
    const char *path = at + sizeof open - 1, *feed = strchr(path, '\n'), *end = strstr(path, close);
    if (feed == NULL || end == NULL || feed >= end) return;
    new_add_item(j, (bytes){(const uint8_t *)path, (size_t)(feed - path)},
                 (bytes){(const uint8_t *)feed + 1, (size_t)(end - feed)}, true);
    at = end;
  }
}

/* For qsort: by path. */
static int new_compare(const void *a, const void *b) {
  return strcmp(((const item *)a)->path, ((const item *)b)->path);
}

/* Finds the files of the project. */
static void new_find_items(job *j) {
  text name = {0};
  text_printf(&name, "%s%s.md", guide, j->template);
  const bytes *page = embedded_find(name.data);
  if (page != NULL) new_add_blocks(j, page);
  text_clear(&name);
  text_printf(&name, "%s/", j->template);
  new_add_folder(j, name.data);
  new_add_folder(j, common);
  if (j->devcontainer) new_add_folder(j, devcontainer);
  qsort(j->items, j->count, sizeof *j->items, new_compare);
  text_free(&name);
}

/* ---- the text of a file ---- */

/* Adds a value with '"' and '\' escaped, as both Lua and JSON have it. */
static void new_add_escaped(text *out, const char *value) {
  for (; *value != '\0'; value++) text_printf(out, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
}

/* Adds what "{{word}}" stands for in a file. */
static void new_add_value(const job *j, bytes word, bool in_string, text *out) {
  if (bytes_are(word, "name")) {
    if (in_string) {
      new_add_escaped(out, j->name);
    } else {
      text_add_string(out, j->name);
    }
  }
}

/* Adds a file of a page; flare.lua gets the project's name in place of the page's. */
static void new_fill_in_name(const job *j, const item *file, text *out) {
  static const char key[] = "\n  name = \"";
  const char *at = (const char *)file->content.data, *end = at + file->content.size;
  const char *found = strcmp(file->path, "flare.lua") == 0 ? strstr(at, key) : NULL;
  if (found != NULL && found < end) {
    found += sizeof key - 1;
    text_add(out, at, (size_t)(found - at));
    new_add_escaped(out, j->name);
    at = strchr(found, '"');
  }
  text_add(out, at, (size_t)(end - at));
}

/* Adds the content of a template's file, with its values filled in. */
static void new_fill_in(const job *j, const item *file, text *out) {
  const char *at = (const char *)file->content.data, *end = at + file->content.size, *open, *close;
  const char *dot = strrchr(file->path, '.');
  bool in_string = dot != NULL && strcmp(dot, ".md") != 0;
  while ((open = strstr(at, "{{")) != NULL && (close = strstr(open, "}}")) != NULL) {
    text_add(out, at, (size_t)(open - at));
    new_add_value(j, (bytes){(const uint8_t *)open + 2, (size_t)(close - open - 2)}, in_string, out);
    at = close + 2;
  }
  text_add(out, at, (size_t)(end - at));
}

/* ---- the folder ---- */

/* Writes one file of the project. False after saying why not. */
static bool new_write_file(const job *j, const item *file) {
  text full = {0}, filled = {0};
  text_printf(&full, "%s/%s", j->part.data, file->path);
  (file->of_guide ? new_fill_in_name : new_fill_in)(j, file, &filled);
  int fault = cli_make_folders(full.data, j->part.size + 1);
  if (fault == 0) fault = cli_write_file(full.data, text_bytes(&filled));
  if (fault != 0) cli_fail(j->self, "%s/%s: %s", j->path, file->path, strerror(fault));
  text_free(&full);
  text_free(&filled);
  return fault == 0;
}

/* Removes what was made: files, then the folders they were in. */
static void new_remove_part(const job *j) {
  text full = {0};
  types_remove(j->part.data);
  for (size_t i = 0; i < j->count; i++) {
    text_clear(&full);
    text_printf(&full, "%s/%s", j->part.data, j->items[i].path);
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
static int new_put_in_place(const job *j) {
  if (system_rename(j->part.data, j->path, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL) return errno; /* EINVAL: this file system cannot promise that */
  return rename(j->part.data, j->path) != 0 ? errno : 0;
}

/* Makes the project. False after saying why not; then nothing is left of it. */
static bool new_make(job *j) {
  text_printf(&j->part, "%s/.flaron-new-XXXXXX", j->parent.data);
  if (mkdtemp(j->part.data) == NULL) {
    cli_fail(j->self, "%s: a folder cannot be made in '%s': %s", j->path, j->parent.data, strerror(errno));
    return false;
  }
  bool good = true;
  for (size_t i = 0; good && i < j->count; i++) good = new_write_file(j, &j->items[i]);
  good = good && types_write(j->self, j->part.data);
  mode_t mask = umask(0); /* mkdtemp's folder is for its owner alone */
  umask(mask);
  int fault = good && chmod(j->part.data, 0777 & ~mask) != 0 ? errno : 0;
  if (good && fault == 0) fault = new_put_in_place(j);
  if (fault == EEXIST || fault == ENOTEMPTY) {
    cli_fail(j->self, "%s: it is there already", j->path);
  } else if (fault != 0) {
    cli_fail(j->self, "%s: %s", j->path, strerror(fault));
  }
  good = good && fault == 0;
  if (!good) new_remove_part(j);
  return good;
}

/* ---- words ---- */

/* Whether a flare may have this name: what flare.lua and the packed flare can say, on one line. */
static bool new_valid_name(const char *name) {
  for (const char *c = name; *c != '\0'; c++) {
    if ((unsigned char)*c < ' ' || *c == 0x7f) return false;
  }
  return *name != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
         utf8_is_valid(name, strlen(name));
}

/* Takes the path of the project apart. CLI_DONE, or the exit code after saying what is wrong. */
static int new_read_path(job *j, const char *word) {
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
  if (!new_valid_name(j->name)) {
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
static void new_add_quoted(text *to, const char *word) {
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
static void new_report(const job *j) {
  cli_print("made %s from the template '%s':", j->path, j->template);
  for (size_t i = 0; i < j->count; i++) cli_print(" %s", j->items[i].path);
  text word = {0};
  new_add_quoted(&word, j->path);
  cli_print("\n\n  cd %s\n  flaron-lua test\n  flaron-lua dev\n", text_string(&word));
  text_free(&word);
}

/* ---- a project that is there ---- */

/* Whether editors read a file. */
static bool new_is_for_editors(const item *file) {
  return strcmp(file->path, ".luarc.json") == 0 || strncmp(file->path, ".vscode/", 8) == 0 ||
         strncmp(file->path, ".devcontainer/", 14) == 0;
}

/* Writes what editors read and is not there yet, and .types. The exit code. */
static int new_set_up_editors(job *j) {
  struct stat about;
  if (stat(j->place, &about) != 0 || !S_ISDIR(about.st_mode)) {
    return cli_fail(j->self, "%s: there is no such folder", j->place);
  }
  j->path = memory_copy(bytes_of(j->place));
  j->name = memory_copy(bytes_of(""));
  text_add_string(&j->part, j->place);
  for (size_t i = 0; !j->types && i < j->count; i++) {
    text full = {0};
    text_printf(&full, "%s/%s", j->place, j->items[i].path);
    bool missing = new_is_for_editors(&j->items[i]) && lstat(full.data, &about) != 0;
    bool good = !missing || new_write_file(j, &j->items[i]);
    if (missing && good) cli_print("wrote %s\n", full.data);
    text_free(&full);
    if (!good) return CLI_FAILED;
  }
  if (!types_write(j->self, j->place)) return CLI_FAILED;
  cli_print("wrote %s/" TYPES_FOLDER "\n", j->place);
  return CLI_DONE;
}

static int new_run_job(job *j) {
  new_find_items(j);
  if (j->editor || j->types) return new_set_up_editors(j);
  int status = new_read_path(j, j->place);
  if (status != CLI_DONE) return status;
  if (!new_make(j)) return CLI_FAILED;
  new_report(j);
  return CLI_DONE;
}

static int new_run(const cli_command *self, int argc, char **argv) {
  job j = {.self = self, .template = "http"};
  int status = options_read(self, argc, argv, &j);
  if (status != CLI_GO_ON) return status;
  status = new_run_job(&j);
  free(j.path);
  free(j.name);
  text_free(&j.parent);
  text_free(&j.part);
  for (size_t i = 0; i < j.count; i++) free(j.items[i].path);
  free(j.items);
  return status;
}

#define AT(field) offsetof(job, field)
#define TEMPLATES \
  "http websocket api rewriter proxy auth members rate-limit cached-api ab-test websocket-room"

static const cli_option options[] = {
    {CLI_ARGUMENT, 0, NULL, "NAME", AT(place), 1,
     .help = "the folder to make; its last part is the name of the flare"},
    {CLI_WORD, 't', "template", "T", AT(template), .offer = {.words = TEMPLATES},
     .help = "http (a request handler, the default), websocket (an echo), api (JSON over Spark), rewriter "
             "(pages of another site, changed), proxy (a cache before a site, with security headers), auth "
             "(sign-in by OpenID Connect, and an API); or what a page of the guide types out: members (a "
             "login of one's own), rate-limit, cached-api, ab-test, websocket-room (a chat)"},
    {CLI_FLAG, 0, "devcontainer", NULL, AT(devcontainer),
     .help = "with .devcontainer/, which editors make a container for the project of (docs/ci.md)"},
    {CLI_FLAG, 0, "editor", NULL, AT(editor),
     .help = "only write what editors read into the project NAME, which is there: .vscode/ and .luarc.json, "
             "where they are missing, and .types; with --devcontainer that, too"},
    {CLI_FLAG, 0, "types", NULL, AT(types),
     .help = "only write .types into the project NAME: the annotations of this flaron-lua, for "
             "lua-language-server. They are not kept in git"},
    CLI_LAST("this text"),
};

const cli_command cli_new = {
    .name = "new",
    .summary = "make a project: a script, its manifest, its specs",
    .also = "init create",
    .options = options,
    .expected = "one name is",
    .run = new_run,
};
