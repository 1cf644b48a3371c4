/*
 * dap_source.c - files: their names in the flare, "main.lua", and their paths on this machine, and the text
 * of those that lie in the executable.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/embedded.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/list.h"
#include "debug/dap_private.h"

/* Adds the path that a URI of a file has. False if it is none. */
static bool source_add_path_of(const char *uri, text *path) {
  static const char scheme[] = "file://";
  if (strncmp(uri, scheme, sizeof scheme - 1) != 0) return false;
  const char *at = strchr(uri + sizeof scheme - 1, '/'); /* behind the host, which is this one */
  for (; at != NULL && *at != '\0'; at++) {
    int high = *at == '%' ? hex_value((uint8_t)at[1]) : -1;
    int low = high >= 0 ? hex_value((uint8_t)at[2]) : -1;
    char c = low >= 0 ? (char)(high << 4 | low) : *at;
    text_add(path, &c, 1);
    if (low >= 0) at += 2;
  }
  return path->size != 0;
}

/* Adds a path as the client wants it. */
static void source_add_uri(const dap *d, const char *path, text *to) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
  if (d->uris) text_add_string(to, "file://");
  for (const char *at = path; *at != '\0'; at++) {
    if (!d->uris || strchr(plain, *at) != NULL) {
      text_add(to, at, 1);
    } else {
      text_printf(to, "%%%02X", (unsigned char)*at);
    }
  }
}

/* The rest of a path below the project's folder; NULL: it is not there. */
static const char *source_below(const dap *d, const char *path) {
  size_t size = strlen(d->folder);
  if (strncmp(path, d->folder, size) != 0 || path[size] != '/') return NULL;
  return path + size + 1;
}

char *dap_source_name(dap *d, const json_t *source) {
  const char *given = dap_get_string(source, "path");
  int number = dap_get_number(source, "sourceReference", 0);
  if (number > 0 && (size_t)number <= d->text_count) return memory_copy(bytes_of(d->texts[number - 1]));
  if (given == NULL) given = dap_get_string(source, "name");
  if (given == NULL) return NULL;
  text path = {0};
  if (!source_add_path_of(given, &path)) text_add_string(&path, given);
  char *real = realpath(path.data, NULL);
  const char *below = source_below(d, real != NULL ? real : path.data);
  char *name = memory_copy(bytes_of(below != NULL ? below : path.data));
  free(real);
  text_free(&path);
  return name;
}

/* Adds the text of a file that is not on the disk; false if there is none. */
static bool source_add_embedded(const char *name, text *to) {
  text path = {0};
  text_printf(&path, "scripts/modules/%s", name);
  const bytes *content = embedded_find(path.data);
  if (content != NULL) text_add(to, content->data, content->size);
  text_free(&path);
  return content != NULL;
}

/* Adds the text of a file of the flare: as it was packed, or as it lies there. */
static bool source_add_text(const dap *d, const char *name, text *to) {
  for (size_t i = 0; i < d->files.count; i++) {
    const module *m = &d->files.items[i];
    if (strcmp(m->file, name) != 0) continue;
    text_add(to, m->source.data, m->source.size);
    return true;
  }
  file_place place = {d->folder, ""};
  if (d->folder != NULL && file_read_below(&place, name, FILE_PROJECT_MAX, to) == 0) return true;
  return source_add_embedded(name, to);
}

/* The number by which the client can ask for the text of a file. */
static int source_number(dap *d, const char *name) {
  for (size_t i = 0; i < d->text_count; i++) {
    if (strcmp(d->texts[i], name) == 0) return (int)i + 1;
  }
  LIST_ROOM(d->texts, d->text_count);
  d->texts[d->text_count++] = memory_copy(bytes_of(name));
  return (int)d->text_count;
}

json_t *dap_source_of(dap *d, const char *name) {
  const char *below =
      d->folder != NULL ? source_below(d, name) : NULL; /* native Lua has whole paths, or "./" */
  if (below != NULL) name = below;
  if (strncmp(name, "./", 2) == 0) name += 2;
  text path = {0}, shown = {0}, content = {0};
  json_t *source = json_object();
  json_object_set_new(source, "name", dap_string(bytes_of(name)));
  if (*name == '/') {
    text_add_string(&path, name);
  } else if (d->folder != NULL) {
    text_printf(&path, "%s/%s", d->folder, name);
  }
  if (path.size != 0 && access(path.data, R_OK) == 0) {
    source_add_uri(d, path.data, &shown);
    json_object_set_new(source, "path", dap_string(text_bytes(&shown)));
  } else if (source_add_text(d, name, &content)) {
    json_object_set_new(source, "sourceReference", json_integer(source_number(d, name)));
    json_object_set_new(source, "origin", json_string("flaron-lua"));
  } else {
    json_object_set_new(source, "presentationHint", json_string("deemphasize"));
  }
  text_free(&path);
  text_free(&shown);
  text_free(&content);
  return source;
}

bool dap_source_request(dap *d, const json_t *arguments, json_t **body, text *error) {
  const json_t *source = json_object_get(arguments, "source");
  char *name = dap_source_name(d, dap_get_number(arguments, "sourceReference", 0) > 0 ? arguments : source);
  text content = {0};
  bool good = name != NULL && source_add_text(d, name, &content);
  if (good) {
    *body = json_pack("{s:o, s:s}", "content", dap_string(text_bytes(&content)), "mimeType", "text/x-lua");
  } else {
    text_printf(error, "there is no text of %s", name != NULL ? name : "a source without a path");
  }
  text_free(&content);
  free(name);
  return good;
}

bool dap_loaded_sources(dap *d, const json_t *arguments, json_t **body, text *error) {
  (void)arguments, (void)error;
  char **names;
  size_t count = debugger_sources(d->code, d->map, &names);
  json_t *sources = json_array();
  for (size_t i = 0; i < count; i++) {
    json_array_append_new(sources, dap_source_of(d, names[i]));
    free(names[i]);
  }
  free(names);
  *body = json_pack("{s:o}", "sources", sources);
  return true;
}
