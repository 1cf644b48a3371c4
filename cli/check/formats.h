/*
 * formats.h - findings as other programs read them: annotations of a forge, SARIF, JUnit's XML. The lines for
 * people are findings.c's.
 */
#ifndef FLARON_CLI_FORMATS_H
#define FLARON_CLI_FORMATS_H

#include "check/findings.h"

/* The words of --format, and what the first of them is. */
#define CHECK_FORMATS "text github sarif junit"

/* Whether standard output has what the format asks for and nothing else. */
bool check_format_is_document(const char *format);

/*
 * Prints sorted findings in a format other than "text" on standard output; `prefix`, "" or a folder with its
 * slash, comes before each file. Also without findings: a document that says that there are none.
 */
void check_format_print(const char *format, const check_findings *findings, const char *prefix);

#endif
