/*
 * inspect.c - see inspect.h.
 *
 * The agent is a coroutine that the stopped state resumes, so errors, memory that runs out and loops in what
 * it evaluates end in it. The collector rests meanwhile: references to objects stay good, and nothing but the
 * memory has to be put back.
 */
#include "debug/inspect.h"

#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "engine/inside.h"
#include "lua_layout.h"

/* One call of the agent, from inspect_run. */
typedef struct asking {
  inspection *i;
  const char *request;
  const inspect_argument *arguments;
  size_t count;
  bool good; /* the agent answered */
  text *answer;
} asking;

static uint8_t *inspect_memory(const inspection *i) { return instance_memory(i->engine, NULL); }

static uint32_t inspect_word(const inspection *i, uint32_t at) {
  uint32_t word;
  memcpy(&word, inspect_memory(i) + at, sizeof word);
  return word;
}

static void inspect_set_word(const inspection *i, uint32_t at, uint32_t word) {
  memcpy(inspect_memory(i) + at, &word, sizeof word);
}

/* Pushes a value that is not a new object. */
static void inspect_push(const inspection *i, uint8_t tag, int64_t value) {
  uint32_t top = inspect_word(i, i->state + LAYOUT_STATE_TOP);
  memcpy(inspect_memory(i) + top + LAYOUT_VALUE_DATA, &value, sizeof value);
  inspect_memory(i)[top + LAYOUT_VALUE_TAG] = tag;
  inspect_set_word(i, i->state + LAYOUT_STATE_TOP, top + LAYOUT_VALUE_SIZE);
}

static bool inspect_push_bytes(const inspection *i, bytes b) {
  inside *in = instance_inside(i->engine);
  uint32_t at = inside_alloc(in, (uint32_t)b.size + 1);
  if (at == 0) return false;
  if (b.size != 0) memcpy(inspect_memory(i) + at, b.data, b.size);
  inside_push_string(in, i->state, at, (uint32_t)b.size);
  return !inside_unwinds(in);
}

static uint32_t inspect_function(const inside *in, const char *name) {
  const inside_library *f = inside_libraries(in);
  while (f->name != NULL && strcmp(f->name, name) != 0) f++;
  return f->function;
}

/* The request for which frame.lua does without agent.lua. */
static const char test_request[] = "test";

/* Loads the agent and runs it up to its first yield; false if memory has run out. */
static bool inspect_boot(inspection *i, bool small) {
  enum { SLOTS = 40 };
  static const char chunk_name[] = "=(debugger)";
  inside *in = instance_inside(i->engine);
  bytes chunk = *embedded_find("scripts/debug/frame.lua");
  /* The second time, a stack that is full has the room that Lua keeps for the handling of errors. */
  if (!inside_check_stack(in, i->state, SLOTS) && !inside_check_stack(in, i->state, SLOTS)) return false;
  uint32_t at = inside_alloc(in, (uint32_t)(chunk.size + sizeof chunk_name));
  if (at == 0) return false;
  memcpy(inspect_memory(i) + at, chunk_name, sizeof chunk_name);
  memcpy(inspect_memory(i) + at + sizeof chunk_name, chunk.data, chunk.size);
  inside_push_function(in, i->state, inspect_function(in, "create"));
  if (!inside_load(in, i->state, at + sizeof chunk_name, (uint32_t)chunk.size, at) || inside_unwinds(in))
    return false;
  inside_call(in, i->state, 1, 1);
  if (inside_unwinds(in)) return false;
  i->agent =
      inspect_word(i, inspect_word(i, i->state + LAYOUT_STATE_TOP) - LAYOUT_VALUE_SIZE + LAYOUT_VALUE_DATA);
  inside_push_function(in, i->state, inspect_function(in, "resume"));
  inspect_push(i, LAYOUT_TAG_THREAD, i->agent);
  inside_push_table(in, i->state);
  for (const inside_library *f = inside_libraries(in); f->name != NULL && !inside_unwinds(in); f++) {
    size_t size = strlen(f->name) + 1;
    memcpy(inspect_memory(i) + at, f->name, size);
    inside_push_function(in, i->state, f->function);
    inside_set_field(in, i->state, -2, at);
  }
  if (inside_unwinds(in)) return false;
  inspect_push(i, LAYOUT_TAG_THREAD, i->state);
  if (!small && !inspect_push_bytes(i, *embedded_find("scripts/debug/agent.lua"))) return false;
  inside_call(in, i->state, small ? 3 : 4, 2);
  i->small = small;
  inside_set_top(in, i->state, -3);
  return !inside_unwinds(in);
}

