/*
 * requires.h - finds the modules that a source names in calls of Lua's `require`, by reading tokens as Lua's
 * lexer does. Nothing is run; a source that is not valid Lua gives a useless but harmless result.
 */
#ifndef FLARON_EDGE_REQUIRES_H
#define FLARON_EDGE_REQUIRES_H

#include "base/text.h"

/* The deepest nesting of blocks that is read; Lua's own parser allows less. */
enum { REQUIRES_DEEPEST = 250 };

/* A reader of one source. The fields are requires.c's own. */
typedef struct requires {
  const char *start, *at, *end;
  int line;
  int last;                       /* the kind of the last token */
  bool field;                     /* the next name is a field's, after '.' or ':' */
  int depth;                      /* open parentheses, brackets and braces */
  int blocks;                     /* open blocks */
  char kinds[REQUIRES_DEEPEST];   /* the kind of each open block */
  char headers[REQUIRES_DEEPEST]; /* for each level: an `if` or a loop whose block is not open yet */
  int functions, conditions;      /* open functions; open blocks that may be skipped at run time */
  int tried;                      /* the depth in the outermost pcall's parentheses; 0 = none */
  int doubt, doubt_blocks; /* depth + 1 of the outermost `and` or `or` of an expression, and its blocks */
  int shadow;              /* blocks + 1 of the scope in which `require` is not Lua's; 0 = none */
  bool ends;               /* the file may return before here */
  bool replaced;           /* the file assigned another value to the global */
  int local, local_depth,
      local_blocks; /* `local a, require =`: position of its value (from 1), depth, blocks */
  bool local_own;   /* that value is Lua's `require` */
}
requires;

/* A `require` of a constant string. */
typedef struct required {
  bytes name; /* borrowed from the source */
  int line;
  bool tried; /* in a pcall, or named by a package.preload before it in the file */
  bool sure;  /* it runs whenever the file runs: it is outside of functions, conditions and loops */
  bool maybe; /* it may not run although its function does: it is in a condition or loop, or after `and` or
                 `or` */
} required;

/* Begins to read a source, which is borrowed until the last call of requires_next. */
void requires_begin(requires *r, bytes source);

/* Finds the next `require`; false at the end. */
bool requires_next(requires *r, required *found);

#endif
