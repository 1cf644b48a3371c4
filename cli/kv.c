/*
 * kv.c - `flaron-lua kv`: reads and changes the stores of a project, also while `dev` has them open.
 *
 * Keys are held to what a flare may use. A value is held to the quota of Spark alone, since the limit for one
 * value is a flare's (`max_kv_value_bytes` in its manifest).
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "keep.h"
#include "project/kv.h"
#include "project/state.h"

enum { WORDS = 3, NO_TTL = -1 };

typedef struct job job;

/* What can be done; the table is below. */
typedef struct verb {
  const char *name;
  int words; /* behind the verb */
  const char *expected;
  bool writes; /* makes folder and database */
  int (*run)(const job *j);
} verb;

/* What the words of the command say, and what they are about. */
struct job {
  const cli_command *self;
  const char *words[WORDS]; /* the verb, a key, a value */
  int count;                /* of words, also those that were too many */
  const char *persist, *project;
  bool as_json;
  long ttl;
  const verb *verb;
  text folder, value; /* the value is set's */
  long delta;         /* of add */
  kv kv;
};

/* The key of the job; none of what has none. */
static bytes key_of(const job *j) { return j->words[1] != NULL ? bytes_of(j->words[1]) : (bytes){0}; }

/* Says what became of a call, if it was not well; the exit code. */
static int conclude(const job *j, store_result result) {
  text message = {0};
  if (result == STORE_OK) return CLI_DONE;
  kv_explain(j->kv, key_of(j), result, &message);
  if (result == STORE_FAILED) {
    cli_fail(j->self, "%s: %s", j->folder.data, text_string(&message));
  } else {
    cli_fail(j->self, "%s", text_string(&message));
  }
  text_free(&message);
  return CLI_FAILED;
}

/* kv get KEY: its bytes as they are. */
static int get(const job *j) {
  text value = {0};
  uint32_t ttl_s;
  int status = conclude(j, kv_get(j->kv, key_of(j), &value, &ttl_s));
  if (status == CLI_DONE) {
    cli_print_bytes(text_bytes(&value));
    if (isatty(STDOUT_FILENO)) putchar('\n');
  }
  text_free(&value);
  return status;
}

/* kv set KEY VALUE */
static int set(const job *j) {
  uint32_t ttl_s = j->ttl != NO_TTL ? (uint32_t)j->ttl : 0;
  return conclude(j, kv_set(j->kv, key_of(j), text_bytes(&j->value), ttl_s));
}

/* kv add KEY DELTA: the new number of the counter. */
static int add(const job *j) {
  int64_t total = 0;
  int status = conclude(j, kv_add(j->kv, key_of(j), j->delta, &total));
  if (status == CLI_DONE) printf("%" PRId64 "\n", total);
  return status;
}

/* kv delete KEY */
static int delete (const job *j) { return conclude(j, kv_delete(j->kv, key_of(j))); }

/* A line for each key. */
static void print_keys(const json_t *list) {
  size_t i;
  json_t *about;
  int width = 0;
  json_array_foreach(list, i, about) {
    int size = (int)json_string_length(json_object_get(about, "key"));
    if (size > width) width = size;
  }
  json_array_foreach(list, i, about) {
    const json_t *ttl = json_object_get(about, "ttl");
    cli_print("%-*s %8" JSON_INTEGER_FORMAT " bytes", width, json_string_value(json_object_get(about, "key")),
              json_integer_value(json_object_get(about, "bytes")));
    if (ttl != NULL) printf("  %" JSON_INTEGER_FORMAT " s left", json_integer_value(ttl));
    putchar('\n');
  }
}

/* kv list */
static int list(const job *j) {
  size_t total;
  json_t *all;
  int status = conclude(j, kv_list(j->kv, (bytes){0}, SIZE_MAX, &total, &all));
  if (status == CLI_DONE && j->as_json) {
    cli_print_json(all);
  } else if (status == CLI_DONE) {
    print_keys(all);
  }
  json_decref(all);
  return status;
}

static const verb verbs[] = {
    {"get", 1, "a key", false, get},
    {"set", 2, "a key and a value", true, set},
    {"add", 2, "a key and a number", true, add},
    {"list", 0, "nothing else", false, list},
    {"delete", 1, "a key", false, delete},
};

/* Finds the verb of the job; false when there is none of that name. */
static bool find_verb(job *j) {
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    if (j->count > 0 && strcmp(j->words[0], verbs[i].name) == 0) j->verb = &verbs[i];
  }
  return j->verb != NULL;
}

/* Whether verb, words and options go together: CLI_DONE, or CLI_MISUSED after saying why not. */
static int check(job *j) {
  if (j->count == 0) return cli_misuse(j->self, "get, set, add, list or delete is expected");
  if (!find_verb(j)) {
    return cli_misuse(j->self, "get, set, add, list or delete is expected, not '%s'", j->words[0]);
  }
  const verb *v = j->verb;
  if (j->count != v->words + 1) {
    return cli_misuse(j->self, "%s takes %s; %d word%s there", v->name, v->expected, j->count - 1,
                      j->count == 2 ? " is" : "s are");
  }
  if (v->words > 0 && !store_key_valid(key_of(j))) {
    return cli_misuse(j->self, "'%s' is no key: " KV_KEY_RULE, j->words[1]);
  }
  if (j->ttl != NO_TTL && (v->run != set || j->kv.plasma)) {
    return cli_misuse(j->self, "--ttl goes with set, and not with --plasma, where keys do not expire");
  }
  if (j->as_json && v->run != list) return cli_misuse(j->self, "--json goes with list");
  if (v->run == add && !j->kv.plasma)
    return cli_misuse(j->self, "counters are in plasma: add takes --plasma");
  if (v->run == add && !cli_read_number(j->words[2], INT64_MIN, INT64_MAX, &j->delta)) {
    return cli_misuse(j->self, "a counter is changed by a whole number of 64 bits, not by '%s'", j->words[2]);
  }
  return CLI_DONE;
}

