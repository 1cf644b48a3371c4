/*
 * glob.c - see glob.h.
 */
#include "base/glob.h"

#include <string.h>

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c; }

bool glob_matches(bytes glob, bytes string, glob_rule r) {
  size_t g = 0, s = 0, star = SIZE_MAX, tried = 0; /* the last star, and where what follows it was tried */
  while (s < string.size) {
    uint8_t have = string.data[s];
    if (g < glob.size && glob.data[g] == '*') {
      star = g++;
      tried = s;
    } else if (g < glob.size && (r.ignore_case ? lower(glob.data[g]) == lower(have) : glob.data[g] == have)) {
      g++;
      s++;
    } else if (star != SIZE_MAX && strchr(r.kept, string.data[tried]) == NULL) {
      g = star + 1;
      s = ++tried;
    } else {
      return false; /* an earlier star cannot match what this one cannot */
    }
  }
  while (g < glob.size && glob.data[g] == '*') g++;
  return g == glob.size;
}
