/*
 * check_grants.c - which functions need what of flare.lua: `rules` is the one list of that. Whether it is
 * granted is asked of the host's own functions.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "host/fetch_url.h"

enum { REQUIRES_BODY, REQUIRES_RAW_AUTH, WRITES_SPARK_KV, WRITES_PLASMA_KV, WEBSOCKET, KEYS };

static const char *const keys[KEYS] = {"requires_body", "requires_raw_auth", "writes_spark_kv",
                                       "writes_plasma_kv", "websocket"};

enum { LISTS = 2 };

static const char *const list_keys[LISTS] = {"allowed_secrets", "allowed_fetch_urls"};

/* What a function's argument names, when it is not the function alone that needs something. */
typedef enum subject { NOTHING, HEADER, SECRET, URL } subject;

typedef struct rule {
  const char *function;
  subject subject;
  int argument; /* that names the subject, from 1 */
  int key;      /* that the function or the header needs */
} rule;

static const rule rules[] = {
    {"request.body", NOTHING, 0, REQUIRES_BODY},
    {"request.header", HEADER, 1, REQUIRES_RAW_AUTH},
    {"spark.set", NOTHING, 0, WRITES_SPARK_KV},
    {"spark.delete", NOTHING, 0, WRITES_SPARK_KV},
    {"spark.pull", NOTHING, 0, WRITES_SPARK_KV},
    {"plasma.set", NOTHING, 0, WRITES_PLASMA_KV},
    {"plasma.delete", NOTHING, 0, WRITES_PLASMA_KV},
    {"plasma.increment", NOTHING, 0, WRITES_PLASMA_KV},
    {"plasma.decrement", NOTHING, 0, WRITES_PLASMA_KV},
    {"secrets.get", SECRET, 1, 0},
    {"crypto.hmac", SECRET, 1, 0},
    {"crypto.sign_jwt", SECRET, 2, 0},
    {"crypto.encrypt_aes", SECRET, 1, 0},
    {"crypto.decrypt_aes", SECRET, 1, 0},
    {"beam.fetch", URL, 1, 0},
};

enum { RULES = sizeof rules / sizeof *rules };

/* ---- lists ---- */

static void grants_add_item(manifest_list *list, const char *item) {
  for (size_t i = 0; i < list->count; i++) {
    if (strcmp(list->items[i], item) == 0) return;
  }
  list->items = memory_resize(list->items, (list->count + 1) * sizeof *list->items);
  list->items[list->count++] = memory_copy(bytes_of(item));
}

static void grants_free_list(manifest_list *list) {
  for (size_t i = 0; i < list->count; i++) free(list->items[i]);
  free(list->items);
  *list = (manifest_list){0};
}

void check_needs_free(check_needs *needs) {
  grants_free_list(&needs->secrets);
  grants_free_list(&needs->urls);
  free(needs->vague_file);
  *needs = (check_needs){0};
}

/* ---- uses ---- */

/* The `n`th argument of a call (from 1), which follows the function's name; NULL when it is not constant. */
static const char *grants_argument(const check_record *use, int n) {
  const char *at = (const char *)use->text.data, *end = at + use->text.size;
  for (; n > 0; n--) {
    at = memchr(at, '\0', (size_t)(end - at));
    if (at == NULL) return NULL;
    at++;
  }
  return at < end && *at == '=' ? at + 1 : NULL;
}

/* Notes that a function is used by a name, or in a way, that is known only when it runs. */
static void grants_note_vague(check_needs *needs, const rule *r, const check_record *use, const char *file) {
  needs->vague_rules |= 1u << (r - rules);
  if (needs->vague != NULL || r->subject == HEADER) return; /* most headers need nothing */
  needs->vague = r->function;
  needs->vague_file = memory_copy(bytes_of(file));
  needs->vague_line = use->line;
  needs->vague_column = use->column;
}

/* Whether a vague use may be one of a subject or, for NOTHING and HEADER, one that needs a key. */
static bool grants_is_vague(const check_needs *needs, subject subject, int key) {
  for (int i = 0; i < RULES; i++) {
    const rule *r = &rules[i];
    bool same =
        subject == SECRET || subject == URL ? r->subject == subject : r->subject <= HEADER && r->key == key;
    if (same && (needs->vague_rules >> i & 1)) return true;
  }
  return false;
}

