/*
 * cli.c - see cli.h.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack/manifest.h"
#include "project/conform.h"
#include "project/state.h"
#include "lua_layout.h"

/* Prints a text that cannot take a terminal over, in one piece. */
static void print_harmless(FILE *to, const char *format, va_list arguments) {
  text plain = {0}, harmless = {0};
  text_vprintf(&plain, format, arguments);
  text_add_harmless(&harmless, text_bytes(&plain), "");
  fwrite(text_string(&harmless), 1, harmless.size, to);
  text_free(&plain);
  text_free(&harmless);
}

int cli_print(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_harmless(stdout, format, arguments);
  va_end(arguments);
  return 1;
}

void cli_note(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_harmless(stderr, format, arguments);
  va_end(arguments);
}

bool cli_has_colours(const char *when, int fd) {
  const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
  if (strcmp(when, "auto") != 0) return strcmp(when, "always") == 0;
  return isatty(fd) && (no == NULL || *no == '\0') && (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

void cli_print_bytes(bytes b) {
  text harmless = {0};
  bool terminal = isatty(STDOUT_FILENO);
  if (terminal) text_add_harmless(&harmless, b, "");
  if (terminal) b = text_bytes(&harmless);
  if (b.size > 0) fwrite(b.data, 1, b.size, stdout);
  if (terminal && b.size > 0 && b.data[b.size - 1] != '\n') putchar('\n');
  text_free(&harmless);
}

void cli_print_json(const json_t *value) {
  char *dump = json_dumps(value, JSON_INDENT(2));
  text harmless = {0};
  text_add_harmless_json(&harmless, bytes_of(dump));
  puts(text_string(&harmless));
  text_free(&harmless);
  free(dump);
}

int cli_fail(const cli_command *self, const char *format, ...) {
  va_list arguments;
  cli_note("flaron-lua %s: ", self->name);
  va_start(arguments, format);
  print_harmless(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  return CLI_FAILED;
}

int cli_fail_file(const cli_command *self, const char *name, int fault, size_t most) {
  text message = {0};
  file_explain(&message, name, fault, most);
  cli_fail(self, "%s", message.data);
  text_free(&message);
  return CLI_FAILED;
}

bool cli_has_word(const char *words, const char *word) {
  for (size_t size; *words != '\0'; words += size + strspn(words + size, " ")) {
    size = strcspn(words, " ");
    if (bytes_are((bytes){(const uint8_t *)words, size}, word)) return true;
  }
  return false;
}

bool cli_read_number(const char *word, long low, long high, long *number) {
  char *end;
  errno = 0;
  *number = strtol(word, &end, 10);
  return errno == 0 && end != word && *end == '\0' && *number >= low && *number <= high;
}

bool cli_read_flare(const cli_command *self, const char *path, const pack_options *options, bool run,
                    flare *f) {
  text wasm = {0}, error = {0};
  bool packed = pack_path(path, options, &wasm, &error);
  bool read = packed && flare_read(f, &wasm, &error);
  bool good = read && (!run || flare_runs_here(f, &error));
  if (!good) cli_fail(self, packed ? "%s: %s" : "%.0s%s", path, text_string(&error));
  if (read && !good) flare_free(f);
  text_free(&wasm);
  text_free(&error);
  return good;
}

bool cli_follow(const cli_command *self, const char *report, host_config *config) {
  text notes = {0}, error = {0};
  bool good = report == NULL || conform_follow(report, config, &notes, &error);
  if (!good) cli_fail(self, "%s", text_string(&error));
  if (notes.size != 0) cli_note("%s", notes.data);
  text_free(&notes);
  text_free(&error);
  return good;
}

void cli_state_folder(const char *input, text *path) {
  struct stat about;
  const char *slash = strrchr(input, '/'), *dot = strrchr(input, '.');
  bool packed = dot != NULL && strcmp(dot, ".wasm") == 0;
  if (stat(input, &about) == 0 && S_ISDIR(about.st_mode)) {
    text_printf(path, "%s/.flaron", input);
  } else if (slash != NULL && !packed) {
    text_printf(path, "%.*s/.flaron", (int)(slash - input), input);
  } else {
    text_add_string(path, ".flaron");
  }
}

/* The folder of the project's state, when there is one. The caller frees it. */
static char *default_state(const char *input) {
  struct stat about;
  text path = {0};
  cli_state_folder(input, &path);
  if (stat(path.data, &about) == 0 && S_ISDIR(about.st_mode)) return path.data;
  text_free(&path);
  return NULL;
}

bool cli_open_state(const cli_command *self, const char *input, const char *persist, const char *secrets,
                    state *s) {
  text error = {0};
  char *folder = persist != NULL ? memory_copy(bytes_of(persist)) : default_state(input);
  bool good = state_open(s, folder, &error);
  if (good && secrets != NULL && !state_read_secrets(s, secrets, &error)) {
    state_close(s);
    good = false;
  }
  if (!good) cli_fail(self, "%s", text_string(&error));
  free(folder);
  text_free(&error);
  return good;
}

void cli_tell_unset_secrets(const json_t *config, const state *s) {
  host_config host = host_config_default();
  manifest_grants grants = {0};
  text names = {0}, error = {0}; /* a manifest that is wrong is told of by who reads it */
  state_lend(s, &host);
  if (manifest_configure(config, &host, &grants, &error)) host_unset_secrets(&host, &names);
  if (names.size != 0) cli_note("not set:%s (flaron-lua secret set NAME)\n", names.data);
  manifest_grants_free(&grants);
  text_free(&names);
  text_free(&error);
}

bool cli_find_program(const char *name, text *path) {
  struct stat about;
  const char *folders = getenv("PATH");
  if (folders == NULL) folders = "/usr/local/bin:/usr/bin:/bin"; /* as a shell has it then */
  for (const char *at = folders; *at != '\0'; at += *at == ':') {
    size_t size = strcspn(at, ":");
    text_clear(path);
    text_printf(path, "%.*s/%s", (int)size, at, name);
    bool absolute = *at == '/';
    at += size;
    if (absolute && access(path->data, X_OK) == 0 && stat(path->data, &about) == 0 &&
        S_ISREG(about.st_mode)) {
      return true;
    }
  }
  text_clear(path);
  return false;
}

bool cli_find_beside(const char *installed, const char *in_source, text *path) {
  char link[PATH_MAX];
  ssize_t size = readlink("/proc/self/exe", link, sizeof link);
  const char *const places[] = {installed, in_source};
  while (size > 0 && link[size - 1] != '/') size--;
  for (int i = 0; size > 0 && i < 2; i++) {
    text place = {0};
    text_printf(&place, "%.*s%s", (int)size, link, places[i]);
    char *real = realpath(place.data, NULL);
    text_free(&place);
    if (real == NULL) continue;
    text_add_string(path, real);
    free(real);
    return true;
  }
  return false;
}

/* Writes all of `content` to what open gave, and closes it. 0 or an errno value. */
static int write_and_close(int fd, bytes content) {
  if (fd < 0) return errno;
  int fault = 0;
  for (size_t done = 0; fault == 0 && done < content.size;) {
    ssize_t n = write(fd, content.data + done, content.size - done);
    if (n < 0 && errno != EINTR) fault = errno;
    if (n > 0) done += (size_t)n;
  }
  if (close(fd) != 0 && fault == 0) fault = errno;
  return fault;
}

/* Writes a file; `mode` is that of a new one, with `always` that of one that was there, too. */
static int write_file(const char *path, bytes content, mode_t mode, bool always) {
  struct stat about;
  bool exists = stat(path, &about) == 0;
  if (!exists && lstat(path, &about) == 0)
    return ENOENT;                         /* a link that leads nowhere, or to what WASI does not see */
  if (exists && !S_ISREG(about.st_mode)) { /* a device or a pipe must not be replaced */
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe that nobody reads must not hang us */
    if (fd >= 0) fcntl(fd, F_SETFL, 0);
    return write_and_close(fd, content);
  }
  char *target =
      exists ? realpath(path, NULL) : memory_copy(bytes_of(path)); /* not the link that leads there */
  if (target == NULL) return errno;
  text part = {0};
  text_printf(&part, "%s.part-%ld", target, (long)getpid());
  unlink(part.data); /* of one that was killed, or somebody's link: nothing of ours is there */
  int fd = open(part.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (exists && fd >= 0) fchmod(fd, always ? mode : about.st_mode & 0777);
  int fault = write_and_close(fd, content);
  if (fault == 0 && rename(part.data, target) != 0) fault = errno;
  if (fault != 0 && fd >= 0) unlink(part.data);
  text_free(&part);
  free(target);
  return fault;
}

int cli_write_file(const char *path, bytes content) { return write_file(path, content, 0644, false); }

int cli_write_private_file(const char *path, bytes content) { return write_file(path, content, 0600, true); }

int cli_make_folders(char *path, size_t from) {
  for (char *slash = strchr(path + from, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    struct stat about;
    *slash = '\0';
    int fault = mkdir(path, 0777) != 0 ? errno : 0;
    if (fault == EEXIST) fault = lstat(path, &about) != 0 ? errno : S_ISDIR(about.st_mode) ? 0 : ENOTDIR;
    *slash = '/';
    if (fault != 0) return fault;
  }
  return 0;
}

void cli_add_version(text *to) {
  text_printf(to, "flaron-lua %s (Lua %s, runtime %.12s)", FLARON_LUA_VERSION, LAYOUT_LUA_RELEASE,
              flare_runtime_hash());
}

void cli_print_log(const host_response *response) {
  for (size_t i = 0; i < response->line_count; i++) {
    const host_line *l = &response->lines[i];
    text line = {0};
    text_add_harmless(&line, text_bytes(&l->line), "");
    fprintf(stderr, "%s: %s\n", host_level_name(l->level), text_string(&line));
    text_free(&line);
  }
}
