/*
 * run.c - `flaron-lua run`: one invocation of a flare, its answer printed as HTTP would have it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "engine/runner.h"
#include "base/http.h"
#include "keep.h"
#include "pack/manifest.h"
#include "profiler.h"
#include "recorder.h"
#include "project/state.h"

/* Whether a word is a scheme, "://" and a host, and has no blank and no control character. */
static bool is_whole_url(const char *word) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  size_t scheme = strspn(word, letters) > 0 ? strcspn(word, ":") : 0;
  for (size_t i = 0; i < scheme; i++) {
    if (strchr(letters, word[i]) == NULL && strchr("0123456789+.-", word[i]) == NULL) return false;
  }
  if (scheme == 0 || strncmp(word + scheme, "://", 3) != 0) return false;
  const char *host = word + scheme + 3;
  if (*host == '\0' || strchr("/?#\\", *host) != NULL) return false;
  for (const char *c = word; *c != '\0'; c++) {
    if ((unsigned char)*c <= ' ' || *c == 0x7f) return false;
  }
  return true;
}

/* Reads "Name: value" into the request's headers; false when it is none. */
static bool add_header(host_request *request, const char *word) {
  const char *colon = strchr(word, ':');
  if (colon == NULL || colon == word) return false;
  const char *value = colon + 1 + strspn(colon + 1, " \t");
  host_pairs_set(&request->headers, (bytes){(const uint8_t *)word, (size_t)(colon - word)}, bytes_of(value),
                 false);
  return true;
}

/* Prints the answer on standard output and the log on standard error. */
static void print(const host_response *r) {
  cli_print_log(r);
  if (r->action == HOST_TRANSFORM)
    fputs("action: TRANSFORM, the origin answers and the flare transforms\n", stderr);
  if (r->action == HOST_PASS_THROUGH) fputs("action: PASS_THROUGH, the origin answers\n", stderr);
  fflush(stderr);
  printf("HTTP/1.1 %d%s%s\n", r->status, *http_reason(r->status) != '\0' ? " " : "", http_reason(r->status));
  for (size_t i = 0; i < r->headers.count; i++) {
    cli_print("%s: %s\n", r->headers.items[i].name, r->headers.items[i].value);
  }
  putchar('\n');
  cli_print_bytes(text_bytes(&r->body));
}

/* What the words of the command say. Owned: `request`. */
typedef struct words {
  host_request request;
  pack_options pack;
  const char *input, *persist, *secrets, *record, *profile;
  bool record_secrets;
  long cpu_ms, times;
} words;

/* The folder of the project's state, when there is one. */
static char *default_state(const char *input) {
  struct stat about;
  text path = {0};
  cli_state_folder(input, &path);
  if (stat(path.data, &about) == 0 && S_ISDIR(about.st_mode)) return path.data;
  text_free(&path);
  return NULL;
}

/* Opens the state that the words name. False after saying why not. */
static bool open_state(const cli_command *self, const words *w, state *s) {
  text error = {0};
  char *folder = w->persist != NULL ? memory_copy(bytes_of(w->persist)) : default_state(w->input);
  bool good = state_open(s, folder, &error);
  if (good && w->secrets != NULL && !state_read_secrets(s, w->secrets, &error)) {
    state_close(s);
    good = false;
  }
  if (!good) cli_fail(self, "%s", text_string(&error));
  free(folder);
  text_free(&error);
  return good;
}

/* Writes the record of an invocation. False after saying why not. */
static bool write_record(const cli_command *self, const words *w, const edge *e, const edge_result *result,
                         recording *r) {
  r->name = e->flare->name != NULL ? memory_copy(bytes_of(e->flare->name)) : NULL;
  r->file = memory_copy(bytes_of(w->input));
  record_hash(e->flare, r->hash);
  r->cpu_ms = e->cpu_ms;
  r->request = w->request;
  r->response = e->host.response;
  r->result = *result;
  int fault = recorder_write(self, w->record, r, w->record_secrets);
  r->request = (host_request){0}; /* they are borrowed */
  r->response = (host_response){0};
  if (fault != 0) cli_fail(self, "%s: %s", w->record, strerror(fault));
  return fault == 0;
}

