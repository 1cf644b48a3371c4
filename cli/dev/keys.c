/*
 * keys.c - see keys.h. The terminal gives single keys only while we are in its foreground: it is set anew
 * when we come back to that (SIGCONT), and left as it was when we stop (SIGTSTP) or end.
 */
#include "dev/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"

static struct keys {
  bool begun;
  struct termios before;
  int stop[2]; /* a pipe: closed when the thread is to end */
  pthread_t thread;
  void (*pressed)(void *data, char key);
  void *data;
} keys;

/* Whether the terminal is ours now: what is in the background must not touch it. */
static bool in_foreground(void) { return tcgetpgrp(STDIN_FILENO) == getpgrp(); }

static void set_single(void) {
  struct termios single = keys.before;
  single.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  single.c_cc[VMIN] = 1;
  single.c_cc[VTIME] = 0;
  if (in_foreground()) tcsetattr(STDIN_FILENO, TCSANOW, &single);
}

void keys_restore(void) {
  int fault = errno;
  if (keys.begun && in_foreground()) tcsetattr(STDIN_FILENO, TCSANOW, &keys.before);
  errno = fault;
}

static void on_stop(int signal) {
  (void)signal;
  keys_restore();
  raise(SIGSTOP);
}

static void on_continue(int signal) {
  int fault = errno;
  (void)signal;
  set_single();
  errno = fault;
}

/* Reads keys. In the background a read gives EIO, since SIGTTIN is ignored: it is tried again. */
static void *read_keys(void *unused) {
  enum { AWAY_MS = 200 };
  struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {keys.stop[0], POLLIN, 0}};
  for (;;) {
    char key;
    if (poll(fds, 2, -1) < 0 && errno != EINTR) return unused;
    if (fds[1].revents != 0) return unused;
    if (fds[0].revents == 0) continue;
    ssize_t n = in_foreground() ? read(STDIN_FILENO, &key, 1) : -1;
    if (n == 0 || (fds[0].revents & POLLNVAL) != 0) return unused; /* the terminal is gone */
    if (n == 1) {
      keys.pressed(keys.data, key);
    } else if (poll(fds + 1, 1, AWAY_MS) > 0) {
      return unused;
    }
  }
}

bool keys_begin(void (*pressed)(void *data, char key), void *data) {
  struct sigaction action = {.sa_flags = SA_RESTART};
  if (!isatty(STDIN_FILENO) || !in_foreground() || tcgetattr(STDIN_FILENO, &keys.before) != 0) return false;
  keys.pressed = pressed;
  keys.data = data;
  keys.begun = true;
  signal(SIGTTIN, SIG_IGN);
  action.sa_handler = on_stop;
  sigaction(SIGTSTP, &action, NULL);
  action.sa_handler = on_continue;
  sigaction(SIGCONT, &action, NULL);
  atexit(keys_restore);
  set_single();
  if (pipe2(keys.stop, O_CLOEXEC) != 0 || pthread_create(&keys.thread, NULL, read_keys, NULL) != 0)
    memory_get(SIZE_MAX);
  return true;
}

void keys_end(void) {
  if (!keys.begun) return;
  close(keys.stop[1]);
  pthread_join(keys.thread, NULL);
  close(keys.stop[0]);
  keys_restore();
  signal(SIGCONT, SIG_DFL);
  signal(SIGTSTP, SIG_DFL);
  keys.begun = false;
}
