/*
 * watchdog.c - a CPU clock timer per thread, whose signal is delivered to that thread.
 */
#include "watchdog.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "trap.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { GRACE_MS = 100, RETRY_MS = 1, NS_PER_MS = 1000000, MS_PER_S = 1000 };

static _Thread_local struct {
  timer_t timer;
  bool made;
  watchdog *volatile armed; /* the innermost one */
} thread;

/* The signal: a real-time one, which hardly anybody uses, since this may be a module of some program. */
static int signal_number(void) { return SIGRTMAX - 3; }

static void set(int ms) {
  struct itimerspec when = {.it_value = {ms / MS_PER_S, (long)(ms % MS_PER_S) * NS_PER_MS}};
  timer_settime(thread.timer, 0, &when, NULL);
}

static void on_signal(int signal) {
  watchdog *dog = thread.armed;
  (void)signal;
  if (dog == NULL) return;
  if (!dog->fired) {
    dog->fired = 1;
    set(GRACE_MS);
    dog->interrupt(dog->data);
  } else if (!trap_stop()) {
    set(RETRY_MS);
  }
}

static void install(void) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_NODEFER};
  sigemptyset(&action.sa_mask);
  sigaction(signal_number(), &action, NULL);
}

static pthread_key_t timer_key;

static void free_timer(void *marker) {
  (void)marker;
  if (thread.made) timer_delete(thread.timer);
}

static void install_once(void) {
  install();
  pthread_key_create(&timer_key, free_timer);
}

void watchdog_arm(watchdog *dog, int cpu_ms, void (*interrupt)(void *), void *data) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static const struct itimerspec never;
  pthread_once(&once, install_once);
  *dog = (watchdog){.interrupt = interrupt, .data = data, .outer = thread.armed};
  if (!thread.made) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal_number()};
    event.sigev_notify_thread_id = gettid();
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &thread.timer) != 0) return;
    thread.made = true;
    pthread_setspecific(timer_key, &thread);
  }
  if (dog->outer != NULL) timer_settime(thread.timer, 0, &never, &dog->waiting);
  thread.armed = dog;
  set(cpu_ms);
}

bool watchdog_disarm(watchdog *dog) {
  if (thread.armed != dog) return false;
  thread.armed = NULL;
  set(0);
  if (dog->outer != NULL) {
    thread.armed = dog->outer;
    timer_settime(thread.timer, 0, &dog->waiting, NULL);
  }
  return dog->fired;
}
