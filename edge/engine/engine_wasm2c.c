/*
 * engine_wasm2c.c - instances of the runtime translated by wasm2c, the glue between its imports and the host,
 * and the use of the watchdog that stops a script. See engine_wasm2c.h.
 */
#include "engine/engine_wasm2c.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "abi/start_report.h"
#include "profile/profile.h"
#include "runtime_wasm2c.h"
#include "engine/inside.h"
#include "engine/trap.h"
#include "lua_layout.h"
#include "base/utf8.h"
#include "base/wait.h"
#include "engine/watchdog.h"

enum { PAGE = 65536, TRACE_AT = 1024, TRACE_SIZE = 2048 };

typedef struct instance {
  engine engine;
  Z_runtime_instance_t wasm;
  host *host;
  const engine_watcher *watcher;         /* NULL = none */
  const instance_finder *finder;         /* NULL = none */
  const engine_debug *debug;             /* NULL = none */
  wasm_rt_function_ptr_t print, handler; /* the runtime's own, where functions of ours stand in their slots */
  uint32_t stack_top;                    /* the stack pointer of an instance at rest */
  bool packing;                          /* in the guest's alloc, which may not call the host */
  bool raised;                           /* an error ended the last handler */
  bytes message;                         /* of that error, in linear memory */
} instance;

/*
 * The instance that an import's first argument stands for. It points to the instance's `wasm`: we instantiate
 * with that, and wasm2c 1.0.32 passes the same when an import is called indirectly (a bug of wasm2c that does
 * no harm here).
 */
static instance *wasm2c_instance_of(struct Z_flaronZ2Fv1_instance_t *self) {
  return (instance *)((char *)self - offsetof(instance, wasm));
}

/* ---- imports ---- */

/* The bytes of an import's argument; ends the call with a trap if they are outside the memory. */
static bytes wasm2c_argument(const instance *i, u32 at, u32 size) {
  if (size == 0) return (bytes){0};
  if ((u64)at + size > i->wasm.w2c_memory.size) wasm_rt_trap(WASM_RT_TRAP_OOB);
  return (bytes){i->wasm.w2c_memory.data + at, size};
}

/* Copies an answer into a block from the guest's alloc and returns its packed address and size. */
static u64 wasm2c_pack(instance *i, const host_answer *answer) {
  if (!answer->present || answer->data.size == 0 || answer->data.size > INT32_MAX) return 0;
  u32 size = (u32)answer->data.size;
  i->packing = true;
  u32 at = Z_runtimeZ_alloc(&i->wasm, size);
  i->packing = false;
  if (at == 0) return 0;
  if ((u64)at + size > i->wasm.w2c_memory.size) wasm_rt_trap(WASM_RT_TRAP_OOB);
  memcpy(i->wasm.w2c_memory.data + at, answer->data.data, size);
  return (u64)at << 32 | size;
}

#define GLUE_PARAMS_NONE
#define GLUE_PARAMS_N , u32 n
#define GLUE_PARAMS_B , u32 a, u32 a_size
#define GLUE_PARAMS_BB , u32 a, u32 a_size, u32 b, u32 b_size
#define GLUE_PARAMS_BBN , u32 a, u32 a_size, u32 b, u32 b_size, u32 n
#define GLUE_PARAMS_BL , u32 a, u32 a_size, u64 n
#define GLUE_VALUES_NONE \
  { .n = 0 }
#define GLUE_VALUES_N \
  { .n = (s32)n }
#define GLUE_VALUES_B \
  { .a = wasm2c_argument(i, a, a_size) }
#define GLUE_VALUES_BB \
  { .a = wasm2c_argument(i, a, a_size), .b = wasm2c_argument(i, b, b_size) }
#define GLUE_VALUES_BBN \
  { .a = wasm2c_argument(i, a, a_size), .b = wasm2c_argument(i, b, b_size), .n = (s32)n }
#define GLUE_VALUES_BL \
  { .a = wasm2c_argument(i, a, a_size), .n = (s64)n }
#define GLUE_TYPE_VOID void
#define GLUE_TYPE_I32 u32
#define GLUE_TYPE_PACKED u64
#define GLUE_RETURN_VOID (void)answer
#define GLUE_RETURN_I32 return (u32)answer.number
#define GLUE_RETURN_PACKED return wasm2c_pack(i, &answer)