static bool grants_key(const host_config *config, int key) {
  switch (key) {
    case REQUIRES_BODY: return config->requires_body;
    case REQUIRES_RAW_AUTH: return config->requires_raw_auth;
    case WRITES_SPARK_KV: return config->writes_spark_kv;
    case WRITES_PLASMA_KV: return config->writes_plasma_kv;
    default: return true;
  }
}

/* A use that needs a boolean key, because of `name` (of a header) or of the function alone, when it is NULL.
 */
static void grants_use_key(check_needs *needs, int key, const char *function, const char *name,
                           const check_record *use, const char *file, const host_config *config,
                           check_findings *findings) {
  needs->keys |= 1u << key;
  if (config == NULL || grants_key(config, key)) return;
  check_add(findings, CHECK_ERROR, file, use->line, use->column, "%s%s%s%s needs %s = true in flare.lua",
            function, name != NULL ? " \"" : "", name != NULL ? name : "", name != NULL ? "\"" : "",
            keys[key]);
}

static void grants_use_secret(check_needs *needs, const rule *r, const char *shown, const char *name,
                              const check_record *use, const char *file, const host_config *config,
                              check_findings *findings) {
  if (name != NULL) {
    grants_add_item(&needs->secrets, name);
    if (config == NULL || host_secret_allowed(config, bytes_of(name))) return;
    check_add(findings, CHECK_ERROR, file, use->line, use->column,
              "%s: the secret '%s' is not in allowed_secrets of flare.lua", shown, name);
    return;
  }
  grants_note_vague(needs, r, use, file);
  if (config == NULL || config->all_secrets || config->allowed_secret_count > 0) return;
  check_add(findings, CHECK_WARNING, file, use->line, use->column,
            "%s: there is no secret in allowed_secrets of flare.lua", shown);
}

static void grants_use_url(check_needs *needs, const rule *r, const char *shown, const char *url,
                           const check_record *use, const char *file, const host_config *config,
                           check_findings *findings) {
  if (url != NULL) {
    char *plain =
        memory_copy((bytes){(const uint8_t *)url, strcspn(url, "#")}); /* as the allow-list sees it */
    grants_add_item(&needs->urls, plain);
    free(plain);
    if (config == NULL || host_url_allowed(config, url)) return;
    check_add(findings, CHECK_ERROR, file, use->line, use->column,
              "%s: '%s' is not in allowed_fetch_urls of flare.lua", shown, url);
    return;
  }
  grants_note_vague(needs, r, use, file);
  if (config == NULL || config->all_fetch_urls || config->allowed_fetch_url_count > 0) return;
  check_add(findings, CHECK_WARNING, file, use->line, use->column,
            "%s: there is no URL in allowed_fetch_urls of flare.lua", shown);
}

/* Whether a rule is of a function in a module; "flaron" has them all. */
static bool grants_is_in_module(const rule *r, bytes module) {
  size_t size = strcspn(r->function, ".");
  return bytes_are(module, "flaron") || (module.size == size && memcmp(module.data, r->function, size) == 0);
}

/* The record of the SDK's function that one of the kind "right" tells of, after how the code calls for it.
 */
static check_record grants_sdk_use(const check_record *right) {
  check_record use = *right;
  size_t shown = strlen((const char *)right->text.data) + 1;
  use.text = (bytes){right->text.data + shown, right->text.size - shown};
  return use;
}

void check_use(check_needs *needs, const check_record *record, const char *file, const host_config *config,
               check_findings *findings) {
  bool right = strcmp(record->kind, "right") == 0;
  check_record use = right ? grants_sdk_use(record) : *record;
  bytes function = bytes_of((const char *)use.text.data); /* a NUL follows */
  for (int i = 0; i < RULES; i++) {
    const rule *r = &rules[i];
    const char *shown = right ? (const char *)record->text.data : r->function;
    if (grants_is_in_module(r, function))
      grants_note_vague(needs, r, &use, file); /* it may be called anywhere */
    if (!bytes_are(function, r->function)) continue;
    const char *name = grants_argument(&use, r->argument);
    switch (r->subject) {
      case NOTHING: grants_use_key(needs, r->key, shown, NULL, &use, file, config, findings); break;
      case HEADER:
        if (name == NULL) grants_note_vague(needs, r, &use, file);
        if (name == NULL || !host_header_withheld(bytes_of(name))) break;
        grants_use_key(needs, r->key, shown, right ? NULL : name, &use, file, config, findings);
        break;
      case SECRET: grants_use_secret(needs, r, shown, name, &use, file, config, findings); break;
      case URL: grants_use_url(needs, r, shown, name, &use, file, config, findings); break;
    }
  }
}

