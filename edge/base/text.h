/*
 * text.h - borrowed bytes (`bytes`), a growing buffer (`text`), and allocation that cannot fail.
 *
 * A native process that runs out of memory cannot go on sensibly: the functions here that allocate end the
 * process with a message instead of failing. (A flare that runs out of its memory is another matter.)
 */
#ifndef FLARON_EDGE_TEXT_H
#define FLARON_EDGE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes: not owned, not ended by a NUL. */
typedef struct bytes {
  const uint8_t *data;
  size_t size;
} bytes;

/* The bytes of a C string, without its NUL. */
bytes bytes_of(const char *string);

/* Whether `b` is the C string `string`. */
bool bytes_are(bytes b, const char *string);

/* Whether both are equal, ignoring the case of ASCII letters. */
bool bytes_same_ignoring_case(bytes a, bytes b);

/* `size` bytes of memory, zeroed; never NULL. The caller frees it with free(). */
void *memory_get(size_t size);

/* Resizes a block of memory_get (or NULL); the bytes added are not zeroed. */
void *memory_resize(void *memory, size_t size);

/* A copy with a NUL after it, to be freed with free(). */
char *memory_copy(bytes b);

/* A buffer that grows; begin with {0}. `data` has a NUL after its `size` bytes once anything is in it. */
typedef struct text {
  char *data;
  size_t size, capacity;
} text;

/* Frees the buffer; the text is empty and can be used again. */
void text_free(text *t);

/* Empties the text but keeps its buffer. */
void text_clear(text *t);

/* Empties the text for another use and keeps its buffer, unless the buffer has grown large. */
void text_reuse(text *t);

void text_add(text *t, const void *data, size_t size);
void text_add_string(text *t, const char *string);
__attribute__((format(printf, 2, 3))) void text_printf(text *t, const char *format, ...);
__attribute__((format(printf, 2, 0))) void text_vprintf(text *t, const char *format, va_list arguments);

/* Adds "NAME: SENTENCE", or only the sentence if it begins with the name already. */
void text_add_about(text *t, const char *name, const char *sentence);

/* Adds bytes escaped for HTML and XML, for text and quoted attributes: < > & " become entities. */
void text_add_markup(text *t, bytes b);

/*
 * Adds untrusted text so that it cannot control a terminal: control characters except tab and line feed (C0,
 * DEL, C1 as characters and as bytes) and bytes that are not UTF-8 are shown as \x1b, marks that change the
 * direction of writing as \u{202e}. Each line feed is followed by `indent`.
 */
void text_add_harmless(text *t, bytes b, const char *indent);

/* The same for JSON text, in which these characters become \u escapes, so that its meaning stays the same. */
void text_add_harmless_json(text *t, bytes b);

/*
 * Adds all that can be read from `fd`. 0, EFBIG for more than `most` bytes, or another errno value; what was
 * read before an error is added too.
 */
int text_read(text *t, int fd, size_t most);

/* Adds `size` uninitialised bytes to the text and returns their address. */
char *text_room(text *t, size_t size);

/* The text's bytes, borrowed until it changes. */
bytes text_bytes(const text *t);

/* The text as a C string, "" when it is empty; borrowed until it changes. */
const char *text_string(const text *t);

#endif
