/*
 * linemap.c - see linemap.h. scripts/testing/lines.lua makes the map, on the runtime itself.
 */
#include "pack/linemap.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "flare/flare.h"
#include "engine/engine_wasm2c.h"
#include "pack/bundle.h"

enum { FORMAT = 1, HASH = 8 };

typedef struct function {
  const char *file; /* borrowed from the JSON */
  uint32_t at, size, line;
  const json_t *lines;
} function;

struct linemap {
  json_t *root;
  const char *hash;
  function *functions; /* sorted by `at` */
  size_t count;
};

/* ---- making ---- */

bool linemap_make(const modules *m, uint32_t hash, text *json, text *error) {
  enum { MEMORY = 256 << 20, CPU_MS = 60000 };
  modules renamed = {.items = memory_get((m->count + 1) * sizeof *m->items), .count = m->count + 1};
  char(*names)[24] = memory_get((m->count + 1) * sizeof *names);
  bytes script = *embedded_find("scripts/testing/lines.lua");
  renamed.items[0] = (module){"lines", "lines.lua", {(char *)script.data, script.size, 0}, false};
  for (size_t i = 0; i < m->count; i++) {
    snprintf(names[i + 1], sizeof names[i + 1], "%zu", i + 1);
    renamed.items[i + 1] = (module){names[i + 1], m->items[i].file, m->items[i].source, false};
  }
  text bundle = {0};
  pack_bundle(&renamed, true, &bundle);
  engine *instance;
  instance_start_report report = {0};
  bool good =
      instance_start(&instance, text_bytes(&bundle), MEMORY, hash, false, CPU_MS, NULL, NULL, &report, error);
  const char *answer = (const char *)report.error.data;
  const char *end = good && report.error.size != 0 ? memchr(answer, '\n', report.error.size) : NULL;
  json_t *functions = end != NULL ? json_loadb(answer, (size_t)(end - answer), 0, NULL) : NULL;
  if (functions != NULL) {
    text digits = {0};
    text_printf(&digits, "%08x", hash);
    json_t *root = json_pack("{s:i, s:s, s:s, s:o}", "format", FORMAT, "version", FLARON_LUA_VERSION, "hash",
                             digits.data, "functions", functions);
    char *dump = json_dumps(root, JSON_COMPACT);
    text_add_string(json, dump);
    text_add_string(json, "\n");
    free(dump);
    json_decref(root);
    text_free(&digits);
  } else if (good) {
    text_add_string(error, "the line map cannot be made: ");
    text_add(error, answer, report.error.size);
  }
  engine_close(instance);
  text_free(&bundle);
  free(renamed.items);
  free(names);
  return functions != NULL;
}

/* ---- reading ---- */

/* Reads one function; false if it is not valid, or begins below `before`, the end of the previous one. */
static bool read_function(const json_t *item, uint32_t before, function *f) {
  enum { MOST = INT32_MAX / 2 };
  json_int_t at, size, line;
  json_t *lines;
  const char *file;
  if (json_unpack((json_t *)item, "{s:s, s:I, s:I, s:I, s:o}", "file", &file, "at", &at, "size", &size,
                  "line", &line, "lines", &lines) != 0 ||
      !json_is_array(lines) || at < before || at > MOST || size < 0 || size > MOST || line < 0 ||
      line > MOST) {
    return false;
  }
  *f = (function){file, (uint32_t)at, (uint32_t)size, (uint32_t)line, lines};
  return true;
}

