/*
 * kv.c - `flaron-lua kv`: reads and changes the stores of a project, also while `dev` has them open.
 *
 * Keys and values are held to what the project's flare may write, whatever it is granted: flare.lua is read
 * for the limit of a value.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "keep.h"
#include "options.h"
#include "project/kv_bulk.h"
#include "base/utf8.h"
#include "project/state.h"

enum { GET, SET, ADD, LIST, DELETE, EXPORT, IMPORT, CLEAR, NO_TTL = -1 };

/* What the words of the command say, and what they are about. */
typedef struct job {
  const cli_command *self;
  cli_call call; /* the verb, a key, a value */
  const char *persist, *project, *prefix;
  bool as_json;
  long ttl;
  text folder;
  text value;    /* of set */
  json_t *items; /* of import */
  size_t most;   /* bytes of a value */
  long delta;    /* of add */
  kv kv;
} job;

/* The key of the job; none of what has none. */
static bytes kv_key_of(const job *j) { return j->call.count > 0 ? bytes_of(j->call.words[0]) : (bytes){0}; }

/* What the keys of a job on many begin with. */
static bytes kv_prefix_of(const job *j) { return bytes_of(j->prefix != NULL ? j->prefix : ""); }

/* Says what became of a call, if it was not well; the exit code. */
static int kv_conclude(const job *j, store_result result) {
  text message = {0};
  if (result == STORE_OK) return CLI_DONE;
  kv_explain(j->kv, kv_key_of(j), result, &message);
  if (result == STORE_FAILED) {
    cli_fail(j->self, "%s: %s", j->folder.data, text_string(&message));
  } else {
    cli_fail(j->self, "%s", text_string(&message));
  }
  text_free(&message);
  return CLI_FAILED;
}

/* kv get KEY: its bytes as they are. */
static int kv_run_get(const job *j) {
  text value = {0};
  uint32_t ttl_s;
  int status = kv_conclude(j, kv_get(j->kv, kv_key_of(j), &value, &ttl_s));
  if (status == CLI_DONE) {
    cli_print_bytes(text_bytes(&value));
    if (isatty(STDOUT_FILENO)) putchar('\n');
  }
  text_free(&value);
  return status;
}

/* kv set KEY VALUE */
static int kv_run_set(const job *j) {
  uint32_t ttl_s = j->ttl != NO_TTL ? (uint32_t)j->ttl : 0;
  return kv_conclude(j, kv_set(j->kv, kv_key_of(j), text_bytes(&j->value), ttl_s));
}

/* kv add KEY DELTA: the new number of the counter. */
static int kv_run_add(const job *j) {
  int64_t total = 0;
  int status = kv_conclude(j, kv_add(j->kv, kv_key_of(j), j->delta, &total));
  if (status == CLI_DONE) printf("%" PRId64 "\n", total);
  return status;
}

/* kv delete KEY */
static int kv_run_delete(const job *j) { return kv_conclude(j, kv_delete(j->kv, kv_key_of(j))); }

/* A line for each key. */
static void kv_print_keys(const json_t *list) {
  size_t i;
  json_t *about;
  int width = 0;
  json_array_foreach(list, i, about) {
    int size = (int)json_string_length(json_object_get(about, "key"));
    if (size > width) width = size;
  }
  json_array_foreach(list, i, about) {
    const json_t *ttl = json_object_get(about, "ttl");
    json_int_t size = json_integer_value(json_object_get(about, "bytes"));
    cli_print("%-*s %8" JSON_INTEGER_FORMAT " byte%s", width,
              json_string_value(json_object_get(about, "key")), size, size == 1 ? "" : "s");
    if (ttl != NULL)
      printf("%s  %" JSON_INTEGER_FORMAT " s left", size == 1 ? " " : "", json_integer_value(ttl));
    putchar('\n');
  }
}

/* kv list */
static int kv_run_list(const job *j) {
  size_t total;
  json_t *all;
  int status = kv_conclude(j, kv_list(j->kv, kv_prefix_of(j), SIZE_MAX, &total, &all));
  if (status == CLI_DONE && j->as_json) {
    cli_print_json(all);
  } else if (status == CLI_DONE) {
    kv_print_keys(all);
  }
  json_decref(all);
  return status;
}

/* Prints how many keys something was done to. */
static void kv_print_count(size_t count, const char *what) {
  printf("%zu key%s %s\n", count, count == 1 ? "" : "s", what);
}

/* kv export */
static int kv_run_export(const job *j) {
  json_t *items;
  int status = kv_conclude(j, kv_export(j->kv, kv_prefix_of(j), &items));
  if (status == CLI_DONE) cli_print_json(items);
  json_decref(items);
  return status;
}

