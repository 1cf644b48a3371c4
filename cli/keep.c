/*
 * keep.c - see keep.h.
 */
#include "keep.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "project/state.h"

bool keep_value(const cli_command *self, const char *word, size_t most, text *value) {
  const char *name = "the value";
  size_t from = value->size;
  int fault = 0;
  if (*word != '@' || word[1] == '@') {
    text_add_string(value, *word == '@' ? word + 1 : word);
    if (value->size - from > most) fault = EFBIG;
  } else if (strcmp(word, "@-") == 0) {
    name = "standard input";
    fault = text_read(value, STDIN_FILENO, most);
  } else {
    name = word + 1;
    fault = file_read_any(name, most, value);
  }
  if (fault == EFBIG) {
    cli_fail(self, "%s: it is larger than %zu bytes", name, most);
  } else if (fault != 0) {
    cli_fail_file(self, name, fault, most);
  }
  return fault == 0;
}

/* Whether a folder is there; says so when it is not. */
static bool is_there(const cli_command *self, const char *folder) {
  struct stat about;
  int fault = stat(folder, &about) != 0 ? errno : S_ISDIR(about.st_mode) ? 0 : ENOTDIR;
  if (fault == ENOENT) {
    cli_fail(self, "%s: there is no such folder: nothing was kept there yet", folder);
  } else if (fault != 0) {
    cli_fail(self, "%s: %s", folder, strerror(fault));
  }
  return fault == 0;
}

bool keep_folder(const cli_command *self, const char *persist, const char *project, bool make, text *folder) {
  struct stat about;
  text error = {0};
  if (persist != NULL) {
    text_add_string(folder, persist);
  } else if (project == NULL || stat(project, &about) == 0) {
    cli_state_folder(project != NULL ? project : "", folder);
  } else {
    cli_fail(self, "%s: %s", project, strerror(errno));
    return false;
  }
  if (!make) return is_there(self, folder->data);
  bool good = state_make_folder(folder->data, &error);
  if (!good) cli_fail(self, "%s", text_string(&error));
  text_free(&error);
  return good;
}
