/*
 * replay.c - `flaron-lua replay`: runs a recorded invocation again, and says where it departs from its
 * record.
 */
#include "record/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/size.h"
#include "cli.h"
#include "engine/runner.h"
#include "options.h"
#include "pack/manifest.h"
#include "replay_spec.h"

/* What the words of the command say. */
typedef struct words {
  const char *file, *input;
  pack_options pack;
  long cpu_ms; /* -1 = as recorded */
  bool go_on, spec;
} words;

/* One run of the flare. Begin with replay_run_again; free with replay_again_free. */
typedef struct again {
  edge edge;
  edge_result result;
  replay replay;
  manifest_grants grants;
} again;

static void replay_again_free(again *a) {
  replay_free(&a->replay);
  edge_close(&a->edge);
  manifest_grants_free(&a->grants);
}

/*
 * The limit of CPU time, ms: as recorded where that stopped it; else ten times that, since this machine may
 * be slower, or busier, than the one of the record. It is never more than MOST, whatever the record says:
 * more must be said by whoever replays it.
 */
static int replay_choose_limit(const recording *r) {
  enum { ROOM = 10, MOST = 10000 };
  int64_t limit = r->result.stopped ? r->cpu_ms : (int64_t)r->cpu_ms * ROOM;
  return limit > 0 && limit < MOST ? (int)limit : MOST;
}

/* Runs a recorded invocation. False after saying why not. */
static bool replay_run_again(const cli_command *self, again *a, const flare *f, const recording *r,
                             const words *w, bool go_on) {
  text error = {0};
  *a = (again){.edge = {.flare = f, .host = {.config = host_config_default()}}};
  a->edge.cpu_ms = w->cpu_ms >= 0 ? (int)w->cpu_ms : replay_choose_limit(r);
  bool good = manifest_configure(f->config, &a->edge.host.config, &a->grants, &error);
  if (good) {
    replay_start(&a->replay, r, &a->edge.host, go_on);
    good = edge_invoke(&a->edge, r->handler, &r->request, &a->result, &error);
    replay_finish(&a->replay, a->result.stopped || a->replay.ran_out);
  }
  if (!good) cli_fail(self, "%s: %s", w->input, text_string(&error));
  text_free(&error);
  return good;
}

/* ---- what differs ---- */

/* Prints a difference of bytes, if there is one; true when there is. */
static bool replay_differs(const char *what, bytes recorded, bytes now) {
  size_t at = replay_difference(recorded, now);
  if (at == recorded.size && at == now.size) return false;
  text line = {0};
  replay_add_bytes(&line, recorded, at);
  text_add_string(&line, "\n  now:      ");
  replay_add_bytes(&line, now, at);
  cli_print("%s differs from byte %zu (%zu bytes were recorded, now there are %zu)\n  recorded: %s\n", what,
            at + 1, recorded.size, now.size, text_string(&line));
  text_free(&line);
  return true;
}

static bool replay_number_differs(const char *what, int recorded, int now) {
  if (recorded == now) return false;
  cli_print("%s differs\n  recorded: %d\n  now:      %d\n", what, recorded, now);
  return true;
}

static bool replay_headers_differ(const host_pairs *recorded, const host_pairs *now) {
  text before = {0}, after = {0};
  bool differ = false;
  for (size_t i = 0; !differ && (i < recorded->count || i < now->count); i++) {
    const host_pair *a = i < recorded->count ? &recorded->items[i] : NULL;
    const host_pair *b = i < now->count ? &now->items[i] : NULL;
    text_clear(&before);
    text_clear(&after);
    if (a != NULL) text_printf(&before, "%s: %s", a->name, a->value);
    if (b != NULL) text_printf(&after, "%s: %s", b->name, b->value);
    char what[32];
    snprintf(what, sizeof what, "header %zu", i + 1);
    differ = replay_differs(what, text_bytes(&before), text_bytes(&after));
  }
  text_free(&before);
  text_free(&after);
  return differ;
}

static bool replay_frames_differ(const host_response *recorded, const host_response *now) {
  bool differ =
      replay_number_differs("the number of frames", (int)recorded->frame_count, (int)now->frame_count);
  for (size_t i = 0; !differ && i < recorded->frame_count; i++) {
    char what[32];
    snprintf(what, sizeof what, "frame %zu", i + 1);
    differ = replay_differs(what, text_bytes(&recorded->frames[i]), text_bytes(&now->frames[i]));
  }
  return differ;
}