#define FLARON_IMPORT(result, name, params, flags, absent)                                               \
  GLUE_TYPE_##result Z_flaronZ2Fv1Z_##name(struct Z_flaronZ2Fv1_instance_t *self GLUE_PARAMS_##params) { \
    instance *i = wasm2c_instance_of(self);                                                              \
    host_arguments arguments = GLUE_VALUES_##params;                                                     \
    host_answer answer;                                                                                  \
    if (i->packing) wasm_rt_trap(WASM_RT_TRAP_UNREACHABLE);                                              \
    trap_enter_host();                                                                                   \
    host_call(i->host, HOST_##name, &arguments, &answer);                                                \
    trap_leave_host();                                                                                   \
    if (i->host->tape != NULL && i->host->tape->stop) wasm_rt_trap((wasm_rt_trap_t)TRAP_ENDED);          \
    GLUE_RETURN_##result;                                                                                \
  }
#include "abi/abi.def"
#undef FLARON_IMPORT

/* ---- calls ---- */

typedef struct call {
  instance *instance;
  flare_handler handler;
  u64 result;
  bytes bundle;
  u32 bundle_at, hash, strip, finder;
} call;

static void wasm2c_run_handler(void *data) {
  call *c = data;
  Z_runtime_instance_t *wasm = &c->instance->wasm;
  switch (c->handler) {
#define FLARON_HANDLER(id, name)         \
  case FLARE_##id:                       \
    c->result = Z_runtimeZ_##name(wasm); \
    break;
#include "abi/handlers.def"
#undef FLARON_HANDLER
    case FLARE_HANDLERS: break;
  }
  u64 raised =
      Z_runtimeZ_raised(wasm); /* inside the protected call: the image is not trusted, so this may trap */
  c->instance->raised = raised != 0;
  c->instance->message = wasm2c_argument(c->instance, (u32)(raised >> 32), (u32)raised);
}

static void wasm2c_run_start(void *data) {
  call *c = data;
  c->result = Z_runtimeZ_start(&c->instance->wasm, c->bundle_at, (u32)c->bundle.size, c->bundle_at, c->hash,
                               c->strip, c->finder);
}

static void wasm2c_run_trace(void *data) {
  call *c = data;
  c->result = Z_runtimeZ_interrupt_trace(&c->instance->wasm, TRACE_AT, TRACE_SIZE);
}

/* For watchdog_arm, in a signal handler: raises an error at the script's next instruction. */
static void wasm2c_interrupt(void *data) {
  instance *i = data;
  enum { RED_ZONE = 256 }; /* bytes that a function may use below the stack pointer without moving it */
  u32 stack = i->wasm.w2c___stack_pointer;
  i->wasm.w2c___stack_pointer = stack - RED_ZONE;
  Z_runtimeZ_interrupt(&i->wasm);
  i->wasm.w2c___stack_pointer = stack;
}

/* For profile_enter, in a signal handler: tells where the instance is. */
static void wasm2c_look(void *data, profile_place *place) {
  instance *i = data;
  const host *h = i->host;
  place->memory = (bytes){i->wasm.w2c_memory.data, i->wasm.w2c_memory.size};
  place->running = Z_runtimeZ_interrupt_state(&i->wasm);
  if (trap_in_host() && h != NULL && h->call_count != 0)
    place->host = host_signatures[h->recent[(h->call_count - 1) % HOST_RECENT].import].name;
}

/* Adds a traceback of the script, from an instance that trapped. */
static void wasm2c_add_trace(instance *i, text *error) {
  call c = {.instance = i};
  i->wasm.w2c___stack_pointer = i->stack_top;
  if (trap_call(&i->wasm.w2c_memory, wasm2c_run_trace, &c) != 0 || c.result == 0 || c.result > TRACE_SIZE)
    return;
  text_add_string(error, "\nstack traceback:\n\t");
  const char *trace = (const char *)i->wasm.w2c_memory.data + TRACE_AT;
  for (size_t n = 0; n < c.result; n++)
    text_add(error, trace[n] == '\n' ? "\n\t" : &trace[n], trace[n] == '\n' ? 2 : 1);
}

