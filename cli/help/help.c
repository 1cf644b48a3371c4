/*
 * help.c - usage and --help of a command: see help.h.
 */
#include "help/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 104, INDENT = 2, GAP = 3 };

/* Adds words, `apart` being what is between them, in lines up to WIDTH that all begin at `indent`. */
static void add_wrapped(const char *words, char apart, size_t indent, text *to) {
  const char between[] = {apart, '\0'};
  size_t column = indent;
  while (*words != '\0') {
    size_t size = strcspn(words, between);
    if (column > indent && column + 1 + size > WIDTH) {
      text_printf(to, "\n%*s", (int)indent, "");
      column = indent;
    } else if (column > indent) {
      text_add_string(to, " ");
      column++;
    }
    text_add(to, words, size);
    column += size;
    words += size + strspn(words + size, between);
  }
}

/* ---- usage ---- */

/* Adds an option as the usage has it, without brackets. */
static void add_bare(const cli_option *o, text *to) {
  text_printf(to, o->name != NULL ? "--%s" : "-%.0s%c", o->name != NULL ? o->name : "", o->letter);
  if (o->offer.words != NULL) {
    text_add_string(to, " ");
    for (const char *c = o->offer.words; *c != '\0'; c++) text_add(to, *c == ' ' ? "|" : c, 1);
  } else if (o->value != NULL) {
    text_printf(to, " %s", o->value);
  }
}

/* Adds an option with those that mean something only with it, and those that stand in its place. */
static void add_option(const cli_option *all, const cli_option *o, text *to) {
  text_add_string(to, "\n[");
  add_bare(o, to);
  for (const cli_option *next = o + 1; next->or_else; next++) {
    text_add_string(to, "|");
    add_bare(next, to);
  }
  for (const cli_option *other = all; o->name != NULL && other->kind != CLI_END; other++) {
    if (other->with == NULL || strcmp(other->with, o->name) != 0) continue;
    text_add_string(to, " [");
    add_bare(other, to);
    text_add_string(to, "]");
  }
  text_add_string(to, o->kind == CLI_WORDS ? "]..." : "]");
}

/* Adds the words that are not options. */
static void add_arguments(const cli_command *command, text *to) {
  for (const cli_option *o = command->options; o->kind != CLI_END; o++) {
    if (o->kind == CLI_VERB) {
      text_add_string(to, o > command->options ? "\n| " : "\n");
      help_add_term(o, to);
    } else if (o->kind == CLI_ARGUMENT) {
      text_printf(to, o->low > 0 ? "\n%s" : "\n[%s]", o->value);
    }
  }
}

void help_add_usage(const cli_command *command, text *to) {
  if (command->usage != NULL) {
    text_printf(to, "\n%s", command->usage);
    return;
  }
  const cli_option *all = command->options, *rest = NULL;
  add_arguments(command, to);
  for (const cli_option *o = all; o->kind != CLI_END; o++) {
    if (o->kind == CLI_REST) rest = o;
    if (cli_is_option(o) && o->kind != CLI_HELP && o->with == NULL && !o->or_else) add_option(all, o, to);
  }
  if (rest != NULL) text_printf(to, "\n[%s]", rest->value);
}

void help_add_short_usage(const cli_command *command, text *to) {
  text words = {0};
  add_arguments(command, &words);
  text_printf(&words, "\n%s", command->usage != NULL ? command->usage : "[OPTIONS]");
  text_printf(to, "flaron-lua%s%s", *command->name != '\0' ? " " : "", command->name);
  for (const char *c = words.data; *c != '\0'; c++) text_add(to, *c == '\n' ? " " : c, 1);
  text_free(&words);
}

/* ---- help ---- */

void help_add_term(const cli_option *o, text *to) {
  size_t begin = to->size;
  if (o->letter != '\0') text_printf(to, "-%c", o->letter);
  if (o->letter != '\0' && o->name != NULL) text_add_string(to, ", ");
  if (o->name != NULL) text_printf(to, "%s%s", cli_is_option(o) ? "--" : "", o->name);
  if (o->value != NULL) text_printf(to, "%s%s", to->size > begin ? " " : "", o->value);
}

/* Adds a term and what it means, which begins at `column`. */
static void add_row(const char *term, const char *words, size_t column, text *to) {
  text_printf(to, "%*s%-*s", INDENT, "", (int)column - INDENT, term);
  add_wrapped(words, ' ', column, to);
  text_add_string(to, "\n");
}

/* Adds the rows of a table that have something to say. */
static void add_rows(const cli_option *options, text *to) {
  text term = {0};
  size_t column = 0;
  for (int pass = 0; pass < 2; pass++) { /* first, where what they mean begins */
    for (const cli_option *o = options; o->kind != CLI_END; o++) {
      if (o->help == NULL) continue;
      text_clear(&term);
      help_add_term(o, &term);
      if (pass == 1) add_row(term.data, o->help, column, to);
      if (term.size + INDENT + GAP > column) column = term.size + INDENT + GAP;
    }
  }
  text_free(&term);
}

void help_add(const cli_command *command, text *to) {
  text usage = {0};
  size_t begin = to->size;
  text_printf(to, "usage: flaron-lua%s%s ", *command->name != '\0' ? " " : "", command->name);
  size_t column = to->size - begin;
  help_add_usage(command, &usage);
  add_wrapped(text_string(&usage) + 1, '\n', column, to);
  text_printf(to, "\n\n%s.\n\n", command->summary);
  for (const cli_command *const *c = command->commands; c != NULL && *c != NULL; c++) {
    enum { SUMMARIES = 12 };
    add_row((*c)->name, (*c)->summary, SUMMARIES, to);
  }
  if (command->commands != NULL) text_add_string(to, "\n");
  add_rows(command->options, to);
  for (const char *at = command->notes; at != NULL && *at != '\0';) {
    size_t size = strcspn(at, "\n");
    char *paragraph = memory_copy((bytes){(const uint8_t *)at, size});
    text_add_string(to, "\n");
    add_wrapped(paragraph, ' ', 0, to);
    text_add_string(to, "\n");
    free(paragraph);
    at += size + strspn(at + size, "\n");
  }
  text_free(&usage);
}

void help_print(const cli_command *command) {
  text help = {0};
  help_add(command, &help);
  fputs(help.data, stdout);
  text_free(&help);
}
