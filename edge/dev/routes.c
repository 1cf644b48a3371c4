/*
 * routes.c - see routes.h.
 */
#include "dev/routes.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_wasm2c.h"
#include "base/list.h"

/* qsort: longer patterns first; of the same length, whole paths before prefixes. */
static int compare(const void *a, const void *b) {
  const route *x = a, *y = b;
  size_t m = strlen(x->pattern), n = strlen(y->pattern);
  return m != n ? (m < n ? 1 : -1) : x->prefix - y->prefix;
}

bool routes_read(routes *r, bytes source, text *error) {
  text json = {0};
  const char *pattern;
  json_t *project;
  if (!instance_evaluate("edge.lua", source, &json, error)) return false;
  json_t *table = json_loadb(text_string(&json), json.size, 0, NULL);
  bool good = json_is_object(table) && json_object_size(table) > 0;
  if (!good) text_add_string(error, "edge.lua: it is no table from patterns such as \"/api/*\" to projects");
  json_object_foreach(table, pattern, project) {
    size_t size = strlen(pattern);
    const char *star = strchr(pattern, '*');
    if (good && (*pattern != '/' || (star != NULL && star != pattern + size - 1))) {
      text_printf(error, "edge.lua: '%s' is not a path such as \"/api\" or \"/api/*\"", pattern);
      good = false;
    }
    if (good && !json_is_string(project)) {
      text_printf(error, "edge.lua: the project of '%s' is not a string", pattern);
      good = false;
    }
    if (!good) break;
    LIST_ROOM(r->items, r->count);
    r->items[r->count++] = (route){memory_copy((bytes){(const uint8_t *)pattern, size - (star != NULL)}),
                                   star != NULL, memory_copy(bytes_of(json_string_value(project)))};
  }
  if (good) qsort(r->items, r->count, sizeof *r->items, compare);
  if (!good) routes_free(r);
  json_decref(table);
  text_free(&json);
  return good;
}

const route *routes_find(const routes *r, const char *path, size_t size) {
  const char *query = memchr(path, '?', size);
  if (query != NULL) size = (size_t)(query - path);
  for (size_t i = 0; i < r->count; i++) {
    const route *item = &r->items[i];
    size_t length = strlen(item->pattern);
    if (length <= size && memcmp(item->pattern, path, length) == 0 && (item->prefix || length == size))
      return item;
  }
  return NULL;
}

void routes_free(routes *r) {
  for (size_t i = 0; i < r->count; i++) {
    free(r->items[i].pattern);
    free(r->items[i].project);
  }
  free(r->items);
  *r = (routes){0};
}
