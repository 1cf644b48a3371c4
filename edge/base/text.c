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

size_t bytes_utf8(bytes b, uint32_t *code) {
  enum { MORE = 0x80, MORE_MASK = 0xC0, MORE_BITS = 6, VALUE = 0x3F, HIGHEST = 0x10FFFF };
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* by size: what is less has a shorter form */
  if (b.size == 0) return 0;
  uint8_t lead = b.data[0];
  size_t size = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF8 ? 4 : 0;
  if (size == 0 || size > b.size) return 0;
  *code = size == 1 ? lead : lead & (0x7Fu >> size);
  for (size_t i = 1; i < size; i++) {
    if ((b.data[i] & MORE_MASK) != MORE) return 0;
    *code = *code << MORE_BITS | (b.data[i] & VALUE);
  }
  bool surrogate = *code >= 0xD800 && *code <= 0xDFFF;
  return *code >= least[size] && *code <= HIGHEST && !surrogate ? size : 0;
}

/* Whether a terminal may do something other than show the character. */
static bool is_control(uint32_t code) {
  bool c0 = code < ' ' && code != '\t' && code != '\n', c1 = code >= 0x7F && code <= 0x9F;
  return c0 || c1 || (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

void text_add_harmless(text *t, bytes b, const char *indent) {
  for (size_t i = 0, size; i < b.size; i += size) {
    uint32_t code = b.data[i];
    size = bytes_utf8((bytes){b.data + i, b.size - i}, &code);
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
    size = bytes_utf8((bytes){b.data + i, b.size - i}, &code);
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

bytes text_bytes(const text *t) { return (bytes){(const uint8_t *)t->data, t->size}; }

const char *text_string(const text *t) { return t->data != NULL ? t->data : ""; }

size_t text_utf8_size(bytes b) {
  uint8_t first = b.data[0], low = 0x80, high = 0xbf; /* what the second byte may be */
  size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || size > b.size) return 0;
  if (first == 0xe0) low = 0xa0;  /* shorter forms exist */
  if (first == 0xed) high = 0x9f; /* surrogates */
  if (first == 0xf0) low = 0x90;  /* shorter forms exist */
  if (first == 0xf4) high = 0x8f; /* beyond U+10FFFF */
  if (size > 1 && (b.data[1] < low || b.data[1] > high)) return 0;
  for (size_t i = 2; i < size; i++) {
    if (b.data[i] < 0x80 || b.data[i] > 0xbf) return 0;
  }
  return size;
}
