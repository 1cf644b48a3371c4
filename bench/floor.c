/*
 * floor.c - the least that can answer as examples/hello does: the same imports in the same order, in C. What
 * hello takes beyond it is what Lua costs. Its memory is a buffer that every invocation begins anew.
 */
#include <stdint.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("flaron/v1"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

IMPORT(req_method) uint64_t req_method(void);
IMPORT(req_url) uint64_t req_url(void);
IMPORT(resp_set_status) void resp_set_status(int32_t status);
IMPORT(resp_header_set)
void resp_header_set(const char *name, size_t size, const char *value, size_t value_size);
IMPORT(resp_body_set) void resp_body_set(const char *body, size_t size);

static char memory[65536];
static size_t used;

EXPORT(alloc) void *alloc(int32_t size) {
  void *block = memory + used;
  if (size <= 0 || (size_t)size > sizeof memory - used) return NULL;
  used += ((size_t)size + 7) & ~(size_t)7;
  return block;
}

static char *add(char *to, const void *from, size_t size) { return (char *)memcpy(to, from, size) + size; }

EXPORT(handle_request) uint64_t handle_request(void) {
  static const char name[] = "content-type", type[] = "text/plain; charset=utf-8", hello[] = "hello from ";
  used = 0;
  uint64_t method = req_method(), url = req_url();
  char *body = alloc(1024), *at = add(body, hello, sizeof hello - 1);
  at = add(at, (const void *)(uintptr_t)(method >> 32), (size_t)(method & UINT32_MAX));
  at = add(at, " ", 1);
  at = add(at, (const void *)(uintptr_t)(url >> 32), (size_t)(url & UINT32_MAX));
  at = add(at, "\n", 1);
  resp_set_status(200);
  resp_header_set(name, sizeof name - 1, type, sizeof type - 1);
  resp_body_set(body, (size_t)(at - body));
  return (uint64_t)1 << 32;
}
