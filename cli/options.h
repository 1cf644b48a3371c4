/*
 * options.h - the words of a command, read as its table (command.h) has them.
 *
 * Options may stand between and after arguments, and a long one may be cut short as long as only one is
 * meant;
 * "--" ends them. A word of '-' and a digit is a number and no option.
 */
#ifndef FLARON_CLI_OPTIONS_H
#define FLARON_CLI_OPTIONS_H

#include "cli.h"

enum { CLI_GO_ON = -1 };

/*
 * Reads the words after argv[0] into the struct at `to`, which holds what goes without them; strings are
 * argv's. CLI_GO_ON; or the exit code, after saying what is wrong or after showing the help.
 */
int options_read(const cli_command *self, int argc, char **argv, void *to);

void cli_list_free(cli_list *list);

/* Prints what is wrong with the words and in short how the command is used; returns CLI_MISUSED. */
__attribute__((format(printf, 2, 3))) int options_misuse(const cli_command *self, const char *format, ...);

#endif