/* Runs a flare on the request: once, but for a profile. */
static int invoke(const cli_command *self, const flare *f, const words *w, const state *s) {
  edge e = {.flare = f, .host = {.config = host_config_default()}, .cpu_ms = (int)w->cpu_ms};
  edge_result result = {0};
  manifest_grants grants = {0};
  text error = {0};
  recording r;
  profiler p = {.file = w->profile, .times = w->times, .input = w->input};
  int status = CLI_FAILED;
  record_start(&r);
  if (w->record != NULL) e.host.tape = &r.tape;
  state_lend(s, &e.host.config);
  if (!manifest_configure(f->config, &e.host.config, &grants, &error) ||
      (w->profile != NULL && !profiler_begin(self, &p)) ||
      !edge_invoke(&e, FLARE_HANDLE_REQUEST, &w->request, &result, &error)) {
    if (error.size != 0) cli_fail(self, "%s: %s", w->input, text_string(&error));
  } else {
    print(&e.host.response);
    bool recorded = w->record == NULL || write_record(self, w, &e, &result, &r);
    p.failures = result.failed || result.stopped;
    bool profiled = w->profile == NULL || profiler_finish(self, &p, &e, &w->request);
    if (!result.failed && recorded && profiled) status = CLI_DONE;
  }
  profile_free(p.profile);
  record_free(&r);
  text_free(&error);
  edge_close(&e);
  manifest_grants_free(&grants);
  return status;
}

enum { DEFAULT_CPU_MS = 1000 };

