/*
 * check.c - `flaron-lua check`: looks for mistakes in a project without running a request.
 *
 * It reads the manifest, packs, compiles every file in the runtime, and has luacheck look at them; findings
 * are lines as compilers write them. --fix edits flare.lua alone, and only when the new text is sure to be
 * right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "check/check.h"
#include "check/formats.h"
#include "cli.h"
#include "base/utf8.h"
#include "options.h"

/* What the words of the command say. */
typedef struct words {
  const char *path;
  const char *format; /* CHECK_FORMATS; NULL = lines for people */
  bool fix, strict;
} words;

/* One look at a project. Owned. */
typedef struct look {
  const char *path, *file; /* as given; the main script, NULL: what the manifest says */
  bool document;           /* standard output is the findings' alone */
  char *folder;
  manifest manifest;
  bool bad_manifest;
  text source; /* of flare.lua */
  modules found;
  bool *ours; /* of each module: it comes with flaron-lua */
  flare flare;
  bool packed;
  check_needs needs;
  bool needs_known; /* luacheck has looked, at all files */
  check_findings findings;
} look;

/* ---- findings ---- */

/* The folder of the project as it stands before a file's name: "" for here. */
static void check_add_prefix(const look *l, text *out) {
  if (strcmp(l->folder, ".") == 0) return;
  text_add_string(out, l->folder);
  if (out->data[out->size - 1] != '/') text_add_string(out, "/");
}

static void check_print_findings(look *l, const char *format) {
  text prefix = {0};
  check_add_prefix(l, &prefix);
  check_findings_sort(&l->findings);
  if (format == NULL) {
    check_findings_print(&l->findings, text_string(&prefix));
  } else {
    check_format_print(format, &l->findings, text_string(&prefix));
  }
  text_free(&prefix);
}

/* Says what is no finding, and frees it. */
static void check_say(const look *l, text *said) {
  if (l->document) {
    cli_note("%s", text_string(said));
  } else {
    cli_print("%s", text_string(said));
  }
  text_free(said);
}

/* Whether a text begins with a file's name and a colon. */
static bool check_begins_with_file(const char *string, const char *file) {
  size_t size = strlen(file);
  return strncmp(string, file, size) == 0 && string[size] == ':';
}

/* Whether a text begins with a file that was found and is of ours, or is not. */
static bool check_begins_with_found(const look *l, const char *string, bool ours) {
  for (size_t i = 0; l->ours != NULL && i < l->found.count; i++) {
    if (l->ours[i] == ours && check_begins_with_file(string, l->found.items[i].file)) return true;
  }
  return false;
}

/*
 * The line of a traceback that names a file of the project itself, when the message begins with a file that
 * comes with flaron-lua and is not there; else the message.
 */
static const char *check_own_place(const look *l, const char *message) {
  if (!check_begins_with_found(l, message, true)) return message;
  for (const char *at = message; (at = strstr(at, "\n\t")) != NULL;) {
    at += 2;
    if (check_begins_with_found(l, at, false)) return at;
  }
  return message;
}

/*
 * Adds a message of the packer: when it begins with a file of the project and a line, the finding is there.
 * One that begins in a file of ours is at `own`, where the project called it, with the message.
 */
static void check_place_message(look *l, check_level level, const char *message, const char *own) {
  const char *main = l->file != NULL ? l->file : l->manifest.main != NULL ? l->manifest.main : "main.lua";
  if (own != NULL) {
    char *end;
    const char *colon = strchr(own, ':');
    char *file = memory_copy((bytes){(const uint8_t *)own, (size_t)(colon - own)});
    check_add(&l->findings, level, file, strtol(colon + 1, &end, 10), 0, "%s", message);
    free(file);
    return;
  }
  for (size_t i = 0; i < l->found.count + 2; i++) {
    const char *file = i < l->found.count ? l->found.items[i].file : i == l->found.count ? main : "flare.lua";
    if (!check_begins_with_file(message, file)) continue;
    size_t size = strlen(file);
    char *end;
    long line = strtol(message + size + 1, &end, 10);
    bool has_line = line > 0 && *end == ':';
    const char *rest = has_line ? end + 1 : message + size + 1;
    check_add(&l->findings, level, file, has_line ? line : 0, 0, "%s", rest + strspn(rest, " "));
    return;
  }
  bool of_main = strncmp(message, "the main script ", 16) == 0;
  check_add(&l->findings, level, of_main ? main : NULL, 0, 0, "%s", message);
}

