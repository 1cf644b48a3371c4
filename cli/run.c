/*
 * run.c - `flaron-lua run`: one invocation of a flare, its answer printed as HTTP would have it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "engine/runner.h"
#include "base/http.h"
#include "base/size.h"
#include "keep.h"
#include "options.h"
#include "pack/manifest.h"
#include "profiler.h"
#include "recorder.h"
#include "repl/console.h"
#include "project/state.h"

/* A header's value in "Name: value". */
static bytes value_of(const char *word) { return http_trimmed(bytes_of(strchr(word, ':') + 1)); }

/* Whether a word is "Name: value", as a server could hand it over. */
static bool is_header(const char *word) {
  const char *colon = strchr(word, ':');
  if (colon == NULL) return false;
  return http_is_token((bytes){(const uint8_t *)word, (size_t)(colon - word)}) &&
         http_is_value(value_of(word));
}

static bool is_method(const char *word) { return http_is_token(bytes_of(word)); }

/*
 * Prints the answer on standard output and the log on standard error. There is no origin: where it answers,
 * an empty answer stands for its own, and what the flare set is not shown, as it is not sent.
 */
static void print(const host_response *r) {
  cli_print_log(r);
  if (r->action == HOST_TRANSFORM)
    fputs("action: TRANSFORM, the origin answers and the flare transforms\n", stderr);
  if (r->action == HOST_PASS_THROUGH) fputs("action: PASS_THROUGH, the origin answers\n", stderr);
  fflush(stderr);
  if (r->action != HOST_RESPOND) {
    puts("HTTP/1.1 200 OK\n");
    return;
  }
  printf("HTTP/1.1 %d%s%s\n", r->status, *http_reason(r->status) != '\0' ? " " : "", http_reason(r->status));
  for (size_t i = 0; i < r->headers.count; i++) {
    cli_print("%s: %s\n", r->headers.items[i].name, r->headers.items[i].value);
  }
  putchar('\n');
  cli_print_bytes(text_bytes(&r->body));
}

/* What the words of the command say. Owned: `headers`, and `request`, which is made of them. */
typedef struct words {
  const char *method, *url, *body;
  cli_list headers, chunks;
  host_request request;
  pack_options pack;
  const char *input, *persist, *secrets, *record, *profile, *conform;
  bool record_secrets, fail;
  long cpu_ms, times;
} words;

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
  if (!cli_follow(self, w->conform, &e.host.config) ||
      !manifest_configure(f->config, &e.host.config, &grants, &error) ||
      (w->profile != NULL && !profiler_begin(self, &p)) ||
      !edge_invoke(&e, FLARE_HANDLE_REQUEST, &w->request, &result, &error)) {
    if (error.size != 0) cli_fail(self, "%s: %s", w->input, text_string(&error));
  } else {
    print(&e.host.response);
    bool recorded = w->record == NULL || write_record(self, w, &e, &result, &r);
    p.failures = result.failed || result.stopped;
    bool profiled = w->profile == NULL || profiler_finish(self, &p, &e, &w->request);
    bool refused = w->fail && e.host.response.action == HOST_RESPOND && e.host.response.status >= 400;
    if (!result.failed && recorded && profiled && !refused) status = CLI_DONE;
  }
  profile_free(p.profile);
  record_free(&r);
  text_free(&error);
  edge_close(&e);
  manifest_grants_free(&grants);
  return status;
}

/* Makes the request that the words describe. False after saying why not. */
static bool make_request(const cli_command *self, words *w) {
  host_request *request = &w->request;
  bool good = w->body == NULL || keep_value(self, w->body, FILE_BODY_MAX, &request->body);
  text_add_string(&request->method, w->method != NULL ? w->method : w->body != NULL ? "POST" : "GET");
  http_add_sent_url(bytes_of(w->url), &request->url);
  for (size_t i = 0; i < w->headers.count; i++) {
    const char *name = w->headers.items[i];
    host_pairs_join(&request->headers, (bytes){(const uint8_t *)name, strcspn(name, ":")}, value_of(name));
  }
  return good;
}

static int run_with(const cli_command *self, const words *w) {
  flare f = {0};
  state s;
  if (!cli_read_flare(self, w->input, &w->pack, true, &f)) return CLI_FAILED;
  int status = CLI_FAILED;
  if (!(f.handlers & 1u << FLARE_HANDLE_REQUEST)) {
    cli_fail(self, "%s: it has no handle_request", w->input);
  } else if (cli_open_state(self, w->input, w->persist, w->secrets, &s)) {
    status = invoke(self, &f, w, &s);
    state_close(&s);
  }
  flare_free(&f);
  return status;
}

/* Runs the chunks of -e in a flare of the project, up to one that fails. */
static int run_chunks(const cli_command *self, const words *w) {
  console_options options = {.input = w->input,
                             .pack = w->pack,
                             .persist = w->persist,
                             .secrets = w->secrets,
                             .cpu_ms = (int)w->cpu_ms,
                             .request = &w->request};
  console c = {0};
  bool good = console_open(&c, self, &options);
  for (size_t i = 0; good && i < w->chunks.count; i++)
    good = console_run(&c, "=-e", 1, bytes_of(w->chunks.items[i]), true) == CONSOLE_DONE;
  console_close(&c);
  return good ? CLI_DONE : CLI_FAILED;
}

