/*
 * manifest.c - reads flare.lua: the runtime evaluates it (instance_evaluate), and it is checked here. `keys`
 * is the one list of a manifest's keys; those for limits come from host/limits.def.
 */
#include "pack/manifest.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/http.h"
#include "base/nearest.h"
#include "base/size.h"
#include "engine/engine_wasm2c.h"
#include "flare/parts.h"

typedef enum kind { STRING, BOOLEAN, INTEGER, STRINGS, SIZE, TEXTS } kind;

static const char *const kind_names[] = {
    "a string with something in it", "a boolean", "an integer of 0 or more", "a list of strings", SIZE_MEMORY,
    "a table from names to strings"};

typedef struct key {
  const char *name;
  kind kind;
  bool host; /* the key is for the host and goes into the flare's config */
} key;

static const key keys[] = {
    {"name", STRING, false},
    {"main", STRING, false},
    {"modules", STRINGS, false},
    {"assets", STRINGS, false},
    {"paths", STRINGS, false},
    {"memory", SIZE, false},
    {"vars", TEXTS, false},
    {"bytecode", BOOLEAN, false},
    {"without", STRINGS, false},
    {"requires_body", BOOLEAN, true},
    {"requires_raw_auth", BOOLEAN, true},
    {"writes_spark_kv", BOOLEAN, true},
    {"writes_plasma_kv", BOOLEAN, true},
    {"allowed_secrets", STRINGS, true},
    {"allowed_fetch_urls", STRINGS, true},
#define LIMIT_FLARE(name) {#name, INTEGER, true},
#define LIMIT_SPECS(name)
#define LIMIT_HERE(name)
#define FLARON_LIMIT(name, type, value, set_by) LIMIT_##set_by(name)
#include "host/limits.def"
#undef FLARON_LIMIT
#undef LIMIT_FLARE
    {"websocket", BOOLEAN, true},
    {"ws_protocols", STRINGS, true}, /* the server's: server_socket.c */
};

enum { KEYS = sizeof keys / sizeof *keys };

static const key *find_key(const char *name) {
  for (int i = 0; i < KEYS; i++) {
    if (strcmp(keys[i].name, name) == 0) return &keys[i];
  }
  return NULL;
}

static bool is_list(const json_t *value) {
  size_t i;
  json_t *item;
  if (json_is_object(value))
    return json_object_size(value) == 0; /* an empty table becomes an object in JSON */
  if (!json_is_array(value)) return false;
  json_array_foreach(value, i, item) {
    if (!json_is_string(item)) return false;
  }
  return true;
}

/* Reads a size, a number of bytes or a string as on the command line; false if it is not valid. */
static bool read_size(const json_t *value, uint32_t *size) {
  if (json_is_string(value)) {
    return size_read(json_string_value(value), SIZE_MEMORY_MIN, SIZE_MEMORY_MAX, size);
  }
  json_int_t n = json_integer_value(value);
  *size = (uint32_t)n;
  return n >= SIZE_MEMORY_MIN && n <= SIZE_MEMORY_MAX;
}

static bool has_kind(const json_t *value, kind kind) {
  uint32_t size;
  switch (kind) {
    case STRING: return json_is_string(value) && *json_string_value(value) != '\0';
    case BOOLEAN: return json_is_boolean(value);
    case INTEGER: return json_is_integer(value) && json_integer_value(value) >= 0;
    case STRINGS: return is_list(value);
    case SIZE: return read_size(value, &size);
    case TEXTS: return json_is_object(value);
  }
  return false;
}

/* Says that there is no such key, which keys there are, and which one was probably meant. */
static void refuse_key(const char *name, bool host, text *error) {
  nearest n = {.name = name};
  text_printf(error, "unknown key '%s'; known are", name);
  for (int i = 0; i < KEYS; i++) {
    if (host && !keys[i].host) continue;
    text_printf(error, " %s", keys[i].name);
    nearest_try(&n, keys[i].name);
  }
  nearest_add(&n, error);
}

/* Says which type the value of a key should have, and what it is. */
static void refuse_value(const key *k, const json_t *value, text *error) {
  bool scalar = !json_is_array(value) && !json_is_object(value);
  char *found = scalar ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
  const char *kind = k->kind == TEXTS ? "a list" : "a table";
  text_printf(error, "key '%s' is not %s, but %s", k->name, kind_names[k->kind], scalar ? found : kind);
  free(found);
}