/* Runs `function` under the watchdog; false, with a sentence, if it did not return. */
static bool wasm2c_run(instance *i, void (*function)(void *), call *c, int cpu_ms, text *error) {
  watchdog dog;
  i->packing = false;
  bool watched = (cpu_ms > 0 || wait_has_flag()) && i->debug == NULL;
  if (watched) watchdog_arm(&dog, cpu_ms, wasm2c_interrupt, i);
  profile_enter(wasm2c_look, i);
  int trap = trap_call(&i->wasm.w2c_memory, function, c);
  profile_leave();
  if (watched && watchdog_disarm(&dog)) i->engine.spent = true;
  if (trap == 0) return true;
  text_add_string(error, trap_message(trap));
  wasm2c_add_trace(i, error);
  return false;
}

/* ---- watching ---- */

/* The runtime calls this for each line, through the table: `self` is the instance's `wasm`. */
static void wasm2c_on_line(void *self, u32 source, u32 size, u32 line) {
  instance *i = wasm2c_instance_of(self);
  bytes name = wasm2c_argument(i, source, size);
  trap_enter_host();
  i->watcher->line(i->watcher->data, name, (int)line);
  trap_leave_host();
}

/* Appends a function of ours to the table; returns its index. */
static u32 wasm2c_add_function(instance *i, u32 type, wasm_rt_function_ptr_t function) {
  wasm_rt_funcref_table_t *table = &i->wasm.w2c_T0;
  table->data = memory_resize(table->data, (table->size + 1) * sizeof *table->data);
  table->data[table->size] = (wasm_rt_funcref_t){type, function, &i->wasm};
  return table->size++;
}

static void wasm2c_run_watch(void *data) {
  call *c = data;
  Z_runtimeZ_interrupt_watch(&c->instance->wasm, c->instance->wasm.w2c_T0.size - 1);
}

/* Makes the runtime call `on_line`. */
static void wasm2c_watch(instance *i, void (*on_line)(void *, u32, u32, u32)) {
  wasm2c_add_function(i, wasm_rt_register_func_type(3, 0, WASM_RT_I32, WASM_RT_I32, WASM_RT_I32),
                      (wasm_rt_function_ptr_t)on_line);
  call c = {.instance = i};
  trap_call(&i->wasm.w2c_memory, wasm2c_run_watch, &c);
}

/* ---- debugging ---- */

static void wasm2c_on_debug_line(void *self, u32 source, u32 size, u32 line) {
  instance *i = wasm2c_instance_of(self);
  i->debug->line(i->debug->data, Z_runtimeZ_interrupt_state(&i->wasm), wasm2c_argument(i, source, size),
                 (int)line);
}

/* In the place of interrupt_tell: Lua's hook, which tells of lines and calls a script's hook. */
static void wasm2c_on_hook(void *self, u32 state, u32 activation) {
  enum { HOOK_RETURN = 1 }; /* LUA_HOOKRET; lua_Debug begins with the event */
  instance *i = wasm2c_instance_of(self);
  u32 event;
  memcpy(&event, wasm2c_argument(i, activation, sizeof event).data, sizeof event);
  if (event == HOOK_RETURN) i->debug->returned(i->debug->data, state);
  Z_runtimeZ_interrupt_tell(&i->wasm, state, activation);
}

void instance_tell_returns(engine *e, uint32_t state) {
  enum { MASK_RETURN = 2 };
  ((instance *)e)->wasm.w2c_memory.data[state + LAYOUT_STATE_HOOK_MASK] |= MASK_RETURN;
}

/* The translation calls this where Lua raises an error (mk/native.mk). */
void engine_thrown(void *self, unsigned state, int status);

void engine_thrown(void *self, unsigned state, int status) {
  instance *i = wasm2c_instance_of(self);
  if (i->debug != NULL) i->debug->thrown(i->debug->data, state, status);
}

uint8_t *instance_memory(engine *e, size_t *size) {
  const wasm_rt_memory_t *memory = &((instance *)e)->wasm.w2c_memory;
  if (size != NULL) *size = memory->size;
  return memory->data;
}

uint32_t instance_running(engine *e) { return Z_runtimeZ_interrupt_state(&((instance *)e)->wasm); }

struct Z_runtime_instance_t *instance_inside(engine *e) {
  return &((instance *)e)->wasm;
}

