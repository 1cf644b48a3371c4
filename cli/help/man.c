/*
 * man.c - `flaron-lua --man`: the man page, made of the tables of all commands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flare/flare.h"
#include "help/help.h"

/* Prints a character of text so that roff shows it as it is. */
static void print_character(char c) {
  switch (c) {
    case '\\': fputs("\\e", stdout); break;
    case '-': fputs("\\-", stdout); break;
    case '\'': fputs("\\(aq", stdout); break;
    case '"': fputs("\\(dq", stdout); break;
    case '`': fputs("\\(ga", stdout); break;
    case '^': fputs("\\(ha", stdout); break;
    case '~': fputs("\\(ti", stdout); break;
    default: putchar(c);
  }
}

/* Prints words; a line begins after `most` columns, or never when that is 0. Runs of white space are one. */
static void print_words(const char *words, size_t most) {
  size_t column = 0;
  while (*words != '\0') {
    size_t blank = strspn(words, " \n"), size = strcspn(words + blank, " \n");
    bool fresh = column == 0 || (most > 0 && column + size > most);
    if (fresh && column > 0) putchar('\n');
    if (!fresh) putchar(' ');
    if (fresh && words[blank] == '.') fputs("\\&", stdout);
    for (size_t i = 0; i < size; i++) print_character(words[blank + i]);
    column = fresh ? size : column + size + 1;
    words += blank + size;
  }
}

/* Prints words: after a macro, on its line, or as text of short lines when that is NULL. */
static void print_line(const char *macro, const char *words) {
  enum { COLUMNS = 60 }; /* before characters are escaped */
  if (macro != NULL) printf(".%s ", macro);
  print_words(words, macro != NULL ? 0 : COLUMNS);
  putchar('\n');
}

/* Prints the words of a command and what they mean. */
static void print_help(const cli_command *command) {
  for (const cli_option *o = command->options; o->kind != CLI_END; o++) {
    text term = {0};
    if (o->help == NULL) continue;
    help_add_term(o, &term);
    puts(".TP");
    print_line("B", term.data);
    print_line(NULL, o->help);
    text_free(&term);
  }
  for (const char *at = command->notes; at != NULL && *at != '\0';) {
    size_t size = strcspn(at, "\n");
    char *paragraph = memory_copy((bytes){(const uint8_t *)at, size});
    puts(".PP");
    print_line(NULL, paragraph);
    free(paragraph);
    at += size + strspn(at + size, "\n");
  }
}

/* Prints how something is used: the command in bold, after the program's name. */
static void print_usage(const cli_command *command) {
  text name = {0}, usage = {0};
  text_printf(&name, "flaron-lua%s%s", *command->name != '\0' ? " " : "", command->name);
  help_add_usage(command, &usage);
  print_line("B", name.data);
  print_line(NULL, text_string(&usage));
  text_free(&name);
  text_free(&usage);
}

/* Prints the page's title; the date is that of the sources, so that the same sources make the same page. */
static void print_title(void) {
  const char *epoch = getenv("SOURCE_DATE_EPOCH");
  time_t now = epoch != NULL && *epoch != '\0' ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
  struct tm date;
  char day[sizeof "-2147483648-12-31"] = "";
  if (gmtime_r(&now, &date) != NULL) strftime(day, sizeof day, "%Y-%m-%d", &date);
  printf(".TH FLARON\\-LUA 1 %s \"flaron\\-lua %s\" \"User Commands\"\n.nh\n.ad l\n", day,
         FLARON_LUA_VERSION);
}

/* What no command's help says. */
static const char end[] =
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\nIt is done.\n"
    ".TP\n.B 1\nIt failed; standard error says why.\n"
    ".TP\n.B 2\nIt was misused; standard error says what was expected.\n"
    ".SH FILES\n"
    ".TP\n.I main.lua\nThe main script of a project.\n"
    ".TP\n.I flare.lua\nIts manifest: name, limits and what it may do. Without one, all is allowed here.\n"
    ".TP\n.I edge.lua\nRoutes of several projects, for\n.BR \"flaron\\-lua dev\" .\n"
    ".TP\n.I .flaron/\nStores and secrets of a project, beside its main script.\n"
    ".TP\n.I lua/5.4/flaron/edge.so\nThe Lua module\n.BR flaron.edge ,\nfor specs.\n"
    ".TP\n.I share/flaron\\-lua/library/\nAnnotations of the API for lua\\-language\\-server.\n"
    ".TP\n.I share/doc/flaron\\-lua/\nThe guide, the reference of the API, examples, licences.\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B SOURCE_DATE_EPOCH\nThe date that\n.B \\-\\-man\ngives this page, in seconds since 1970.\n"
    ".SH SEE ALSO\n"
    ".BR lua5.4 (1)\n";

void man_print(const cli_command *program) {
  print_title();
  printf(".SH NAME\nflaron\\-lua \\- ");
  print_line(NULL, program->summary);
  puts(".SH SYNOPSIS");
  print_usage(program);
  puts(".SH OPTIONS");
  print_help(program);
  puts(".SH COMMANDS");
  for (const cli_command *const *c = program->commands; *c != NULL; c++) {
    print_line("SS", (*c)->name);
    print_usage(*c);
    puts(".PP");
    print_line(NULL, (*c)->summary);
    print_help(*c);
  }
  fputs(end, stdout);
}
