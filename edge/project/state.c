/*
 * state.c - see state.h.
 */
#include "project/state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_bytes.h"
#include "base/list.h"
#include "base/utf8.h"
#include "store/store.h"

#define SECRETS "secrets.json"
#define SECRETS_PART SECRETS ".part" /* the new secrets.json while it is written */
#define STORES "stores.db"

enum { SECRET_NAME_MAX = 256 };

/*
 * Reads a file that only its owner may read: SECRETS in an open folder or, if `folder` is -1, a path that the
 * user named. 0, ENOENT..., or EACCES with a sentence in `error`.
 */
static int state_read_private(int folder, const char *path, text *content, text *error) {
  struct stat about;
  int fd, fault = folder >= 0 ? file_open_at(folder, SECRETS, &fd) : file_open(path, &fd);
  if (fault != 0) return fault;
  if (fstat(fd, &about) != 0) fault = errno;
  if (fault == 0 && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    text_printf(error, "%s: others than its owner may read it (mode %03o): chmod 600 it", path,
                (unsigned)about.st_mode & 0777);
    fault = EACCES;
  }
  if (fault == 0) fault = text_read(content, fd, FILE_SECRETS_MAX);
  close(fd);
  return fault;
}

static void state_free_secrets(state *s) {
  for (size_t i = 0; i < s->secret_count; i++) {
    free(s->secrets[i].name);
    free(s->secrets[i].value);
  }
  free(s->secrets);
  s->secrets = NULL;
  s->secret_count = 0;
}

/* Adds a secret from its JSON value; false when it is neither a string nor {"base64": "..."}. */
static bool state_add_secret(state *s, const char *name, const json_t *value) {
  text bytes_of_it = {0};
  if (!json_to_bytes(value, &bytes_of_it)) {
    text_free(&bytes_of_it); /* it may have a buffer although it is empty */
    return false;
  }
  LIST_ROOM(s->secrets, s->secret_count);
  s->secrets[s->secret_count++] = (host_secret){
      memory_copy(bytes_of(name)), (uint8_t *)memory_copy(text_bytes(&bytes_of_it)), bytes_of_it.size};
  text_free(&bytes_of_it);
  return true;
}

/*
 * Reads the JSON object in a file of secrets (see state_read_private) without checking its values; with
 * `none` a missing file counts as an empty object. NULL: `error` names the file.
 */
static json_t *state_read_table(int folder, const char *path, bool none, text *error) {
  text content = {0};
  json_error_t where;
  json_t *table = NULL;
  int fault = state_read_private(folder, path, &content, error);
  if (fault == ENOENT && none) {
    table = json_object();
  } else if (fault != 0) {
    if (error->size == 0) file_explain(error, path, fault, FILE_SECRETS_MAX);
  } else {
    size_t mark = utf8_mark(content.data, content.size);
    table = json_loadb(text_string(&content) + mark, content.size - mark,
                       JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &where);
    if (table == NULL) text_printf(error, "%s:%d: %s", path, where.line, where.text);
  }
  if (table != NULL && !json_is_object(table)) {
    text_printf(error, "%s: it is no JSON object from names to secrets", path);
    json_decref(table);
    table = NULL;
  }
  text_free(&content);
  return table;
}

/* Replaces the secrets of `s` by the table of a file. False: a value is not a secret; `error` names it and
 * the file. */
static bool state_take_table(state *s, json_t *table, const char *path, text *error) {
  const char *name;
  json_t *value;
  state_free_secrets(s);
  json_object_foreach(table, name, value) {
    if (state_add_secret(s, name, value)) continue;
    text_printf(error, "%s: secret '%s' is neither a string nor {\"base64\": \"...\"}", path, name);
    return false;
  }
  return true;
}

/* Replaces the secrets of `s` by those in a file (see state_read_private). False with a message in `error`.
 */
static bool state_load_secrets(state *s, int folder, const char *path, text *error) {
  json_t *table = state_read_table(folder, path, folder >= 0, error);
  bool good = table != NULL && state_take_table(s, table, path, error);
  json_decref(table);
  return good;
}