void check_use_within(check_needs *needs, const check_record *use) {
  for (int i = 0; i < RULES; i++) {
    if (bytes_are(bytes_of((const char *)use->text.data), rules[i].function)) needs->vague_rules |= 1u << i;
  }
}

void check_websocket(check_needs *needs, const char *name, const char *file, long line, long column,
                     const manifest *m, check_findings *findings) {
  bool known = (needs->keys & 1u << WEBSOCKET) != 0;
  needs->keys |= 1u << WEBSOCKET;
  if (known || m->config == NULL || json_is_true(json_object_get(m->config, keys[WEBSOCKET]))) return;
  check_add(findings, CHECK_ERROR, file, line, column, "%s needs websocket = true in flare.lua", name);
}

/* ---- what is granted ---- */

static bool grants_has_item(const manifest_list *list, const char *item) {
  for (size_t i = 0; i < list->count; i++) {
    if (strcmp(list->items[i], item) == 0) return true;
  }
  return false;
}

void check_key(const check_needs *needs, const check_record *key, const manifest *m,
               check_findings *findings) {
  bytes name = bytes_of((const char *)key->text.data); /* a NUL follows */
  const char *item = name.size + 1 < key->text.size ? (const char *)name.data + name.size + 1 : NULL;
  for (int i = 0; item == NULL && i < KEYS; i++) {
    bool granted = bytes_are(name, keys[i]) && json_is_true(json_object_get(m->config, keys[i]));
    if (!granted || (needs->keys & 1u << i) || grants_is_vague(needs, NOTHING, i)) continue;
    check_add(findings, CHECK_NOTE, "flare.lua", key->line, key->column, "the code does not need %s",
              keys[i]);
  }
  bool used = needs->urls.count > 0 || grants_is_vague(needs, URL, 0);
  if (item == NULL && bytes_are(name, list_keys[1]) && !used) {
    check_add(findings, CHECK_NOTE, "flare.lua", key->line, key->column, "the code fetches no URL");
  }
  text trap = {0};
  if (item != NULL && bytes_are(name, list_keys[1]) && fetch_url_trap(item, &trap)) {
    check_add(findings, CHECK_WARNING, "flare.lua", key->line, key->column, "%s", trap.data);
  }
  text_free(&trap);
  if (item != NULL && bytes_are(name, list_keys[0]) && !grants_is_vague(needs, SECRET, 0) &&
      !grants_has_item(&needs->secrets, item)) {
    check_add(findings, CHECK_NOTE, "flare.lua", key->line, key->column,
              "the code does not use the secret '%s'", item);
  }
}

/* ---- mending ---- */

/* Opens a host's config that grants what a manifest does; `grants` holds what it borrows. */
static bool grants_configure(const manifest *m, host_config *config, manifest_grants *grants) {
  text error = {0};
  *config = host_config_default();
  bool good = manifest_configure(m->config, config, grants, &error);
  text_free(&error);
  return good;
}

/* Adds the strings of a list as Lua source, separated by commas. */
static void grants_write_list(const manifest_list *list, text *out) {
  for (size_t i = 0; i < list->count; i++) {
    if (i > 0) text_add_string(out, ", ");
    check_quote(out, bytes_of(list->items[i]));
  }
}

/* What `needs` has and a config does not grant. `set` has bits as check_needs.keys has. The lists are owned.
 */
typedef struct wishes {
  unsigned set;
  manifest_list secrets, urls;
} wishes;

static wishes grants_find_wishes(const check_needs *needs, const host_config *config, const manifest *m) {
  wishes w = {0};
  for (int i = 0; i < KEYS; i++) {
    bool granted = i == WEBSOCKET ? json_is_true(json_object_get(m->config, keys[i])) : grants_key(config, i);
    if ((needs->keys >> i & 1) && !granted) w.set |= 1u << i;
  }
  for (size_t i = 0; i < needs->secrets.count; i++) {
    const char *name = needs->secrets.items[i];
    if (!host_secret_allowed(config, bytes_of(name))) grants_add_item(&w.secrets, name);
  }
  for (size_t i = 0; i < needs->urls.count; i++) {
    if (!host_url_allowed(config, needs->urls.items[i])) grants_add_item(&w.urls, needs->urls.items[i]);
  }
  return w;
}