void instance_save(engine *e, uint32_t more, instance_snapshot *to) {
  enum { RED_ZONE = 256 };
  Z_runtime_instance_t *wasm = &((instance *)e)->wasm;
  wasm_rt_memory_t *memory = &wasm->w2c_memory;
  to->from = wasm->w2c___stack_pointer - RED_ZONE;
  text_clear(&to->memory);
  text_add(&to->memory, memory->data + to->from, Z_runtimeZ_peak(wasm) - to->from);
  to->pages = memory->pages;
  to->max_pages = memory->max_pages;
  to->stack = wasm->w2c___stack_pointer;
  to->unwinding = wasm->w2c_unwinding;
  to->ran = wasm->w2c_life_ran;
  memory->max_pages += more / PAGE;
}

void instance_restore(engine *e, const instance_snapshot *from) {
  Z_runtime_instance_t *wasm = &((instance *)e)->wasm;
  memcpy(wasm->w2c_memory.data + from->from, from->memory.data, from->memory.size);
  trap_shrink_memory(&wasm->w2c_memory, from->pages);
  wasm->w2c___stack_pointer = from->stack;
  wasm->w2c_unwinding = from->unwinding;
  wasm->w2c_life_ran = from->ran;
  instance_keep(e, from);
}

void instance_keep(engine *e, const instance_snapshot *from) {
  ((instance *)e)->wasm.w2c_memory.max_pages = from->max_pages;
}

void instance_snapshot_free(instance_snapshot *s) { text_free(&s->memory); }

bool instance_protected(engine *e, void (*function)(void *), void *data, int ms, text *error) {
  instance *i = (instance *)e;
  watchdog dog;
  watchdog_arm(&dog, ms, wasm2c_interrupt, i);
  int trap = trap_call(&i->wasm.w2c_memory, function, data);
  bool late = watchdog_disarm(&dog);
  if (late) {
    text_printf(error, "it took more than %d ms", ms);
  } else if (trap != 0) {
    text_add_string(error, trap_message(trap));
  }
  return trap == 0 && !late;
}

_Noreturn void instance_leave(engine *e) {
  (void)e;
  wasm_rt_trap((wasm_rt_trap_t)TRAP_ENDED);
  abort();
}

/* Start-up calls this for a module that is not in its bundle (bundle_finder in runtime/start/bundle.h). */
static u64 wasm2c_on_missing(void *self, u32 name, u32 size) {
  instance *i = wasm2c_instance_of(self);
  text bundle = {0};
  bytes asked = wasm2c_argument(i, name, size);
  trap_enter_host();
  bool found = i->finder->find(i->finder->data, asked, &bundle);
  trap_leave_host();
  host_answer answer = {.present = found, .data = text_bytes(&bundle)};
  u64 packed = wasm2c_pack(i, &answer);
  text_free(&bundle);
  return packed;
}

/* Puts a function of ours, called as a lua_CFunction, into a slot of the table; returns what was there. */
static wasm_rt_function_ptr_t wasm2c_replace(instance *i, u32 slot, u32 (*function)(void *, u32)) {
  wasm_rt_function_ptr_t before = i->wasm.w2c_T0.data[slot].func;
  i->wasm.w2c_T0.data[slot].func = (wasm_rt_function_ptr_t)function;
  return before;
}

/* Calls what was in a slot. */
static u32 wasm2c_call_replaced(instance *i, wasm_rt_function_ptr_t function, u32 state) {
  return ((u32(*)(void *, u32))function)(&i->wasm, state);
}

/* print, which shows what is in tables: who has kept print calls it, too, and memory stays as it is packed.
 */
static u32 wasm2c_on_print(void *self, u32 state) {
  instance *i = wasm2c_instance_of(self);
  if (Z_runtimeZ_show_tables(&i->wasm, state) == 0) return 0; /* an error is on its way */
  return wasm2c_call_replaced(i, i->print, state);
}

/* The message handler of an invocation whose locals are kept: takes them, and calls the runtime's own. */
static u32 wasm2c_on_error(void *self, u32 state) {
  instance *i = wasm2c_instance_of(self);
  u64 packed = Z_runtimeZ_show_locals(&i->wasm, state);
  bytes locals = wasm2c_argument(i, (u32)(packed >> 32), (u32)packed);
  trap_enter_host();
  host_keep_locals(i->host, locals);
  trap_leave_host();
  return wasm2c_call_replaced(i, i->handler, state);
}

