/*
 * wasi_stubs.c - stands in for WASI under wasi-libc: the functions for which libc would import WASI.
 *
 * A flare may import nothing but `flaron/v1`. So there are no files, no environment and no processes. Lua's
 * functions that would use them are replaced or removed (bindings/stdlib.c); the functions below let them
 * link. time() is in bindings/time.c, since it asks the host.
 */
#include <errno.h>
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wasi/api.h>

#include "life/arena.h"

/* Ends the instance with a trap. */
_Noreturn void abort(void) { __builtin_trap(); }

_Noreturn void exit(int code) {
  (void)code;
  __builtin_trap();
}

/* Called by wasi-libc itself; its own __wasilibc_real.o would import them. */
_Noreturn void __wasi_proc_exit(__wasi_exitcode_t code) {
  (void)code;
  __builtin_trap();
}

__wasi_errno_t __wasi_fd_close(__wasi_fd_t fd) {
  (void)fd;
  return __WASI_ERRNO_BADF;
}

__wasi_errno_t __wasi_fd_read(__wasi_fd_t fd, const __wasi_iovec_t *to, size_t count, __wasi_size_t *done) {
  (void)fd, (void)to, (void)count, (void)done;
  return __WASI_ERRNO_BADF;
}

__wasi_errno_t __wasi_fd_write(__wasi_fd_t fd, const __wasi_ciovec_t *from, size_t count,
                               __wasi_size_t *done) {
  (void)fd, (void)from, (void)count, (void)done;
  return __WASI_ERRNO_BADF;
}

__wasi_errno_t __wasi_fd_seek(__wasi_fd_t fd, __wasi_filedelta_t by, __wasi_whence_t from,
                              __wasi_filesize_t *at) {
  (void)fd, (void)by, (void)from, (void)at;
  return __WASI_ERRNO_BADF;
}

__wasi_errno_t __wasi_fd_fdstat_get(__wasi_fd_t fd, __wasi_fdstat_t *stat) {
  (void)fd, (void)stat;
  return __WASI_ERRNO_BADF;
}

/* Lua's lua_writestring (lua_config.h). Only Lua's own print calls it, which no script gets. */
void floor_write(const char *text, size_t length) { (void)text, (void)length; }

/* In place of libc's, which are tuned for long texts and ten times as large. */
char *strcpy(char *restrict to, const char *restrict from) {
  memcpy(to, from, strlen(from) + 1);
  return to;
}

char *strchr(const char *text, int c) {
  for (; *text != (char)c; text++) {
    if (*text == '\0') return NULL;
  }
  return (char *)text;
}

/* The number of bytes at the start of `text` that are (`in`) or are not in `set`. */
static size_t span(const char *text, const char *set, bool in) {
  size_t size = 0;
  while (text[size] != '\0' && (strchr(set, text[size]) != NULL) == in) size++;
  return size;
}

size_t strspn(const char *text, const char *set) { return span(text, set, true); }

size_t strcspn(const char *text, const char *set) { return span(text, set, false); }

char *strpbrk(const char *text, const char *set) {
  text += span(text, set, false);
  return *text != '\0' ? (char *)text : NULL;
}

/* malloc of C libraries: blocks of the arena with their size in front, since free() gets no size. */
enum { SIZE_ROOM = ARENA_ALIGN };

void *malloc(size_t size) {
  if (size > INT32_MAX) return NULL;
  size_t *block = arena_alloc(size + SIZE_ROOM);
  if (block == NULL) return NULL;
  *block = size + SIZE_ROOM;
  return (char *)block + SIZE_ROOM;
}

void free(void *memory) {
  if (memory == NULL) return;
  size_t *block = (size_t *)((char *)memory - SIZE_ROOM);
  arena_free(block, *block);
}

void *calloc(size_t count, size_t size) {
  size_t all;
  if (__builtin_mul_overflow(count, size, &all)) return NULL;
  void *memory = malloc(all);
  return memory == NULL ? NULL : memset(memory, 0, all);
}

void *realloc(void *memory, size_t size) {
  if (memory == NULL) return malloc(size);
  if (size > INT32_MAX) return NULL;
  size_t *block = (size_t *)((char *)memory - SIZE_ROOM);
  block = arena_resize(block, *block, size + SIZE_ROOM);
  if (block == NULL) return NULL;
  *block = size + SIZE_ROOM;
  return (char *)block + SIZE_ROOM;
}

clock_t clock(void) { return (clock_t)-1; }

char *getenv(const char *name) {
  (void)name;
  return NULL;
}

int system(const char *command) { return command == NULL ? 0 : -1; }

/* The only locale. */
char *setlocale(int category, const char *name) {
  (void)category;
  static char c[] = "C";
  return name == NULL || *name == '\0' || strcmp(name, c) == 0 ? c : NULL;
}

#undef stdin
FILE *const stdin = NULL;

FILE *fopen(const char *restrict path, const char *restrict mode) {
  (void)path, (void)mode;
  errno = ENOENT;
  return NULL;
}

FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict file) {
  (void)file;
  return fopen(path, mode);
}

int fclose(FILE *file) {
  (void)file;
  return 0;
}

int remove(const char *path) {
  (void)path;
  errno = ENOENT;
  return -1;
}

int rename(const char *from, const char *to) {
  (void)to;
  return remove(from);
}

char *fgets(char *restrict line, int size, FILE *restrict file) {
  (void)line, (void)size, (void)file;
  return NULL;
}

size_t fread(void *restrict to, size_t size, size_t count, FILE *restrict file) {
  (void)to, (void)size, (void)count, (void)file;
  return 0;
}

int getc(FILE *file) {
  (void)file;
  return EOF;
}

int feof(FILE *file) {
  (void)file;
  return 1;
}

int ferror(FILE *file) {
  (void)file;
  return 0;
}