static bool grants_is_empty(const wishes *w) {
  return w->set == 0 && w->secrets.count == 0 && w->urls.count == 0;
}

static void grants_free_wishes(wishes *w) {
  grants_free_list(&w->secrets);
  grants_free_list(&w->urls);
}

bool check_wishes(const check_needs *needs, const manifest *m, text *out, text *said) {
  host_config config;
  manifest_grants grants = {0};
  if (!grants_configure(m, &config, &grants)) return false;
  wishes w = grants_find_wishes(needs, &config, m);
  bool any = !grants_is_empty(&w);
  text_add_string(out, "{ set = { ");
  for (int i = 0; i < KEYS; i++) {
    if (!(w.set >> i & 1)) continue;
    text_printf(out, "\"%s\", ", keys[i]);
    text_printf(said, "%s%s", said->size > 0 ? ", " : "", keys[i]);
  }
  text_add_string(out, "}, add = { ");
  const manifest_list *lists[] = {&w.secrets, &w.urls};
  for (int i = 0; i < LISTS; i++) {
    if (lists[i]->count == 0) continue;
    text_printf(out, "{ key = \"%s\", ", list_keys[i]);
    grants_write_list(lists[i], out);
    text_add_string(out, " }, ");
    text_printf(said, "%s%s ", said->size > 0 ? ", " : "", list_keys[i]);
    grants_write_list(lists[i], said);
  }
  text_add_string(out, "} }");
  grants_free_wishes(&w);
  manifest_grants_free(&grants);
  return any;
}

void check_write_manifest(const check_needs *needs, const char *name, const char *main, text *out) {
  const char *const strings[][2] = {{"name", name}, {"main", main}};
  const manifest_list *lists[] = {&needs->secrets, &needs->urls};
  text_add_string(out, "return {\n");
  for (int i = 0; i < 2; i++) {
    if (strings[i][1] == NULL) continue;
    text_printf(out, "  %s = ", strings[i][0]);
    check_quote(out, bytes_of(strings[i][1]));
    text_add_string(out, ",\n");
  }
  for (int i = 0; i < KEYS; i++) {
    if (needs->keys >> i & 1) text_printf(out, "  %s = true,\n", keys[i]);
  }
  for (int i = 0; i < LISTS; i++) {
    if (lists[i]->count == 0) continue;
    text_printf(out, "  %s = { ", list_keys[i]);
    grants_write_list(lists[i], out);
    text_add_string(out, " },\n");
  }
  text_add_string(out, "}\n");
}

/* Whether two manifests say the same but for what may be granted. */
static bool grants_same_otherwise(const manifest *a, const manifest *b) {
  json_t *rest_a = json_copy(a->config), *rest_b = json_copy(b->config);
  for (int i = 0; i < KEYS + LISTS; i++) {
    const char *key = i < KEYS ? keys[i] : list_keys[i - KEYS];
    json_object_del(rest_a, key);
    json_object_del(rest_b, key);
  }
  bool same = json_equal(rest_a, rest_b) != 0;
  json_decref(rest_a);
  json_decref(rest_b);
  return same && strcmp(a->name != NULL ? a->name : "", b->name != NULL ? b->name : "") == 0 &&
         strcmp(a->main != NULL ? a->main : "", b->main != NULL ? b->main : "") == 0 &&
         a->memory == b->memory && a->modules.count == b->modules.count && a->assets.count == b->assets.count;
}

bool check_grants_all(const check_needs *needs, const manifest *before, bytes source) {
  manifest m = {0};
  host_config config;
  manifest_grants grants = {0};
  text error = {0};
  bool good = manifest_read(&m, source, &error) && grants_configure(&m, &config, &grants);
  if (good) {
    wishes w = grants_find_wishes(needs, &config, &m);
    good = grants_is_empty(&w) && (before->config == NULL || grants_same_otherwise(before, &m));
    grants_free_wishes(&w);
  }
  manifest_grants_free(&grants);
  manifest_free(&m);
  text_free(&error);
  return good;
}
