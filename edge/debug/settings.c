/*
 * settings.c - what a debugger is to stop at, and which lines of a flare have code.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "debug/debugger_private.h"
#include "lua_layout.h"

/* ---- copies ---- */

static char *setting_copy(const char *string) {
  return string != NULL && *string != '\0' ? memory_copy(bytes_of(string)) : NULL;
}

static void setting_free(setting *s) {
  free(s->source);
  free(s->function);
  free(s->condition);
  free(s->hits);
  free(s->message);
}

static void settings_add(settings *to, const setting *from) {
  LIST_ROOM(to->items, to->count);
  to->items[to->count++] = (setting){.id = from->id,
                                     .line = from->line,
                                     .source = setting_copy(from->source),
                                     .function = setting_copy(from->function),
                                     .condition = setting_copy(from->condition),
                                     .hits = setting_copy(from->hits),
                                     .message = setting_copy(from->message)};
}

void settings_copy(settings *to, const settings *from) {
  *to = (settings){.all = from->all,
                   .uncaught = from->uncaught,
                   .all_filter = setting_copy(from->all_filter),
                   .uncaught_filter = setting_copy(from->uncaught_filter)};
  for (size_t i = 0; i < from->count; i++) settings_add(to, &from->items[i]);
}

void settings_free(settings *s) {
  for (size_t i = 0; i < s->count; i++) setting_free(&s->items[i]);
  free(s->items);
  free(s->all_filter);
  free(s->uncaught_filter);
  *s = (settings){0};
}

/* Removes those of a source; of functions, if it is NULL. */
static void settings_remove(settings *s, const char *source) {
  size_t kept = 0;
  for (size_t i = 0; i < s->count; i++) {
    setting *item = &s->items[i];
    bool mine =
        source == NULL ? item->function != NULL : item->source != NULL && strcmp(item->source, source) == 0;
    if (mine) {
      setting_free(item);
    } else {
      s->items[kept++] = *item;
    }
  }
  s->count = kept;
}

/* ---- lines with code ---- */

/* A function of a flare. Its lines are in ascending order. */
typedef struct code_function {
  char *source;
  int from, to;
  int *lines;
  size_t count;
} code_function;

typedef struct code_functions {
  code_function *items;
  size_t count;
} code_functions;

typedef struct code_reader {
  bytes memory;
  const linemap *map;
  code_functions *to;
} code_reader;

static uint32_t code_word(const code_reader *r, uint64_t at) {
  uint32_t word = 0;
  if (at + sizeof word <= r->memory.size) memcpy(&word, r->memory.data + at, sizeof word);
  return word;
}

static uint8_t code_byte(const code_reader *r, uint64_t at) {
  return at < r->memory.size ? r->memory.data[at] : 0;
}

static int code_compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/* Reads the lines of a prototype, as luaG_getfuncline finds them. */
static void code_read(code_reader *r, uint32_t proto) {
  enum { ABSOLUTE = 0x80, MOST = 1 << 24 };
  uint32_t string = code_word(r, proto + LAYOUT_PROTO_SOURCE),
           code = code_word(r, proto + LAYOUT_PROTO_CODE_SIZE);
  uint32_t steps = code_word(r, proto + LAYOUT_PROTO_LINES),
           absolutes = code_word(r, proto + LAYOUT_PROTO_ABSOLUTE_LINES);
  uint32_t absolute_count = code_word(r, proto + LAYOUT_PROTO_ABSOLUTE_COUNT), absolute = 0;
  bool is_short = code_byte(r, string + LAYOUT_OBJECT_TAG) == LAYOUT_TAG_SHORT_OBJECT;
  uint32_t size = is_short ? code_byte(r, string + LAYOUT_STRING_SHORT_SIZE)
                           : code_word(r, string + LAYOUT_STRING_LONG_SIZE);
  if (string == 0 || steps == 0 || code > MOST ||
      (uint64_t)string + LAYOUT_STRING_DATA + size > r->memory.size)
    return;
  bytes source = {r->memory.data + string + LAYOUT_STRING_DATA, size};
  int line = (int)code_word(r, proto + LAYOUT_PROTO_LINE);
  code_function f = {.from = line, .to = (int)code_word(r, proto + LAYOUT_PROTO_LAST_LINE)};
  const char *file = NULL;
  if (r->map != NULL) {
    int last;
    linemap_find(r->map, source, (uint32_t)f.to, &file, &last);
    if (linemap_find(r->map, source, (uint32_t)f.from, &file, &f.from)) f.to = last;
  }
  if (file == NULL && (source.size == 0 || source.data[0] != '@')) return;
  f.source = file != NULL ? memory_copy(bytes_of(file)) : memory_copy(place_name(source));
  f.lines = memory_get((code + 1) * sizeof *f.lines);
  uint32_t first = code_byte(r, proto + LAYOUT_PROTO_VARARG) != 0 ? 1 : 0;
  for (uint32_t pc = 0; pc < code; pc++) {
    uint8_t by = code_byte(r, (uint64_t)steps + pc);
    bool is_listed = absolute < absolute_count && code_word(r, absolutes + 8 * absolute) == pc;
    if (by == ABSOLUTE || (is_listed && r->map != NULL)) {
      if (is_listed) line = (int)code_word(r, absolutes + 8 * absolute++ + 4);
    } else {
      line += (int8_t)by;
    }
    int shown = line;
    if (r->map != NULL && !linemap_find(r->map, source, (uint32_t)line, &file, &shown)) continue;
    if (pc >= first) f.lines[f.count++] = shown;
  }
  qsort(f.lines, f.count, sizeof *f.lines, code_compare);
  size_t kept = 0;
  for (size_t i = 0; i < f.count; i++) {
    if (kept == 0 || f.lines[i] != f.lines[kept - 1]) f.lines[kept++] = f.lines[i];
  }
  f.count = kept;
  LIST_ROOM(r->to->items, r->to->count);
  r->to->items[r->to->count++] = f;
}