/* For instance_protected. */
static void inspect_run(void *data) {
  asking *a = data;
  inspection *i = a->i;
  inside *in = instance_inside(i->engine);
  if (i->agent == 0 && !inspect_boot(i, strcmp(a->request, test_request) == 0)) return;
  inside_push_function(in, i->state, inspect_function(in, "resume"));
  inspect_push(i, LAYOUT_TAG_THREAD, i->agent);
  if (!inspect_push_bytes(i, bytes_of(a->request))) return;
  for (size_t n = 0; n < a->count; n++) {
    const inspect_argument *argument = &a->arguments[n];
    int64_t value;
    switch (argument->kind) {
      case INSPECT_TEXT:
        if (!inspect_push_bytes(i, argument->text)) return;
        break;
      case INSPECT_INTEGER: inspect_push(i, LAYOUT_TAG_INTEGER, argument->integer); break;
      case INSPECT_BOOLEAN:
        inspect_push(i, argument->integer != 0 ? LAYOUT_TAG_TRUE : LAYOUT_TAG_FALSE, 0);
        break;
      case INSPECT_THREAD: inspect_push(i, LAYOUT_TAG_THREAD, argument->integer); break;
      case INSPECT_TABLE: inspect_push(i, LAYOUT_TAG_TABLE, argument->integer); break;
      case INSPECT_VALUE:
        memcpy(&value, argument->text.data + LAYOUT_VALUE_DATA, sizeof value);
        inspect_push(i, argument->text.data[LAYOUT_VALUE_TAG], value);
        break;
    }
  }
  inside_call(in, i->state, (uint32_t)a->count + 2, 2);
  if (inside_unwinds(in)) return;
  uint32_t good = inspect_word(i, i->state + LAYOUT_STATE_TOP) - 2 * LAYOUT_VALUE_SIZE, size = 0;
  a->good = inspect_memory(i)[good + LAYOUT_VALUE_TAG] == LAYOUT_TAG_TRUE;
  uint32_t at = inside_string(in, i->state, -1, &size);
  if (at != 0 && !inside_unwinds(in)) text_add(a->answer, inspect_memory(i) + at, size);
  inside_set_top(in, i->state, -3);
  a->good = a->good && !inside_unwinds(in);
}

/* Forgets the agent and all that it has changed. */
static void inspect_take_back(inspection *i) {
  if (i->open) instance_restore(i->engine, &i->before);
  i->open = i->dirty = false;
  i->agent = 0;
}

/* A request of the present agent, or of a new one. */
static bool inspect_request(inspection *i, const char *request, const inspect_argument *arguments,
                            size_t count, int ms, text *answer, text *error) {
  text given = {0};
  asking a = {.i = i, .request = request, .arguments = arguments, .count = count, .answer = &given};
  bool good = instance_protected(i->engine, inspect_run, &a, ms, error) && a.good;
  bytes left = text_bytes(&given);
  if (!good) {
    if (error->size == 0) text_add_string(error, "not enough memory to look");
    inspect_take_back(i);
  } else if (left.size != 0 && left.data[0] == '!') {
    left = (bytes){left.data + 1, left.size - 1};
    bytes message = inspect_field(&left);
    text_add(error, message.data, message.size);
    good = false;
  } else if (answer != NULL) {
    text_add(answer, left.data, left.size);
  }
  text_free(&given);
  return good;
}

