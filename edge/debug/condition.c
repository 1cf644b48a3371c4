/*
 * condition.c - conditions of breakpoints that are simple: comparisons of variables, their fields and
 * constants, joined by `and` and `or`. They are evaluated on the memory, which takes a microsecond; the agent
 * needs 0.3 ms for any condition.
 *
 * What is not simple, or what Lua would call a metamethod or raise an error for, is left to the agent.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "debug/debugger_private.h"
#include "lua_layout.h"

/* A value, of Lua or of a constant. */
typedef struct value {
  enum { VALUE_NIL, VALUE_FALSE, VALUE_TRUE, VALUE_INTEGER, VALUE_FLOAT, VALUE_STRING, VALUE_OTHER } kind;
  int64_t integer;
  double number;
  bytes string;
  uint32_t object; /* VALUE_OTHER: its address */
  uint8_t tag;
} value;

typedef struct reader {
  const debugger_run *run;
  const char *at;
  bool given_up;
} reader;

static bytes condition_string(const debugger_run *run, uint32_t string) {
  bytes memory = run_memory(run);
  bool is_short = run_byte(run, string + LAYOUT_OBJECT_TAG) == LAYOUT_TAG_SHORT_OBJECT;
  uint32_t size = is_short ? run_byte(run, string + LAYOUT_STRING_SHORT_SIZE)
                           : run_word(run, string + LAYOUT_STRING_LONG_SIZE);
  if (string == 0 || (uint64_t)string + LAYOUT_STRING_DATA + size > memory.size) return (bytes){0};
  return (bytes){memory.data + string + LAYOUT_STRING_DATA, size};
}

/* The value at an address; 0 = nil. */
static value condition_value(const debugger_run *run, uint32_t at) {
  bytes memory = run_memory(run);
  value v = {.kind = VALUE_NIL};
  if (at == 0 || (uint64_t)at + LAYOUT_VALUE_SIZE > memory.size) return v;
  v.tag = memory.data[at + LAYOUT_VALUE_TAG];
  const uint8_t *data = memory.data + at + LAYOUT_VALUE_DATA;
  if ((v.tag & 15) == 0) return v;
  switch (v.tag) {
    case LAYOUT_TAG_FALSE: v.kind = VALUE_FALSE; break;
    case LAYOUT_TAG_TRUE: v.kind = VALUE_TRUE; break;
    case LAYOUT_TAG_INTEGER:
      v.kind = VALUE_INTEGER;
      memcpy(&v.integer, data, sizeof v.integer);
      break;
    case LAYOUT_TAG_FLOAT:
      v.kind = VALUE_FLOAT;
      memcpy(&v.number, data, sizeof v.number);
      break;
    case LAYOUT_TAG_SHORT:
    case LAYOUT_TAG_LONG:
      v.kind = VALUE_STRING;
      v.string = condition_string(run, run_word(run, at + LAYOUT_VALUE_DATA));
      break;
    default: v.kind = VALUE_OTHER; v.object = run_word(run, at + LAYOUT_VALUE_DATA);
  }
  return v;
}

/* The field of a table; gives up where a metatable may have its say. */
static value condition_field(reader *r, const value *table, bytes name) {
  watch w = {.kind = WATCH_FIELD, .object = table->object, .key = (char *)name.data, .key_size = name.size};
  value v = {.kind = VALUE_NIL};
  if (table->tag != LAYOUT_TAG_TABLE) {
    r->given_up = true;
    return v;
  }
  v = condition_value(r->run, match_field(r->run, &w));
  if (v.kind == VALUE_NIL && run_word(r->run, table->object + LAYOUT_TABLE_METATABLE) != 0)
    r->given_up = true;
  return v;
}

static bool condition_is(bytes a, bytes b) { return a.size == b.size && memcmp(a.data, b.data, a.size) == 0; }

