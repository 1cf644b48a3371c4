/*
 * requires.h - which modules a source names in calls of Lua's `require`, found by reading it as Lua's lexer
 * would: nothing is run, and what is not Lua gives an answer that is of no use, but no harm.
 */
#ifndef FLARON_EDGE_REQUIRES_H
#define FLARON_EDGE_REQUIRES_H

#include "base/text.h"

/* Blocks that are looked into: Lua's own parser goes less deep. */
enum { REQUIRES_DEEPEST = 250 };

/* A reader of one source. The fields are requires.c's own. */
typedef struct requires {
  const char *start, *at, *end;
  int line;
  int last;                       /* what the last token was */
  bool field;                     /* the next name is a field's, after '.' or ':' */
  int depth;                      /* open parentheses, brackets and braces */
  int blocks;                     /* open blocks */
  char kinds[REQUIRES_DEEPEST];   /* of each open block */
  char headers[REQUIRES_DEEPEST]; /* of each level: an `if` or a loop whose block is not open yet */
  int functions, conditions;      /* open functions; open blocks that may not be run */
  int tried;                      /* the depth in the outermost pcall's parentheses; 0 = none */
  int doubt, doubt_blocks; /* depth + 1 of the outermost `and` or `or` of an expression, and its blocks */
  int shadow;              /* blocks + 1 of the scope in which `require` is not Lua's; 0 = none */
  bool ends;               /* the file may have returned before here */
  bool replaced;           /* it gave the global another value */
  int local, local_depth,
      local_blocks; /* `local a, require =`: which value is its, from 1, and where; 0 = none */
  bool local_own;   /* that value is Lua's require */
}
requires;

/* A `require` of a constant string. */
typedef struct required {
  bytes name; /* in the source */
  int line;
  bool tried; /* in a pcall, or named by a package.preload before it in the file */
  bool sure;  /* it is run when the file is: outside of functions, conditions and loops */
  bool maybe; /* in a condition or loop, or after `and` or `or`: it may not be run where its function is */
} required;

/* Begins with a source, which is borrowed until the last call of requires_next. */
void requires_begin(requires *r, bytes source);

/* Finds the next one; false at the end. */
bool requires_next(requires *r, required *found);

#endif