/* ---- life ---- */

static void wasm2c_init_runtime(void) {
  wasm_rt_init();
  Z_runtime_init_module();
}

static const engine_class class;

/* An instance whose `wasm` is still to be instantiated. */
static instance *wasm2c_make(host *h) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, wasm2c_init_runtime);
  instance *i = memory_get(sizeof *i);
  i->engine.class = &class;
  i->host = h;
  return i;
}

/* Sets what depends on `wasm`. */
static void wasm2c_complete(instance *i) {
  i->stack_top = i->wasm.w2c___stack_pointer;
  i->print = wasm2c_replace(i, Z_runtimeZ_print_slot(&i->wasm), wasm2c_on_print);
}

/* An instance with the runtime's own data, for start-up. */
static instance *wasm2c_make_unpacked(void) {
  instance *i = wasm2c_make(NULL);
  Z_runtime_instantiate(&i->wasm, (struct Z_flaronZ2Fv1_instance_t *)&i->wasm);
  wasm2c_complete(i);
  return i;
}

/*
 * Copies the image into memory that is zeros, but its large gaps, which then need no pages. What an
 * invocation is sure to write is provided before: the top of C's stack, the image, and the copy that is kept
 * of it.
 */
static void wasm2c_put_image(instance *i, const flare *f) {
  enum { C_STACK = 4 << 10 };
  wasm_rt_memory_t *memory = &i->wasm.w2c_memory;
  size_t done = 0;
  trap_provide_memory(memory, i->stack_top - C_STACK, C_STACK);
  for (size_t n = 0; n <= f->gap_count; n++) {
    bool last = n == f->gap_count;
    size_t end = last ? f->image.size : f->gaps[n].from, at = f->image_start + done, size = end - done;
    size_t copy = last && f->arena_start > at + size ? f->arena_start - (at + size) : 0;
    trap_provide_memory(memory, at, size + (copy < size ? copy : size)); /* the flare's word is not taken */
    memcpy(memory->data + at, f->image.data + done, size);
    if (!last) done = f->gaps[n].to;
  }
}

engine *instance_open(const flare *f, host *h, const engine_watcher *watcher, const engine_debug *debug) {
  instance *i = wasm2c_make(h);
  inside_instantiate(&i->wasm, (struct Z_flaronZ2Fv1_instance_t *)&i->wasm, f->memory_pages,
                     f->memory_max_pages);
  wasm2c_complete(i);
  wasm2c_put_image(i, f);
  i->watcher = watcher;
  i->debug = debug;
  if (watcher != NULL) wasm2c_watch(i, wasm2c_on_line);
  if (debug != NULL && debug->lines) {
    wasm2c_watch(i, wasm2c_on_debug_line);
    inside_replace_hook(&i->wasm, (wasm_rt_function_ptr_t)wasm2c_on_hook);
  }
  if (h->config.shows_locals)
    i->handler = wasm2c_replace(i, Z_runtimeZ_traceback_slot(&i->wasm), wasm2c_on_error);
  return &i->engine;
}

static bool wasm2c_call_handler(engine *e, flare_handler handler, int cpu_ms, uint64_t *result, text *error) {
  call c = {.instance = (instance *)e, .handler = handler};
  c.instance->raised = false;
  bool good = wasm2c_run(c.instance, wasm2c_run_handler, &c, cpu_ms, error);
  *result = c.result;
  return good;
}

static size_t wasm2c_memory_size(const engine *e) { return ((const instance *)e)->wasm.w2c_memory.size; }

static size_t wasm2c_peak(engine *e) { return Z_runtimeZ_peak(&((instance *)e)->wasm); }

static bool wasm2c_get_raised(const engine *e, bytes *message) {
  const instance *i = (const instance *)e;
  *message = i->message;
  return i->raised;
}

static void wasm2c_run_keep(void *data) { Z_runtimeZ_keep(&((call *)data)->instance->wasm); }

static void wasm2c_keep(engine *e) {
  instance *i = (instance *)e;
  call c = {.instance = i};
  i->engine.spent = trap_call(&i->wasm.w2c_memory, wasm2c_run_keep, &c) != 0;
}

static void wasm2c_close_instance(engine *e) {
  Z_runtime_free(&((instance *)e)->wasm);
  free(e);
}

