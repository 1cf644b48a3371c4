/*
 * explain.c - `flaron-lua explain`: from what a stripped flare logged back to files and lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cli.h"
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

static int run(const cli_command *self, int argc, char **argv) {
  static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
  for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
    if (c == 'h') return cli_show_help(self);
    return cli_bad_option(self, argc, argv);
  }
  if (argc - optind < 1 || argc - optind > 2) {
    return cli_misuse(self, "a map and at most one log are expected, not %d arguments", argc - optind);
  }
  const char *path = argv[optind], *log = argc - optind == 2 ? argv[optind + 1] : "-";
  text json = {0}, error = {0};
  if (!read_map(self, path, &json)) {
    text_free(&json);
    return CLI_FAILED;
  }
  linemap *map = linemap_read(text_bytes(&json), &error);
  int status = map != NULL ? CLI_DONE : cli_fail(self, "%s: %s", path, text_string(&error));
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

const cli_command cli_explain = {
    .name = "explain",
    .summary = "turn a stripped flare's log back into files and lines",
    .usage = "explain FLARE.map [LOG]",
    .help =
        "  FLARE.map    what `flaron-lua pack --strip` wrote beside the flare\n"
        "  LOG          lines of its log (default: standard input, also as -)\n"
        "  -h, --help   this text\n"
        "\n"
        "Every place such as ?7de7b32e:14 becomes the file and line it stands for; all else stays as it is, "
        "but\n"
        "that control characters, which could take a terminal over, are shown as \\x1b. Places of another "
        "flare\n"
        "stay too, and then the exit code is 1.\n",
    .run = run,
};
