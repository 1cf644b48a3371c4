/*
 * callstack.c - see callstack.h. The layout of Lua's structures comes from tools/layout.c.
 *
 * A Lua state does not know which state resumed it. But the innermost call of the outer state is the one that
 * resumed it: a C function with the coroutine as its first argument (coroutine.resume) or upvalue
 * (coroutine.wrap). So states are followed inwards from the main one.
 */
#include "profile/callstack.h"

#include <assert.h>
#include <string.h>

#include "lua_layout.h"

/* Limits of a stack walk, so that the signals of a profile leave time for the script. */
enum { MOST_CALLS = 10000, MOST_NAME = 200, MOST_LOG_SIZE = 20 };

/* Limits of Lua: states, since each resumed one is a nested C call; bytes of a stack. */
enum { MOST_STATES = LAYOUT_STATES_MOST, MOST_STACK = LAYOUT_STACK_MOST * LAYOUT_VALUE_SIZE };

/* ---- reads of the memory; 0 outside of it ---- */

static uint8_t byte_at(bytes memory, uint32_t at) { return at < memory.size ? memory.data[at] : 0; }

static uint32_t word_at(bytes memory, uint32_t at) {
  uint32_t word = 0;
  if ((uint64_t)at + sizeof word <= memory.size) memcpy(&word, memory.data + at, sizeof word);
  return word;
}

/* The address that a TValue refers to if it has this tag, else 0. */
static uint32_t value_at(bytes memory, uint32_t at, int tag) {
  return byte_at(memory, at + LAYOUT_VALUE_TAG) == tag ? word_at(memory, at + LAYOUT_VALUE_DATA) : 0;
}

/* The bytes of a TString, at most MOST_NAME. */
static bytes string_at(bytes memory, uint32_t at) {
  bool is_short = byte_at(memory, at + LAYOUT_OBJECT_TAG) == LAYOUT_TAG_SHORT_OBJECT;
  uint32_t size = is_short ? byte_at(memory, at + LAYOUT_STRING_SHORT_SIZE)
                           : word_at(memory, at + LAYOUT_STRING_LONG_SIZE);
  if (size > MOST_NAME) size = MOST_NAME;
  uint64_t begin = (uint64_t)at + LAYOUT_STRING_DATA;
  if (at == 0 || begin + size > memory.size) return (bytes){0};
  return (bytes){memory.data + begin, size};
}

/* ---- calls ---- */

/*
 * The address of a call's function on the stack of its state; 0 if it is not there. While Lua moves a stack,
 * calls hold offsets from its start instead of addresses.
 */
static uint32_t function_of(bytes memory, uint32_t state, uint32_t call) {
  uint32_t at = word_at(memory, call + LAYOUT_CALL_FUNC), stack = word_at(memory, state + LAYOUT_STATE_STACK);
  if (at < stack) at += stack;
  return at - stack < MOST_STACK ? at : 0;
}

/* Whether upvalue `n`, from 0 on, of a C closure has this tag. */
static bool upvalue_is(bytes memory, uint32_t closure, uint8_t n, int tag) {
  return n < byte_at(memory, closure + LAYOUT_CLOSURE_UPVALUES) &&
         value_at(memory, closure + LAYOUT_CLOSURE_UPVALUE + n * LAYOUT_VALUE_SIZE, tag) != 0;
}

/* The name of a C closure that only another library function creates. */
static bytes name_of_inner(bytes memory, uint32_t closure) {
  if (upvalue_is(memory, closure, 0, LAYOUT_TAG_THREAD)) return bytes_of("coroutine.wrap");
  if (upvalue_is(memory, closure, 2, LAYOUT_TAG_USERDATA)) return bytes_of("string.gmatch");
  return (bytes){0};
}

