/*
 * utf8_test.c - checks edge/base/utf8.c natively: every character there is, written by a plain rule, is read
 * back; and of all sequences of bytes as many are characters as Unicode has numbers for that size.
 *
 * Prints a line per failed check, then "N passed, N failed".
 */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static int passed, failed;

static void check(bool ok, const char *what, unsigned long seen) {
  *(ok ? &passed : &failed) += 1;
  if (!ok) printf("failed: %s: %lu\n", what, seen);
}

/* RFC 3629, 3, read as a table. */
static size_t write(uint32_t code, uint8_t *to) {
  size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  static const uint8_t lead[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
  for (size_t i = size; i-- > 1; code >>= 6) to[i] = 0x80 | (code & 0x3F);
  to[0] = (uint8_t)(lead[size] | code);
  return size;
}

static void test_characters(void) {
  unsigned long wrong = 0, surrogates = 0, cut = 0;
  for (uint32_t code = 0; code <= 0x10FFFF; code++) {
    uint8_t bytes[4];
    uint32_t read = UINT32_MAX;
    size_t size = write(code, bytes);
    if (code >= 0xD800 && code <= 0xDFFF) {
      surrogates += utf8_read(bytes, size, &read) != 0 || read != UINT32_MAX;
      continue;
    }
    wrong += utf8_read(bytes, size, &read) != size || read != code || !utf8_is_valid(bytes, size);
    for (size_t less = 0; less < size; less++) cut += utf8_size(bytes, less) != 0;
  }
  check(wrong == 0, "characters that are not read back", wrong);
  check(surrogates == 0, "surrogates that are taken", surrogates);
  check(cut == 0, "characters that are taken though cut off", cut);
}

static void test_sequences(void) {
  unsigned long by_size[5] = {0}, beyond = 0;
  for (uint32_t i = 0; i < 1u << 24; i++) {
    uint8_t bytes[4] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i, 0x80};
    by_size[utf8_size(bytes, sizeof bytes)]++;
    bytes[3] = 0xC0;
    beyond += utf8_size(bytes, sizeof bytes) == 4;
  }
  check(by_size[1] == 0x80ul << 16, "sequences of one byte", by_size[1]);
  check(by_size[2] == (0x800ul - 0x80) << 8, "sequences of two bytes", by_size[2]);
  check(by_size[3] == 0x10000 - 0x800 - 0x800, "sequences of three bytes", by_size[3]);
  check(by_size[4] == 0x100000 / 64, "sequences of four bytes, by the first three", by_size[4]);
  check(beyond == 0, "sequences whose fourth byte is no continuation", beyond);
}

static void test_texts(void) {
  static const struct {
    const char *text;
    size_t size;
    bool valid;
  } texts[] = {
      {"", 0, true},
      {"a\0b", 3, true},
      {"na\xC3\xAFve", 6, true},
      {"\xC3", 1, false},
      {"\xC0\xAF", 2, false},
      {"a\x80", 2, false},
      {"\xED\xA0\x80", 3, false},
      {"\xF4\x90\x80\x80", 4, false},
      {"\xF5\x80\x80\x80", 4, false},
      {"\xFF", 1, false},
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    check(utf8_is_valid(texts[i].text, texts[i].size) == texts[i].valid, "text", i);
}

int main(void) {
  test_characters();
  test_sequences();
  test_texts();
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
