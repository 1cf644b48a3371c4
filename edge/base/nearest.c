/*
 * nearest.c - see nearest.h.
 */
#include "base/nearest.h"

#include <string.h>

enum { LONGEST = NEAREST_LONGEST, SHORT = 2, MIDDLE = 5 };

/* The cheapest way to a cell: by a drop, an addition or a change, which costs nothing for equal bytes. */
static size_t least(size_t drop, size_t add, size_t change) {
  size_t n = drop < add ? drop : add;
  return n < change ? n : change;
}

/* The number of edits between two names, neither longer than LONGEST. */
static size_t count_edits(const char *from, size_t from_size, const char *to, size_t to_size) {
  size_t rows[3][LONGEST + 1]; /* the row before the last, the last row, this row */
  for (size_t j = 0; j <= to_size; j++) rows[0][j] = j;
  for (size_t i = 1; i <= from_size; i++) {
    size_t *row = rows[i % 3];
    const size_t *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= to_size; j++) {
      row[j] = least(last[j] + 1, row[j - 1] + 1, last[j - 1] + (from[i - 1] != to[j - 1]));
      bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped && before[j - 2] + 1 < row[j]) row[j] = before[j - 2] + 1;
    }
  }
  return rows[from_size % 3][to_size];
}

void nearest_try(nearest *n, const char *candidate) {
  size_t size = strlen(n->name), other = strlen(candidate);
  size_t most = size <= SHORT ? 0 : size <= MIDDLE ? 1 : 2;
  if (most == 0 || size > LONGEST || other > size + most || other > LONGEST) return;
  size_t edits = count_edits(n->name, size, candidate, other);
  bool better =
      n->found == NULL || edits < n->edits || (edits == n->edits && strcmp(candidate, n->found) < 0);
  if (edits > most || !better) return;
  memcpy(n->copy, candidate, other + 1);
  n->found = n->copy;
  n->edits = edits;
}

void nearest_add(const nearest *n, text *to) {
  if (n->found != NULL) text_printf(to, ": did you mean '%s'?", n->found);
}
