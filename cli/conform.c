/*
 * conform.c - `flaron-lua conform`: what the local edge assumes of its host, as a report; a flare that makes
 * the same report where it is deployed; and how such a report departs from the local edge's.
 *
 * What is asked is scripts/conform. Nothing here reaches the network: locally the flare's fetches of itself
 * are answered by a second instance of it.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/embedded.h"
#include "base/json_fast.h"
#include "check/check.h"
#include "cli.h"
#include "engine/runner.h"
#include "options.h"
#include "project/conform.h"
#include "project/state.h"

/* The secret that probes of crypto use, of 32 bytes so that it is an AES key, too. Public: it protects
 * nothing. */
static char secret_name[] = "CONFORM_KEY";
static char secret_value[] = "flaron-lua-conform-public-key-32";

/* Where the flare believes to be when it runs here, and who it lets in. */
static const char local_url[] = "https://conform.example/", local_token[] = "local";

enum { CPU_MS = 10000, TOKEN_MIN = 16, TOKEN_MAX = 200 };

/* The request for a report, but for the token: the same here and from curl. */
static const char query[] = "q=a%20b+c%2Fd%c3%a4", body[] = "conform body";

static const struct sent {
  const char *name, *value;
} sent[] = {
    {"X-Conform", "a"},           {"X-Conform", "b"},      {"Content-Type", "text/plain"},
    {"Authorization", "Conform"}, {"Cookie", "conform=1"}, {"X-Flaron-Conform", "1"},
};

enum { SENT = sizeof sent / sizeof *sent };

typedef struct words {
  const char *output, *token, *url, *compare;
} words;

/* ---- the flare ---- */

/* What the flare is made of besides scripts/conform. */
typedef struct parts {
  text settings, manifest;
  bytes expected; /* the report of the local edge; .data NULL: there is none */
} parts;

/* modules_source of the flare. */
static int read_part(void *data, const char *path, text *out) {
  const parts *p = data;
  text name = {0};
  text_printf(&name, "scripts/conform/%s", path);
  const bytes *script = embedded_find(name.data);
  text_free(&name);
  bytes content = strcmp(path, "settings.lua") == 0    ? text_bytes(&p->settings)
                  : strcmp(path, "flare.lua") == 0     ? text_bytes(&p->manifest)
                  : strcmp(path, "expected.json") == 0 ? p->expected
                  : script != NULL                     ? *script
                                                       : (bytes){NULL, 0};
  if (content.data == NULL) return ENOENT;
  text_add(out, content.data, content.size);
  return 0;
}

/* Adds "name = "value",\n" as Lua. */
static void add_field(text *to, const char *name, const char *value) {
  text_printf(to, "  %s = ", name);
  check_quote(to, bytes_of(value));
  text_add_string(to, ",\n");
}

/* Adds the rights that the flare needs, as keys of flare.lua. `url` may be NULL. */
static void add_rights(text *to, const char *url) {
  text_printf(to,
              "  requires_body = true,\n  writes_spark_kv = true,\n  writes_plasma_kv = true,\n"
              "  allowed_secrets = { \"%s\" },\n  allowed_fetch_urls = { \"http://conform.invalid/*\"",
              secret_name);
  if (url != NULL) text_printf(to, ", \"%s*\"", url);
  text_add_string(to, " },\n");
}

/* Packs the flare. `url` may be NULL. False with a message in `error`. */
static bool make_flare(const char *token, const char *url, bytes expected, flare *f, text *error) {
  parts p = {.expected = expected};
  pack_options options = {0};
  modules_source source = {read_part, &p, NULL};
  text wasm = {0};
  text_add_string(&p.settings, "return {\n");
  add_field(&p.settings, "format", conform_format);
  add_field(&p.settings, "version", FLARON_LUA_VERSION);
  add_field(&p.settings, "token", token);
  add_field(&p.settings, "key", secret_value);
  if (url != NULL) add_field(&p.settings, "url", url);
  text_add_string(&p.settings, "}\n");
  text_add_string(&p.manifest, "return {\n  name = \"conform\",\n");
  add_rights(&p.manifest, url);
  if (expected.data != NULL) text_add_string(&p.manifest, "  assets = { \"expected.json\" },\n");
  text_add_string(&p.manifest, "}\n");
  bool good = pack_project(&source, "main.lua", &options, &wasm, error) && flare_read(f, &wasm, error);
  text_free(&p.settings);
  text_free(&p.manifest);
  text_free(&wasm);
  return good;
}

/* ---- the local edge's report ---- */

/* What a fetch of the flare needs to be answered by the flare. */
typedef struct itself {
  const flare *flare;
  const host_config *config;
} itself;

/* Copies an answer of the flare into that of a fetch. Where the origin would answer, an empty 200 stands for
 * it. */
static void copy_answer(const host_response *from, host_fetched *to) {
  to->status = from->action == HOST_RESPOND ? from->status : 200;
  if (from->action != HOST_RESPOND) return;
  for (size_t i = 0; i < from->headers.count; i++) {
    const host_pair *header = &from->headers.items[i];
    host_pairs_set(&to->headers, (bytes){(const uint8_t *)header->name, header->name_size},
                   (bytes){(const uint8_t *)header->value, header->value_size}, false);
  }
  text_add(&to->body, from->body.data, from->body.size);
}

