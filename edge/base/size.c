/*
 * size.c - see size.h.
 */
#include "base/size.h"

#include <errno.h>
#include <stdlib.h>

bool size_read(const char *word, uint32_t low, uint32_t high, uint32_t *size) {
  char *end;
  errno = 0;
  unsigned long long n = strtoull(word, &end, 10);
  if (errno != 0 || *word < '0' || *word > '9') return false; /* strtoull would accept blanks and signs */
  unsigned shift = *end == 'K' || *end == 'k' ? 10 : *end == 'M' || *end == 'm' ? 20 : 0;
  if (shift != 0) end++;
  if (*end != '\0' || n > UINT32_MAX || (n << shift) < low || (n << shift) > high) return false;
  *size = (uint32_t)(n << shift);
  return true;
}