/* Adds a message of the packer without its traceback, which names our own modules' files. */
static void check_add_message(look *l, check_level level, const char *whole) {
  const char *own = check_own_place(l, whole), *trace = strstr(whole, "\nstack traceback:");
  char *message =
      memory_copy((bytes){(const uint8_t *)whole, trace != NULL ? (size_t)(trace - whole) : strlen(whole)});
  check_place_message(l, level, message, own != whole ? own : NULL);
  free(message);
}

/* Adds the packer's notes, a line each. */
static void check_add_notes(look *l, const text *notes) {
  const char *at = text_string(notes), *end;
  for (; (end = strchr(at, '\n')) != NULL; at = end + 1) {
    char *line = memory_copy((bytes){(const uint8_t *)at, (size_t)(end - at)});
    check_add_message(l, CHECK_NOTE, line);
    free(line);
  }
}

/* ---- looking ---- */

/* Reads the manifest and finds all files; packs. Nothing of it is said twice. */
static void check_read_project(look *l, text *pack_error) {
  modules_source source = {modules_read_file, l->folder, NULL};
  text error = {0}, wasm = {0}, notes = {0};
  pack_options options = {.notes = &notes};
  l->bad_manifest = !pack_read_manifest(&source, &l->manifest, &l->source, &error);
  if (l->bad_manifest) check_add_message(l, CHECK_ERROR, text_string(&error));
  text_clear(&error);
  bool good = pack_find_files(&source, l->file, &l->manifest, &l->found, &error);
  if (!good) check_add_message(l, CHECK_ERROR, text_string(&error));
  text_clear(&error);
  if (good && !l->bad_manifest) {
    l->packed = pack_project(&source, l->file, &options, &wasm, pack_error) &&
                flare_read(&l->flare, &wasm, pack_error);
  }
  for (size_t i = 0; l->packed && i < l->flare.module_count; i++) { /* those that start-up asked for */
    const char *name = l->flare.modules[i].name;
    if (i > 0 && !modules_have(&l->found, name)) modules_add(&l->found, &source, name, false);
  }
  check_add_notes(l, &notes);
  l->ours = memory_get(l->found.count * sizeof *l->ours);
  for (size_t i = 0; i < l->found.count; i++) {
    text path = {0};
    text_printf(&path, "%s/%s", l->folder, l->found.items[i].file);
    l->ours[i] = access(path.data, F_OK) != 0;
    text_free(&path);
  }
  text_free(&wasm);
  text_free(&error);
  text_free(&notes);
}

/* Compiles all files; what the runtime has goes to `runtime` as Lua source. False when that failed. */
static bool check_compile(look *l, text *runtime, bool *refused) {
  text records = {0}, error = {0};
  check_record r;
  bool good = check_probe(&l->found, l->ours, &records, &error);
  if (!good) check_add(&l->findings, CHECK_ERROR, NULL, 0, 0, "the runtime: %s", text_string(&error));
  bytes rest = text_bytes(&records);
  while (check_next_record(&rest, &r)) {
    if (strcmp(r.kind, "runtime") == 0) text_add(runtime, r.text.data, r.text.size);
    if (strcmp(r.kind, "syntax") != 0) continue;
    *refused = true;
    check_add(&l->findings, CHECK_ERROR, l->found.items[r.file - 1].file, r.line, 0, "%.*s", (int)r.text.size,
              (const char *)r.text.data);
  }
  text_free(&records);
  text_free(&error);
  return good;
}

/* Writes the input of check.lua, with the field `fix` when it is not NULL. */
static void check_write_input(const look *l, const text *runtime, const text *fix, text *input) {
  text_printf(input, "{ runtime = %s,\nfiles = {\n", runtime->size > 0 ? runtime->data : "{ modules = {} }");
  for (size_t i = 0; i < l->found.count; i++) {
    const module *m = &l->found.items[i];
    text_add_string(input, "{ name = ");
    check_quote(input, bytes_of(m->file));
    text_printf(input, ", ours = %s },\n", l->ours[i] ? "true" : "false");
  }
  text_add_string(input, "},\nwithout = {");
  for (size_t i = 0; i < l->manifest.without.count; i++)
    text_printf(input, " \"%s\",", l->manifest.without.items[i]);
  text_add_string(input, " }");
  if (fix != NULL) text_printf(input, ",\nfix = %s", fix->data);
  text_add_string(input, " }");
}

