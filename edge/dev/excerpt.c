/*
 * excerpt.c - see excerpt.h.
 */
#include "dev/excerpt.h"

#include <ctype.h>
#include <string.h>

enum { AROUND = 2, MAX_DIGITS = 9 };

/* The next "FILE.lua:LINE:" after `*at`, which moves; 0 when there is none, else the line, `file` its file.
 */
static long next_place(bytes message, size_t *at, text *file) {
  static const char mark[] = ".lua:";
  enum { MARK = sizeof mark - 1 };
  while (*at < message.size) {
    const uint8_t *begin = message.data + *at;
    const uint8_t *found = memmem(begin, message.size - *at, mark, MARK);
    if (found == NULL) break;
    size_t end = (size_t)(found - message.data) + MARK, name = (size_t)(found - message.data), digits = 0;
    while (name > *at && message.data[name - 1] > ' ' && message.data[name - 1] != '\'') name--;
    *at = end;
    long line = 0;
    for (; end + digits < message.size && digits < MAX_DIGITS && isdigit(message.data[end + digits]);
         digits++)
      line = line * 10 + (message.data[end + digits] - '0');
    if (line == 0 || end + digits == message.size || message.data[end + digits] != ':') continue;
    text_clear(file);
    text_add(file, message.data + name, end - 1 - name);
    return line;
  }
  return 0;
}

static void add_lines(text *to, bytes source, long line) {
  const char *at = (const char *)source.data, *end = at + source.size;
  for (long n = 1; at < end && n <= line + AROUND; n++) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    size_t size = newline != NULL ? (size_t)(newline - at) : (size_t)(end - at);
    if (n >= line - AROUND) {
      text_printf(to, "%c %4ld | ", n == line ? '>' : ' ', n);
      text_add_harmless(to, (bytes){(const uint8_t *)at, size}, "");
      text_add_string(to, "\n");
    }
    at += size + 1;
  }
}

void excerpt_add(text *to, const modules_source *source, bytes message) {
  text file = {0}, content = {0};
  size_t at = 0, before = to->size;
  for (long line; to->size == before && (line = next_place(message, &at, &file)) != 0;) {
    text_clear(&content);
    if (source->read(source->data, file.data, &content) == 0) add_lines(to, text_bytes(&content), line);
  }
  text_free(&file);
  text_free(&content);
}