/* What import reads, for messages. */
static const char *kv_source_of(const job *j) {
  return strcmp(j->call.words[0], "-") == 0 ? "standard input" : j->call.words[0];
}

/* kv import FILE */
static int kv_run_import(const job *j) {
  size_t count;
  text error = {0};
  bool good = kv_import(j->kv, j->items, j->most, &count, &error);
  if (good || count > 0) kv_print_count(count, "set");
  int status = good ? CLI_DONE : cli_fail(j->self, "%s: %s", kv_source_of(j), text_string(&error));
  text_free(&error);
  return status;
}

/* kv clear */
static int kv_run_clear(const job *j) {
  size_t count;
  int status = kv_conclude(j, kv_clear(j->kv, kv_prefix_of(j), &count));
  if (status == CLI_DONE) kv_print_count(count, "removed");
  return status;
}

/* Whether a verb makes the folder and the database. */
static bool kv_writes(const job *j) {
  return j->call.verb == SET || j->call.verb == ADD || j->call.verb == IMPORT;
}

/* ---- what is given ---- */

/* Sets the limit of a value to that of the project's flare. False after saying what is wrong with flare.lua.
 */
static bool kv_read_limit(job *j) {
  text content = {0}, error = {0};
  char *folder;
  const char *file;
  manifest m = {0};
  manifest_grants grants = {0};
  host_config config = host_config_default();
  bool good = pack_split_path(j->project != NULL ? j->project : ".", &folder, &file, &error);
  if (good) {
    modules_source source = {modules_read_file, folder, NULL};
    good = pack_read_manifest(&source, &m, &content, &error) &&
           manifest_configure(m.config, &config, &grants, &error);
    free(folder);
  }
  j->most = config.max_kv_value_bytes;
  if (!good) cli_fail(j->self, "%s", text_string(&error));
  manifest_grants_free(&grants);
  manifest_free(&m);
  text_free(&content);
  text_free(&error);
  return good;
}

/* Reads the value of set. False after saying why not. */
static bool kv_read_value(job *j) {
  text error = {0};
  if (!keep_value(j->self, j->call.words[1], host_config_default().spark_quota_bytes, &j->value))
    return false;
  if (kv_check_size(j->value.size, j->most, &error)) return true;
  cli_fail(j->self, "'%s': %s", j->call.words[0], text_string(&error));
  text_free(&error);
  return false;
}

/* Reads the items of import. False after saying why not. */
static bool kv_read_items(job *j) {
  const char *path = j->call.words[0];
  text content = {0};
  json_error_t where;
  bool standard = strcmp(path, "-") == 0;
  int fault = standard ? text_read(&content, STDIN_FILENO, FILE_RECORD_MAX)
                       : file_read_any(path, FILE_RECORD_MAX, &content);
  if (fault != 0) {
    cli_fail_file(j->self, kv_source_of(j), fault, FILE_RECORD_MAX);
  } else {
    size_t mark = utf8_mark(content.data, content.size);
    j->items = json_loadb(text_string(&content) + mark, content.size - mark, JSON_ALLOW_NUL, &where);
    if (j->items == NULL) cli_fail(j->self, "%s:%d: %s", kv_source_of(j), where.line, where.text);
  }
  text_free(&content);
  return j->items != NULL;
}

/* Reads what a verb is given besides the stores, before a folder is made for it. False after saying why not.
 */
static bool kv_read_given(job *j) {
  if (j->call.verb != SET && j->call.verb != IMPORT) return true;
  return kv_read_limit(j) && (j->call.verb == SET ? kv_read_value(j) : kv_read_items(j));
}

/* Whether verb, words and options go together: CLI_GO_ON, or CLI_MISUSED after saying why not. */
static int kv_check(job *j) {
  int verb = j->call.verb;
  if (j->call.count > 0 && verb != IMPORT && !store_key_valid(kv_key_of(j))) {
    return options_misuse(j->self, "'%s' is no key: " KV_KEY_RULE, j->call.words[0]);
  }
  if (j->prefix != NULL && *j->prefix == '\0') { /* of a script, perhaps, whose variable is not set */
    return options_misuse(j->self, "--prefix takes at least one character");
  }
  if (j->ttl != NO_TTL && j->kv.plasma) {
    return options_misuse(j->self, "--ttl goes with set, and not with --plasma, where keys do not expire");
  }
  if (verb == ADD && !j->kv.plasma) {
    return options_misuse(j->self, "counters are in plasma: add takes --plasma");
  }
  if (verb == ADD && !cli_read_number(j->call.words[1], INT64_MIN, INT64_MAX, &j->delta)) {
    return options_misuse(j->self, "a counter is changed by a whole number of 64 bits, not by '%s'",
                          j->call.words[1]);
  }
  return CLI_GO_ON;
}

