/*
 * man.c - `flaron-lua --man`: the man page, made of the help of all commands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "help/describe.h"

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

/* Prints words; a line begins behind `most` columns, or never when that is 0. Runs of white space are one. */
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

/* Prints words: behind a macro, on its line, or as text of short lines when that is NULL. */
static void print_line(const char *macro, const char *words) {
  enum { COLUMNS = 60 }; /* before characters are escaped */
  if (macro != NULL) printf(".%s ", macro);
  print_words(words, macro != NULL ? 0 : COLUMNS);
  putchar('\n');
}

/* Prints a term and what it means. */
static void print_term(const char *term, const char *words) {
  puts(".TP");
  print_line("B", term);
  print_line(NULL, words);
}

/* Prints the help of a command. */
static void print_help(const cli_command *command) {
  describe_parts parts = {0};
  describe_read(command, &parts);
  bool listed = false; /* the lines before are examples */
  for (size_t i = 0; i < parts.count; i++) {
    const describe_part *part = &parts.items[i];
    bool example = part->kind == DESCRIBE_EXAMPLE && *part->words == '\0';
    if (example && !listed) puts(".PP\n.RS\n.nf");
    if (!example && listed) puts(".fi\n.RE");
    listed = example;
    if (example) {
      print_words(part->term, 0);
      putchar('\n');
    } else if (part->kind == DESCRIBE_PROSE) {
      puts(".PP");
      print_line(NULL, part->words);
    } else {
      print_term(part->term, part->words);
    }
  }
  if (listed) puts(".fi\n.RE");
  describe_free(&parts);
}

/* Prints how something is used: the first word of `usage` in bold, behind the program's name. */
static void print_usage(const char *usage) {
  size_t word = strcspn(usage, " ");
  text name = {0};
  text_printf(&name, "flaron-lua %.*s", (int)word, usage);
  print_line("B", name.data);
  usage += word;
  usage += strspn(usage, " ");
  if (*usage != '\0') print_line(NULL, usage);
  text_free(&name);
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

void man_print(const describe_program *program) {
  print_title();
  printf(".SH NAME\nflaron\\-lua \\- ");
  print_line(NULL, program->self->summary);
  puts(".SH SYNOPSIS");
  print_usage(program->self->usage);
  puts(".SH OPTIONS");
  print_help(program->self);
  puts(".SH COMMANDS");
  for (size_t i = 0; i < program->count; i++) {
    const cli_command *command = program->commands[i];
    print_line("SS", command->name);
    print_usage(command->usage);
    puts(".PP");
    print_line(NULL, command->summary);
    print_help(command);
  }
  fputs(end, stdout);
}
