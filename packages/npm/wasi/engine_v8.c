/*
 * engine_v8.c - instances that JavaScript has: engine/engine_wasm2c.h as far as packing and running take it.
 * Start-up runs in the runtime, a handler in the packed flare as a CDN would have it. There are no watchers
 * and no debuggers.
 */
#include "engine_v8.h"

#include <stdlib.h>
#include <string.h>

#include "abi/start_report.h"
#include "base/utf8.h"
#include "engine/engine_process.h"
#include "engine/engine_wasm2c.h"
#include "engine/raised.h"

enum { PAGE = 65536, TRACE_AT = 1024, TRACE_SIZE = 2048 };

typedef struct instance {
  engine engine;
  uint32_t id; /* 0: it could not be opened, `fault` says why */
  host *host;
  const instance_finder *finder; /* NULL = none */
  bool is_request;               /* the last call was handle_request */
  text fault, memory, error, notes, found;
} instance;

static text room; /* of v8_room */
static v8_answer answer;

_Static_assert(offsetof(v8_answer, size) == 4 && offsetof(v8_answer, number) == 8, "lib/engine.js reads it");

/* ---- called by JavaScript ---- */

const host_signature *v8_signature(uint32_t import) {
  return import < HOST_IMPORTS ? &host_signatures[import] : NULL;
}

void *v8_room(uint32_t size) {
  text_clear(&room);
  return text_room(&room, size);
}

const v8_answer *v8_import(void *owner, host_import import, uint32_t a_size, uint32_t b_size, int64_t n) {
  const uint8_t *data = (const uint8_t *)room.data;
  host_arguments arguments = {{data, a_size}, {data + a_size, b_size}, n};
  host_answer given;
  host_call(((instance *)owner)->host, import, &arguments, &given);
  answer = (v8_answer){given.present ? given.data.data : NULL, (uint32_t)given.data.size, given.number};
  return &answer;
}

const v8_answer *v8_find(void *owner, uint32_t size) {
  instance *i = owner;
  text_clear(&i->found);
  bool found = i->finder->find(i->finder->data, (bytes){(const uint8_t *)room.data, size}, &i->found);
  answer = (v8_answer){found ? (const uint8_t *)i->found.data : NULL, (uint32_t)i->found.size, 0};
  return &answer;
}

/* ---- calls ---- */

static void add_fault(text *error) {
  char fault[1024];
  text_add(error, fault, v8_fault(fault, sizeof fault));
}

/* Adds bytes of an instance's memory; false if they are outside of it. */
static bool add_memory(const instance *i, uint32_t at, uint32_t size, text *to) {
  if (at > v8_size(i->id) || size > v8_size(i->id) - at) return false;
  return size == 0 || v8_read(i->id, at, text_room(to, size), size);
}

/* Adds a traceback of the script, from a runtime that trapped. */
static void add_trace(instance *i, uint32_t stack_top, text *error) {
  const uint32_t arguments[] = {TRACE_AT, TRACE_SIZE};
  uint64_t size;
  char trace[TRACE_SIZE];
  v8_set_stack(i->id, stack_top);
  if (!v8_call(i->id, "interrupt_trace", arguments, 2, &size) || size == 0 || size > TRACE_SIZE ||
      !v8_read(i->id, TRACE_AT, trace, (uint32_t)size)) {
    return;
  }
  text_add_string(error, "\nstack traceback:\n\t");
  for (size_t n = 0; n < size; n++)
    text_add(error, trace[n] == '\n' ? "\n\t" : &trace[n], trace[n] == '\n' ? 2 : 1);
}

/* Calls an export of the runtime; false, with a sentence and a traceback, if it trapped. */
static bool run(instance *i, const char *name, const uint32_t *arguments, uint32_t count, int cpu_ms,
                uint64_t *result, text *error) {
  uint32_t stack_top = v8_stack(i->id);
  v8_limit((uint32_t)cpu_ms);
  bool good = v8_call(i->id, name, arguments, count, result);
  v8_limit(0);
  if (good) return true;
  add_fault(error);
  add_trace(i, stack_top, error);
  return false;
}

/* ---- life ---- */

static const engine_class class;

/* Opens a flare or, without bytes, the runtime. */
static instance *make(host *h, bytes wasm) {
  instance *i = memory_get(sizeof *i);
  i->engine.class = &class;
  i->host = h;
  i->id = v8_open(i, wasm.data, (uint32_t)wasm.size);
  if (i->id == 0) add_fault(&i->fault);
  return i;
}

engine *instance_open(const flare *f, host *h, const engine_watcher *watcher, const engine_debug *debug) {
  (void)watcher, (void)debug;
  return &make(h, text_bytes(&f->wasm))->engine;
}

engine *process_open(const flare *f, host *h, const char *const *command, text *error) {
  (void)f, (void)h, (void)command;
  text_add_string(error, "no other process can be started here");
  return NULL;
}