static bool replay_log_differs(const replay *p) {
  if (!p->line_differs) return false;
  text before = {0}, after = {0};
  if (p->line_recorded != NULL) replay_add_call(&before, p->line_recorded, &p->line_now);
  if (!p->line_is_missing) replay_add_call(&after, &p->line_now, p->line_recorded);
  cli_print("line %zu of the log differs\n  recorded: %s\n  now:      %s\n", p->line + 1,
            p->line_recorded != NULL ? before.data : "there was none",
            p->line_is_missing ? "there is none" : after.data);
  text_free(&before);
  text_free(&after);
  return true;
}

/* Prints what of the outcome differs; true when anything does. */
static bool replay_outcome_differs(const recording *r, const again *a) {
  const host_response *recorded = &r->response, *now = &a->edge.host.response;
  static const char *const actions[] = {"", "RESPOND", "TRANSFORM", "PASS_THROUGH"};
  int found = 0; /* each is asked: all differences are told */
  found += a->result.stopped && !r->result.stopped && puts("the CPU time limit stops it now") > 0;
  found += r->result.failed != a->result.failed &&
           cli_print("the flare %s\n", a->result.failed ? "fails now" : "failed then") > 0;
  found += replay_differs("the action", bytes_of(actions[recorded->action]), bytes_of(actions[now->action]));
  found += replay_number_differs("the status", recorded->status, now->status);
  found += replay_headers_differ(&recorded->headers, &now->headers);
  found += replay_differs("the body", text_bytes(&recorded->body), text_bytes(&now->body));
  found += replay_frames_differ(recorded, now);
  found += replay_number_differs("the close code", recorded->close_code, now->close_code);
  found += replay_log_differs(&a->replay);
  return found != 0;
}

/* ---- the departure ---- */

/* Prints where the script was: what the error that ended it has below its first line. */
static void replay_print_traceback(const host_response *response) {
  const char *trace = strchr(text_string(&response->error), '\n');
  if (trace != NULL) cli_print("%s\n", trace + 1);
}

static void replay_print_departure(const recording *r, const again *a, const char *file) {
  const replay *p = &a->replay;
  const record_call *recorded = p->at < r->call_count ? &r->calls[p->at] : NULL;
  text before = {0}, after = {0};
  if (recorded != NULL) replay_add_call(&before, recorded, p->asked_none ? NULL : &p->asked);
  if (!p->asked_none) replay_add_call(&after, &p->asked, recorded);
  if (recorded != NULL) {
    cli_print("%s: it departs at call %zu of %zu\n", file, p->at + 1, r->call_count);
  } else if (r->call_count > 0) {
    cli_print("%s: it departs after call %zu, the last of its record\n", file, r->call_count);
  } else {
    cli_print("%s: it departs at its first call: its record has none\n", file);
  }
  cli_print("  recorded: %s\n  now:      %s\n", recorded != NULL ? before.data : "there was no further call",
            p->asked_none ? "it ends without a further call" : after.data);
  if (recorded != NULL && !p->asked_none && recorded->import == p->asked.import) {
    bool first = recorded->a.size != p->asked.a.size ||
                 memcmp(text_string(&recorded->a), text_string(&p->asked.a), recorded->a.size) != 0;
    const text *x = first ? &recorded->a : &recorded->b, *y = first ? &p->asked.a : &p->asked.b;
    size_t at = replay_difference(text_bytes(x), text_bytes(y));
    if (at < x->size || at < y->size) {
      cli_print("  argument %d differs from byte %zu (%zu bytes were recorded, now there are %zu)\n",
                first ? 1 : 2, at + 1, x->size, y->size);
    }
  }
  if (!p->asked_none) replay_print_traceback(&a->edge.host.response);
  text_free(&before);
  text_free(&after);
}

/* ---- the command ---- */