/* Reads the call whose function is at `function`; false if that is not a function (any more). */
static bool read_call(bytes memory, uint32_t function, callstack_call *c) {
  uint32_t closure;
  if ((closure = value_at(memory, function, LAYOUT_TAG_LUA)) != 0) {
    uint32_t proto = word_at(memory, closure + LAYOUT_CLOSURE_PROTO);
    *c = (callstack_call){.kind = CALLSTACK_LUA,
                          .line = word_at(memory, proto + LAYOUT_PROTO_LINE),
                          .source = string_at(memory, word_at(memory, proto + LAYOUT_PROTO_SOURCE))};
    return c->source.size != 0;
  }
  uint32_t address = value_at(memory, function, LAYOUT_TAG_C);
  *c = (callstack_call){.kind = CALLSTACK_C, .address = address, .closure = address};
  if (address == 0 && (closure = value_at(memory, function, LAYOUT_TAG_C_CLOSURE)) != 0) {
    c->address = word_at(memory, closure + LAYOUT_CLOSURE_FUNCTION);
    c->closure = closure;
    c->source = name_of_inner(memory, closure);
  }
  return c->address != 0;
}

/* The state that the innermost call of `state` resumed; 0 = it resumed none. */
static uint32_t resumed_by(bytes memory, uint32_t state) {
  uint32_t function = function_of(memory, state, word_at(memory, state + LAYOUT_STATE_CI));
  if (function == 0) return 0;
  uint32_t closure = value_at(memory, function, LAYOUT_TAG_C_CLOSURE);
  if (closure != 0 && upvalue_is(memory, closure, 0, LAYOUT_TAG_THREAD))
    return value_at(memory, closure + LAYOUT_CLOSURE_UPVALUE, LAYOUT_TAG_THREAD);
  return value_at(memory, function + LAYOUT_VALUE_SIZE, LAYOUT_TAG_THREAD);
}

static_assert((int)CALLSTACK_STATES == (int)MOST_STATES, "the limit of Lua");

size_t callstack_states(bytes memory, uint32_t running, uint32_t states[CALLSTACK_STATES]) {
  uint32_t state = word_at(memory, word_at(memory, running + LAYOUT_STATE_GLOBAL) + LAYOUT_GLOBAL_MAIN);
  for (size_t n = 0; n < MOST_STATES && state != 0; state = resumed_by(memory, state)) {
    states[n++] = state;
    if (state == running) return n;
  }
  states[0] = running;
  return 1;
}

bool callstack_wraps(bytes memory, uint32_t state) {
  uint32_t function = function_of(memory, state, word_at(memory, state + LAYOUT_STATE_CI));
  uint32_t closure = function != 0 ? value_at(memory, function, LAYOUT_TAG_C_CLOSURE) : 0;
  return closure != 0 && upvalue_is(memory, closure, 0, LAYOUT_TAG_THREAD);
}

/* Calls as they are found, innermost first: the first calls, and the last calls in a ring buffer. */
typedef struct found {
  callstack_call inner[CALLSTACK_INNER], outer[CALLSTACK_OUTER];
  size_t count;
  bool moving; /* a call has no valid function */
} found;

static void add(found *f, callstack_call call) {
  size_t n = f->count++;
  if (n < CALLSTACK_INNER) {
    f->inner[n] = call;
  } else {
    f->outer[(n - CALLSTACK_INNER) % CALLSTACK_OUTER] = call;
  }
}

/* Adds the calls of a state; false if there are too many or one cannot be read. */
static bool add_calls(bytes memory, uint32_t state, bool is_main, found *f) {
  uint32_t base = state + LAYOUT_STATE_BASE_CI, previous;
  callstack_call c;
  for (uint32_t at = word_at(memory, state + LAYOUT_STATE_CI); at != base && at != 0; at = previous) {
    previous = word_at(memory, at + LAYOUT_CALL_PREVIOUS);
    if (f->count >= MOST_CALLS) return false;
    uint32_t function = function_of(memory, state, at);
    if (!read_call(memory, function, &c)) {
      if (f->count == 0) continue; /* it is returning, and a result has replaced its function */
      f->moving = true;
      return false;
    }
    if (is_main && previous == base && c.kind == CALLSTACK_C)
      continue; /* the runtime's own call, runtime/start/entry.c */
    add(f, c);
    bool tail = (word_at(memory, at + LAYOUT_CALL_STATUS) & LAYOUT_CALL_IS_TAIL) != 0;
    if (tail) add(f, (callstack_call){.kind = CALLSTACK_TAIL});
  }
  return true;
}