/* Reads the words; CLI_DONE when they are good, -1 when help was shown, else the exit code. */
static int read_words(const cli_command *self, int argc, char **argv, words *w) {
  enum { MEMORY = 256, CPU_MS, PERSIST, SECRETS, RECORD, RECORD_SECRETS, PROFILE, TIMES };
  static const struct option options[] = {
      {"method", required_argument, NULL, 'X'},
      {"url", required_argument, NULL, 'u'},
      {"header", required_argument, NULL, 'H'},
      {"body", required_argument, NULL, 'd'},
      {"memory", required_argument, NULL, MEMORY},
      {"cpu-ms", required_argument, NULL, CPU_MS},
      {"persist", required_argument, NULL, PERSIST},
      {"secrets", required_argument, NULL, SECRETS},
      {"record", required_argument, NULL, RECORD},
      {"record-secrets", no_argument, NULL, RECORD_SECRETS},
      {"profile", required_argument, NULL, PROFILE},
      {"times", required_argument, NULL, TIMES},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  host_request *request = &w->request;
  for (int c; (c = getopt_long(argc, argv, ":X:u:H:d:h", options, NULL)) != -1;) {
    switch (c) {
      case 'X':
        text_clear(&request->method);
        text_add_string(&request->method, optarg);
        break;
      case 'u':
        if (!is_whole_url(optarg)) {
          return cli_misuse(self, "--url takes a whole URL such as https://example.com/, not '%s'", optarg);
        }
        text_clear(&request->url);
        text_add_string(&request->url, optarg);
        break;
      case 'H':
        if (!add_header(request, optarg))
          return cli_misuse(self, "--header takes 'Name: value', not '%s'", optarg);
        break;
      case 'd':
        text_clear(&request->body);
        if (!keep_value(self, optarg, FILE_BODY_MAX, &request->body)) return CLI_FAILED;
        break;
      case MEMORY:
        if (!cli_read_size(optarg, &w->pack.memory) || w->pack.memory < (1u << 20)) {
          return cli_misuse(self, "--memory takes a size from 1M to 4095M, such as 32M, not '%s'", optarg);
        }
        break;
      case CPU_MS:
        if (!cli_read_number(optarg, 0, INT32_MAX, &w->cpu_ms)) {
          return cli_misuse(self, "--cpu-ms takes a number of milliseconds, not '%s'", optarg);
        }
        break;
      case PERSIST: w->persist = optarg; break;
      case SECRETS: w->secrets = optarg; break;
      case RECORD: w->record = optarg; break;
      case RECORD_SECRETS: w->record_secrets = true; break;
      case PROFILE: w->profile = optarg; break;
      case TIMES:
        if (!cli_read_number(optarg, 1, PROFILER_MOST, &w->times)) {
          return cli_misuse(self, "--times takes a number from 1 to %d, not '%s'", PROFILER_MOST, optarg);
        }
        break;
      case 'h': cli_show_help(self); return -1;
      default: return cli_bad_option(self, argc, argv);
    }
  }
  if (argc - optind > 1) return cli_misuse(self, "one flare or script is expected, not %d", argc - optind);
  if (w->times != 0 && w->profile == NULL) return cli_misuse(self, "--times is for --profile");
  if (w->record_secrets && w->record == NULL) return cli_misuse(self, "--record-secrets is for --record");
  if (w->record != NULL && w->profile != NULL)
    return cli_misuse(self, "--profile and --record do not go together: recording takes time, too");
  w->input = optind < argc ? argv[optind] : ".";
  if (request->method.size == 0) text_add_string(&request->method, request->body.size != 0 ? "POST" : "GET");
  if (request->url.size == 0) text_add_string(&request->url, "http://localhost/");
  return CLI_DONE;
}

static int run_with(const cli_command *self, const words *w) {
  flare f = {0};
  state s;
  if (!cli_read_flare(self, w->input, &w->pack, true, &f)) return CLI_FAILED;
  int status = CLI_FAILED;
  if (!(f.handlers & 1u << FLARE_HANDLE_REQUEST)) {
    cli_fail(self, "%s: it has no handle_request", w->input);
  } else if (open_state(self, w, &s)) {
    status = invoke(self, &f, w, &s);
    state_close(&s);
  }
  flare_free(&f);
  return status;
}

static int run(const cli_command *self, int argc, char **argv) {
  words w = {.cpu_ms = DEFAULT_CPU_MS};
  int status = read_words(self, argc, argv, &w);
  if (status == CLI_DONE) status = run_with(self, &w);
  host_request_free(&w.request);
  return status < 0 ? CLI_DONE : status;
}

const cli_command cli_run = {
    .name = "run",
    .summary = "run a flare or a script once and print its answer",
    .usage =
        "run [FLARE.wasm|MAIN.lua|DIR] [--method M] [--url URL] [--header 'NAME: VALUE']... [--body "
        "TEXT|@FILE]\n"
        "                      [--cpu-ms N] [--memory SIZE] [--persist DIR] [--secrets FILE]\n"
        "                      [--record FILE [--record-secrets]] [--profile FILE [--times N]]",
    .help =
        "  FLARE.wasm|MAIN.lua|DIR   a packed flare, or a script that is packed first (default: this "
        "folder)\n"
        "  -X, --method M            the method (default GET, POST with a body)\n"
        "  -u, --url URL             the URL (default http://localhost/)\n"
        "  -H, --header 'N: V'       a header; may be repeated\n"
        "  -d, --body TEXT|@FILE     the body; @- is standard input\n"
        "  --cpu-ms N                CPU time it may take, 0 = no limit (default 1000)\n"
        "  --memory SIZE             limit of its memory when a script is packed (default 32M)\n"
        "  --persist DIR             folder of its stores and secrets (default: .flaron beside the script "
        "or, for\n"
        "                            a .wasm, here, if there is one; else stores are empty and forgotten)\n"
        "  --secrets FILE            secrets as JSON: {\"NAME\": \"value\"}, readable only by you\n"
        "  --record FILE             writes it to a file for `flaron-lua replay`, readable by you alone: it "
        "has\n"
        "                            all the flare saw. Secrets that it read are replaced\n"
        "  --record-secrets          secrets stand in this file as they are\n"
        "  --profile FILE            sends the request again and again, and writes where the time went as a "
        "flame "
        "graph\n"
        "                            (SVG; folded stacks when the name ends with .folded). Stores keep what "
        "each "
        "does\n"
        "  --times N                 how often for a profile (default: for a second)\n"
        "  -h, --help                this text\n"
        "\nStatus line, headers and body go to standard output, the log to standard error. The body is "
        "written "
        "as\n"
        "it is, but for what could take a terminal over: there, and always in headers and log, such "
        "characters\n"
        "are shown as \\x1b.\n",
    .run = run,
};