/* Checks a table of TEXTS: its names and values must be valid in an environment. */
static bool check_texts(const key *k, const json_t *table, text *error) {
  const char *name;
  json_t *value;
  json_object_foreach((json_t *)table, name, value) {
    bool good = json_is_string(value);
    if (*name == '\0' || strchr(name, '=') != NULL) {
      text_printf(error, "key '%s': '%s' is no name: one is not empty and has no '=' in it", k->name, name);
      return false;
    }
    if (good && strlen(json_string_value(value)) == json_string_length(value)) continue;
    char *found = json_dumps(value, JSON_ENCODE_ANY);
    text_printf(error, "key '%s': '%s' is not a string without NUL, but %s", k->name, name, found);
    free(found);
    return false;
  }
  return true;
}

/* Checks the names of sub-protocols, which must be tokens (RFC 6455, 4.1). */
static bool check_protocols(const json_t *list, text *error) {
  size_t i;
  json_t *item;
  json_array_foreach((json_t *)list, i, item) {
    bytes name = {(const uint8_t *)json_string_value(item), json_string_length(item)};
    if (http_is_token(name)) continue;
    char *found = json_dumps(item, JSON_ENCODE_ANY);
    text_printf(error, "ws_protocols[%zu]: %s is no name of a sub-protocol, such as \"graphql-ws\"", i + 1,
                found);
    free(found);
    return false;
  }
  return true;
}

/* Checks keys and types; with `host`, only keys for the host are allowed. */
static bool check(json_t *table, bool host, text *error) {
  const char *name;
  json_t *value;
  if (!json_is_object(table)) {
    text_add_string(error, "it is a list, not a table with named fields");
    return false;
  }
  json_object_foreach(table, name, value) {
    const key *k = find_key(name);
    if (k == NULL || (host && !k->host)) {
      refuse_key(name, host, error);
      return false;
    }
    if (!has_kind(value, k->kind)) {
      refuse_value(k, value, error);
      return false;
    }
    if (k->kind == TEXTS && !check_texts(k, value, error)) return false;
  }
  return check_protocols(json_object_get(table, "ws_protocols"), error);
}

/* What is wrong with a place to look for modules, other than a fault of its path; NULL = nothing. */
static const char *judge_place(const json_t *place) {
  const char *text = json_string_value(place);
  if (strlen(text) != json_string_length(place)) return "has a NUL in it";
  if (strchr(text, '?') == NULL) return "has no '?', for which the module's name stands";
  if (strchr(text, ';') != NULL) return "has a ';': each place is a string of its own";
  return NULL;
}

/* Checks the names of libraries to leave out. */
static bool check_libraries(const json_t *list, text *error) {
  size_t i;
  json_t *item;
  json_array_foreach((json_t *)list, i, item) {
    const char *library, *name = json_string_value(item);
    if (parts_library(name) != 0) continue;
    nearest n = {.name = name};
    text_printf(error, "without[%zu]: ", i + 1);
    if (strcmp(name, "string") == 0) {
      text_add_string(
          error, "'string' cannot be left out, since strings have their methods from it; those that can are");
    } else {
      text_printf(error, "there is no library '%s' that can be left out, but", name);
    }
    for (unsigned l = 0; (library = parts_library_name(l)) != NULL; l++) {
      text_printf(error, "%s %s", l > 0 ? "," : "", library);
      nearest_try(&n, library);
    }
    nearest_add(&n, error);
    return false;
  }
  return true;
}

/* Checks the places to look for modules. */
static bool check_places(const json_t *list, text *error) {
  enum { MOST = 100 };
  size_t i;
  json_t *item;
  if (json_array_size(list) > MOST) {
    text_printf(error, "paths: there are %zu places, and %d are the most", json_array_size(list), MOST);
    return false;
  }
  json_array_foreach((json_t *)list, i, item) {
    const char *wrong = judge_place(item);
    int fault = wrong == NULL ? file_check_path(json_string_value(item)) : 0;
    if (wrong == NULL && fault == 0) continue;
    text_printf(error, "paths[%zu]: '%s' ", i + 1, json_string_value(item));
    if (wrong != NULL) text_add_string(error, wrong);
    if (wrong == NULL && file_is_refused(fault)) file_add_predicate(error, fault, FILE_PROJECT_MAX);
    if (wrong == NULL && !file_is_refused(fault)) text_add_string(error, strerror(fault));
    return false;
  }
  return true;
}

