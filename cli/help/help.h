/*
 * help.h - what is made of the tables of commands (command.h) for people: usage, --help, the man page (man.c)
 * and the completion of three shells (completion.c). Parsing is options.c's.
 */
#ifndef FLARON_CLI_HELP_H
#define FLARON_CLI_HELP_H

#include "base/text.h"
#include "command.h"

/* Adds the words that a command takes, without its name: "[DIR]", "[--json]". A line feed comes before each.
 */
void help_add_usage(const cli_command *command, text *to);

/* Adds how a command is used, on one line and without its options' names: "flaron-lua kv get KEY [OPTIONS]".
 */
void help_add_short_usage(const cli_command *command, text *to);

/* Adds the term of a row, as help and man page begin it with: "-p, --port N", "set KEY VALUE". */
void help_add_term(const cli_option *option, text *to);

/* Adds the whole help. */
void help_add(const cli_command *command, text *to);

/* Prints it on standard output. */
void help_print(const cli_command *command);

/* Prints the man page, as roff, on standard output. Its date is SOURCE_DATE_EPOCH's, else today's. */
void man_print(const cli_command *program);

/* Prints the completion of a shell, bash, zsh or fish, on standard output. */
void completion_print(const cli_command *program, const char *shell);

#endif