/* Says what became of a run; the exit code. */
static int replay_tell(const recording *r, const again *a, const words *w) {
  bool cut = a->result.stopped && r->result.stopped;
  if (a->replay.departed) {
    replay_print_departure(r, a, w->file);
    return CLI_FAILED;
  }
  cli_print_log(&a->edge.host.response);
  fflush(stderr);
  if (a->replay.ran_out || cut) {
    cli_print("%s: the same, %zu calls, until %s\n", w->file, r->call_count,
              r->cut ? "its record was full" : "the CPU time limit stopped it");
    return CLI_DONE;
  }
  if (replay_outcome_differs(r, a)) {
    cli_print("%s: it makes the same calls, the outcome differs\n", w->file);
    return CLI_FAILED;
  }
  cli_print("%s: the same, %zu call%s\n", w->file, r->call_count, r->call_count == 1 ? "" : "s");
  return CLI_DONE;
}

/* Prints a spec of what was asked and answered; the outcome is that of now. The exit code. */
static int replay_tell_spec(const cli_command *self, const recording *r, const again *a, const words *w) {
  recording now = *r; /* it borrows */
  now.response = a->edge.host.response;
  now.result = a->result;
  if (a->result.stopped || r->result.stopped || a->replay.ran_out || r->cut) {
    return cli_fail(self, "%s: no spec can be made of it: it has no end", w->file);
  }
  if (a->replay.departed) {
    return cli_fail(self,
                    "%s: no spec can be made of it: it departs at call %zu, as `flaron-lua replay` shows",
                    w->file, a->replay.at + 1);
  }
  const text *before = &r->response.body, *after = &now.response.body;
  bool other = r->response.status != now.response.status || r->response.action != now.response.action ||
               before->size != after->size ||
               replay_difference(text_bytes(before), text_bytes(after)) != before->size;
  if (other) cli_note("the outcome is not the recorded one: the spec has that of now\n");
  text spec = {0}, error = {0};
  bool good = replay_spec_make(&now, w->input, &spec, &error);
  if (good) cli_print_bytes(text_bytes(&spec));
  if (!good) cli_fail(self, "%s: %s", w->file, text_string(&error));
  text_free(&spec);
  text_free(&error);
  return good ? CLI_DONE : CLI_FAILED;
}

/* Goes on after a departure, in a run of its own. */
static void replay_tell_more(const cli_command *self, const flare *f, const recording *r, const words *w) {
  again a;
  if (replay_run_again(self, &a, f, r, w, true)) {
    cli_print_log(&a.edge.host.response);
    fflush(stderr);
    cli_print("going on: %zu of %zu further calls had no answer\n", a.replay.unanswered, a.replay.later);
    if (!replay_outcome_differs(r, &a)) puts("the outcome is the same");
  }
  replay_again_free(&a);
}

/* Says on standard error what has changed since the recording. */
static void replay_tell_changes(const flare *f, const recording *r) {
  char hash[RECORD_HASH_SIZE];
  record_hash(f, hash);
  if (strcmp(hash, r->hash) == 0) return;
  cli_note("the flare has changed since: recorded %.12s, now %.12s (pairs() may go in another order)\n",
           r->hash, hash);
  if (r->version != NULL && strcmp(r->version, FLARON_LUA_VERSION) != 0)
    cli_note("it was recorded by flaron-lua %s, this is %s\n", r->version, FLARON_LUA_VERSION);
}

static int replay_with(const cli_command *self, const recording *r, const words *w) {
  flare f = {0};
  again a;
  int status = CLI_FAILED;
  if (!cli_read_flare(self, w->input, &w->pack, true, &f)) return CLI_FAILED;
  if (!(f.handlers & 1u << r->handler)) {
    cli_fail(self, "%s: it has no %s", w->input, flare_handler_names[r->handler]);
  } else {
    replay_tell_changes(&f, r);
    bool good = replay_run_again(self, &a, &f, r, w, false);
    if (good && w->spec) {
      status = replay_tell_spec(self, r, &a, w);
    } else if (good) {
      status = replay_tell(r, &a, w);
      if (status != CLI_DONE && r->redacted != NULL) {
        cli_note("these were replaced in the record, what a script makes of them is not the same: %s\n",
                 r->redacted);
      }
      if (a.replay.departed && w->go_on) replay_tell_more(self, &f, r, w);
    }
    replay_again_free(&a);
  }
  flare_free(&f);
  return status;
}