/* Begins to look, and gives a new agent the references of the one before. */
static void inspect_begin(inspection *i, int ms) {
  if (i->open) return;
  instance_save(i->engine, INSPECT_MEMORY, &i->before);
  i->open = true;
  uint32_t global = inspect_word(i, i->state + LAYOUT_STATE_GLOBAL);
  inspect_memory(i)[global + LAYOUT_GLOBAL_GC_STOP] |= LAYOUT_GC_STOP_USER;
  /* Deep in calls of C there would be no room for those of the agent. */
  uint32_t calls = inspect_word(i, i->state + LAYOUT_STATE_C_CALLS);
  if ((calls & 0xffff) > 100)
    inspect_set_word(i, i->state + LAYOUT_STATE_C_CALLS, (calls & 0xffff0000) | 100);
  bytes left = text_bytes(&i->references);
  text ignored = {0};
  while (left.size != 0 && i->open) {
    bytes kind = inspect_field(&left);
    inspect_argument of[5] = {{.kind = INSPECT_TEXT, .text = kind}};
    size_t count = 1;
    if (!bytes_are(kind, "lost")) {
      of[1] = (inspect_argument){.kind = INSPECT_THREAD, .integer = inspect_number(&left)};
      of[2] = (inspect_argument){.kind = INSPECT_INTEGER, .integer = inspect_number(&left)};
      of[3] = (inspect_argument){.kind = INSPECT_TEXT, .text = inspect_field(&left)};
      of[4] = (inspect_argument){.kind = INSPECT_TABLE, .integer = inspect_number(&left)};
      count = bytes_are(kind, "value") ? 5 : 4;
    }
    inspect_request(i, "import", of, count, ms, NULL, &ignored);
  }
  text_free(&ignored);
}

/* Takes all back but the references. */
static void inspect_renew(inspection *i, int ms) {
  text ignored = {0}, references = {0};
  if (i->agent != 0 && !i->small && inspect_request(i, "export", NULL, 0, ms, &references, &ignored)) {
    text_free(&i->references);
    i->references = references;
  }
  text_free(&ignored);
  inspect_take_back(i);
}

bool inspect_ask(inspection *i, const char *request, const inspect_argument *arguments, size_t count, int ms,
                 text *answer, text *error) {
  bool larger = i->agent != 0 && i->small && strcmp(request, test_request) != 0;
  if (larger || (i->dirty && strcmp(request, "variables") != 0)) inspect_renew(i, ms);
  inspect_begin(i, ms);
  return inspect_request(i, request, arguments, count, ms, answer, error);
}

bool inspect_do(inspection *i, const char *request, const inspect_argument *arguments, size_t count, int ms,
                text *answer, text *error) {
  inspect_renew(i, ms);
  inspect_begin(i, ms);
  uint32_t global = inspect_word(i, i->state + LAYOUT_STATE_GLOBAL);
  bool good = inspect_request(i, request, arguments, count, ms, answer, error);
  if (!i->open) return false;
  if (!good) {
    inspect_take_back(i);
    return false;
  }
  /* Of the state all stays but what inspect_begin and inspect_boot have set. */
  size_t offset = (size_t)(i->state - i->before.from);
  uint8_t *memory = inspect_memory(i);
  memcpy(memory + i->state + LAYOUT_STATE_C_CALLS, i->before.memory.data + offset + LAYOUT_STATE_C_CALLS,
         sizeof(uint32_t));
  memory[global + LAYOUT_GLOBAL_GC_STOP] =
      (uint8_t)i->before.memory.data[global - i->before.from + LAYOUT_GLOBAL_GC_STOP];
  inside_set_top(instance_inside(i->engine), i->state, -2);
  instance_keep(i->engine, &i->before);
  i->open = i->dirty = false;
  i->agent = 0;
  return true;
}

void inspect_end(inspection *i) {
  inspect_take_back(i);
  text_clear(&i->references);
}

void inspect_free(inspection *i) {
  instance_snapshot_free(&i->before);
  text_free(&i->references);
}

bytes inspect_field(bytes *left) {
  size_t size = 0, at = 0;
  while (at < left->size && left->data[at] >= '0' && left->data[at] <= '9')
    size = size * 10 + (size_t)(left->data[at++] - '0');
  if (at >= left->size || left->size - at - 1 < size) {
    *left = (bytes){0};
    return *left;
  }
  bytes field = {left->data + at + 1, size};
  *left = (bytes){field.data + size, left->size - at - 1 - size};
  return field;
}

int64_t inspect_number(bytes *left) {
  bytes field = inspect_field(left);
  char digits[32] = "";
  memcpy(digits, field.data, field.size < sizeof digits ? field.size : sizeof digits - 1);
  return strtoll(digits, NULL, 0);
}
