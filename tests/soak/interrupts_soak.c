/*
 * interrupts_soak.c - invocations are stopped anywhere: by the watchdog's interrupt, which the script sees as
 * an error at its next instruction, and by a signal that leaves the instance (what the watchdog does with a C
 * function that does not come back). The answer is right or there is none; what comes next is right: in a new
 * instance after an interrupt, in the same one after a signal.
 */
#include <signal.h>
#include <sys/time.h>

#include "soak.h"
#include "engine/trap.h"
#include "work.h"

static void on_alarm(int number) {
  (void)number;
  trap_stop();
}

static bool stopped_by_signal(kept *k, unsigned most_us) {
  struct itimerval when = {.it_value = {0, 1 + (suseconds_t)(soak_random() % most_us)}},
                   never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &when, NULL);
  bool good = kept_call(k, "WORK");
  setitimer(ITIMER_REAL, &never, NULL);
  return !good;
}

/* Runs WORK again and again under a CPU limit that is over soon, until it is. */
static void interrupt(kept *k, const char *right) {
  for (int i = 0; i < 20 && !k->engine->spent; i++) {
    uint64_t action;
    kept_prepare(k, soak_random() % 2 ? "WORK" : "TRY");
    bool came_back = engine_call(k->engine, FLARE_HANDLE_REQUEST, 1, &action, &k->error);
    bool same = bytes_are(text_bytes(&k->host.response.body), right);
    soak_check(came_back && (k->engine->spent || same), k, "with an interrupt");
  }
  kept_renew(k);
}

int main(int argc, char **argv) {
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART | SA_NODEFER};
  kept k;
  text right = {0};
  sigaction(SIGALRM, &action, NULL);
  soak_start(argc, argv);
  kept_open(&k, work_script, 0);
  if (!kept_call(&k, "WORK") || k.host.response.status != 200) kept_end(&k.error);
  text_add(&right, k.host.response.body.data, k.host.response.body.size);
  while (soak_next()) {
    if (soak_random() % 4 == 0) interrupt(&k, text_string(&right));
    if (soak_random() % 4 == 0) kept_renew(&k);
    for (int i = 0; i < 5; i++) stopped_by_signal(&k, 2000);
    soak_check(kept_answers(&k, "WORK", text_string(&right)), &k, "after stops");
  }
  kept_close(&k);
  text_free(&right);
  return soak_end();
}
