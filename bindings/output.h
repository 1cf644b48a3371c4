/*
 * output.h - what a script writes to standard output and standard error: lines of the log.
 */
#ifndef FLARON_OUTPUT_H
#define FLARON_OUTPUT_H

#include <stddef.h>

enum output { OUTPUT_INFO, OUTPUT_WARN, OUTPUTS }; /* the levels of what is written to either */

/*
 * Writes bytes; the character `feed` ends a line, -1 is none. What ends no line is kept, up to 4 KiB, beyond
 * which another line begins. Calls the host: not at start-up.
 */
void output_write(enum output to, const char *bytes, size_t size, int feed);

/* Ends the line that was begun; none is an empty line. */
void output_feed(enum output to);

/* Writes an info line, with whatever line feeds are in it; goes on with the one that was begun. */
void output_line(const char *line, size_t size);

/* Ends the lines that were begun. Last thing in an invocation. */
void output_end(void);

#endif
