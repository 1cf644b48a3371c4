/*
 * utf8.h - checks and decodes UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF. It
 * does not use text.h and changes nothing.
 */
#ifndef FLARON_EDGE_UTF8_H
#define FLARON_EDGE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length, 1 to 4 bytes, of the first character of the `size` bytes at `data`; 0 if it is not valid. */
size_t utf8_size(const void *data, size_t size);

/* The same, and stores the character's number in `code`, which stays as it is when 0 is returned. */
size_t utf8_read(const void *data, size_t size, uint32_t *code);

/* Whether the `size` bytes at `data` are valid UTF-8. Zero bytes are. */
bool utf8_is_valid(const void *data, size_t size);

/* The size of the byte order mark at the start of the `size` bytes at `data`: 3, or 0 if there is none. */
size_t utf8_mark(const void *data, size_t size);

#endif
