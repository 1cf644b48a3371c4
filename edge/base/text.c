/*
 * text.c - bytes, growing buffers and memory: see text.h.
 */
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/utf8.h"

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

/* Whether a terminal may act upon the character instead of showing it. */
static bool is_control(uint32_t code) {
  bool c0 = code < ' ' && code != '\t' && code != '\n', c1 = code >= 0x7F && code <= 0x9F;
  return c0 || c1 || (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

void text_add_harmless(text *t, bytes b, const char *indent) {
  for (size_t i = 0, size; i < b.size; i += size) {
    uint32_t code = b.data[i];
    size = utf8_read(b.data + i, b.size - i, &code);
    if (size == 0) {
      text_printf(t, "\\x%02x", b.data[i]);
      size = 1;
    } else if (is_control(code)) {
      text_printf(t, code < 0x80 ? "\\x%02x" : "\\u{%02x}", (unsigned)code);
    } else {
      text_add(t, b.data + i, size);
      if (code == '\n') text_add_string(t, indent);
    }
  }
}

void text_add_harmless_json(text *t, bytes b) {
  for (size_t i = 0, size; i < b.size; i += size) {
    uint32_t code = b.data[i];
    size = utf8_read(b.data + i, b.size - i, &code);
    if (size > 0 && is_control(code)) {
      text_printf(t, "\\u%04x", (unsigned)code);
    } else {
      if (size == 0) size = 1;
      text_add(t, b.data + i, size);
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

void text_vprintf(text *t, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  size_t left = t->capacity - t->size;
  int size = vsnprintf(left != 0 ? t->data + t->size : NULL, left, format, arguments);
  if (size > 0) {
    char *room = text_room(t, (size_t)size);
    if ((size_t)size >= left) vsnprintf(room, (size_t)size + 1, format, again);
  }
  va_end(again);
}

void text_printf(text *t, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  text_vprintf(t, format, arguments);
  va_end(arguments);
}

void text_add_about(text *t, const char *name, const char *sentence) {
  bool named = strncmp(sentence, name, strlen(name)) == 0;
  text_printf(t, "%s%s%s", named ? "" : name, named ? "" : ": ", sentence);
}

bytes text_bytes(const text *t) { return (bytes){(const uint8_t *)t->data, t->size}; }

const char *text_string(const text *t) { return t->data != NULL ? t->data : ""; }