/* Takes the place of what is wrong in flare.lua from a "key" record whose key the message names. */
static void check_place_in_manifest(look *l, const check_record *key) {
  text quoted = {0};
  text_printf(&quoted, "key '%s'", (const char *)key->text.data); /* a NUL follows */
  for (size_t i = 0; i < l->findings.count; i++) {
    check_finding *f = &l->findings.items[i];
    if (f->file == NULL || strcmp(f->file, "flare.lua") != 0 || f->line != 0) continue;
    if (strstr(f->message, quoted.data) == NULL) continue;
    f->line = key->line;
    f->column = key->column;
  }
  text_free(&quoted);
}

/* luacheck's parser knows the column, too, of what the runtime's refused; what it alone refuses is odd. */
static void check_take_syntax(look *l, const check_record *r, const char *file) {
  bool refused = false;
  for (size_t i = 0; i < l->findings.count; i++) {
    check_finding *f = &l->findings.items[i];
    if (f->level != CHECK_ERROR || f->file == NULL || strcmp(f->file, file) != 0) continue;
    refused = true;
    if (f->line == r->line && f->column == 0) f->column = r->column;
  }
  if (refused) return;
  l->needs_known = false;
  check_add(&l->findings, CHECK_WARNING, file, r->line, r->column, "luacheck cannot read this file: %.*s",
            (int)r->text.size, (const char *)r->text.data);
}

/* Adds what a record of the kind "error" or "warning" says, and the name that was perhaps meant. */
static void check_take_finding(look *l, const check_record *r, const char *file) {
  const char *at = (const char *)r->text.data, *end = at + r->text.size; /* a line feed follows */
  text message = {0};
  const char *name = memchr(at, '\0', r->text.size);
  text_add(&message, at, name != NULL ? (size_t)(name - at) : r->text.size);
  if (name != NULL && end[-1] == '\0' && name + 1 < end) {
    nearest n = {.name = name + 1};
    for (at = n.name + strlen(n.name) + 1; at < end; at += strlen(at) + 1) nearest_try(&n, at);
    nearest_add(&n, &message);
  }
  check_add(&l->findings, *r->kind == 'e' ? CHECK_ERROR : CHECK_WARNING, file, r->line, r->column, "%s",
            text_string(&message));
  text_free(&message);
}

/* Whether the flare handles an event of a WebSocket; `name` NULL: any of them. */
static bool check_has_handler(const look *l, const char *name) {
  for (int h = FLARE_WS_OPEN; h < FLARE_HANDLERS; h++) {
    if ((l->flare.handlers >> h & 1) && (name == NULL || strcmp(name, flare_handler_names[h]) == 0))
      return true;
  }
  return false;
}

/* Takes in what check.lua found: all uses first, since what is granted but not needed depends on them. */
static void check_take_records(look *l, bytes records, const host_config *config) {
  check_record r;
  bytes rest = records;
  while (check_next_record(&rest, &r)) {
    const char *file = r.file > 0 ? l->found.items[r.file - 1].file : "flare.lua";
    if (strcmp(r.kind, "note") == 0)
      check_add(&l->findings, CHECK_NOTE, r.file > 0 ? file : NULL, r.line, r.column, "%.*s",
                (int)r.text.size, (const char *)r.text.data);
    if (r.file > 0 && l->ours[r.file - 1]) {
      if (strcmp(r.kind, "use") == 0) check_use_within(&l->needs, &r);
      continue;
    }
    if (strcmp(r.kind, "use") == 0 || strcmp(r.kind, "right") == 0)
      check_use(&l->needs, &r, file, config, &l->findings);
    if (strcmp(r.kind, "syntax") == 0) check_take_syntax(l, &r, file);
    if (strcmp(r.kind, "handler") == 0 && r.file == 1) {
      const char *name = (const char *)r.text.data; /* a NUL follows */
      if (check_has_handler(l, name)) {
        check_websocket(&l->needs, name, file, r.line, r.column, &l->manifest, &l->findings);
      }
    }
    if (strcmp(r.kind, "warning") == 0 || strcmp(r.kind, "error") == 0) check_take_finding(l, &r, file);
  }
  if (check_has_handler(l, NULL)) { /* it may be named in a way that was not seen */
    check_websocket(&l->needs, "a handler of WebSockets", l->found.items[0].file, 0, 0, &l->manifest,
                    &l->findings);
  }
  rest = records;
  while (check_next_record(&rest, &r)) {
    if (strcmp(r.kind, "key") != 0) continue;
    if (l->bad_manifest) check_place_in_manifest(l, &r);
    if (config != NULL && l->packed) check_key(&l->needs, &r, &l->manifest, &l->findings);
  }
}