static char *copy_string(const json_t *table, const char *name) {
  const char *value = json_string_value(json_object_get(table, name));
  return value != NULL ? memory_copy(bytes_of(value)) : NULL;
}

static manifest_list copy_list(const json_t *table, const char *name) {
  json_t *list = json_object_get(table, name), *item;
  size_t i;
  manifest_list copy = {memory_get((json_array_size(list) + 1) * sizeof *copy.items), 0};
  json_array_foreach(list, i, item) copy.items[copy.count++] = memory_copy(bytes_of(json_string_value(item)));
  return copy;
}

static void free_list(manifest_list *list) {
  for (size_t i = 0; i < list->count; i++) free(list->items[i]);
  free(list->items);
  *list = (manifest_list){0};
}

bool manifest_read(manifest *m, bytes source, text *error) {
  text json = {0}, fault = {0};
  if (!instance_evaluate("flare.lua", source, &json, error)) return false;
  json_t *table = json_loadb(text_string(&json), json.size, JSON_ALLOW_NUL, NULL);
  bool good = check(table, false, &fault) && check_places(json_object_get(table, "paths"), &fault) &&
              check_libraries(json_object_get(table, "without"), &fault);
  if (good) {
    *m = (manifest){.name = copy_string(table, "name"),
                    .main = copy_string(table, "main"),
                    .modules = copy_list(table, "modules"),
                    .assets = copy_list(table, "assets"),
                    .paths = copy_list(table, "paths"),
                    .without = copy_list(table, "without"),
                    .bytecode = json_is_true(json_object_get(table, "bytecode")),
                    .config = json_object(),
                    .vars = json_incref(json_object_get(table, "vars"))};
    if (json_object_get(table, "memory") != NULL) read_size(json_object_get(table, "memory"), &m->memory);
    for (int i = 0; i < KEYS; i++) {
      json_t *value = json_object_get(table, keys[i].name);
      if (keys[i].host && value != NULL) json_object_set(m->config, keys[i].name, value);
    }
  } else {
    text_printf(error, "flare.lua: %s", text_string(&fault));
  }
  json_decref(table);
  text_free(&json);
  text_free(&fault);
  return good;
}

void manifest_free(manifest *m) {
  free(m->name);
  free(m->main);
  free_list(&m->modules);
  free_list(&m->assets);
  free_list(&m->paths);
  free_list(&m->without);
  json_decref(m->config);
  json_decref(m->vars);
  *m = (manifest){0};
}

static void set_limit(const json_t *table, const char *name, size_t *limit) {
  const json_t *value = json_object_get(table, name);
  if (value != NULL) *limit = (size_t)json_integer_value(value);
}

bool manifest_configure(const json_t *json, host_config *config, manifest_grants *grants, text *error) {
  if (json == NULL) return true;
  if (!check((json_t *)json, true, error)) return false;
  config->requires_body = json_is_true(json_object_get(json, "requires_body"));
  config->requires_raw_auth = json_is_true(json_object_get(json, "requires_raw_auth"));
  config->writes_spark_kv = json_is_true(json_object_get(json, "writes_spark_kv"));
  config->writes_plasma_kv = json_is_true(json_object_get(json, "writes_plasma_kv"));
#define LIMIT_FLARE(name) set_limit(json, #name, &config->name);
#define FLARON_LIMIT(name, type, value, set_by) LIMIT_##set_by(name)
#include "host/limits.def"
#undef FLARON_LIMIT
  manifest_grants_free(grants);
  grants->secrets = copy_list(json, "allowed_secrets");
  grants->fetch_urls = copy_list(json, "allowed_fetch_urls");
  config->all_secrets = config->all_fetch_urls = false;
  config->allowed_secrets = grants->secrets.items;
  config->allowed_secret_count = grants->secrets.count;
  config->allowed_fetch_urls = grants->fetch_urls.items;
  config->allowed_fetch_url_count = grants->fetch_urls.count;
  return true;
}

void manifest_grants_free(manifest_grants *grants) {
  free_list(&grants->secrets);
  free_list(&grants->fetch_urls);
}