static const engine_class class = {wasm2c_call_handler, wasm2c_get_raised, wasm2c_memory_size,
                                   wasm2c_peak,         wasm2c_keep,       wasm2c_close_instance};

/* Copies the input of start-up into memory at `limit`, after the memory that start-up may use; false if it
 * does not fit. */
static bool wasm2c_put_input(instance *i, bytes input, u32 limit, text *error) {
  wasm_rt_memory_t *memory = &i->wasm.w2c_memory;
  size_t pages = (limit + input.size + PAGE - 1) / PAGE;
  if (limit < memory->size || wasm_rt_grow_memory(memory, (u32)pages - memory->pages) == UINT32_MAX) {
    text_printf(error, "a memory of %u bytes does not do for start-up", limit);
    return false;
  }
  if (input.size != 0) memcpy(memory->data + limit, input.data, input.size);
  return true;
}

bool instance_start(engine **out, bytes bundle, uint32_t memory_limit, uint32_t hash, bool strip, int cpu_ms,
                    const engine_watcher *watcher, const instance_finder *finder,
                    instance_start_report *report, text *error) {
  instance *i = wasm2c_make_unpacked();
  *out = &i->engine;
  if (!wasm2c_put_input(i, bundle, memory_limit, error)) return false;
  i->watcher = watcher;
  if (watcher != NULL) wasm2c_watch(i, wasm2c_on_line);
  const wasm_rt_memory_t *memory = &i->wasm.w2c_memory;
  call c = {.instance = i, .bundle = bundle, .bundle_at = memory_limit, .hash = hash, .strip = strip};
  if (finder != NULL) {
    i->finder = finder;
    c.finder = wasm2c_add_function(i, wasm_rt_register_func_type(2, 1, WASM_RT_I32, WASM_RT_I32, WASM_RT_I64),
                                   (wasm_rt_function_ptr_t)wasm2c_on_missing);
  }
  if (!wasm2c_run(i, wasm2c_run_start, &c, cpu_ms, error)) return false;
  start_report left;
  memcpy(&left, wasm2c_argument(i, (u32)c.result, sizeof left).data, sizeof left);
  report->handlers = left.handlers;
  report->error = wasm2c_argument(i, left.error, left.error_size);
  report->notes = wasm2c_argument(i, left.notes, left.notes_size);
  report->cut = left.cut != 0;
  report->image_end = left.layout.image_end;
  report->assets_start = left.layout.assets_start;
  report->arena_start = left.layout.arena_start;
  report->data_start = i->stack_top;
  report->memory = memory->data;
  if (i->engine.spent &&
      report->error.size == 0) { /* too late for an error in the script, but the image may be half changed */
    text_add_string(error, "stopped: CPU time limit reached");
    return false;
  }
  return true;
}

static void wasm2c_run_manifest(void *data) {
  call *c = data;
  c->result = Z_runtimeZ_manifest(&c->instance->wasm, c->bundle_at, (u32)c->bundle.size, c->bundle_at);
}

bool instance_evaluate(const char *name, bytes source, text *json, text *error) {
  enum { MEMORY = 8 << 20, CPU_MS = 1000 };
  instance *i = wasm2c_make_unpacked();
  text input = {0}, fault = {0};
  text_add(&input, name, strlen(name) + 1);
  size_t mark = utf8_mark(source.data, source.size);
  if (mark != 0) source = (bytes){source.data + mark, source.size - mark};
  text_add(&input, source.data, source.size);
  call c = {.instance = i, .bundle = text_bytes(&input), .bundle_at = MEMORY};
  bool good =
      wasm2c_put_input(i, c.bundle, MEMORY, &fault) && wasm2c_run(i, wasm2c_run_manifest, &c, CPU_MS, &fault);
  if (good) {
    manifest_report left;
    memcpy(&left, wasm2c_argument(i, (u32)c.result, sizeof left).data, sizeof left);
    bytes answer = wasm2c_argument(i, left.text, left.size);
    good = left.good != 0;
    text_add(good ? json : &fault, answer.data, answer.size);
  }
  if (!good) text_add_about(error, name, text_string(&fault));
  text_free(&input);
  text_free(&fault);
  wasm2c_close_instance(&i->engine);
  return good;
}