bool state_read_secrets(state *s, const char *path, text *error) {
  return state_load_secrets(s, -1, path, error);
}

/* Whether a folder has the name of one that we make, which must not be a link. Other folders were named by
 * the user. */
static bool state_is_own(const char *name, size_t size) {
  static const char state_name[] = ".flaron", edge[] = "edge-";
  return (size == sizeof state_name - 1 && strncasecmp(name, state_name, size) == 0) ||
         (size > sizeof edge - 1 && strncmp(name, edge, sizeof edge - 1) == 0);
}

/* Opens a folder of state of any name. -1: `error` says why. */
static int state_open_folder(const char *folder, text *error) {
  size_t end = strlen(folder), begin;
  struct stat about = {0};
  while (end > 1 && folder[end - 1] == '/') end--; /* a slash at the end would make open follow a link */
  for (begin = end; begin > 0 && folder[begin - 1] != '/'; begin--) {
  }
  bool own = state_is_own(folder + begin, end - begin);
  char *path = memory_copy((bytes){(const uint8_t *)folder, end});
  bool link = own && lstat(path, &about) == 0 && S_ISLNK(about.st_mode); /* WASI may open one all the same */
  int fd = link ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (own ? O_NOFOLLOW : 0));
  int fault = link ? FILE_LINK : errno;
  if (fd >= 0) fault = fstat(fd, &about) != 0 ? errno : 0;
  free(path);
  if (fd >= 0 && fault == 0 && (!own || (about.st_mode & (S_IWGRP | S_IWOTH)) == 0)) return fd;
  if (fault == 0) {
    text_printf(error, "%s: others than its owner may write to it (mode %03o): chmod go-w it", folder,
                (unsigned)about.st_mode & 0777);
  } else {
    file_explain(error, folder, fault, 0);
  }
  if (fd >= 0) close(fd);
  return -1;
}

bool state_read_folder(state *s, const char *folder, text *error) {
  text path = {0};
  text_printf(&path, "%s/" SECRETS, folder);
  int fd = state_open_folder(folder, error);
  bool good = fd >= 0 && state_load_secrets(s, fd, path.data, error);
  if (fd >= 0) close(fd);
  text_free(&path);
  return good;
}

/* ---- changing secrets.json ---- */

bool state_secret_name_valid(const char *name) {
  size_t size = strlen(name);
  if (size == 0 || size > SECRET_NAME_MAX) return false;
  for (const char *c = name; *c != '\0'; c++) {
    if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '=') return false;
  }
  json_t *as_json = json_string(name); /* NULL when it is not UTF-8 */
  json_decref(as_json);
  return as_json != NULL;
}

/* Opens a folder and locks it, waiting for other writers of its secrets. -1: `error` says why. */
static int state_lock_folder(const char *folder, text *error) {
  int fd = state_open_folder(folder, error), locked;
  if (fd < 0) return -1;
  do locked = flock(fd, LOCK_EX);
  while (locked != 0 && errno == EINTR);
  if (locked == 0) return fd;
  text_printf(error, "%s: %s", folder, strerror(errno));
  close(fd);
  return -1;
}

/* Writes all of `content`. 0 or an errno value. */
static int state_write_all(int fd, bytes content) {
  for (size_t done = 0; done < content.size;) {
    ssize_t n = write(fd, content.data + done, content.size - done);
    if (n < 0 && errno != EINTR) return errno;
    if (n > 0) done += (size_t)n;
  }
  return 0;
}

/*
 * Replaces secrets.json in an open, locked folder atomically. Removes the leftover of a killed writer. 0 or
 * an errno value.
 */