/* Reads all functions that a flare's image has. */
static void code_find(const flare *code, const linemap *map, code_functions *to) {
  host h = {0};
  *to = (code_functions){0};
  engine *e = instance_open(code, &h, NULL, NULL);
  code_reader r = {.map = map, .to = to};
  r.memory.data = instance_memory(e, &r.memory.size);
  uint32_t global = code_word(&r, instance_running(e) + LAYOUT_STATE_GLOBAL);
  uint32_t object = code_word(&r, global + LAYOUT_GLOBAL_FIXED); /* runtime/life/constant.h */
  for (; object != 0; object = code_word(&r, object + LAYOUT_OBJECT_NEXT)) {
    if (code_byte(&r, object + LAYOUT_OBJECT_TAG) == LAYOUT_TAG_PROTO_OBJECT) code_read(&r, object);
  }
  engine_close(e);
}

static void code_free(code_functions *f) {
  for (size_t i = 0; i < f->count; i++) {
    free(f->items[i].source);
    free(f->items[i].lines);
  }
  free(f->items);
}

/* All lines of a source with code; the caller frees them. */
static size_t code_lines(const code_functions *f, const char *source, int **lines) {
  size_t count = 0, kept = 0;
  *lines = NULL;
  for (size_t i = 0; i < f->count; i++) {
    if (strcmp(f->items[i].source, source) != 0) continue;
    *lines = memory_resize(*lines, (count + f->items[i].count + 1) * sizeof **lines);
    memcpy(*lines + count, f->items[i].lines, f->items[i].count * sizeof **lines);
    count += f->items[i].count;
  }
  if (count != 0) qsort(*lines, count, sizeof **lines, code_compare);
  for (size_t i = 0; i < count; i++) {
    if (kept == 0 || (*lines)[i] != (*lines)[kept - 1]) (*lines)[kept++] = (*lines)[i];
  }
  return kept;
}

size_t debugger_lines(const flare *code, const linemap *map, const char *source, int **lines) {
  code_functions f;
  *lines = NULL;
  if (code == NULL) return 0;
  code_find(code, map, &f);
  size_t count = code_lines(&f, source, lines);
  code_free(&f);
  return count;
}

static int code_compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t debugger_sources(const flare *code, const linemap *map, char ***sources) {
  code_functions f;
  size_t count = 0;
  *sources = NULL;
  if (code == NULL) return 0;
  code_find(code, map, &f);
  *sources = memory_get((f.count + 1) * sizeof **sources);
  for (size_t i = 0; i < f.count; i++) {
    size_t n = 0;
    while (n < count && strcmp((*sources)[n], f.items[i].source) != 0) n++;
    if (n == count) (*sources)[count++] = memory_copy(bytes_of(f.items[i].source));
  }
  qsort(*sources, count, sizeof **sources, code_compare_names);
  code_free(&f);
  return count;
}

