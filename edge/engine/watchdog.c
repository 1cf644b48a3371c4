/*
 * watchdog.c - a CPU clock timer per thread, whose signal is delivered to that thread.
 *
 * Setting a timer costs more than a short script. So the timer stays set when its watchdog is disarmed, and
 * serves the next one: a signal before the deadline only sets the timer again.
 */
#include "engine/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/trap.h"
#include "base/wait.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { GRACE_MS = 100, RETRY_MS = 1 };
#define NEVER_NS (INT64_MAX / 2)

static _Thread_local struct {
  timer_t timer;
  bool made;
  volatile int64_t signal_ns; /* the time on the CPU clock that the timer is set to; 0 = not set */
  watchdog *volatile armed;   /* the innermost one */
} thread;

/* A real-time signal that hardly any program uses, since this may be a module of another program. */
static int signal_number(void) { return SIGRTMAX - 3; }

static int64_t now_ns(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }

/* Sets the timer to a time of the CPU clock. */
static void set(int64_t ns) {
  struct itimerspec when = {.it_value = {ns / CLOCK_NS_PER_S, ns % CLOCK_NS_PER_S}};
  thread.signal_ns = ns;
  timer_settime(thread.timer, TIMER_ABSTIME, &when, NULL);
}

static void on_signal(int signal) {
  watchdog *dog = thread.armed;
  (void)signal;
  int64_t now = now_ns();
  thread.signal_ns = 0;
  if (dog == NULL) return;
  int fault = errno;
  if (!dog->fired && wait_is_over()) dog->deadline_ns = now;
  if (now >= dog->deadline_ns) {
    bool again = dog->fired;
    dog->fired = 1;
    wait_set_spent(true);
    dog->deadline_ns = now + (int64_t)(again ? RETRY_MS : GRACE_MS) * CLOCK_NS_PER_MS;
    set(dog->deadline_ns);
    if (again) {
      trap_stop();
    } else {
      dog->interrupt(dog->data);
    }
  } else if (dog->deadline_ns < NEVER_NS) {
    set(dog->deadline_ns);
  }
  errno = fault;
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

static pthread_once_t once = PTHREAD_ONCE_INIT;

void watchdog_nudge(pthread_t thread_) {
  pthread_once(&once, install_once);
  pthread_kill(thread_, signal_number());
}

void watchdog_arm(watchdog *dog, int cpu_ms, void (*interrupt)(void *), void *data) {
  pthread_once(&once, install_once);
  int64_t now = clock_cpu_about_ns(); /* never behind the clock, so the limit is not enforced too early */
  *dog = (watchdog){.interrupt = interrupt,
                    .data = data,
                    .deadline_ns = cpu_ms > 0 ? now + (int64_t)cpu_ms * CLOCK_NS_PER_MS : NEVER_NS,
                    .outer = thread.armed};
  if (!thread.made) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal_number()};
    event.sigev_notify_thread_id = gettid();
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &thread.timer) != 0) return;
    thread.made = true;
    pthread_setspecific(timer_key, &thread);
  }
  if (dog->outer != NULL) dog->left_ns = dog->outer->deadline_ns - now_ns();
  thread.armed = dog;
  wait_set_spent(false);
  int64_t set_to = thread.signal_ns;
  if (cpu_ms > 0 && (set_to == 0 || set_to > dog->deadline_ns)) set(dog->deadline_ns);
  if (wait_is_over()) raise(signal_number()); /* a nudge that came before had nothing to interrupt */
}

bool watchdog_disarm(watchdog *dog) {
  if (thread.armed != dog) return false;
  wait_set_spent(dog->outer != NULL && dog->outer->fired);
  if (dog->outer != NULL) {
    dog->outer->deadline_ns = now_ns() + dog->left_ns;
    thread.armed = dog->outer;
    set(dog->outer->deadline_ns);
  } else {
    thread.armed = NULL;
  }
  return dog->fired;
}