/* Reads the record. False after saying why not. */
static bool replay_read_record(const cli_command *self, const char *path, recording *r) {
  text content = {0}, error = {0};
  int fault = file_read(path, FILE_RECORD_MAX, &content);
  bool good = fault == 0 && record_read(r, text_bytes(&content), &error);
  if (fault != 0) {
    cli_fail_file(self, path, fault, FILE_RECORD_MAX);
  } else if (!good) {
    bool has_line = text_string(&error)[0] >= '0' && text_string(&error)[0] <= '9';
    cli_fail(self, "%s:%s%s%s", path,
             has_line ? "" : " it is no record of this flaron-lua: ", text_string(&error),
             has_line ? ": it is no record" : "");
  }
  text_free(&content);
  text_free(&error);
  return good;
}

/* Has a spec made of the record, without the secrets that are in it. */
static int replay_make_spec(const cli_command *self, const recording *r, const words *w) {
  recording clean = {0};
  text error = {0};
  int status = CLI_FAILED;
  if (replay_spec_clean(r, &clean, &error)) {
    status = replay_with(self, &clean, w);
  } else {
    cli_fail(self, "%s: no spec can be made of it: %s", w->file, text_string(&error));
  }
  record_free(&clean);
  text_free(&error);
  return status;
}

static int replay_run_with(const cli_command *self, words *w) {
  recording r = {0};
  int status = CLI_FAILED;
  if (!replay_read_record(self, w->file, &r)) return CLI_FAILED;
  if (w->input == NULL) w->input = r.file;
  if (w->input == NULL) {
    cli_fail(self, "%s: it does not tell which flare it is of: name it behind the record", w->file);
  } else if (w->input == r.file && access(w->input, F_OK) != 0) {
    cli_fail(self, "%s: its flare was %s, which is not here: name it behind the record", w->file, w->input);
  } else {
    status = w->spec ? replay_make_spec(self, &r, w) : replay_with(self, &r, w);
  }
  record_free(&r);
  return status;
}

static int replay_run(const cli_command *self, int argc, char **argv) {
  words w = {.cpu_ms = -1};
  int status = options_read(self, argc, argv, &w);
  return status == CLI_GO_ON ? replay_run_with(self, &w) : status;
}

#define AT(field) offsetof(words, field)

static const cli_option options[] = {
    {CLI_ARGUMENT, 0, NULL, "FILE", AT(file), 1, .offer = {.files = true},
     .help = "a record: of `flaron-lua dev --record` or `run --record`"},
    {CLI_ARGUMENT, 0, NULL, "FLARE.wasm|MAIN.lua|DIR", AT(input),
     .offer = {.folders = true, .endings = ".wasm .lua"},
     .help = "what to run, also a changed script (default: what was recorded, if it is here)"},
    {CLI_FLAG, 0, "go-on", NULL, AT(go_on),
     .help = "after a departure, run on: calls that are recorded are answered, others are \"not available\"; "
             "then "
             "compare the outcome"},
    {CLI_FLAG, 0, "spec", NULL, AT(spec),
     .help =
         "print a busted spec of it: the request, stubs for what the host answered, the outcome; no secrets"},
    {CLI_NUMBER, 0, "cpu-ms", "N", AT(cpu_ms), 0, INT32_MAX, .unit = "milliseconds",
     .help =
         "CPU time it may take, 0 = no limit (default: as recorded where that stopped it, else ten times as "
         "much, and at most 10000)"},
    {CLI_SIZE, 0, "memory", "SIZE", AT(pack.memory), SIZE_MEMORY_MIN, SIZE_MEMORY_MAX, .takes = SIZE_MEMORY,
     .help = "limit of its memory when a script is packed (default 32M)"},
    CLI_LAST("this text"),
};

const cli_command cli_replay = {
    .name = "replay",
    .summary = "run a recorded request again and say where it departs from its record",
    .options = options,
    .expected = "a record, and perhaps a flare or script, are",
    .notes =
        "Every call of the host is answered from the record: nothing is fetched, read or stored. What was "
        "found "
        "goes to standard output, the log to standard error. The exit code is 0 when all is as recorded, "
        "else 1.",
    .run = replay_run,
};
