/*
 * find.c - whether a text or number is in a variable of the function that runs: in a local, an upvalue, or a
 * field of a table in one of them. It reads the linear memory and calls nothing, since it is asked at every
 * line.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "debug/debugger_private.h"
#include "lua_layout.h"

/* Of a table the first FIELDS_MOST places are looked at, of the array and of the hash. */
enum { FIELDS_MOST = 128 };

void find_begin(finding *f, bytes wanted) {
  char *end;
  find_free(f);
  f->on = true;
  text_add(&f->text, wanted.data, wanted.size);
  errno = 0;
  f->integer = strtoll(text_string(&f->text), &end, 10);
  f->is_integer = wanted.size > 0 && *end == '\0' && errno == 0;
  f->number = strtod(text_string(&f->text), &end);
  f->is_number = wanted.size > 0 && *end == '\0';
}

void find_free(finding *f) {
  text_free(&f->text);
  *f = (finding){0};
}

/* Whether the value at an address is what is wanted; of a table: `inside` too. */
static bool find_in_value(const debugger_run *run, uint32_t at, bool inside);

static bool find_in_table(const debugger_run *run, uint32_t table) {
  uint32_t items = run_word(run, table + LAYOUT_TABLE_ARRAY),
           count = run_word(run, table + LAYOUT_TABLE_ARRAY_SIZE);
  for (uint32_t i = 0; i < count && i < FIELDS_MOST; i++) {
    if (find_in_value(run, items + i * LAYOUT_VALUE_SIZE, false)) return true;
  }
  uint32_t node = run_word(run, table + LAYOUT_TABLE_NODES);
  count = 1u << (run_byte(run, table + LAYOUT_TABLE_LOG_SIZE) & 31);
  for (uint32_t i = 0; i < count && i < FIELDS_MOST; i++, node += LAYOUT_NODE_SIZE) {
    if (find_in_value(run, node + LAYOUT_NODE_VALUE, false)) return true;
  }
  return false;
}

static bool find_in_value(const debugger_run *run, uint32_t at, bool inside) {
  const finding *f = &run->find;
  bytes memory = run_memory(run);
  if ((uint64_t)at + LAYOUT_VALUE_SIZE > memory.size) return false;
  uint8_t tag = memory.data[at + LAYOUT_VALUE_TAG];
  const uint8_t *data = memory.data + at + LAYOUT_VALUE_DATA;
  if (tag == LAYOUT_TAG_INTEGER) return f->is_integer && memcmp(data, &f->integer, sizeof f->integer) == 0;
  if (tag == LAYOUT_TAG_FLOAT) {
    double number;
    memcpy(&number, data, sizeof number);
    return f->is_number && number == f->number;
  }
  if (tag == LAYOUT_TAG_TABLE) return inside && find_in_table(run, run_word(run, at + LAYOUT_VALUE_DATA));
  if (tag != LAYOUT_TAG_SHORT && tag != LAYOUT_TAG_LONG) return false;
  uint32_t string = run_word(run, at + LAYOUT_VALUE_DATA);
  uint32_t size = tag == LAYOUT_TAG_SHORT ? run_byte(run, string + LAYOUT_STRING_SHORT_SIZE)
                                          : run_word(run, string + LAYOUT_STRING_LONG_SIZE);
  return (uint64_t)string + LAYOUT_STRING_DATA + size <= memory.size &&
         memmem(memory.data + string + LAYOUT_STRING_DATA, size, text_string(&f->text), f->text.size) != NULL;
}

bool find_is_here(const debugger_run *run) {
  uint32_t call = run_word(run, run->state + LAYOUT_STATE_CI), proto;
  int pc;
  if (!run_instruction(run, run->state, call, &pc, &proto)) return false;
  uint32_t function = run_word(run, run->state + LAYOUT_STATE_STACK) + run_offset(run, run->state, call);
  uint32_t closure = run_word(run, function + LAYOUT_VALUE_DATA);
  uint32_t locals = run_word(run, proto + LAYOUT_PROTO_LOCALS), slot = 0;
  uint32_t count = run_word(run, proto + LAYOUT_PROTO_LOCAL_COUNT);
  for (uint32_t i = 0; i < count; i++) { /* in the order of their registers, those of now */
    uint32_t local = locals + i * LAYOUT_LOCAL_SIZE;
    if (run_word(run, local + LAYOUT_LOCAL_FROM) > (uint32_t)pc) break;
    if (run_word(run, local + LAYOUT_LOCAL_TO) <= (uint32_t)pc) continue;
    if (find_in_value(run, function + ++slot * LAYOUT_VALUE_SIZE, true)) return true;
  }
  count = run_byte(run, closure + LAYOUT_CLOSURE_UPVALUES);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t upvalue = run_word(run, closure + LAYOUT_LUA_CLOSURE_UPVALUE + 4 * i);
    uint32_t at = upvalue != 0 ? run_word(run, upvalue + LAYOUT_UPVALUE_VALUE) : 0;
    if (at != 0 && find_in_value(run, at, true)) return true;
  }
  return false;
}
