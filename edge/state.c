/*
 * state.c - see state.h.
 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "encoding.h"
#include "store.h"

/* Reads a file that only its owner may read. 0, ENOENT..., or EACCES with a sentence in `error`. */
static int read_private(const char *path, text *content, text *error) {
  struct stat about;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int fault = fstat(fd, &about) != 0 ? errno : 0;
  if (fault == 0 && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    text_printf(error, "%s: others than its owner may read it (mode %03o): chmod 600 it", path,
                (unsigned)about.st_mode & 0777);
    fault = EACCES;
  }
  for (ssize_t n = 1; fault == 0 && n > 0;) {
    char part[4096];
    n = read(fd, part, sizeof part);
    if (n < 0) fault = errno;
    if (n > 0) text_add(content, part, (size_t)n);
  }
  close(fd);
  return fault;
}

static void free_secrets(state *s) {
  for (size_t i = 0; i < s->secret_count; i++) {
    free(s->secrets[i].name);
    free(s->secrets[i].value);
  }
  free(s->secrets);
  s->secrets = NULL;
  s->secret_count = 0;
}

/* Adds a secret from its JSON value; false when it is neither a string nor {"base64": "..."}. */
static bool add_secret(state *s, const char *name, const json_t *value) {
  text bytes_of_it = {0};
  const json_t *base64 = json_object_get(value, "base64");
  if (json_is_string(value)) {
    text_add(&bytes_of_it, json_string_value(value), json_string_length(value));
  } else if (!json_is_string(base64) ||
             !base64_decode(&bytes_of_it, (bytes){(const uint8_t *)json_string_value(base64),
                                                  json_string_length(base64)})) {
    text_free(&bytes_of_it);
    return false;
  }
  s->secrets = memory_resize(s->secrets, (s->secret_count + 1) * sizeof *s->secrets);
  s->secrets[s->secret_count++] = (host_secret){
      memory_copy(bytes_of(name)), (uint8_t *)memory_copy(text_bytes(&bytes_of_it)), bytes_of_it.size};
  text_free(&bytes_of_it);
  return true;
}

bool state_read_secrets(state *s, const char *path, text *error) {
  text content = {0};
  json_error_t where;
  const char *name;
  json_t *value, *table = NULL;
  int fault = read_private(path, &content, error);
  bool good = fault == 0;
  if (!good && error->size == 0) text_printf(error, "%s: %s", path, strerror(fault));
  if (good) {
    table = json_loadb(text_string(&content), content.size, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &where);
    good = json_is_object(table);
    if (table == NULL) {
      text_printf(error, "%s:%d: %s", path, where.line, where.text);
    } else if (!good) {
      text_printf(error, "%s: it is no JSON object from names to secrets", path);
    }
  }
  if (good) {
    free_secrets(s);
    json_object_foreach(table, name, value) {
      if (add_secret(s, name, value)) continue;
      text_printf(error, "%s: secret '%s' is neither a string nor {\"base64\": \"...\"}", path, name);
      good = false;
      break;
    }
  }
  json_decref(table);
  text_free(&content);
  return good;
}

bool state_open(state *s, const char *folder, text *error) {
  text path = {0};
  bool good = true;
  *s = (state){0};
  if (folder != NULL) {
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
      text_printf(error, "%s: %s", folder, strerror(errno));
      good = false;
    }
    text_printf(&path, "%s/secrets.json", folder);
    if (good && access(path.data, F_OK) == 0) good = state_read_secrets(s, path.data, error);
    text_clear(&path);
    text_printf(&path, "%s/stores.db", folder);
  }
  if (good) {
    s->store = store_open(folder != NULL ? path.data : NULL, error);
    good = s->store != NULL;
  }
  text_free(&path);
  if (!good) state_close(s);
  return good;
}

void state_lend(const state *s, host_config *config) {
  config->store = s->store;
  config->secrets = s->secrets;
  config->secret_count = s->secret_count;
}

void state_close(state *s) {
  store_close(s->store);
  free_secrets(s);
  *s = (state){0};
}
