/*
 * dap_launch.c - see dap_launch.h.
 */
#include "debug/dap_launch.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/http.h"
#include "base/json_bytes.h"
#include "base/size.h"

/* The arguments being read. The first one that is wrong is told. */
typedef struct reader {
  const json_t *arguments;
  text *error;
  bool good;
} reader;

static void launch_refuse(reader *r, const char *name, const char *takes) {
  if (r->good) text_printf(r->error, "launch: '%s' must be %s", name, takes);
  r->good = false;
}

/* A string, borrowed; NULL = it is not there. */
static const char *launch_string(reader *r, const char *name) {
  const json_t *value = json_object_get(r->arguments, name);
  if (value == NULL || json_is_null(value)) return NULL;
  bool good = json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value);
  if (!good) launch_refuse(r, name, "a string");
  return good ? json_string_value(value) : NULL;
}

static bool launch_bool(reader *r, const char *name) {
  const json_t *value = json_object_get(r->arguments, name);
  if (value != NULL && !json_is_boolean(value) && !json_is_null(value))
    launch_refuse(r, name, "true or false");
  return json_is_true(value);
}

static int launch_number(reader *r, const char *name, int otherwise) {
  const json_t *value = json_object_get(r->arguments, name);
  if (value == NULL || json_is_null(value)) return otherwise;
  json_int_t number = json_integer_value(value);
  bool good = json_is_integer(value) && number >= 0 && number <= INT32_MAX;
  if (!good) launch_refuse(r, name, "a whole number");
  return good ? (int)number : otherwise;
}

/* Reads one header with its value or a list of them. */
static void launch_add_header(reader *r, const char *name, const json_t *value, host_pairs *headers) {
  const char *string = json_string_value(value);
  bool good = string != NULL && http_is_token(bytes_of(name)) && http_is_value(bytes_of(string)) &&
              strlen(string) == json_string_length(value);
  if (good) host_pairs_join(headers, bytes_of(name), http_trimmed(bytes_of(string)));
  if (!good) launch_refuse(r, "headers", "an object of names and values as HTTP allows them");
}

static void launch_read_headers(reader *r, host_pairs *headers) {
  json_t *all = json_object_get(r->arguments, "headers"), *value, *one;
  const char *name;
  size_t i;
  if (all != NULL && !json_is_object(all)) launch_refuse(r, "headers", "an object");
  json_object_foreach(all, name, value) {
    if (!json_is_array(value)) launch_add_header(r, name, value, headers);
    json_array_foreach(value, i, one) launch_add_header(r, name, one, headers);
  }
}

static void launch_read_request(reader *r, host_request *request) {
  const char *method = launch_string(r, "method"), *url = launch_string(r, "url");
  const json_t *body = json_object_get(r->arguments, "body");
  if (url != NULL && !http_is_whole_url(url))
    launch_refuse(r, "url", "a whole URL such as https://example.com/");
  if (method != NULL && !http_is_token(bytes_of(method))) launch_refuse(r, "method", "a method such as GET");
  if (body != NULL && !json_to_bytes(body, &request->body))
    launch_refuse(r, "body", "a string, or {\"base64\": \"...\"}");
  text_add_string(&request->method, method != NULL ? method : body != NULL ? "POST" : "GET");
  http_add_sent_url(bytes_of(url != NULL ? url : "http://localhost/"), &request->url);
  launch_read_headers(r, &request->headers);
}

/* Adds the message about a file, and returns false. */
static bool launch_fail_file(const char *path, int fault, size_t most, text *error) {
  file_explain(error, path, fault, most);
  return false;
}

/* Reads the record that is to be run again. */
static bool launch_read_record(dap_launch *l, const char *path, text *error) {
  text content = {0}, why = {0};
  int fault = file_read(path, FILE_RECORD_MAX, &content);
  l->recorded = fault == 0 && record_read(&l->record, text_bytes(&content), &why);
  if (fault == 0 && !l->recorded)
    text_printf(error, "%s: it is no record of this flaron-lua: %s", path, text_string(&why));
  text_free(&content);
  text_free(&why);
  return fault != 0 ? launch_fail_file(path, fault, FILE_RECORD_MAX, error) : l->recorded;
}