static bool call_handler(engine *e, flare_handler handler, int cpu_ms, uint64_t *result, text *error) {
  instance *i = (instance *)e;
  i->is_request = handler == FLARE_HANDLE_REQUEST;
  if (i->id == 0) {
    text_add(error, i->fault.data, i->fault.size);
    return false;
  }
  v8_limit((uint32_t)cpu_ms);
  bool good = v8_call(i->id, flare_handler_names[handler], NULL, 0, result);
  v8_limit(0);
  if (!good) add_fault(error);
  return good;
}

static bool get_raised(const engine *e, bytes *message) {
  const instance *i = (const instance *)e;
  return raised_is_likely(i->host, i->is_request, message);
}

static size_t memory_size(const engine *e) {
  const instance *i = (const instance *)e;
  return i->id != 0 ? v8_size(i->id) : 0;
}

static void close_instance(engine *e) {
  instance *i = (instance *)e;
  if (i->id != 0) v8_close(i->id);
  text_free(&i->fault);
  text_free(&i->memory);
  text_free(&i->error);
  text_free(&i->notes);
  text_free(&i->found);
  free(i);
}

static const engine_class class = {call_handler, get_raised, memory_size, NULL, NULL, close_instance};

/* ---- start-up ---- */

/* Copies the input of start-up into memory at `limit`, after the memory that start-up may use; false if it
 * does not fit. */
static bool put_input(instance *i, bytes input, uint32_t limit, text *error) {
  if (i->id == 0) {
    text_add(error, i->fault.data, i->fault.size);
    return false;
  }
  uint32_t size = v8_size(i->id);
  uint64_t pages = ((uint64_t)limit + input.size + PAGE - 1) / PAGE;
  if (limit < size || !v8_grow(i->id, (uint32_t)pages - size / PAGE)) {
    text_printf(error, "a memory of %u bytes does not do for start-up", limit);
    return false;
  }
  return input.size == 0 || v8_write(i->id, limit, input.data, (uint32_t)input.size);
}

bool instance_start(engine **out, bytes bundle, uint32_t memory_limit, uint32_t hash, bool strip, int cpu_ms,
                    const engine_watcher *watcher, const instance_finder *finder,
                    instance_start_report *report, text *error) {
  instance *i = make(NULL, (bytes){0});
  (void)watcher;
  *out = &i->engine;
  i->finder = finder;
  if (!put_input(i, bundle, memory_limit, error)) return false;
  const uint32_t arguments[] = {
      memory_limit, (uint32_t)bundle.size, memory_limit, hash, strip, finder != NULL ? v8_finder(i->id) : 0};
  uint64_t result;
  start_report left;
  uint32_t stack_top = v8_stack(i->id);
  if (!run(i, "start", arguments, 6, cpu_ms, &result, error)) return false;
  if (!v8_read(i->id, (uint32_t)result, &left, sizeof left) ||
      !add_memory(i, left.error, left.error_size, &i->error) ||
      !add_memory(i, left.notes, left.notes_size, &i->notes) ||
      !add_memory(i, 0, left.layout.arena_start, &i->memory)) {
    text_add_string(error, "what start-up reports is outside of its memory");
    return false;
  }
  report->handlers = left.handlers;
  report->error = text_bytes(&i->error);
  report->notes = text_bytes(&i->notes);
  report->cut = left.cut != 0;
  report->image_end = left.layout.image_end;
  report->assets_start = left.layout.assets_start;
  report->arena_start = left.layout.arena_start;
  report->data_start = stack_top;
  report->memory = (const uint8_t *)i->memory.data;
  return true;
}

bool instance_evaluate(const char *name, bytes source, text *json, text *error) {
  enum { MEMORY = 8 << 20, CPU_MS = 1000 };
  instance *i = make(NULL, (bytes){0});
  text input = {0}, fault = {0}, said = {0};
  text_add(&input, name, strlen(name) + 1);
  size_t mark = utf8_mark(source.data, source.size);
  if (mark != 0) source = (bytes){source.data + mark, source.size - mark};
  text_add(&input, source.data, source.size);
  const uint32_t arguments[] = {MEMORY, (uint32_t)input.size, MEMORY};
  uint64_t result;
  manifest_report left;
  bool good = put_input(i, text_bytes(&input), MEMORY, &fault) &&
              run(i, "manifest", arguments, 3, CPU_MS, &result, &fault) &&
              v8_read(i->id, (uint32_t)result, &left, sizeof left) &&
              add_memory(i, left.text, left.size, &said);
  if (good) {
    good = left.good != 0;
    text_add(good ? json : &fault, said.data, said.size);
  }
  if (!good) text_add_about(error, name, text_string(&fault));
  text_free(&input);
  text_free(&fault);
  text_free(&said);
  close_instance(&i->engine);
  return good;
}
