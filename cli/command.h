/*
 * command.h - what a command of `flaron-lua` is, and the table of the words that it takes.
 *
 * All that deals with a command's words is made of that table: parsing them (options.c), usage and --help
 * (help/help.c), the man page (help/man.c) and the completion of three shells (help/completion.c).
 */
#ifndef FLARON_CLI_COMMAND_H
#define FLARON_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* What a row of the table is, and of which type is what it sets. */
typedef enum cli_kind {
  CLI_END,      /* after the last row */
  CLI_ARGUMENT, /* const char *: a word that is not an option; the next such word goes to the next row */
  CLI_REST,     /* cli_list: all words that no row with a name knows, options or not */
  CLI_VERB,     /* cli_call: the first word of a command that does several things */
  CLI_DASHES,   /* "--", for the help alone: it ends the options of each command */
  CLI_FLAG,     /* bool: true; from here on, options */
  CLI_MODE,     /* int: `id` */
  CLI_WORD,     /* const char *: the value as it is */
  CLI_WORDS,    /* cli_list: the same of an option that may be repeated */
  CLI_NUMBER,   /* long, from `low` to `high` */
  CLI_SIZE,     /* uint32_t: bytes from `low` to `high`, given as "8m" (base/size.h) */
  CLI_TIME,     /* int64_t: nanoseconds, at most a day, given as "80ms" or "2s" */
  CLI_HELP      /* prints the help */
} cli_kind;

/* Words, borrowed, in a list that cli_list_free (options.h) frees. */
typedef struct cli_list {
  const char **items;
  size_t count;
} cli_list;

/* Which verb was given, the `id` of its row, and `count` words after it, borrowed. */
typedef struct cli_call {
  int verb;
  const char *words[2];
  size_t count;
} cli_call;

/* What a shell offers for a value. */
typedef struct cli_offer {
  bool files, folders;
  const char *endings; /* ".lua .wasm": files that end so, and folders on the way to them; NULL: none */
  const char *words;   /* "bash zsh fish"; an option takes nothing else then. NULL: none */
} cli_offer;

/* A row of the table. Fields that say nothing are 0. */
typedef struct cli_option {
  cli_kind kind;
  char letter;                     /* 'p' for -p */
  const char *name;                /* "port" for --port; of a verb: the verb */
  const char *value;               /* what its value is called, NULL: it takes none; an argument's name */
  size_t at;                       /* offsetof what it sets in the struct that options_read fills in */
  long low, high;                  /* of a number or size; of a verb or an argument: how many words */
  int id;                          /* of a mode or verb */
  const char *takes, *unit;        /* for messages: what it takes; or of what it takes a number */
  const char *lacks;               /* for messages: its value, when it lacks that; "": then it is empty */
  bool (*good)(const char *value); /* whether a value will do; NULL: all that the kind takes */
  const char *with;                /* the name of an option without which this one means nothing */
  const char *verb;                /* the verbs without one of which this one means nothing: "list export" */
  bool or_else;                    /* in the usage, it stands in place of the option before */
  cli_offer offer;
  const char *help;
} cli_option;

static inline bool cli_is_option(const cli_option *o) { return o->kind >= CLI_FLAG; }

/* The row of --conform (cli_follow). */
#define CLI_FOLLOW(at_)                                                                                      \
  {                                                                                                          \
    CLI_WORD, 0, "conform", "REPORT.json", (at_),                                                            \
        .offer = {.endings = ".json"},                                                                       \
        .help =                                                                                              \
            "do what the host of this report of `flaron-lua conform` does, as far as possible; what is not " \
            "followed is told"                                                                               \
  }

/* The last rows of each table. */
#define CLI_LAST(words) \
  {CLI_HELP, 'h', "help", .help = (words)}, { CLI_END }

typedef struct cli_command cli_command;

struct cli_command {
  const char *name;    /* "" of flaron-lua itself */
  const char *summary; /* what it does, in some words */
  const char *also;    /* words that some use for it: "serve start" */
  const char *usage;   /* NULL: made of the table */
  const cli_option *options;
  const char *expected;               /* its arguments, with a verb: "one flare is" */
  const char *notes;                  /* paragraphs with an empty line between; NULL: none */
  const cli_command *const *commands; /* of flaron-lua itself, up to NULL */
  int (*run)(const cli_command *self, int argc, char **argv); /* argv[0] is the command's name */
};

#endif
