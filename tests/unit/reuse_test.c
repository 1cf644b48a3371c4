/*
 * reuse_test.c - one instance goes on after traps: in imports, by signals at random points, in the middle of
 * its first invocation. What follows is always right. The same on V8 is tests/tool/reuse_spec.lua.
 *
 * The state outside of linear memory is three globals (runtime/life/unwind.S); all else is in the image or
 * above it. Ends with "N passed, N failed".
 */
#include <signal.h>
#include <sys/time.h>

#include "kept.h"
#include "random.h"
#include "engine/trap.h"

enum { IN_IMPORT = 100000, AT_RANDOM = 3000, FRESH = 2000 };

/* "LOG" calls an import from deep inside: functions, a coroutine, gsub's C function. "WORK" does a bit of
 * all. */
static const char script[] =
    "local flaron = require 'flaron'\n"
    "local kept = { names = {}, count = 0 }\n"
    "for i = 1, 200 do kept.names['name' .. i] = i end\n"
    "local function log() flaron.logging.info 'here' return 'x' end\n"
    "local function deep(n)\n"
    "  if n == 0 then return (('a'):gsub('.', log)) end\n"
    "  local good, value = pcall(deep, n - 1)\n"
    "  return good and value\n"
    "end\n"
    "local function work()\n"
    "  for i = 1, 200 do\n"
    "    local name = 'name' .. i\n"
    "    kept.names[name] = nil\n"
    "    kept.names[name .. 'other'] = { i, name }\n"
    "    pcall(error, { name })\n"
    "    pcall(string.rep, 'x', 1 << 40)\n"
    "    coroutine.wrap(function() coroutine.yield(('%s'):format(name)) end)()\n"
    "    if i % 50 == 0 then collectgarbage() end\n"
    "  end\n"
    "end\n"
    "return function()\n"
    "  local method = flaron.request.method()\n"
    "  kept.count = kept.count + 1\n"
    "  if method == 'LOG' then coroutine.wrap(deep)(10) end\n"
    "  if method == 'WORK' then work() end\n"
    "  local sum = 0\n"
    "  for _, n in pairs(kept.names) do sum = sum + (type(n) == 'number' and n or 0) end\n"
    "  return { body = method .. ' ' .. kept.count .. ' ' .. sum }\n"
    "end\n";

static const char answer[] = "GET 1 20100";

static int passed, failed;

static void check(bool good, const char *what, const kept *k) {
  *(good ? &passed : &failed) += 1;
  if (!good) printf("failed: %s: %s%s\n", what, text_string(&k->error), text_string(&k->host.response.body));
}

/* host_tape.after: the import traps. */
static void stop_at_log(host_tape *tape, host_import import, const host_arguments *arguments,
                        const host_answer *host_answer) {
  (void)arguments, (void)host_answer;
  tape->stop = import == HOST_log_info;
}

static void traps_in_an_import(void) {
  kept k;
  host_tape tape = {.after = stop_at_log};
  kept_open(&k, script, 0);
  k.host.tape = &tape;
  int trapped = 0;
  for (int i = 0; i < IN_IMPORT; i++) {
    tape.stop = false;
    trapped += !kept_call(&k, "LOG");
  }
  k.host.tape = NULL;
  check(trapped == IN_IMPORT, "each call traps in the import", &k);
  for (int i = 0; i < 3; i++) check(kept_answers(&k, "GET", answer), "the answer after traps in imports", &k);
  check(kept_answers(&k, "LOG", "LOG 1 20100"), "the answer of what trapped", &k);
  kept_close(&k);
}

static void on_alarm(int number) {
  (void)number;
  trap_stop();
}

/* A call that a signal ends within `most_us` microseconds, if it takes as long; whether it did. */
static bool stopped(kept *k, const char *method, unsigned most_us) {
  struct itimerval when = {.it_value = {0, 1 + (suseconds_t)(random_bits() % most_us)}},
                   never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &when, NULL);
  bool good = kept_call(k, method);
  setitimer(ITIMER_REAL, &never, NULL);
  return !good;
}

static void stops_at_random(void) {
  kept k;
  int stops = 0, wrong = 0;
  kept_open(&k, script, 0);
  for (int i = 0; i < AT_RANDOM && wrong == 0; i++) {
    stops += stopped(&k, "WORK", 1500);
    wrong += !kept_answers(&k, "GET", answer);
  }
  check(wrong == 0, "the answer after a stop at random", &k);
  check(stops > AT_RANDOM / 10, "there are stops", &k);
  kept_close(&k);
}

/* The first invocation finds the hashes of strings and keeps a copy of the image: it may end anywhere in it.
 */
static void stops_in_the_first(void) {
  kept k;
  int stops = 0, wrong = 0;
  kept_open(&k, script, 0);
  for (int i = 0; i < FRESH && wrong == 0; i++) {
    kept_renew(&k);
    for (int j = 0; j < 3; j++) stops += stopped(&k, "GET", 60);
    wrong += !kept_answers(&k, "GET", answer);
    wrong += !kept_answers(&k, "WORK", "WORK 1 0");
    wrong += !kept_answers(&k, "GET", answer);
  }
  check(wrong == 0, "the answer after stops in the first invocation", &k);
  check(stops > FRESH / 10, "there are stops in the first invocation", &k);
  kept_close(&k);
}

int main(void) {
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART | SA_NODEFER};
  sigaction(SIGALRM, &action, NULL);
  traps_in_an_import();
  stops_at_random();
  stops_in_the_first();
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
