/*
 * lines.h - lines that a user types: with editing, history and completion in a terminal that has them, else
 * as they come from standard input.
 */
#ifndef FLARON_CLI_LINES_H
#define FLARON_CLI_LINES_H

#include <signal.h>

#include "base/text.h"

/*
 * Sets `answer` to the word at the end of `line` that could be completed and to what it could become, with a
 * line feed after each; empty: nothing.
 */
typedef void lines_complete(void *data, bytes line, text *answer);

typedef struct lines lines;

/* The most bytes of a line that is not typed. */
enum { LINES_MOST = 1 << 20 };

/* What a line was. */
typedef enum lines_kind { LINES_LINE, LINES_INTERRUPTED, LINES_END, LINES_TOO_LONG } lines_kind;

/*
 * Begins to read from standard input. `history` is the path of the file that earlier lines are in, NULL: they
 * are forgotten. `interrupted` is set by who handles SIGINT, without SA_RESTART. All borrowed. Never NULL.
 */
lines *lines_open(const char *history, lines_complete *complete, void *data,
                  volatile sig_atomic_t *interrupted);

/* Whether somebody types them, and is shown what to do. */
bool lines_are_typed(const lines *l);

/* Reads a line, which is added to `line` without its line feed. In a terminal `prompt` stands before it. */
lines_kind lines_read(lines *l, const char *prompt, text *line);

/* Writes the history, and frees it. */
void lines_close(lines *l);

#endif