/* The address of the local or upvalue of a name in the running call; 0 = there is none. */
static uint32_t condition_variable(const debugger_run *run, bytes name) {
  uint32_t call = run_word(run, run->state + LAYOUT_STATE_CI), proto, slot = 0, found = 0;
  int pc;
  if (!run_instruction(run, run->state, call, &pc, &proto)) return 0;
  uint32_t function = run_word(run, run->state + LAYOUT_STATE_STACK) + run_offset(run, run->state, call);
  uint32_t locals = run_word(run, proto + LAYOUT_PROTO_LOCALS),
           count = run_word(run, proto + LAYOUT_PROTO_LOCAL_COUNT);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t local = locals + i * LAYOUT_LOCAL_SIZE;
    if (run_word(run, local + LAYOUT_LOCAL_FROM) > (uint32_t)pc) break;
    if (run_word(run, local + LAYOUT_LOCAL_TO) <= (uint32_t)pc) continue;
    slot++;
    if (condition_is(condition_string(run, run_word(run, local + LAYOUT_LOCAL_NAME)), name))
      found = function + slot * LAYOUT_VALUE_SIZE;
  }
  if (found != 0) return found;
  uint32_t closure = run_word(run, function + LAYOUT_VALUE_DATA),
           names = run_word(run, proto + LAYOUT_PROTO_UPVALUES);
  count = run_byte(run, closure + LAYOUT_CLOSURE_UPVALUES);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t string = run_word(run, names + i * LAYOUT_UPVALUE_NAME_SIZE + LAYOUT_UPVALUE_NAME);
    uint32_t upvalue = run_word(run, closure + LAYOUT_LUA_CLOSURE_UPVALUE + 4 * i);
    if (string != 0 && upvalue != 0 && condition_is(condition_string(run, string), name))
      return run_word(run, upvalue + LAYOUT_UPVALUE_VALUE);
  }
  return 0;
}

static void condition_skip(reader *r) {
  while (isspace((unsigned char)*r->at)) r->at++;
}

/* A name at the present place; empty if there is none. */
static bytes condition_name(reader *r) {
  const char *start = r->at;
  if (!isalpha((unsigned char)*start) && *start != '_') return (bytes){0};
  while (isalnum((unsigned char)*r->at) || *r->at == '_') r->at++;
  return (bytes){(const uint8_t *)start, (size_t)(r->at - start)};
}

static value condition_number(reader *r) {
  value v = {.kind = VALUE_INTEGER};
  char *end;
  size_t digits = strspn(r->at, "-0123456789");
  if (r->at[digits] == '.') {
    v.kind = VALUE_FLOAT;
    v.number = strtod(r->at, &end);
  } else {
    errno = 0;
    v.integer = strtoll(r->at, &end, 10);
    if (errno != 0) r->given_up = true;
  }
  if (end == r->at || isalnum((unsigned char)*end) || *end == '.') r->given_up = true;
  r->at = end;
  return v;
}

static value condition_operand(reader *r) {
  static const char *const not_names[] = {"not", "and", "or", "function"};
  value v = {.kind = VALUE_NIL};
  condition_skip(r);
  if (*r->at == '"' || *r->at == '\'') {
    const char *start = r->at + 1, *end = strchr(start, *r->at);
    if (end == NULL || memchr(start, '\\', (size_t)(end - start)) != NULL) {
      r->given_up = true;
      return v;
    }
    r->at = end + 1;
    return (value){.kind = VALUE_STRING, .string = {(const uint8_t *)start, (size_t)(end - start)}};
  }
  if (isdigit((unsigned char)*r->at) || (*r->at == '-' && isdigit((unsigned char)r->at[1])))
    return condition_number(r);
  bytes name = condition_name(r);
  if (bytes_are(name, "nil")) return v;
  if (bytes_are(name, "true") || bytes_are(name, "false"))
    return (value){.kind = bytes_are(name, "true") ? VALUE_TRUE : VALUE_FALSE};
  r->given_up = r->given_up || name.size == 0;
  for (size_t i = 0; i < sizeof not_names / sizeof *not_names; i++)
    r->given_up = r->given_up || bytes_are(name, not_names[i]);
  if (r->given_up) return v;
  uint32_t at = condition_variable(r->run, name);
  if (at != 0) {
    v = condition_value(r->run, at);
  } else {
    value environment = condition_value(r->run, condition_variable(r->run, bytes_of("_ENV")));
    v = condition_field(r, &environment, name);
  }
  while (*r->at == '.' && !r->given_up) {
    r->at++;
    name = condition_name(r);
    r->given_up = r->given_up || name.size == 0;
    if (!r->given_up) v = condition_field(r, &v, name);
  }
  return v;
}

