/*
 * explain.c - `flaron-lua explain`: from what a stripped flare logged back to files and lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "linemap.h"

/* Reads a whole file; "-" is standard input. False after saying why not. */
static bool read_all(const cli_command *self, const char *path, text *content) {
  bool input = strcmp(path, "-") == 0;
  int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  int fault = fd >= 0 ? text_read(content, fd, SIZE_MAX) : errno;
  if (!input && fd >= 0) close(fd);
  if (fault != 0) cli_fail(self, "%s: %s", input ? "standard input" : path, strerror(fault));
  return fault == 0;
}

/* Copies the log from `fd` to standard output, explained, as it comes in: whole lines. An errno value or 0.
 */
static int explain(const linemap *map, int fd, size_t *others, char other[9]) {
  enum { CHUNK = 65536 };
  text lines = {0}, out = {0};
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
    size_t size = n <= 0 ? lines.size : last != NULL ? (size_t)(last + 1 - lines.data) : 0;
    if (size == 0) continue;
    text_clear(&out);
    *others += linemap_explain(map, (bytes){(const uint8_t *)lines.data, size}, &out, other);
    fwrite(text_string(&out), 1, out.size, stdout);
    fflush(stdout);
    memmove(lines.data, lines.data + size, lines.size - size);
    lines.size -= size;
  }
  text_free(&lines);
  text_free(&out);
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
  if (!read_all(self, path, &json)) {
    text_free(&json);
    return CLI_FAILED;
  }
  linemap *map = linemap_read(text_bytes(&json), &error);
  int status = map != NULL ? CLI_DONE : cli_fail(self, "%s: %s", path, text_string(&error));
  if (map != NULL) {
    size_t others = 0;
    char other[9];
    bool input = strcmp(log, "-") == 0;
    int fd = input ? STDIN_FILENO : open(log, O_RDONLY | O_CLOEXEC);
    int fault = fd >= 0 ? explain(map, fd, &others, other) : errno;
    if (!input && fd >= 0) close(fd);
    if (fault != 0) {
      status = cli_fail(self, "%s: %s", input ? "standard input" : log, strerror(fault));
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
        "Every place such as ?7de7b32e:14 becomes the file and line it stands for; all else stays as it is. "
        "Places\n"
        "of another flare stay too, and then the exit code is 1.\n",
    .run = run,
};
