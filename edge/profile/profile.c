/*
 * profile.c - taking samples: see profile.h.
 *
 * The signal handler allocates nothing: there is fixed room for functions and nodes, and a call that does not
 * fit counts for its nearest caller that does. The handler blocks all signals, so the watchdog never jumps
 * out of it.
 */
#include "profile/profile.h"

#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { NAMES = 1024, NAME = sizeof((profile_function *)0)->name };

/* The name of a C function. */
typedef struct c_name {
  uint32_t closure; /* or the index in the table, as in callstack_call */
  char name[64];
} c_name;

struct profile_inside {
  timer_t timer;
  c_name names[NAMES];
  size_t name_count;
};

static _Thread_local profile *volatile active; /* the profile of this thread */
static _Thread_local struct {
  void (*look)(void *data, profile_place *place);
  void *data;
  volatile sig_atomic_t entered;
} thread;

static int signal_number(void) { return SIGRTMAX - 4; } /* watchdog.c uses the next one */

/* ---- in the signal handler ---- */

static bytes find_c_name(const profile *p, const callstack_call *c) {
  const struct profile_inside *in = p->inside;
  for (size_t i = 0; i < in->name_count; i++) {
    if (in->names[i].closure == c->closure) return bytes_of(in->names[i].name);
  }
  return c->source;
}

/* The index of a function in the list, to which a new one is added; -1 if the list is full. */
static int find_function(const profile *p, profile_kind kind, uint32_t place, bytes name) {
  enum { TRIES = 64 };
  uint32_t hash = 2166136261u ^ (uint32_t)kind; /* FNV-1a */
  if (name.size > NAME) name.size = NAME;
  for (size_t i = 0; i < name.size; i++) hash = (hash ^ name.data[i]) * 16777619u;
  hash = (hash ^ place) * 2654435761u;
  for (uint32_t i = 0; i < TRIES; i++) {
    uint32_t at = (hash / PROFILE_FUNCTIONS + i) % PROFILE_FUNCTIONS;
    profile_function *f = &p->functions[at];
    if (!f->used) {
      *f = (profile_function){.kind = kind, .used = true, .place = place, .size = name.size};
      if (name.size != 0) memcpy(f->name, name.data, name.size);
      return (int)at;
    }
    if (f->kind == kind && f->place == place && f->size == name.size &&
        (name.size == 0 || memcmp(f->name, name.data, name.size) == 0))
      return (int)at;
  }
  return -1;
}

/* The child of a node for this function; the node itself if there is no room for a new child. */
static uint32_t step(profile *p, uint32_t from, profile_kind kind, uint32_t place, bytes name) {
  int function = find_function(p, kind, place, name);
  if (function < 0) return from;
  uint32_t n = p->nodes[from].child;
  while (n != 0 && p->nodes[n].function != (uint32_t)function) n = p->nodes[n].next;
  if (n != 0) return n;
  if (p->node_count == PROFILE_NODES) return from;
  n = p->node_count++;
  p->nodes[n] = (profile_node){.function = (uint32_t)function, .parent = from, .next = p->nodes[from].child};
  p->nodes[from].child = n;
  return n;
}

static void on_signal(int signal) {
  static const char *const others[] = {[CALLSTACK_TAIL] = "(tail calls)",
                                       [CALLSTACK_LEFT_OUT] = "(calls left out)",
                                       [CALLSTACK_COROUTINE] = "(coroutine)",
                                       [CALLSTACK_MOVING] = "(moving the stack)"};
  profile *p = active;
  (void)signal;
  if (p == NULL || !thread.entered) return;
  callstack_call calls[CALLSTACK_CALLS];
  profile_place place = {0};
  thread.look(thread.data, &place);
  size_t count = callstack_read(place.memory, place.running, calls);
  uint32_t n = 0;
  for (size_t i = 0; i < count; i++) {
    const callstack_call *c = &calls[i];
    bytes name;
    switch (c->kind) {
      case CALLSTACK_LUA: n = step(p, n, PROFILE_LUA, c->line, c->source); break;
      case CALLSTACK_C:
        name = find_c_name(p, c);
        n = step(p, n, PROFILE_C, name.size != 0 ? 0 : c->address, name);
        break;
      default: n = step(p, n, PROFILE_OTHER, 0, bytes_of(others[c->kind])); break;
    }
  }
  if (place.host != NULL) n = step(p, n, PROFILE_HOST, 0, bytes_of(place.host));
  p->nodes[n].self++;
  p->samples++;
}

/* ---- life ---- */

static void install(void) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigfillset(&action.sa_mask);
  sigaction(signal_number(), &action, NULL);
}

profile *profile_start(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
  profile *p = memory_get(sizeof *p);
  p->inside = memory_get(sizeof *p->inside);
  p->nodes = memory_get(PROFILE_NODES * sizeof *p->nodes);
  p->functions = memory_get(PROFILE_FUNCTIONS * sizeof *p->functions);
  p->nodes[0].function = (uint32_t)find_function(p, PROFILE_OTHER, 0, bytes_of("invocation"));
  p->node_count = 1;
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal_number()};
  event.sigev_notify_thread_id = gettid();
  struct itimerspec period = {{0, PROFILE_PERIOD_NS}, {0, PROFILE_PERIOD_NS}};
  if (timer_create(CLOCK_MONOTONIC, &event, &p->inside->timer) != 0) {
    free(p->inside);
    p->inside = NULL;
    profile_free(p);
    return NULL;
  }
  active = p;
  timer_settime(p->inside->timer, 0, &period, NULL);
  return p;
}

