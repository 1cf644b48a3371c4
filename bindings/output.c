/*
 * output.c - see output.h. Only lines that are written in pieces are buffered here; others go directly to the
 * host.
 */
#include "output.h"

#include <stdbool.h>
#include <stdlib.h>

#include "abi/abi.h"

enum { LINE = 4096 }; /* the host cuts lines at this size */

/* The unfinished lines. `bytes` is a buffer of LINE bytes, NULL = not allocated: a static buffer would be
 * restored before each invocation. */
static struct {
  char *bytes;
  size_t used;
} begun[OUTPUTS];

static void send(enum output to, const char *line, size_t size) {
  if (to == OUTPUT_INFO)
    log_info(line, size);
  else
    log_warn(line, size);
}

void output_feed(enum output to) {
  send(to, begun[to].bytes, begun[to].used);
  begun[to].used = 0;
}

void output_write(enum output to, const char *bytes, size_t size, int feed) {
  if (begun[to].bytes == NULL && (begun[to].bytes = malloc(LINE)) == NULL) {
    send(to, bytes, size); /* split in wrong places, but not lost */
    return;
  }
  for (const char *end = bytes + size; bytes < end; bytes++) {
    bool ends = (unsigned char)*bytes == feed;
    if (ends || begun[to].used == LINE) output_feed(to);
    if (!ends) begun[to].bytes[begun[to].used++] = *bytes;
  }
}

void output_line(const char *line, size_t size) {
  if (begun[OUTPUT_INFO].used == 0) {
    send(OUTPUT_INFO, line, size);
    return;
  }
  output_write(OUTPUT_INFO, line, size, -1);
  output_feed(OUTPUT_INFO);
}

void output_end(void) {
  for (enum output to = 0; to < OUTPUTS; to++) {
    if (begun[to].used > 0) output_feed(to);
  }
}