/* Whether the record is of this flare; false after saying why not. */
static bool launch_check_record(const dap_launch *l, const char *path, text *error) {
  char hash[RECORD_HASH_SIZE];
  record_hash(&l->flare, hash);
  if (strcmp(hash, l->record.hash) == 0) return true;
  text_printf(error, "%s: it is a record of another flare: recorded %.12s, %s is %.12s", path, l->record.hash,
              l->input, hash);
  return false;
}

/* Adds the line map that lies beside a packed flare, if one does. */
static void launch_read_map(const char *input, text *map) {
  const char *dot = strrchr(input, '.');
  text path = {0};
  if (dot == NULL || strcmp(dot, ".wasm") != 0) return;
  text_printf(&path, "%.*s.map", (int)(dot - input), input);
  if (file_read(path.data, FILE_MAP_MAX, map) != 0) text_clear(map);
  text_free(&path);
}

/* Packs or reads the flare. */
static bool launch_read_flare(dap_launch *l, uint32_t memory, modules *files, text *map, text *error) {
  pack_options options = {.memory = memory, .map = map, .files = files};
  text wasm = {0};
  bool good = pack_path(l->input, &options, &wasm, error) && flare_read(&l->flare, &wasm, error) &&
              flare_runs_here(&l->flare, error);
  text_free(&wasm);
  if (!good) return false;
  launch_read_map(l->input, map);
  if (l->flare.handlers & 1u << l->handler) return true;
  text_printf(error, "%s: it has no %s", l->input, flare_handler_names[l->handler]);
  return false;
}

/* Opens the state: `folder`, or that of the project if there is one; else stores are empty and forgotten. */
static bool launch_open_state(dap_launch *l, const char *folder, const char *secrets,
                              void (*state_folder)(const char *input, text *path), text *error) {
  struct stat about;
  text found = {0};
  if (folder == NULL) {
    state_folder(l->input, &found);
    if (stat(found.data, &about) == 0 && S_ISDIR(about.st_mode)) folder = found.data;
  }
  bool good = state_open(&l->state, folder, error) &&
              (secrets == NULL || state_read_secrets(&l->state, secrets, error));
  text_free(&found);
  if (!good) return false;
  l->config = host_config_default();
  state_lend(&l->state, &l->config);
  return manifest_configure(l->flare.config, &l->config, &l->grants, error);
}

bool dap_launch_read(dap_launch *l, const json_t *arguments, const char *otherwise,
                     void (*state_folder)(const char *input, text *path), modules *files, text *map,
                     text *error) {
  reader r = {arguments, error, true};
  uint32_t memory = 0;
  const char *project = launch_string(&r, "project"), *record = launch_string(&r, "record");
  const char *persist = launch_string(&r, "persist"), *secrets = launch_string(&r, "secrets");
  const char *size = launch_string(&r, "memory");
  if (size != NULL && !size_read(size, SIZE_MEMORY_MIN, SIZE_MEMORY_MAX, &memory))
    launch_refuse(&r, "memory", SIZE_MEMORY);
  l->cpu_ms = launch_number(&r, "cpuMs", 0);
  l->stop_on_entry = launch_bool(&r, "stopOnEntry");
  l->stop_at_end = launch_bool(&r, "stopAtEnd");
  l->no_debug = launch_bool(&r, "noDebug");
  l->handler = FLARE_HANDLE_REQUEST;
  launch_read_request(&r, &l->request);
  if (!r.good || (record != NULL && !launch_read_record(l, record, error))) return false;
  if (l->recorded) l->handler = l->record.handler;
  if (project == NULL) project = otherwise;
  if (project == NULL) project = l->recorded && l->record.file != NULL ? l->record.file : ".";
  l->input = memory_copy(bytes_of(project));
  return launch_read_flare(l, memory, files, map, error) &&
         (record == NULL || launch_check_record(l, record, error)) &&
         launch_open_state(l, persist, secrets, state_folder, error);
}

void dap_launch_free(dap_launch *l) {
  free(l->input);
  flare_free(&l->flare);
  manifest_grants_free(&l->grants);
  state_close(&l->state);
  host_request_free(&l->request);
  record_free(&l->record);
  *l = (dap_launch){0};
}
