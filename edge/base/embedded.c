/*
 * embedded.c - looking files up: see embedded.h.
 */
#include "base/embedded.h"

#include <string.h>

const bytes *embedded_find(const char *path) {
  for (const embedded_file *f = embedded_files; f->path != NULL; f++) {
    if (strcmp(f->path, path) == 0) return &f->content;
  }
  return NULL;
}