static int run(const cli_command *self, int argc, char **argv) {
  words w = {.input = ".", .url = "http://localhost/", .cpu_ms = 1000};
  int status = options_read(self, argc, argv, &w);
  if (status != CLI_GO_ON) return status;
  if (w.record != NULL && w.profile != NULL) {
    status = options_misuse(self, "--profile and --record do not go together: recording takes time, too");
  } else if (w.chunks.count > 0 && (w.record != NULL || w.profile != NULL || w.fail)) {
    status = options_misuse(self, "-e runs no handler: there is no answer, record or profile of it");
  } else if (!make_request(self, &w)) {
    status = CLI_FAILED;
  } else {
    status = w.chunks.count > 0 ? run_chunks(self, &w) : run_with(self, &w);
  }
  cli_list_free(&w.chunks);
  cli_list_free(&w.headers);
  host_request_free(&w.request);
  return status;
}

#define AT(field) offsetof(words, field)

static const cli_option options[] = {
    {CLI_ARGUMENT, 0, NULL, "FLARE.wasm|MAIN.lua|DIR", AT(input),
     .offer = {.folders = true, .endings = ".wasm .lua"},
     .help = "a packed flare, or a script that is packed first (default: this folder)"},
    {CLI_WORD, 'X', "method", "M", AT(method), .good = is_method, .takes = "a method such as GET",
     .help = "the method (default GET, POST with a body)"},
    {CLI_WORD, 'u', "url", "URL", AT(url), .good = http_is_whole_url,
     .takes = "a whole URL such as https://example.com/", .help = "the URL (default http://localhost/)"},
    {CLI_WORDS, 'H', "header", "'N: V'", AT(headers), .good = is_header,
     .takes = "'Name: value' as HTTP allows it", .help = "a header; may be repeated"},
    {CLI_WORD, 'd', "body", "TEXT|@FILE", AT(body),
     .help = "the body; @- is standard input, @@ an '@' that it begins with"},
    {CLI_WORDS, 'e', "execute", "LUA", AT(chunks),
     .help = "runs this in a flare of the project in place of its handler, and prints what it gives; may be "
             "repeated"},
    {CLI_FLAG, 'f', "fail", NULL, AT(fail), .help = "exit code 1 when the status is 400 or higher"},
    {CLI_NUMBER, 0, "cpu-ms", "N", AT(cpu_ms), 0, INT32_MAX, .unit = "milliseconds",
     .help = "CPU time it may take, 0 = no limit (default 1000)"},
    {CLI_SIZE, 0, "memory", "SIZE", AT(pack.memory), SIZE_MEMORY_MIN, SIZE_MEMORY_MAX, .takes = SIZE_MEMORY,
     .help = "limit of its memory when a script is packed (default 32M)"},
    {CLI_WORD, 0, "persist", "DIR", AT(persist), .offer = {.folders = true},
     .help = "folder of its stores and secrets (default: .flaron beside the script or, for a .wasm, here, if "
             "there is one; else stores are empty and forgotten)"},
    {CLI_WORD, 0, "secrets", "FILE", AT(secrets), .offer = {.files = true},
     .help = "secrets as JSON: {\"NAME\": \"value\"}, readable only by you"},
    {CLI_WORD, 0, "record", "FILE", AT(record), .offer = {.files = true},
     .help = "writes it to a file for `flaron-lua replay`, readable by you alone: it has all the flare saw. "
             "Secrets that it read are replaced"},
    {CLI_FLAG, 0, "record-secrets", NULL, AT(record_secrets), .with = "record",
     .help = "secrets stand in this file as they are"},
    {CLI_WORD, 0, "profile", "FILE", AT(profile), .offer = {.files = true},
     .help =
         "sends the request again and again, and writes where the time went as a flame graph (SVG; folded "
         "stacks when the name ends with .folded). Stores keep what each does"},
    {CLI_NUMBER, 0, "times", "N", AT(times), 1, PROFILER_MOST, .with = "profile",
     .help = "how often for a profile (default: for a second)"},
    CLI_FOLLOW(AT(conform)),
    CLI_LAST("this text"),
};

const cli_command cli_run = {
    .name = "run",
    .summary = "run a flare or a script once and print its answer",
    .options = options,
    .expected = "one flare or script is",
    .notes =
        "Status line, headers and body go to standard output, the log to standard error. The body is written "
        "as it is, but for what could take a terminal over: there, and always in headers and log, such "
        "characters are shown as \\x1b.\n\n"
        "What -e runs has the modules, stores, secrets and rights of the project, and the request of -X, -u, "
        "-H and -d. "
        "Values are printed as flaron.inspect writes them; `flaron-lua repl` does the same line by line.",
    .run = run,
};
