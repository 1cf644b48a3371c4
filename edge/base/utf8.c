/*
 * utf8.c - see utf8.h.
 */
#include "base/utf8.h"

#include <string.h>

size_t utf8_size(const void *data, size_t size) {
  const uint8_t *b = data;
  if (size == 0) return 0;
  uint8_t first = b[0], low = 0x80, high = 0xBF; /* what the second byte may be */
  size_t wanted = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if ((first >= 0x80 && first < 0xC2) || first > 0xF4 || wanted > size) return 0;
  if (first == 0xE0) low = 0xA0;  /* overlong */
  if (first == 0xED) high = 0x9F; /* surrogates */
  if (first == 0xF0) low = 0x90;  /* overlong */
  if (first == 0xF4) high = 0x8F; /* beyond U+10FFFF */
  if (wanted > 1 && (b[1] < low || b[1] > high)) return 0;
  for (size_t i = 2; i < wanted; i++) {
    if (b[i] < 0x80 || b[i] > 0xBF) return 0;
  }
  return wanted;
}

size_t utf8_read(const void *data, size_t size, uint32_t *code) {
  enum { VALUE = 0x3F, VALUE_BITS = 6 }; /* of a continuation byte */
  const uint8_t *b = data;
  size_t found = utf8_size(data, size);
  if (found == 0) return 0;
  *code = found == 1 ? b[0] : b[0] & (0x7Fu >> found);
  for (size_t i = 1; i < found; i++) *code = *code << VALUE_BITS | (b[i] & VALUE);
  return found;
}

bool utf8_is_valid(const void *data, size_t size) {
  const uint8_t *b = data;
  for (size_t i = 0, found; i < size; i += found) {
    found = b[i] < 0x80 ? 1 : utf8_size(b + i, size - i);
    if (found == 0) return false;
  }
  return true;
}

size_t utf8_mark(const void *data, size_t size) {
  static const char mark[] = "\xEF\xBB\xBF";
  enum { SIZE = sizeof mark - 1 };
  return size >= SIZE && memcmp(data, mark, SIZE) == 0 ? SIZE : 0;
}
