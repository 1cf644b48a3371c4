/*
 * findings.h - what `flaron-lua check` has to say about a project, printed as lines the way compilers write
 * them.
 */
#ifndef FLARON_CLI_FINDINGS_H
#define FLARON_CLI_FINDINGS_H

#include "base/text.h"

typedef enum check_level { CHECK_ERROR, CHECK_WARNING, CHECK_NOTE } check_level;

/* "error", "warning" or "note". */
const char *check_level_name(check_level level);

/* Something to say about a file of the project. `line` and `column` begin at 1; 0: not known. Owned. */
typedef struct check_finding {
  check_level level;
  char *file; /* relative to the project; NULL: of no file */
  long line, column;
  char *message; /* further lines may be a traceback */
} check_finding;

typedef struct check_findings {
  check_finding *items;
  size_t count;
} check_findings;

/* Adds a finding; copies `file`, which may be NULL. */
__attribute__((format(printf, 6, 7))) void check_add(check_findings *findings, check_level level,
                                                     const char *file, long line, long column,
                                                     const char *format, ...);

void check_findings_free(check_findings *findings);

/* How many there are of a level. */
size_t check_findings_count(const check_findings *findings, check_level level);

/* Sorts them by file, line and column; what is of no file comes last. */
void check_findings_sort(check_findings *findings);

/* Prints all on standard output; `prefix`, "" or a folder with its slash, comes before each file. */
void check_findings_print(const check_findings *findings, const char *prefix);

#endif
