/*
 * loop.c - see loop.h.
 */
#include "server/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/text.h"
#include "base/list.h"

struct loop {
  int epoll;
  loop_watch wakes;     /* an eventfd */
  pthread_mutex_t lock; /* of the calls */
  loop_call *first, **last;
  void **freed; /* memory to be freed after the round */
  size_t freed_count;
};

static void on_wake(loop_watch *watch, unsigned what) {
  uint64_t count;
  (void)what;
  while (read(watch->fd, &count, sizeof count) < 0 && errno == EINTR) continue;
}

loop *loop_open(void) {
  loop *l = memory_get(sizeof *l);
  l->epoll = epoll_create1(EPOLL_CLOEXEC);
  l->wakes = (loop_watch){eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), on_wake};
  l->last = &l->first;
  pthread_mutex_init(&l->lock, NULL);
  if (l->epoll >= 0 && l->wakes.fd >= 0 && loop_watch_for(l, &l->wakes, LOOP_READ)) return l;
  int fault = errno;
  loop_close(l);
  errno = fault;
  return NULL;
}

void loop_close(loop *l) {
  if (l->epoll >= 0) close(l->epoll);
  if (l->wakes.fd >= 0) close(l->wakes.fd);
  for (size_t i = 0; i < l->freed_count; i++) free(l->freed[i]);
  free(l->freed);
  pthread_mutex_destroy(&l->lock);
  free(l);
}

bool loop_watch_for(loop *l, loop_watch *watch, unsigned events) {
  struct epoll_event event = {.data.ptr = watch};
  if (events & LOOP_READ) event.events |= EPOLLIN | EPOLLRDHUP;
  if (events & LOOP_WRITE) event.events |= EPOLLOUT;
  if (events & LOOP_EDGE) event.events |= EPOLLET;
  return epoll_ctl(l->epoll, EPOLL_CTL_ADD, watch->fd, &event) == 0 ||
         (errno == EEXIST && epoll_ctl(l->epoll, EPOLL_CTL_MOD, watch->fd, &event) == 0);
}

void loop_unwatch(loop *l, loop_watch *watch) {
  epoll_ctl(l->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
  watch->ready = NULL;
}

void loop_free(loop *l, void *memory) {
  LIST_ROOM(l->freed, l->freed_count);
  l->freed[l->freed_count++] = memory;
}

static void run_calls(loop *l) {
  pthread_mutex_lock(&l->lock);
  loop_call *call = l->first;
  l->first = NULL;
  l->last = &l->first;
  pthread_mutex_unlock(&l->lock);
  while (call != NULL) {
    loop_call *next = call->next; /* the call may free its owner */
    call->call(call);
    call = next;
  }
}

void loop_round(loop *l, int most_ms) {
  enum { MANY = 256 };
  struct epoll_event events[MANY];
  int count = epoll_wait(l->epoll, events, MANY, most_ms);
  for (int i = 0; i < count; i++) {
    loop_watch *watch = events[i].data.ptr;
    unsigned what = 0, e = events[i].events;
    if (e & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) what |= LOOP_READ;
    if (e & (EPOLLOUT | EPOLLERR)) what |= LOOP_WRITE;
    if (e & EPOLLRDHUP) what |= LOOP_FIN;
    if (e & (EPOLLHUP | EPOLLERR)) what |= LOOP_GONE;
    if (watch->ready != NULL) watch->ready(watch, what);
  }
  run_calls(l);
  for (size_t i = 0; i < l->freed_count; i++) free(l->freed[i]);
  l->freed_count = 0;
}

void loop_wake(loop *l) {
  static const uint64_t one = 1;
  int fault = errno;                                           /* of what a signal handler interrupted */
  if (write(l->wakes.fd, &one, sizeof one) < 0) errno = fault; /* full: it wakes anyway */
  errno = fault;
}

void loop_post(loop *l, loop_call *call) {
  call->next = NULL;
  pthread_mutex_lock(&l->lock);
  bool first = l->first == NULL;
  *l->last = call;
  l->last = &call->next;
  pthread_mutex_unlock(&l->lock);
  if (first) loop_wake(l);
}