/* host_fetch_function: the flare itself answers at `local_url`; all other hosts are not there. */
static bool fetch_itself(void *data, const host_request *request, host_fetched *fetched) {
  const itself *i = data;
  text error = {0};
  edge_result result = {0};
  if (strncmp(text_string(&request->url), local_url, sizeof local_url - 1) != 0) return true;
  edge e = {.flare = i->flare, .host = {.config = *i->config}, .cpu_ms = CPU_MS};
  e.host.config.stub = NULL;
  if (edge_invoke(&e, FLARE_HANDLE_REQUEST, request, &result, &error)) {
    copy_answer(&e.host.response, fetched);
  } else {
    text_add(&fetched->body, error.data, error.size);
  }
  edge_close(&e);
  text_free(&error);
  return true;
}

/* Fills in the request that has the flare make its report. */
static void fill_request(host_request *request) {
  text_add_string(&request->method, "POST");
  text_printf(&request->url, "%s?%s", local_url, query);
  text_add_string(&request->body, body);
  host_pairs_join(&request->headers, bytes_of("X-Conform-Token"), bytes_of(local_token));
  for (size_t i = 0; i < SENT; i++) {
    host_pairs_join(&request->headers, bytes_of(sent[i].name), bytes_of(sent[i].value));
  }
}

/* Runs the flare once; its report is added to `report`. False with a message in `error`. */
static bool run_flare(const flare *f, const state *s, text *report, text *error) {
  static const host_secret secret = {secret_name, (uint8_t *)secret_value, sizeof secret_value - 1};
  edge e = {.flare = f, .host = {.config = host_config_default()}, .cpu_ms = CPU_MS};
  edge_result result = {0};
  manifest_grants grants = {0};
  host_request request = {0};
  host_config *config = &e.host.config;
  itself i = {f, config};
  state_lend(s, config);
  config->secrets = &secret;
  config->secret_count = 1;
  config->stub = fetch_itself;
  config->stub_data = &i;
  fill_request(&request);
  bool good = manifest_configure(f->config, config, &grants, error) &&
              edge_invoke(&e, FLARE_HANDLE_REQUEST, &request, &result, error);
  const host_response *r = &e.host.response;
  if (good && edge_result_is_bad(&result)) {
    text_add_string(error, text_string(&r->error));
    good = false;
  }
  if (good) text_add(report, r->body.data, r->body.size);
  host_request_free(&request);
  edge_close(&e);
  manifest_grants_free(&grants);
  return good;
}

/* Makes the report of the local edge, with empty stores. False with a message in `error`. */
static bool report_locally(text *report, text *error) {
  flare f = {0};
  state s = {0};
  bool good = make_flare(local_token, local_url, (bytes){NULL, 0}, &f, error);
  if (good) good = state_open(&s, NULL, error) && run_flare(&f, &s, report, error);
  state_close(&s);
  flare_free(&f);
  return good;
}

/* ---- comparing ---- */

/* Reads a report from a file, "-" is standard input; NULL after saying why not. The caller owns it. */
static json_t *read_report(const cli_command *self, const char *path) {
  bool input = strcmp(path, "-") == 0;
  const char *name = input ? "standard input" : path;
  text content = {0}, error = {0};
  int fault = input ? text_read(&content, STDIN_FILENO, CONFORM_REPORT_MAX)
                    : file_read(path, CONFORM_REPORT_MAX, &content);
  json_t *report = fault == 0 ? conform_read(name, text_bytes(&content), &error) : NULL;
  if (fault != 0) cli_fail_file(self, name, fault, CONFORM_REPORT_MAX);
  if (fault == 0 && report == NULL) cli_fail(self, "%s", text_string(&error));
  text_free(&content);
  text_free(&error);
  return report;
}

/* The probe of a name; NULL: there is none. Borrowed. */
static const json_t *find_probe(const json_t *report, const char *name) {
  size_t i;
  const json_t *probe;
  json_array_foreach(json_object_get(report, "probes"), i, probe) {
    if (strcmp(conform_string(probe, "name"), name) == 0) return probe;
  }
  return NULL;
}

/* Prints where `theirs` departs from `ours`; the exit code. */
static int compare(const cli_command *self, const char *path, const json_t *ours, const json_t *theirs) {
  size_t i, asked = 0, departing = 0;
  const json_t *here;
  json_array_foreach(json_object_get(ours, "probes"), i, here) {
    const char *name = conform_string(here, "name"), *question = conform_string(here, "question");
    const json_t *there = find_probe(theirs, name);
    const char *expected = conform_string(here, "got"), *got = conform_string(there, "got");
    if (got == NULL) {
      cli_print("%s: not asked: %s\n", name,
                there != NULL ? conform_string(there, "skipped") : "the report is of another version");
      continue;
    }
    asked++;
    if (strcmp(expected, got) == 0) continue;
    departing++;
    cli_print("%s: %s\n  local edge: %s\n  there:      %s\n  beware:     %s\n", name, question, expected, got,
              conform_string(here, "beware"));
  }
  if (asked == 0) return cli_fail(self, "%s: it answers none of the questions", path);
  cli_print("%zu of %zu answers depart from the local edge's\n", departing, asked);
  return departing != 0 ? CLI_FAILED : CLI_DONE;
}