void profile_stop(profile *p) {
  if (active != p) return;
  active = NULL;
  timer_delete(p->inside->timer);
}

void profile_free(profile *p) {
  if (p == NULL) return;
  profile_stop(p);
  for (size_t i = 0; i < PROFILE_FUNCTIONS; i++) free(p->functions[i].called);
  free(p->functions);
  free(p->nodes);
  free(p->inside);
  free(p);
}

/* For callstack_each_c. A name in _G or `flaron` is shown only if the function has no name in another
 * module. */
static void add_name(void *data, uint32_t closure, bytes module, bytes name) {
  struct profile_inside *in = data;
  static const char own[] = "flaron.";
  bool global = bytes_are(module, "_G") || bytes_are(module, "flaron");
  if (module.size > sizeof own - 1 && memcmp(module.data, own, sizeof own - 1) == 0) {
    module.data += sizeof own - 1;
    module.size -= sizeof own - 1;
  }
  size_t i = 0;
  while (i < in->name_count && in->names[i].closure != closure) i++;
  if (i == NAMES || (i < in->name_count && global)) return;
  in->names[i].closure = closure;
  snprintf(in->names[i].name, sizeof in->names[i].name, "%.*s%s%.*s", global ? 0 : (int)module.size,
           (const char *)module.data, global ? "" : ".", (int)name.size, (const char *)name.data);
  if (i == in->name_count) in->name_count++;
}

void profile_enter(void (*look)(void *data, profile_place *place), void *data) {
  profile *p = active;
  if (p == NULL) return;
  if (p->inside->name_count == 0) {
    profile_place place = {0};
    look(data, &place);
    callstack_each_c(place.memory, place.running, add_name, p->inside);
  }
  thread.look = look;
  thread.data = data;
  thread.entered = 1;
}

void profile_leave(void) { thread.entered = 0; }

/* ---- names ---- */

/* Line `n` of a source, counted from 1; empty if there is none. */
static bytes line_of(bytes source, uint32_t n) {
  const uint8_t *at = source.data, *end = source.data + source.size;
  while (at < end && n > 1) {
    const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
    at = newline != NULL ? newline + 1 : end;
    n--;
  }
  if (at == end) return (bytes){0};
  const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
  return (bytes){at, (size_t)((newline != NULL ? newline : end) - at)};
}

static bool in_name(uint8_t c, bool dots) {
  return isalnum(c) || c == '_' || c >= 0x80 || (dots && (c == '.' || c == ':'));
}

/* The name of the first function that begins on a line, from "function NAME" or "NAME = function"; empty if
 * there is none. */
static bytes name_in(bytes line) {
  static const char word[] = "function";
  enum { SIZE = sizeof word - 1 };
  for (size_t i = 0; i + SIZE < line.size; i++) {
    if (memcmp(line.data + i, word, SIZE) != 0 || (i > 0 && in_name(line.data[i - 1], true)) ||
        in_name(line.data[i + SIZE], true))
      continue;
    size_t begin = i + SIZE, end;
    while (begin < line.size && isspace(line.data[begin])) begin++;
    for (end = begin; end < line.size && in_name(line.data[end], true);) end++;
    if (end == begin) { /* no name after "function": find what it is assigned to */
      for (end = i; end > 0 && isspace(line.data[end - 1]);) end--;
      if (end == 0 || line.data[end - 1] != '=') return (bytes){0};
      for (end--; end > 0 && isspace(line.data[end - 1]);) end--;
      for (begin = end; begin > 0 && in_name(line.data[begin - 1], true);) begin--;
    }
    return (bytes){line.data + begin, end - begin};
  }
  return (bytes){0};
}

void profile_name_functions(profile *p, const char *file, bytes source) {
  for (size_t i = 0; i < PROFILE_FUNCTIONS; i++) {
    profile_function *f = &p->functions[i];
    if (!f->used || f->kind != PROFILE_LUA || f->place == 0 || f->called != NULL || f->name[0] != '@' ||
        !bytes_are((bytes){(const uint8_t *)f->name + 1, f->size - 1}, file))
      continue;
    bytes name = name_in(line_of(source, f->place));
    if (name.size != 0) f->called = memory_copy(name);
  }
}

/* Adds a chunk's name: a file's, or the first line of the string given to `load`. */
static void describe_chunk(const profile_function *f, text *out) {
  const char *end = memchr(f->name, '\n', f->size);
  size_t size = end != NULL ? (size_t)(end - f->name) : f->size;
  if (f->name[0] == '@' || f->name[0] == '=') {
    text_add(out, f->name + 1, size - 1);
  } else {
    text_add_string(out, "[string \"");
    text_add(out, f->name, size);
    text_printf(out, "%s\"]", size < f->size || f->size == NAME ? "..." : "");
  }
}

void profile_describe(const profile_function *f, text *out) {
  switch (f->kind) {
    case PROFILE_LUA:
      if (f->called != NULL) text_printf(out, "%s ", f->called);
      if (f->place == 0) text_add_string(out, "main chunk ");
      describe_chunk(f, out);
      if (f->place != 0) text_printf(out, ":%u", f->place);
      break;
    case PROFILE_C:
      text_add(out, f->size != 0 ? f->name : "?", f->size != 0 ? f->size : 1);
      text_add_string(out, " [C]");
      break;
    case PROFILE_HOST: text_printf(out, "%.*s [host]", (int)f->size, f->name); break;
    case PROFILE_OTHER: text_add(out, f->name, f->size); break;
  }
}