linemap *linemap_read(bytes json, text *error) {
  json_error_t where;
  const char *hash;
  json_t *functions, *root = json_loadb((const char *)json.data, json.size, 0, &where);
  if (root == NULL) {
    text_printf(error, "it is no line map: line %d: %s", where.line, where.text);
    return NULL;
  }
  int format = 0;
  linemap *map = memory_get(sizeof *map);
  map->root = root;
  bool good =
      json_unpack(root, "{s:i, s:s, s:o}", "format", &format, "hash", &hash, "functions", &functions) == 0 &&
      strlen(hash) == HASH && json_is_array(functions);
  if (good && format != FORMAT) {
    text_printf(error, "it is a line map of format %d, this flaron-lua reads %d", format, FORMAT);
    linemap_free(map);
    return NULL;
  }
  if (good) {
    map->hash = hash;
    map->functions = memory_get((json_array_size(functions) + 1) * sizeof *map->functions);
    uint32_t end = 0;
    for (size_t i = 0; good && i < json_array_size(functions); i++) {
      function *f = &map->functions[map->count++];
      good = read_function(json_array_get(functions, i), end, f);
      end = f->at + f->size + 1;
    }
  }
  if (!good) {
    text_add_string(error, "it is no line map");
    linemap_free(map);
    return NULL;
  }
  return map;
}

const char *linemap_hash(const linemap *map) { return map->hash; }

void linemap_free(linemap *map) {
  if (map == NULL) return;
  json_decref(map->root);
  free(map->functions);
  free(map);
}

/* ---- explaining ---- */

/* The function that contains place `n`, or is at it; NULL if there is none. */
static const function *find_function(const linemap *map, uint64_t n) {
  size_t low = 0, high = map->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (map->functions[middle].at <= n) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const function *f = low > 0 ? &map->functions[low - 1] : NULL;
  return f != NULL && n <= (uint64_t)f->at + f->size ? f : NULL;
}

/* The line of place `n` in `f`. */
static json_int_t line_of(const function *f, uint64_t n) {
  json_int_t line = f->line;
  if (n == f->at) return line;
  for (size_t i = 0; i + 1 < json_array_size(f->lines); i += 2) {
    if (json_integer_value(json_array_get(f->lines, i)) > (json_int_t)(n - f->at - 1)) break;
    line = json_integer_value(json_array_get(f->lines, i + 1));
  }
  return line;
}

bool linemap_find(const linemap *map, bytes source, uint32_t n, const char **file, int *line) {
  if (source.size != 0 && source.data[0] == '=') source = (bytes){source.data + 1, source.size - 1};
  if (source.size != HASH + 1 || source.data[0] != '?' || memcmp(source.data + 1, map->hash, HASH) != 0)
    return false;
  const function *f = find_function(map, n);
  if (f == NULL) return false;
  *file = f->file;
  *line = (int)line_of(f, n);
  return true;
}

/* A place in a log: "?HASH:N". */
typedef struct place {
  const char *hash;
  uint64_t n;
  size_t size; /* bytes of the whole text */
} place;

/* Whether a place begins at `at`. */
static bool read_place(const char *at, const char *end, place *p) {
  enum { HEAD = 1 + HASH + 1, DIGITS = 10 };
  if (end - at <= HEAD || at[0] != '?' || at[HEAD - 1] != ':') return false;
  for (int i = 1; i <= HASH; i++) {
    if (!isxdigit((unsigned char)at[i]) || isupper((unsigned char)at[i])) return false;
  }
  *p = (place){.hash = at + 1, .size = HEAD};
  for (; at + p->size < end && isdigit((unsigned char)at[p->size]) && p->size < HEAD + DIGITS; p->size++) {
    p->n = p->n * 10 + (uint64_t)(at[p->size] - '0');
  }
  return p->size > HEAD;
}

size_t linemap_explain(const linemap *map, bytes log, text *out, char other[HASH + 1]) {
  const char *at = (const char *)log.data, *end = at + log.size;
  size_t others = 0;
  place p;
  while (at < end) {
    const char *mark = memchr(at, '?', (size_t)(end - at));
    text_add(out, at, (size_t)((mark != NULL ? mark : end) - at));
    if (mark == NULL) break;
    at = mark;
    const function *f = NULL;
    if (read_place(at, end, &p)) {
      if (memcmp(p.hash, map->hash, HASH) == 0) {
        f = find_function(map, p.n);
      } else {
        others++;
        memcpy(other, p.hash, HASH);
        other[HASH] = '\0';
      }
    }
    if (f == NULL) {
      text_add(out, at++, 1);
    } else {
      text_printf(out, "%s:%lld", f->file, (long long)line_of(f, p.n));
      at += p.size;
    }
  }
  return others;
}
