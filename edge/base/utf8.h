/*
 * utf8.h - UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing beyond U+10FFFF. Reads alone; it
 * knows no text (text.h) and changes nothing.
 */
#ifndef FLARON_EDGE_UTF8_H
#define FLARON_EDGE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes, 1 to 4, of the character that `size` bytes at `data` begin with; 0 when they begin with none. */
size_t utf8_size(const void *data, size_t size);

/* The same, and the character's number in `code`, which stays as it is when there is none. */
size_t utf8_read(const void *data, size_t size, uint32_t *code);

/* Whether all of `size` bytes at `data` are characters. No bytes are. */
bool utf8_is_valid(const void *data, size_t size);

/* How many of `size` bytes at `data` are the byte order mark that some editors begin a file with: 3, or 0. */
size_t utf8_mark(const void *data, size_t size);

#endif