/* ---- the words ---- */

/* Says how the flare is deployed and asked. */
static void explain(const words *w, size_t size) {
  text rights = {0};
  add_rights(&rights, w->url);
  cli_print("%s: %zu bytes. Deploy it with these rights, as flare.lua has them:\n\n%s\n", w->output, size,
            text_string(&rights));
  cli_print(
      "and the secret %s, whose value is public and protects nothing: %s\nThen ask it:\n\n"
      "  curl -sS -H 'X-Conform-Token: %s'",
      secret_name, secret_value, w->token);
  for (size_t i = 0; i < SENT; i++) cli_print(" -H '%s: %s'", sent[i].name, sent[i].value);
  cli_print(" --data-binary '%s' '%s?%s' >report.json\n  flaron-lua conform --compare report.json\n", body,
            w->url != NULL ? w->url : "URL", query);
  text_free(&rights);
}

/* Writes the flare to be deployed. The exit code. */
static int write_flare(const cli_command *self, const words *w, bytes report) {
  flare f = {0};
  text error = {0};
  int status = CLI_FAILED;
  if (!make_flare(w->token, w->url, report, &f, &error)) {
    cli_fail(self, "%s", text_string(&error));
  } else {
    int fault = cli_write_private_file(w->output, text_bytes(&f.wasm)); /* the token is in it */
    if (fault != 0) {
      cli_fail(self, "%s: %s", w->output, strerror(fault));
    } else {
      explain(w, f.wasm.size);
      status = CLI_DONE;
    }
  }
  flare_free(&f);
  text_free(&error);
  return status;
}

/* Does what the words say with the local edge's report. The exit code. */
static int use_report(const cli_command *self, const words *w, bytes report) {
  if (w->output != NULL) return write_flare(self, w, report);
  json_t *ours = json_load_object(report, NULL), *theirs = NULL;
  int status = CLI_DONE;
  if (w->compare == NULL) {
    cli_print_json(ours);
  } else {
    theirs = read_report(self, w->compare);
    status = theirs != NULL ? compare(self, w->compare, ours, theirs) : CLI_FAILED;
  }
  json_decref(ours);
  json_decref(theirs);
  return status;
}

static int run(const cli_command *self, int argc, char **argv) {
  words w = {0};
  text report = {0}, error = {0};
  int status = options_read(self, argc, argv, &w);
  if (status != CLI_GO_ON) return status;
  if (w.output != NULL && w.compare != NULL)
    return options_misuse(self, "--output and --compare do not go together");
  if (w.output != NULL && w.token == NULL) {
    return options_misuse(self, "--output needs --token: who knows it may run the flare");
  }
  status = report_locally(&report, &error) ? use_report(self, &w, text_bytes(&report))
                                           : cli_fail(self, "%s", text_string(&error));
  text_free(&report);
  text_free(&error);
  return status;
}

/* Whether a word goes into a header, a shell's word and Lua as it is, and cannot be guessed. */
static bool is_token(const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  size_t size = strlen(word);
  return size >= TOKEN_MIN && size <= TOKEN_MAX && strspn(word, plain) == size;
}

/* The same for a URL without a query. */
static bool is_url(const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~%:/@-";
  size_t scheme = strncmp(word, "https://", 8) == 0 ? 8 : strncmp(word, "http://", 7) == 0 ? 7 : 0;
  const char *path = strchr(word + scheme, '/');
  return scheme != 0 && path != NULL && path != word + scheme && word[strspn(word, plain)] == '\0';
}

#define AT(field) offsetof(words, field)

static const cli_option options[] = {
    {CLI_WORD, 'o', "output", "FILE.wasm", AT(output), .offer = {.files = true},
     .help = "write the flare that makes the report where it is deployed"},
    {CLI_WORD, 0, "token", "TOKEN", AT(token), .good = is_token, .with = "output",
     .takes = "16 to 200 letters, digits and . _ -",
     .help = "the value of the header X-Conform-Token, without which that flare answers 404"},
    {CLI_WORD, 'u', "url", "URL", AT(url), .good = is_url, .with = "output",
     .takes = "a URL with a path and no query, such as https://example.com/conform",
     .help = "where that flare will be, so that it can fetch itself; without it no fetch is probed"},
    {CLI_WORD, 0, "compare", "REPORT.json", AT(compare), .offer = {.endings = ".json"},
     .help = "tell where a deployed flare's report departs from the local edge's; - is standard input"},
    CLI_LAST("this text"),
};

const cli_command cli_conform = {
    .name = "conform",
    .summary = "tell what the local edge assumes of its host, and whether a deployed edge does the same",
    .options = options,
    .expected = "no argument is",
    .notes =
        "Without options it prints the report of the local edge, as JSON. Exit code 1 when a report departs "
        "from it.",
    .run = run,
};
