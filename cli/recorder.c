/*
 * recorder.c - see recorder.h.
 */
#include "recorder.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct recorder {
  const cli_command *self;
  char *folder;
  bool keep;
  atomic_bool failing; /* the last file could not be written */
};

/* Says a thing once in the life of the process. */
static void say_once(const cli_command *self, atomic_flag *said, const char *what, const char *path) {
  if (!atomic_flag_test_and_set(said)) cli_note("flaron-lua %s: %s: %s\n", self->name, path, what);
}

int recorder_write(const cli_command *self, const char *path, const recording *r, bool keep) {
  static atomic_flag said_secret = ATOMIC_FLAG_INIT, said_header = ATOMIC_FLAG_INIT;
  record_secrets found = {false, false};
  text content = {0};
  record_write(r, keep, &content, &found);
  int fault = cli_write_private_file(path, text_bytes(&content));
  text_free(&content);
  if (fault != 0) return fault;
  if (found.secret) {
    say_once(self, &said_secret,
             keep ? "it has a secret in it, as --record-secrets wants"
                  : "the flare read a secret: its value is replaced in the record, but not what the script "
                    "made of it",
             path);
  }
  if (found.header) {
    say_once(self, &said_header, "it has the Authorization or Cookie in it that the flare read", path);
  }
  return 0;
}

/* Adds "FOLDER/20261122T101500.123-000042-GET.json": sortable, and nothing in it that a client chose freely.
 */
static void add_path(const recorder *r, const pool_job *job, const char *begin, text *to) {
  enum { METHOD = 16 };
  const char *what = job->handler == FLARE_HANDLE_REQUEST ? text_string(&job->request.method)
                                                          : flare_handler_names[job->handler];
  text_printf(to, "%s/", r->folder);
  for (const char *c = begin; *c != 'Z'; c++) {
    if (*c != '-' && *c != ':') text_add(to, c, 1);
  }
  text_printf(to, "-%06llu-", (unsigned long long)job->id);
  for (int i = 0; i < METHOD && what[i] != '\0'; i++) {
    bool good = (what[i] >= 'A' && what[i] <= 'Z') || (what[i] >= 'a' && what[i] <= 'z') || what[i] == '_';
    text_add(to, good ? &what[i] : "-", 1);
  }
  text_add_string(to, ".json");
}

void recorder_keep(recorder *r, const pool_job *job, const recording *record) {
  text path = {0};
  add_path(r, job, record->begin, &path);
  int fault = recorder_write(r->self, path.data, record, r->keep);
  bool failed_before = atomic_exchange(&r->failing, fault != 0);
  if (fault != 0 && !failed_before) {
    cli_fail(r->self, "%s: %s (requests are answered, but not recorded until this is mended)", path.data,
             strerror(fault));
  }
  text_free(&path);
}

recorder *recorder_open(const cli_command *self, const char *folder, bool keep) {
  enum { OWNER = 0700 };
  struct stat about;
  int fault = mkdir(folder, OWNER) == 0 ? 0 : errno;
  if (fault == EEXIST) fault = stat(folder, &about) != 0 ? errno : S_ISDIR(about.st_mode) ? 0 : ENOTDIR;
  if (fault != 0) {
    cli_fail(self, "--record: %s: %s", folder, strerror(fault));
    return NULL;
  }
  recorder *r = memory_get(sizeof *r);
  r->self = self;
  r->folder = memory_copy(bytes_of(folder));
  r->keep = keep;
  atomic_init(&r->failing, false);
  return r;
}

void recorder_close(recorder *r) {
  if (r == NULL) return;
  free(r->folder);
  free(r);
}