/* Has luacheck look at all files. */
static void check_ask_luacheck(look *l, const text *runtime) {
  text input = {0}, records = {0}, error = {0};
  host_config config = host_config_default();
  manifest_grants grants = {0};
  check_write_input(l, runtime, NULL, &input);
  bool missing;
  if (check_ask(l->folder, &l->found, text_bytes(&l->source), text_bytes(&input), &records, &missing,
                &error)) {
    bool granted =
        l->manifest.config != NULL && manifest_configure(l->manifest.config, &config, &grants, &error);
    l->needs_known = l->packed;
    check_take_records(l, text_bytes(&records), granted ? &config : NULL);
  } else {
    check_add(&l->findings, missing ? CHECK_WARNING : CHECK_ERROR, NULL, 0, 0,
              "%s; only syntax, manifest and size were checked", text_string(&error));
  }
  manifest_grants_free(&grants);
  text_free(&input);
  text_free(&records);
  text_free(&error);
}

/* Looks at the project; the runtime's description goes to `runtime`. */
static void check_look_at(look *l, text *runtime) {
  text pack_error = {0};
  bool refused = false;
  check_read_project(l, &pack_error);
  if (l->found.count > 0 && check_compile(l, runtime, &refused)) {
    if (pack_error.size > 0 && !refused)
      check_add_message(l, CHECK_ERROR, pack_error.data); /* else it is what compiling said */
    check_ask_luacheck(l, runtime);
  }
  text_free(&pack_error);
}

static void check_free_look(look *l) {
  free(l->folder);
  free(l->ours);
  text_free(&l->source);
  manifest_free(&l->manifest);
  modules_free(&l->found);
  flare_free(&l->flare);
  check_needs_free(&l->needs);
  check_findings_free(&l->findings);
}

/* ---- mending ---- */

/* A flare.lua for a project that has none. */
static void check_new_manifest(const look *l, text *out) {
  char *real = realpath(l->folder, NULL);
  const char *name = real != NULL ? strrchr(real, '/') + 1 : "";
  bool main = l->file != NULL && strcmp(l->file, "main.lua") != 0;
  check_write_manifest(&l->needs, *name != '\0' && utf8_is_valid(name, strlen(name)) ? name : NULL,
                       main ? l->file : NULL, out);
  free(real);
}

/* The text of a flare.lua with what it lacks; "" when it cannot be mended, which is then said. */
static void check_edit_manifest(look *l, const text *runtime, const text *fix, text *out) {
  text input = {0}, records = {0}, error = {0};
  check_record r;
  bool missing;
  check_write_input(l, runtime, fix, &input);
  if (!check_ask(l->folder, &l->found, text_bytes(&l->source), text_bytes(&input), &records, &missing,
                 &error)) {
    check_add(&l->findings, CHECK_NOTE, "flare.lua", 0, 0, "not mended: %s", text_string(&error));
  }
  bytes rest = text_bytes(&records);
  while (check_next_record(&rest, &r)) {
    if (strcmp(r.kind, "fixed") == 0) text_add(out, r.text.data, r.text.size);
    if (strcmp(r.kind, "unfixable") != 0) continue;
    check_add(&l->findings, CHECK_NOTE, "flare.lua", r.line, r.column, "not mended: %.*s", (int)r.text.size,
              (const char *)r.text.data);
  }
  text_free(&input);
  text_free(&records);
  text_free(&error);
}

/* Writes a new flare.lua when it is sure to be right. Whether it did; else why not is a finding. */
static bool check_put_manifest(look *l, const text *content, const text *said) {
  text path = {0};
  check_add_prefix(l, &path);
  text_add_string(&path, "flare.lua");
  int fault = 0;
  bool right = check_grants_all(&l->needs, &l->manifest, text_bytes(content));
  if (right) fault = cli_write_file(path.data, text_bytes(content));
  if (!right) {
    check_add(&l->findings, CHECK_NOTE, "flare.lua", 0, 0, "not mended: the result would not be right");
  } else if (fault != 0) {
    check_add(&l->findings, CHECK_ERROR, "flare.lua", 0, 0, "%s", strerror(fault));
  } else {
    text line = {0};
    text_printf(&line, "%s: %s%s\n", path.data, said->size > 0 ? "added " : "made", text_string(said));
    check_say(l, &line);
  }
  text_free(&path);
  return right && fault == 0;
}