/* How two values compare: -1, 0, 1; 2 = they are not equal and have no order. */
static int condition_compare(reader *r, const value *a, const value *b) {
  enum { EXACT = 53 };
  bool numbers = (a->kind == VALUE_INTEGER || a->kind == VALUE_FLOAT) &&
                 (b->kind == VALUE_INTEGER || b->kind == VALUE_FLOAT);
  if (numbers && a->kind == b->kind && a->kind == VALUE_INTEGER)
    return a->integer < b->integer ? -1 : a->integer > b->integer;
  if (numbers) {
    if ((a->kind == VALUE_INTEGER && llabs(a->integer) >> EXACT != 0) ||
        (b->kind == VALUE_INTEGER && llabs(b->integer) >> EXACT != 0))
      r->given_up = true;
    double x = a->kind == VALUE_INTEGER ? (double)a->integer : a->number,
           y = b->kind == VALUE_INTEGER ? (double)b->integer : b->number;
    return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
  }
  if (a->kind != b->kind) return 2;
  if (a->kind == VALUE_STRING) {
    size_t size = a->string.size < b->string.size ? a->string.size : b->string.size;
    int order = size != 0 ? memcmp(a->string.data, b->string.data, size) : 0;
    if (order == 0) return a->string.size < b->string.size ? -1 : a->string.size > b->string.size;
    return order < 0 ? -1 : 1;
  }
  if (a->kind != VALUE_OTHER) return 0;
  if (a->tag == b->tag && a->object == b->object) return 0;
  r->given_up = true; /* __eq, perhaps */
  return 2;
}

/* Whether both are numbers or both strings, for which Lua has an order. */
static bool condition_has_order(const value *a, const value *b) {
  bool a_number = a->kind == VALUE_INTEGER || a->kind == VALUE_FLOAT,
       b_number = b->kind == VALUE_INTEGER || b->kind == VALUE_FLOAT;
  return (a_number && b_number) || (a->kind == VALUE_STRING && b->kind == VALUE_STRING);
}

static bool condition_comparison(reader *r) {
  value a = condition_operand(r);
  condition_skip(r);
  const char *op = r->at;
  size_t size = strspn(op, "=~<>");
  if (size == 0) return a.kind != VALUE_NIL && a.kind != VALUE_FALSE;
  r->at += size;
  value b = condition_operand(r);
  if (r->given_up) return false;
  int order = condition_compare(r, &a, &b);
  if (size == 2 && op[0] == '=' && op[1] == '=') return order == 0;
  if (size == 2 && op[0] == '~' && op[1] == '=') return order != 0;
  bool or_equal = size == 2 && op[1] == '=';
  r->given_up = r->given_up || !condition_has_order(&a, &b) || (op[0] != '<' && op[0] != '>') ||
                (size == 2 && !or_equal) || size > 2;
  return (order == 0 && or_equal) || order == (op[0] == '<' ? -1 : 1);
}

/* Whether the word is next; then it is skipped. */
static bool condition_word(reader *r, const char *word) {
  size_t size = strlen(word);
  condition_skip(r);
  if (strncmp(r->at, word, size) != 0 || !isspace((unsigned char)r->at[size])) return false;
  r->at += size;
  return true;
}

bool condition_test(const debugger_run *run, const char *condition, bool *holds) {
  reader r = {.run = run, .at = condition};
  *holds = false;
  do {
    bool all = true;
    do {
      bool one = condition_comparison(&r);
      all = all && one;
    } while (!r.given_up && condition_word(&r, "and"));
    *holds = *holds || all;
  } while (!r.given_up && condition_word(&r, "or"));
  condition_skip(&r);
  return !r.given_up && *r.at == '\0';
}
