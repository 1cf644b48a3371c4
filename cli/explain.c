/*
 * explain.c - `flaron-lua explain`: from what a stripped flare logged back to files and lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cli.h"
#include "options.h"
#include "pack/linemap.h"

/* Reads the map; "-" is standard input. False after saying why not. */
static bool read_map(const cli_command *self, const char *path, text *content) {
  bool input = strcmp(path, "-") == 0;
  int fault = input ? text_read(content, STDIN_FILENO, FILE_MAP_MAX) : file_read(path, FILE_MAP_MAX, content);
  if (fault != 0) cli_fail_file(self, input ? "standard input" : path, fault, FILE_MAP_MAX);
  return fault == 0;
}

/* Opens the log to be read, without waiting for a pipe; /dev/null is an empty one. 0 or a fault (file.h). */
static int open_log(const char *path, int *fd) {
  struct stat about;
  bool null = stat(path, &about) == 0 && S_ISCHR(about.st_mode) && about.st_rdev == makedev(1, 3);
  if (!null) return file_open(path, fd);
  *fd = open(path, O_RDONLY | O_CLOEXEC);
  return *fd >= 0 ? 0 : errno;
}

/* Copies the log from `fd` to standard output, explained, as it comes in: whole lines. An errno value or 0.
 */
static int explain(const linemap *map, int fd, size_t *others, char other[9]) {
  enum { CHUNK = 65536, LINE_MAX_BYTES = 1 << 20 };
  text lines = {0}, out = {0}, shown = {0};
  int fault = 0;
  for (ssize_t n = 1; n > 0;) {
    char *room = text_room(&lines, CHUNK);
    n = read(fd, room, CHUNK);
    lines.size -= CHUNK - (size_t)(n > 0 ? n : 0);
    if (n < 0 && errno == EINTR)
      n = 1;
    else if (n < 0)
      fault = errno;
    const char *last = lines.size != 0 ? memrchr(lines.data, '\n', lines.size) : NULL;
    bool whole = n <= 0 || lines.size > LINE_MAX_BYTES;
    size_t size = last != NULL && n > 0 ? (size_t)(last + 1 - lines.data) : whole ? lines.size : 0;
    if (size == 0) continue;
    text_clear(&out);
    *others += linemap_explain(map, (bytes){(const uint8_t *)lines.data, size}, &out, other);
    text_clear(&shown);
    text_add_harmless(&shown, text_bytes(&out), "");
    fwrite(text_string(&shown), 1, shown.size, stdout);
    fflush(stdout);
    memmove(lines.data, lines.data + size, lines.size - size);
    lines.size -= size;
  }
  text_free(&lines);
  text_free(&out);
  text_free(&shown);
  return fault;
}

typedef struct words {
  const char *map, *log;
} words;

static int run(const cli_command *self, int argc, char **argv) {
  words w = {.log = "-"};
  int status = options_read(self, argc, argv, &w);
  if (status != CLI_GO_ON) return status;
  const char *path = w.map, *log = w.log;
  text json = {0}, error = {0};
  if (!read_map(self, path, &json)) {
    text_free(&json);
    return CLI_FAILED;
  }
  linemap *map = linemap_read(text_bytes(&json), &error);
  status = map != NULL ? CLI_DONE : cli_fail(self, "%s: %s", path, text_string(&error));
  if (map != NULL) {
    size_t others = 0;
    char other[9];
    bool input = strcmp(log, "-") == 0;
    int fd = STDIN_FILENO, fault = input ? 0 : open_log(log, &fd);
    if (fault == 0) {
      fault = explain(map, fd, &others, other);
      if (!input) close(fd);
    }
    if (fault != 0) {
      status = cli_fail_file(self, input ? "standard input" : log, fault, 0);
    } else if (others != 0) {
      status =
          cli_fail(self, "%s is the map of %s: %zu place%s in the log %s of another flare, such as ?%s", path,
                   linemap_hash(map), others, others == 1 ? "" : "s", others == 1 ? "is" : "are", other);
    }
  }
  linemap_free(map);
  text_free(&json);
  text_free(&error);
  return status;
}

#define AT(field) offsetof(words, field)

static const cli_option options[] = {
    {CLI_ARGUMENT, 0, NULL, "FLARE.map", AT(map), 1, .offer = {.endings = ".map"},
     .help = "what `flaron-lua pack --strip` wrote beside the flare"},
    {CLI_ARGUMENT, 0, NULL, "LOG", AT(log), .help = "lines of its log (default: standard input, also as -)"},
    CLI_LAST("this text"),
};

const cli_command cli_explain = {
    .name = "explain",
    .summary = "turn a stripped flare's log back into files and lines",
    .options = options,
    .expected = "a map, and perhaps a log, are",
    .notes =
        "Every place such as ?7de7b32e:14 becomes the file and line it stands for; all else stays as it is, "
        "but "
        "that control characters, which could take a terminal over, are shown as \\x1b. Places of another "
        "flare stay too, and then the exit code is 1.",
    .run = run,
};
