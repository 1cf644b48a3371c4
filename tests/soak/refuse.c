/*
 * refuse.c - in front of the arena in the checked runtime (Makefile): asks the program that runs it, by an
 * import of its own, whether an allocation is to fail.
 *
 * What decides cannot lie in linear memory, which each invocation begins anew.
 */
#include <stddef.h>
#include <stdint.h>

void *arena_alloc_of_arena(size_t size);
void *arena_resize_of_arena(void *block, size_t old_size, size_t size);
void *arena_alloc(size_t size);
void *arena_resize(void *block, size_t old_size, size_t size);

__attribute__((import_module("flaron/v1"), import_name("refuse"))) int32_t refuse(size_t size);

void *arena_alloc(size_t size) { return refuse(size) ? NULL : arena_alloc_of_arena(size); }

void *arena_resize(void *block, size_t old_size, size_t size) {
  if (size > old_size && refuse(size)) return NULL;
  return arena_resize_of_arena(block, old_size, size);
}
