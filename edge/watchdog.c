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
  bool made, armed;
  volatile sig_atomic_t fired;
  void (*interrupt)(void *);
  void *data;
} dog;

/* The signal: a real-time one, which hardly anybody uses, since this may be a module of some program. */
static int signal_number(void) { return SIGRTMAX - 3; }

static void set(int ms) {
  struct itimerspec when = {.it_value = {ms / MS_PER_S, (long)(ms % MS_PER_S) * NS_PER_MS}};
  timer_settime(dog.timer, 0, &when, NULL);
}

static void on_signal(int signal) {
  (void)signal;
  if (!dog.armed) return;
  if (!dog.fired) {
    dog.fired = 1;
    set(GRACE_MS);
    dog.interrupt(dog.data);
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
  if (dog.made) timer_delete(dog.timer);
}

static void install_once(void) {
  install();
  pthread_key_create(&timer_key, free_timer);
}

void watchdog_arm(int cpu_ms, void (*interrupt)(void *), void *data) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install_once);
  if (!dog.made) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal_number()};
    event.sigev_notify_thread_id = gettid();
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &dog.timer) != 0) return;
    dog.made = true;
    pthread_setspecific(timer_key, &dog);
  }
  dog.interrupt = interrupt;
  dog.data = data;
  dog.fired = 0;
  dog.armed = true;
  set(cpu_ms);
}

void watchdog_disarm(void) {
  if (!dog.made) return;
  dog.armed = false;
  set(0);
}