/* ---- setting ---- */

/* The line of a breakpoint at `line`: itself, or the next one with code in a function that both are in; 0 =
 * there is none. */
static int settings_place(const code_functions *f, const char *source, int line) {
  int best = 0;
  for (size_t i = 0; i < f->count; i++) {
    const code_function *function = &f->items[i];
    if (strcmp(function->source, source) != 0) continue;
    for (size_t n = 0; n < function->count; n++) {
      int candidate = function->lines[n];
      if (candidate == line) return line;
      if (candidate > line && line >= function->from && (best == 0 || candidate < best)) best = candidate;
    }
  }
  return best;
}

static void settings_verify(const code_functions *f, const int *lines, size_t count, const char *source,
                            int line, debugger_verified *v) {
  int place = settings_place(f, source, line);
  v->verified = place != 0;
  v->line = place;
  if (place != 0) return;
  if (count == 0) {
    text_printf(&v->message, "no function of the flare is from %s", source);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    if (v->line == 0 || abs(lines[i] - line) < abs(v->line - line)) v->line = lines[i];
  }
  text_printf(&v->message, "line %d has no code that a request runs; the nearest that has is line %d", line,
              v->line);
}

void debugger_set_lines(debugger *d, const flare *code, const char *source, const debugger_breakpoint *list,
                        size_t count, debugger_verified *verified) {
  code_functions f = {0};
  int *lines = NULL;
  if (code != NULL) code_find(code, d->config.map, &f);
  size_t line_count = code_lines(&f, source, &lines);
  pthread_mutex_lock(&d->lock);
  settings_remove(&d->settings, source);
  for (size_t i = 0; i < count; i++) {
    const debugger_breakpoint *b = &list[i];
    verified[i] = (debugger_verified){.id = b->id, .line = b->line};
    if (code == NULL) {
      text_add_string(&verified[i].message, "there is no flare yet");
    } else {
      settings_verify(&f, lines, line_count, source, b->line, &verified[i]);
    }
    if (code != NULL && !verified[i].verified) continue;
    settings_add(&d->settings, &(setting){.id = b->id,
                                          .line = verified[i].line,
                                          .source = (char *)source,
                                          .condition = (char *)b->condition,
                                          .hits = (char *)b->hit_condition,
                                          .message = (char *)b->log_message});
  }
  atomic_fetch_add(&d->version, 1);
  pthread_mutex_unlock(&d->lock);
  free(lines);
  code_free(&f);
}

static bool settings_is_function(const char *name) {
  bool letters = name != NULL && *name != '\0' && !isdigit((unsigned char)*name);
  for (; letters && *name != '\0'; name++)
    letters = isalnum((unsigned char)*name) || strchr("_.:/-", *name) != NULL || (*name & 0x80) != 0;
  return letters;
}

void debugger_set_functions(debugger *d, const debugger_breakpoint *list, size_t count,
                            debugger_verified *verified) {
  pthread_mutex_lock(&d->lock);
  settings_remove(&d->settings, NULL);
  for (size_t i = 0; i < count; i++) {
    const debugger_breakpoint *b = &list[i];
    verified[i] = (debugger_verified){.id = b->id, .verified = settings_is_function(b->function)};
    if (!verified[i].verified) {
      text_add_string(&verified[i].message,
                      "it is no name of a function, such as cart.total, and no FILE:LINE");
      continue;
    }
    settings_add(&d->settings, &(setting){.id = b->id,
                                          .function = (char *)b->function,
                                          .condition = (char *)b->condition,
                                          .hits = (char *)b->hit_condition,
                                          .message = (char *)b->log_message});
  }
  atomic_fetch_add(&d->version, 1);
  pthread_mutex_unlock(&d->lock);
}

void debugger_verified_free(debugger_verified *verified, size_t count) {
  for (size_t i = 0; i < count; i++) text_free(&verified[i].message);
}

void debugger_set_exceptions(debugger *d, const debugger_exceptions *e) {
  pthread_mutex_lock(&d->lock);
  settings *s = &d->settings;
  free(s->all_filter);
  free(s->uncaught_filter);
  s->all = e->all;
  s->uncaught = e->uncaught;
  s->all_filter = setting_copy(e->all_filter);
  s->uncaught_filter = setting_copy(e->uncaught_filter);
  atomic_fetch_add(&d->version, 1);
  pthread_mutex_unlock(&d->lock);
}