/* Copies the calls, outermost first; returns their number. */
static size_t turn(const found *f, bool whole, callstack_call *calls) {
  size_t inner = f->count < CALLSTACK_INNER ? f->count : CALLSTACK_INNER;
  size_t outer = f->count - inner, n = 0;
  bool left_out = !whole || outer > CALLSTACK_OUTER;
  if (whole) {
    for (size_t i = outer; i > 0 && n < CALLSTACK_OUTER; i--)
      calls[n++] = f->outer[(i - 1) % CALLSTACK_OUTER];
  }
  if (left_out) calls[n++] = (callstack_call){.kind = CALLSTACK_LEFT_OUT};
  for (size_t i = inner; i > 0; i--) calls[n++] = f->inner[i - 1];
  return n;
}

size_t callstack_read(bytes memory, uint32_t running, callstack_call calls[CALLSTACK_CALLS]) {
  uint32_t states[MOST_STATES];
  found f;
  f.count = 0;
  f.moving = false;
  if (running == 0) return 0;
  size_t count = callstack_states(memory, running, states), n = 0;
  uint32_t main_state = word_at(memory, word_at(memory, running + LAYOUT_STATE_GLOBAL) + LAYOUT_GLOBAL_MAIN);
  if (states[0] != main_state) calls[n++] = (callstack_call){.kind = CALLSTACK_COROUTINE};
  bool whole = true;
  for (size_t i = count; i > 0 && whole; i--)
    whole = add_calls(memory, states[i - 1], states[i - 1] == main_state, &f);
  if (f.moving) {
    calls[0] = (callstack_call){.kind = CALLSTACK_MOVING};
    return 1;
  }
  return n + turn(&f, whole, calls + n);
}

/* ---- names ---- */

typedef void visit_entry(void *data, bytes key, uint32_t value);

/* Calls `visit` for each entry of a table whose key is a short string; `value` is the address of a TValue. */
static void each_entry(bytes memory, uint32_t table, visit_entry *visit, void *data) {
  uint32_t node = word_at(memory, table + LAYOUT_TABLE_NODES);
  uint8_t log_size = byte_at(memory, table + LAYOUT_TABLE_LOG_SIZE);
  if (table == 0 || log_size > MOST_LOG_SIZE) return;
  for (uint32_t i = 0; i < 1u << log_size && node < memory.size; i++, node += LAYOUT_NODE_SIZE) {
    if (byte_at(memory, node + LAYOUT_NODE_KEY_TAG) != LAYOUT_TAG_SHORT) continue;
    visit(data, string_at(memory, word_at(memory, node + LAYOUT_NODE_KEY)), node + LAYOUT_NODE_VALUE);
  }
}

typedef struct search {
  bytes memory, module;
  uint32_t loaded;
  void (*visit)(void *data, uint32_t closure, bytes module, bytes name);
  void *data;
} search;

static void find_loaded(void *data, bytes key, uint32_t value) {
  search *s = data;
  if (bytes_are(key, "_LOADED")) s->loaded = value_at(s->memory, value, LAYOUT_TAG_TABLE);
}

static void visit_function(void *data, bytes key, uint32_t value) {
  const search *s = data;
  uint32_t address = value_at(s->memory, value, LAYOUT_TAG_C);
  if (address == 0) address = value_at(s->memory, value, LAYOUT_TAG_C_CLOSURE);
  if (address != 0) s->visit(s->data, address, s->module, key);
}

static void visit_module(void *data, bytes key, uint32_t value) {
  search *s = data;
  s->module = key;
  each_entry(s->memory, value_at(s->memory, value, LAYOUT_TAG_TABLE), visit_function, s);
}

void callstack_each_c(bytes memory, uint32_t running,
                      void (*visit)(void *data, uint32_t closure, bytes module, bytes name), void *data) {
  uint32_t global = word_at(memory, running + LAYOUT_STATE_GLOBAL);
  search s = {.memory = memory, .visit = visit, .data = data};
  if (global == 0) return;
  each_entry(memory, value_at(memory, global + LAYOUT_GLOBAL_REGISTRY, LAYOUT_TAG_TABLE), find_loaded, &s);
  each_entry(memory, s.loaded, visit_module, &s);
}