/* Takes a word that is no option. */
static void take_word(job *j, const char *word) {
  if (j->count < WORDS) j->words[j->count] = word;
  j->count++;
}

/*
 * Reads the words; CLI_DONE when they are good, -1 when help was shown, else the exit code. A word that
 * begins with '-' and a digit is a number or a key: to getopt, each digit is an option with the rest behind.
 */
static int read_words(job *j, int argc, char **argv) {
  static const char letters[] = "-:h0::1::2::3::4::5::6::7::8::9::";
  enum { TTL = 256, PERSIST, PROJECT, PLASMA, AS_JSON };
  static const struct option options[] = {
      {"plasma", no_argument, NULL, PLASMA},
      {"ttl", required_argument, NULL, TTL},
      {"persist", required_argument, NULL, PERSIST},
      {"project", required_argument, NULL, PROJECT},
      {"json", no_argument, NULL, AS_JSON},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  for (int c; (c = getopt_long(argc, argv, letters, options, NULL)) != -1;) {
    switch (c) {
      case 1: take_word(j, optarg); break;
      case PLASMA: j->kv.plasma = true; break;
      case TTL:
        if (!cli_read_number(optarg, 0, STORE_TTL_MAX_S, &j->ttl)) {
          return cli_misuse(j->self, "--ttl takes seconds from 0 (for ever) to %d, not '%s'", STORE_TTL_MAX_S,
                            optarg);
        }
        break;
      case PERSIST: j->persist = optarg; break;
      case PROJECT: j->project = optarg; break;
      case AS_JSON: j->as_json = true; break;
      case 'h': cli_show_help(j->self); return -1;
      default:
        if (c < '0' || c > '9') return cli_bad_option(j->self, argc, argv);
        take_word(j, argv[optind - 1]);
    }
  }
  for (; optind < argc; optind++) take_word(j, argv[optind]);
  return check(j);
}

/* Opens the stores and does what the verb says. */
static int run_in_folder(job *j) {
  text error = {0};
  j->kv.store = state_open_store(j->folder.data, j->verb->writes, &error);
  int status = j->kv.store != NULL ? j->verb->run(j) : cli_fail(j->self, "%s", text_string(&error));
  store_close(j->kv.store);
  text_free(&error);
  return status;
}

/* Reads the value, if there is one, before it makes or opens anything; then does the job. */
static int run_with(job *j) {
  int status = CLI_FAILED;
  if ((j->verb->run != set ||
       keep_value(j->self, j->words[2], host_config_default().spark_quota_bytes, &j->value)) &&
      keep_folder(j->self, j->persist, j->project, j->verb->writes, &j->folder)) {
    status = run_in_folder(j);
  }
  text_free(&j->value);
  text_free(&j->folder);
  return status;
}

static int run(const cli_command *self, int argc, char **argv) {
  job j = {.self = self, .ttl = NO_TTL};
  int status = read_words(&j, argc, argv);
  if (status < 0) return CLI_DONE;
  return status == CLI_DONE ? run_with(&j) : status;
}

const cli_command cli_kv = {
    .name = "kv",
    .summary = "read and change the stores of a project",
    .usage =
        "kv get KEY | set KEY VALUE|@FILE|@- | add KEY DELTA | list | delete KEY\n"
        "                     [--plasma] [--ttl SECONDS] [--json] [--persist DIR] [--project DIR|MAIN.lua]",
    .help =
        "  get KEY                 print the value, byte for byte; on a terminal, what could take that over "
        "is\n"
        "                          shown as \\x1b, and a line feed follows\n"
        "  set KEY VALUE           set a value: the word, the file behind '@', or standard input for @-\n"
        "  add KEY DELTA           change a counter, which begins at 0, and print it; with --plasma\n"
        "  list                    print each key with its size and the time it has left\n"
        "  delete KEY              remove a value or a counter\n"
        "  --plasma                in Plasma, else in Spark\n"
        "  --ttl SECONDS           how long a value of Spark lives (default 0: for ever)\n"
        "  --json                  the list as JSON: key, bytes, ttl in seconds when it expires, counter "
        "when it is one\n"
        "  --persist DIR           the folder of the stores, as in `run` and `dev`\n"
        "  --project DIR|MAIN.lua  the project whose .flaron it is (default: this folder)\n"
        "  --                      what follows is no option, such as a key that begins with '-'\n"
        "  -h, --help              this text\n"
        "\nWorks while `flaron-lua dev` runs: either sees at once what the other does. Without such a key, "
        "get\n"
        "and delete end with 1.\n",
    .run = run,
};
