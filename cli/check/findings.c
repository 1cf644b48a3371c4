/*
 * findings.c - see findings.h.
 */
#include "check/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const char *check_level_name(check_level level) {
  static const char *const names[] = {"error", "warning", "note"};
  return names[level];
}

void check_add(check_findings *findings, check_level level, const char *file, long line, long column,
               const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int size = vsnprintf(NULL, 0, format, arguments);
  char *message = memory_get((size_t)size + 1);
  vsnprintf(message, (size_t)size + 1, format, again);
  va_end(arguments);
  va_end(again);
  findings->items = memory_resize(findings->items, (findings->count + 1) * sizeof *findings->items);
  findings->items[findings->count++] =
      (check_finding){level, file != NULL ? memory_copy(bytes_of(file)) : NULL, line, column, message};
}

void check_findings_free(check_findings *findings) {
  for (size_t i = 0; i < findings->count; i++) {
    free(findings->items[i].file);
    free(findings->items[i].message);
  }
  free(findings->items);
  *findings = (check_findings){0};
}

size_t check_findings_count(const check_findings *findings, check_level level) {
  size_t n = 0;
  for (size_t i = 0; i < findings->count; i++) n += findings->items[i].level == level;
  return n;
}

/* qsort: by file, line and column; what is of no file comes last. */
static int compare(const void *a, const void *b) {
  const check_finding *x = a, *y = b;
  if (x->file == NULL || y->file == NULL) return (x->file == NULL) - (y->file == NULL);
  int files = strcmp(x->file, y->file);
  if (files != 0) return files;
  if (x->line != y->line) return x->line < y->line ? -1 : 1;
  return (x->column > y->column) - (x->column < y->column);
}

void check_findings_sort(check_findings *findings) {
  if (findings->count > 0) qsort(findings->items, findings->count, sizeof *findings->items, compare);
}

void check_findings_print(const check_findings *findings, const char *prefix) {
  for (size_t i = 0; i < findings->count; i++) {
    const check_finding *f = &findings->items[i];
    if (f->file != NULL) cli_print("%s%s:", prefix, f->file);
    if (f->line > 0) printf("%ld:", f->line);
    if (f->column > 0) printf("%ld:", f->column);
    cli_print("%s%s: %s\n", f->file != NULL ? " " : "", check_level_name(f->level), f->message);
  }
}
