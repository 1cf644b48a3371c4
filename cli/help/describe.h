/*
 * describe.h - help texts in parts, for the man page (man.c) and the shells' completion (completion.c).
 *
 * Nothing is written twice: what these print is read from the texts that `--help` shows.
 */
#ifndef FLARON_CLI_DESCRIBE_H
#define FLARON_CLI_DESCRIBE_H

#include "cli.h"

/* All of flaron-lua: what it says of itself (its name is empty) and its commands. */
typedef struct describe_program {
  const cli_command *self;
  const cli_command *const *commands;
  size_t count;
} describe_program;

typedef enum describe_kind {
  DESCRIBE_OPTION,   /* "  -o, --output F   where to write it" */
  DESCRIBE_VERB,     /* "  set KEY VALUE    set a value": the word of a command that has several */
  DESCRIBE_ARGUMENT, /* "  MAIN.lua|DIR     the main script" */
  DESCRIBE_EXAMPLE,  /* "  flaron-lua new x": a whole command, or an indented line without words */
  DESCRIBE_PROSE     /* lines that are not indented, up to an empty one */
} describe_kind;

/* A part of a help text. Owned: all strings. */
typedef struct describe_part {
  describe_kind kind;
  char *term;    /* as it stands there; "" of prose */
  char *words;   /* what it means, on one line; may be "" of an example */
  char letter;   /* 'o', of an option; '\0' when it has none */
  char *name;    /* "output" or "set", of an option or a verb; NULL when it has none */
  char *value;   /* "F" or "KEY VALUE", of an option, a verb or an argument; NULL when it takes none */
  char *choices; /* the same, and behind '|' what the usage calls it: "T|http|websocket"; NULL when it takes
                    none */
} describe_part;

/* The parts of a help text, in its order; begin with {0}. */
typedef struct describe_parts {
  describe_part *items;
  size_t count;
} describe_parts;

/* Reads help and usage of a command. describe_free frees the parts. */
void describe_read(const cli_command *command, describe_parts *parts);

void describe_free(describe_parts *parts);

/* What can stand for a value, as far as its name tells. Owned: `words`, `endings`. */
typedef struct describe_choice {
  text words;   /* " http websocket": to choose from, with a blank before each */
  text endings; /* " .lua .wasm": of files */
  bool files;   /* any file */
  bool folders;
} describe_choice;

/* Adds to `choice` what names of values, such as "MAIN.lua|DIR", "http|websocket" or "FILE", tell. */
void describe_choose(const char *value, describe_choice *choice);

void describe_choice_free(describe_choice *choice);

/* Prints the man page, as roff, on standard output. Its date is SOURCE_DATE_EPOCH's, else today's. */
void man_print(const describe_program *program);

/* Prints the completion of a shell on standard output; false when it is none of bash, zsh and fish. */
bool completion_print(const describe_program *program, const char *shell);

#endif
