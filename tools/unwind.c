/*
 * unwind.c - the command line of the unwinding rewriter.
 *
 *   unwind IN.wasm -o OUT.wasm [--report]
 *   unwind IN.wasm -o OUT.wasm --keep NAMES
 *
 * Reads a file, passes it to unwind_rewrite or trim, writes a file. The output is written to a temporary file
 * beside it and renamed, so that it is never incomplete. It is a program of the build and never shipped. Exit
 * codes: 0 done, 1 failed, 2 misused.
 */
#define _POSIX_C_SOURCE 200809L

#include "trim.h"
#include "unwind_rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DONE = 0, FAILED = 1, MISUSED = 2 };

static const char usage[] =
    "usage: unwind IN.wasm -o OUT.wasm [--report]\n"
    "       unwind IN.wasm -o OUT.wasm --keep NAMES\n"
    "\n"
    "Puts a check behind every call that may come back because unwind_throw was called, so that\n"
    "errors unwind in core Wasm. IN.wasm exports the functions unwind_throw and unwind_try and\n"
    "the global unwinding; OUT.wasm does not export them any more.\n"
    "\n"
    "  -o OUT.wasm  where the rewritten module goes\n"
    "  --report     prints one line about what was done\n"
    "  --keep NAMES does another thing: exports but those NAMES, with commas between them, are\n"
    "               dropped, and their functions become traps\n"
    "  --help       prints this\n";

typedef struct {
  const char *in;
  const char *out;
  const char *keep; /* NULL: rewrite instead of trim */
  bool report;
} options;

/* Prints on stderr what is wrong with `file`; returns FAILED. */
static int failure(const char *file, const char *sentence) {
  fprintf(stderr, "unwind: %s: %s\n", file, sentence);
  return FAILED;
}

/* Prints on stderr what is wrong with the command line; returns MISUSED. */
static int misuse(const char *sentence, const char *argument) {
  fprintf(stderr, "unwind: %s%s (see unwind --help)\n", sentence, argument);
  return MISUSED;
}

/* Appends the file at `path` to `bytes`. On failure prints a message on stderr and returns false. */
static bool read_file(const char *path, wasm_writer *bytes) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    failure(path, strerror(errno));
    return false;
  }
  uint8_t chunk[65536];
  size_t got;
  errno = 0;
  while ((got = fread(chunk, 1, sizeof chunk, file)) > 0) {
    wasm_write_bytes(bytes, chunk, got);
  }
  const char *problem = NULL;
  if (ferror(file)) {
    problem = strerror(errno);
  } else if (bytes->failed) {
    problem = "memory ran out";
  }
  if (problem != NULL) {
    failure(path, problem);
  }
  fclose(file);
  return problem == NULL;
}

/* Writes `bytes` to a new file at `path`; removes it and sets errno if that fails. */
static bool write_new_file(const char *path, const wasm_writer *bytes) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (fd < 0) {
    return false;
  }
  size_t done = 0;
  bool good = true;
  while (good && done < bytes->size) {
    ssize_t wrote = write(fd, bytes->data + done, bytes->size - done);
    if (wrote >= 0) {
      done += (size_t)wrote;
    } else if (errno != EINTR) {
      good = false;
    }
  }
  int problem = good ? 0 : errno;
  if (close(fd) != 0 && problem == 0) {
    problem = errno;
  }
  if (problem != 0) {
    unlink(path);
    errno = problem;
  }
  return problem == 0;
}

/* Writes `bytes` to `path`, replacing a regular file. On failure prints a message on stderr. */
static bool write_file(const char *path, const wasm_writer *bytes) {
  struct stat old;
  if (stat(path, &old) == 0 && !S_ISREG(old.st_mode)) {
    failure(path, "it is there already and is not a regular file");
    return false;
  }
  size_t size = strlen(path) + 32;
  char *beside = malloc(size);
  if (beside == NULL) {
    failure(path, "memory ran out");
    return false;
  }
  snprintf(beside, size, "%s.%ld.tmp", path, (long)getpid());
  bool good = write_new_file(beside, bytes);
  if (good && rename(beside, path) != 0) {
    int problem = errno;
    unlink(beside);
    errno = problem;
    good = false;
  }
  if (!good) {
    failure(path, strerror(errno));
  }
  free(beside);
  return good;
}

/* Rewrites the input and writes the output. Returns an exit code. */
static int rewrite(const options *o, const wasm_writer *in) {
  wasm_writer out = {0};
  unwind_report report;
  char error[256];
  int code = DONE;
  if (o->keep != NULL) {
    code = !trim(in->data, in->size, o->keep, &out, error, sizeof error) ? failure(o->in, error)
           : write_file(o->out, &out)                                    ? DONE
                                                                         : FAILED;
  } else if (!unwind_rewrite(in->data, in->size, &out, &report, error, sizeof error)) {
    code = failure(o->in, error);
  } else if (!write_file(o->out, &out)) {
    code = FAILED;
  } else if (o->report) {
    printf("unwind: %lu of %lu functions can throw, %lu checks, %zu -> %zu bytes\n",
           (unsigned long)report.throwing, (unsigned long)report.functions, (unsigned long)report.checks,
           report.bytes_before, report.bytes_after);
  }
  wasm_writer_free(&out);
  return code;
}

/* Parses a command line without --help. DONE or MISUSED. */
static int parse(int argc, char **argv, options *o) {
  for (int i = 1; i < argc; i++) {
    const char *argument = argv[i];
    if (strcmp(argument, "--report") == 0) {
      o->report = true;
    } else if (strcmp(argument, "--keep") == 0) {
      if (i + 1 == argc) {
        return misuse("--keep needs names", "");
      }
      o->keep = argv[++i];
    } else if (strcmp(argument, "-o") == 0) {
      if (o->out != NULL) {
        return misuse("-o is given twice", "");
      }
      if (i + 1 == argc) {
        return misuse("-o needs the name of a file", "");
      }
      o->out = argv[++i];
    } else if (argument[0] == '-') {
      return misuse("there is no option ", argument);
    } else if (o->in != NULL) {
      return misuse("there is one input too many: ", argument);
    } else {
      o->in = argument;
    }
  }
  if (o->in == NULL) {
    return misuse("the input is missing", "");
  }
  return o->out != NULL ? DONE : misuse("the output is missing: -o OUT.wasm", "");
}

int main(int argc, char **argv) {
  options o = {0};
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0) {
      fputs(usage, stdout);
      return fflush(stdout) == 0 ? DONE : FAILED;
    }
  }
  int code = parse(argc, argv, &o);
  if (code != DONE) {
    return code;
  }
  wasm_writer in = {0};
  code = read_file(o.in, &in) ? rewrite(&o, &in) : FAILED;
  wasm_writer_free(&in);
  if (fflush(stdout) != 0) {
    code = failure("stdout", strerror(errno));
  }
  return code;
}