/* Mends what can be. Whether anything was. */
static bool check_mend(look *l, const text *runtime) {
  text fix = {0}, said = {0}, content = {0};
  if (!l->needs_known || l->bad_manifest) return false;
  if (l->manifest.config != NULL) {
    if (check_wishes(&l->needs, &l->manifest, &fix, &said)) check_edit_manifest(l, runtime, &fix, &content);
  } else if (l->needs.vague != NULL) {
    check_add(&l->findings, CHECK_NOTE, l->needs.vague_file, l->needs.vague_line, l->needs.vague_column,
              "no flare.lua was made: what %s is used with is known only when it runs", l->needs.vague);
  } else {
    check_new_manifest(l, &content);
  }
  bool mended = content.size > 0 && check_put_manifest(l, &content, &said);
  text_free(&fix);
  text_free(&said);
  text_free(&content);
  return mended;
}

/* Says what a project without flare.lua would need. */
static void check_suggest(look *l) {
  text content = {0};
  if (l->manifest.config != NULL || l->bad_manifest || !l->needs_known) return;
  check_new_manifest(l, &content);
  check_add(&l->findings, CHECK_NOTE, "flare.lua", 0, 0,
            "there is none: the local edge allows everything, production nothing. The code needs\n%.*s",
            (int)content.size - 1, content.data);
  text_free(&content);
}

/* ---- the command ---- */

static const char *check_plural(size_t n) { return n == 1 ? "" : "s"; }

/* Prints all there is to say; the exit code. A document has standard output for itself. */
static int check_conclude(look *l, const words *w) {
  check_print_findings(l, w->format);
  size_t errors = check_findings_count(&l->findings, CHECK_ERROR),
         warnings = check_findings_count(&l->findings, CHECK_WARNING);
  text said = {0};
  if (l->packed) text_printf(&said, "%s packs to %zu bytes\n", l->path, l->flare.wasm.size);
  text_printf(&said, "%zu error%s, %zu warning%s\n", errors, check_plural(errors), warnings,
              check_plural(warnings));
  check_say(l, &said);
  return errors > 0 || (w->strict && warnings > 0) ? CLI_FAILED : CLI_DONE;
}

/* Looks at the project once, and once more when something was mended. */
static int check(const cli_command *self, const words *w) {
  for (bool fix = w->fix;; fix = false) {
    look l = {.path = w->path, .document = w->format != NULL && check_format_is_document(w->format)};
    text runtime = {0}, error = {0};
    bool there = pack_split_path(w->path, &l.folder, &l.file, &error);
    int status = there ? CLI_DONE : cli_fail(self, "%s", text_string(&error));
    if (there) check_look_at(&l, &runtime);
    bool again = there && fix && check_mend(&l, &runtime);
    if (there && !again) {
      check_suggest(&l);
      status = check_conclude(&l, w);
    }
    check_free_look(&l);
    text_free(&runtime);
    text_free(&error);
    if (!again) return status;
  }
}

static int check_run(const cli_command *self, int argc, char **argv) {
  words w = {.path = "."};
  int status = options_read(self, argc, argv, &w);
  if (status != CLI_GO_ON) return status;
  const char *dot = strrchr(w.path, '.');
  if (dot != NULL && strcmp(dot, ".wasm") == 0) {
    return cli_fail(self, "%s: it is packed; a script or its folder can be checked", w.path);
  }
  if (w.format != NULL && strcmp(w.format, "text") == 0) w.format = NULL;
  return check(self, &w);
}

#define AT(field) offsetof(words, field)

static const cli_option options[] = {
    {CLI_ARGUMENT, 0, NULL, "DIR|MAIN.lua", AT(path), .offer = {.folders = true, .endings = ".lua"},
     .help = "the folder with a main.lua in it (default: this one), or the main script"},
    {CLI_FLAG, 0, "fix", NULL, AT(fix),
     .help = "put what the code needs into flare.lua, or make one, where that is safe"},
    {CLI_FLAG, 0, "strict", NULL, AT(strict), .help = "warnings fail too"},
    {CLI_WORD, 0, "format", "F", AT(format), .offer = {.words = CHECK_FORMATS},
     .help = "how findings are written: text (default), github for annotations, sarif or junit for a file, "
             "which has "
             "standard output for itself"},
    CLI_LAST("this text"),
};

const cli_command cli_check = {
    .name = "check",
    .summary = "look for mistakes, and for what flare.lua lacks",
    .also = "lint",
    .options = options,
    .expected = "one script or folder is",
    .notes =
        "Findings are lines FILE:LINE:COLUMN: error|warning|note: MESSAGE. The exit code is 1 when there are "
        "errors. luacheck, the one that is in PATH, finds unknown globals and what is unused, as the "
        "project's .luacheckrc has it.\n"
        "Nothing of the project runs but in the sandbox of a flare, .luacheckrc and flare.lua included: it "
        "is safe to check a project that you do not know.",
    .run = check_run,
};
