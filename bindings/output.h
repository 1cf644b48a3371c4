/*
 * output.h - turns standard output and standard error of a script into lines of the log.
 */
#ifndef FLARON_OUTPUT_H
#define FLARON_OUTPUT_H

#include <stddef.h>

enum output { OUTPUT_INFO, OUTPUT_WARN, OUTPUTS }; /* the levels of standard output and standard error */

/*
 * Writes bytes; the character `feed` ends a line (-1 = no character does). An unfinished line is kept up to 4
 * KiB, then a new line begins. Calls the host, so not during start-up.
 */
void output_write(enum output to, const char *bytes, size_t size, int feed);

/* Ends the unfinished line; if there is none, writes an empty line. */
void output_feed(enum output to);

/* Writes an info line, including any line feeds in it; continues an unfinished line. */
void output_line(const char *line, size_t size);

/* Ends the unfinished lines. Call it at the end of an invocation. */
void output_end(void);

#endif