static int state_replace_secrets(int folder, bytes content) {
  unlinkat(folder, SECRETS_PART, 0);
  int fd = openat(folder, SECRETS_PART, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return errno;
  int fault =
      fchmod(fd, S_IRUSR | S_IWUSR) != 0 ? errno : state_write_all(fd, content); /* whatever the umask is */
  if (fault == 0 && fsync(fd) != 0) fault = errno;
  if (close(fd) != 0 && fault == 0) fault = errno;
  if (fault == 0 && renameat(folder, SECRETS_PART, folder, SECRETS) != 0) fault = errno;
  if (fault != 0) {
    unlinkat(folder, SECRETS_PART, 0);
  } else if (fsync(folder) != 0 && errno != EINVAL) { /* EINVAL: the file system cannot sync folders */
    fault = errno;
  }
  return fault;
}

/* Writes a changed table, unless a reader would refuse it. False: `error` names the file. */
static bool state_write_table(int folder, json_t *table, const char *path, text *error) {
  state checked = {0};
  bool good = state_take_table(&checked, table, path, error);
  state_free_secrets(&checked);
  if (!good) return false;
  text content = {0};
  char *dump = json_dumps(table, JSON_INDENT(2));
  if (dump != NULL) text_printf(&content, "%s\n", dump);
  int fault = dump != NULL ? state_replace_secrets(folder, text_bytes(&content)) : EINVAL;
  if (fault != 0) text_printf(error, "%s: %s", path, strerror(fault));
  free(dump);
  text_free(&content);
  return fault == 0;
}

/* Sets a secret to `value`, which it takes over, or removes it if `value` is NULL; `found`: it existed
 * before. */
static bool state_change_secret(const char *folder, const char *name, json_t *value, bool *found,
                                text *error) {
  text path = {0};
  text_printf(&path, "%s/" SECRETS, folder);
  int lock = state_lock_folder(folder, error);
  json_t *table = lock >= 0 ? state_read_table(lock, path.data, true, error) : NULL;
  bool good = table != NULL;
  if (good) {
    *found = json_object_get(table, name) != NULL;
    if (value != NULL && json_object_set(table, name, value) != 0) {
      text_printf(error, "%s: '%s' cannot be the name of a secret", path.data, name);
      good = false;
    }
    if (value == NULL) json_object_del(table, name);
    if (good && (value != NULL || *found)) good = state_write_table(lock, table, path.data, error);
  }
  json_decref(table);
  json_decref(value);
  if (lock >= 0) close(lock);
  text_free(&path);
  return good;
}

bool state_set_secret(const char *folder, const char *name, bytes value, text *error) {
  bool found;
  return state_change_secret(folder, name, json_of_bytes(value), &found, error);
}

bool state_delete_secret(const char *folder, const char *name, bool *found, text *error) {
  *found = false;
  return state_change_secret(folder, name, NULL, found, error);
}

/* ---- the folder ---- */

bool state_make_folder(const char *folder, text *error) {
  if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
    text_printf(error, "%s: %s", folder, strerror(errno));
    return false;
  }
  int fd = state_open_folder(folder, error);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

struct store *state_open_store(const char *folder, bool make, text *error) {
  text path = {0};
  struct stat about;
  struct store *opened = NULL;
  int fd = state_open_folder(folder, error);
  if (fd < 0) return NULL;
  text_printf(&path, "%s/" STORES, folder);
  if (!make && fstatat(fd, STORES, &about, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) {
    opened = store_open(NULL, error);
  } else {
    opened = store_open_in(fd, STORES, path.data, error);
  }
  close(fd);
  text_free(&path);
  return opened;
}

bool state_open(state *s, const char *folder, text *error) {
  *s = (state){0};
  if (folder == NULL) {
    s->store = store_open(NULL, error);
  } else if (state_make_folder(folder, error) && state_read_folder(s, folder, error)) {
    s->store = state_open_store(folder, true, error);
  }
  if (s->store != NULL) return true;
  state_close(s);
  return false;
}

void state_lend(const state *s, host_config *config) {
  config->store = s->store;
  config->secrets = s->secrets;
  config->secret_count = s->secret_count;
}

void state_close(state *s) {
  store_close(s->store);
  state_free_secrets(s);
  *s = (state){0};
}