/* Opens the stores and does what the verb says. */
static int kv_run_in_folder(job *j) {
  static int (*const verbs[])(const job *j) = {kv_run_get,    kv_run_set,    kv_run_add,    kv_run_list,
                                               kv_run_delete, kv_run_export, kv_run_import, kv_run_clear};
  text error = {0};
  j->kv.store = state_open_store(j->folder.data, kv_writes(j), &error);
  int status = j->kv.store != NULL ? verbs[j->call.verb](j) : cli_fail(j->self, "%s", text_string(&error));
  store_close(j->kv.store);
  text_free(&error);
  return status;
}

static int kv_run(const cli_command *self, int argc, char **argv) {
  job j = {.self = self, .ttl = NO_TTL};
  int status = options_read(self, argc, argv, &j);
  if (status == CLI_GO_ON) status = kv_check(&j);
  if (status != CLI_GO_ON) return status;
  bool ready = kv_read_given(&j) && keep_folder(self, j.persist, j.project, kv_writes(&j), &j.folder);
  status = ready ? kv_run_in_folder(&j) : CLI_FAILED;
  json_decref(j.items);
  text_free(&j.value);
  text_free(&j.folder);
  return status;
}

#define AT(field) offsetof(job, field)
_Static_assert(STORE_TTL_MAX_S == 315360000, "the text below says so");

static const cli_option options[] = {
    {CLI_VERB, 0, "get", "KEY", AT(call), 1, 1, GET, "a key",
     .help = "print the value, byte for byte; on a terminal, what could take that over is shown as \\x1b, "
             "and a line "
             "feed follows"},
    {CLI_VERB, 0, "set", "KEY VALUE|@FILE|@-", AT(call), 2, 2, SET, "a key and a value",
     .help =
         "set a value: the word, the file behind '@', or standard input for @-; one that begins with '@' is "
         "written with '@@'. It may be as large as flare.lua allows"},
    {CLI_VERB, 0, "add", "KEY DELTA", AT(call), 2, 2, ADD, "a key and a number",
     .help = "change a counter, which begins at 0, and print it; with --plasma"},
    {CLI_VERB, 0, "list", NULL, AT(call), 0, 0, LIST, "nothing else",
     .help = "print each key with its size and the time it has left"},
    {CLI_VERB, 0, "delete", "KEY", AT(call), 1, 1, DELETE, "a key", .help = "remove a value or a counter"},
    {CLI_VERB, 0, "export", NULL, AT(call), 0, 0, EXPORT, "nothing else",
     .help =
         "print keys and values as JSON: a list of key, value (a string, or base64 for what is not UTF-8), "
         "ttl in seconds when it expires, counter when it is one"},
    {CLI_VERB, 0, "import", "FILE|-", AT(call), 1, 1, IMPORT, "a file",
     .help = "set all keys of such a list, or none when something is wrong with it"},
    {CLI_VERB, 0, "clear", NULL, AT(call), 0, 0, CLEAR, "nothing else", .help = "remove all keys"},
    {CLI_WORD, 0, "prefix", "TEXT", AT(prefix), .verb = "list export clear",
     .help = "only the keys that begin with this"},
    {CLI_FLAG, 0, "plasma", NULL, AT(kv.plasma), .help = "in Plasma, else in Spark"},
    {CLI_NUMBER, 0, "ttl", "SECONDS", AT(ttl), 0, STORE_TTL_MAX_S, .verb = "set",
     .takes = "seconds from 0 (for ever) to 315360000",
     .help = "how long a value of Spark lives (default 0: for ever)"},
    {CLI_FLAG, 0, "json", NULL, AT(as_json), .verb = "list",
     .help = "the list as JSON: key, bytes, ttl in seconds when it expires, counter when it is one"},
    {CLI_WORD, 0, "persist", "DIR", AT(persist), .offer = {.folders = true},
     .help = "the folder of the stores, as in `run` and `dev`"},
    {CLI_WORD, 0, "project", "DIR|MAIN.lua", AT(project), .offer = {.folders = true, .endings = ".lua"},
     .help = "the project whose .flaron it is (default: this folder)"},
    {CLI_DASHES, 0, NULL, "--", .help = "what follows is no option, such as a key that begins with '-'"},
    CLI_LAST("this text"),
};

const cli_command cli_kv = {
    .name = "kv",
    .summary = "read and change the stores of a project",
    .options = options,
    .notes =
        "Works while `flaron-lua dev` runs: either sees at once what the other does. Without such a key, get "
        "and "
        "delete end with 1.",
    .run = kv_run,
};
