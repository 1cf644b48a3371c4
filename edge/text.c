/*
 * text.c - bytes, growing buffers and memory: see text.h.
 */
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bytes bytes_of(const char *string) { return (bytes){(const uint8_t *)string, strlen(string)}; }

bool bytes_are(bytes b, const char *string) {
  return b.size == strlen(string) && (b.size == 0 || memcmp(b.data, string, b.size) == 0);
}

bool bytes_same_ignoring_case(bytes a, bytes b) {
  return a.size == b.size &&
         (a.size == 0 || strncasecmp((const char *)a.data, (const char *)b.data, a.size) == 0);
}

static void *there(void *memory) {
  if (memory != NULL) return memory;
  fputs("flaron-lua: the machine is out of memory\n", stderr);
  abort();
}

void *memory_get(size_t size) { return there(calloc(1, size != 0 ? size : 1)); }

void *memory_resize(void *memory, size_t size) { return there(realloc(memory, size != 0 ? size : 1)); }

char *memory_copy(bytes b) {
  char *copy = memory_get(b.size + 1);
  if (b.size != 0) memcpy(copy, b.data, b.size);
  return copy;
}

void text_free(text *t) {
  free(t->data);
  *t = (text){0};
}

void text_clear(text *t) {
  t->size = 0;
  if (t->data != NULL) t->data[0] = '\0';
}

void text_reuse(text *t) {
  enum { LARGE = 16384 };
  if (t->capacity > LARGE) {
    text_free(t);
  } else {
    text_clear(t);
  }
}

char *text_room(text *t, size_t size) {
  size_t needed = t->size + size + 1;
  if (needed > t->capacity) {
    t->capacity = needed > 2 * t->capacity ? needed : 2 * t->capacity;
    t->data = memory_resize(t->data, t->capacity);
  }
  char *room = t->data + t->size;
  t->size += size;
  t->data[t->size] = '\0';
  return room;
}

void text_add(text *t, const void *data, size_t size) {
  char *room = text_room(t, size);
  if (size != 0) memcpy(room, data, size);
}

void text_add_string(text *t, const char *string) { text_add(t, string, strlen(string)); }

void text_add_markup(text *t, bytes b) {
  for (size_t i = 0; i < b.size; i++) {
    switch (b.data[i]) {
      case '<': text_add_string(t, "&lt;"); break;
      case '>': text_add_string(t, "&gt;"); break;
      case '&': text_add_string(t, "&amp;"); break;
      case '"': text_add_string(t, "&quot;"); break;
      default: text_add(t, &b.data[i], 1);
    }
  }
}

int text_read(text *t, int fd, size_t most) {
  for (size_t from = t->size;;) {
    char part[16384];
    ssize_t n = read(fd, part, sizeof part);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : 0;
    text_add(t, part, (size_t)n);
    if (t->size - from > most) return EFBIG;
  }
}

void text_printf(text *t, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  size_t left = t->capacity - t->size;
  int size = vsnprintf(left != 0 ? t->data + t->size : NULL, left, format, arguments);
  va_end(arguments);
  if (size > 0) {
    char *room = text_room(t, (size_t)size);
    if ((size_t)size >= left) vsnprintf(room, (size_t)size + 1, format, again);
  }
  va_end(again);
}

bytes text_bytes(const text *t) { return (bytes){(const uint8_t *)t->data, t->size}; }

const char *text_string(const text *t) { return t->data != NULL ? t->data : ""; }
