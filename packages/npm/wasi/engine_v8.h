/*
 * engine_v8.h - what engine_v8.c and JavaScript (lib/engine.js) are to each other: functions that JavaScript
 * gives, and functions that it calls.
 *
 * The packer is Wasm, so it cannot run Wasm: whoever runs the packer instantiates the runtime, or a flare,
 * for it. An instance has a number over 0. Addresses at which something is read or written are of the
 * packer's memory, `at` is of the instance's.
 */
#ifndef FLARON_WASI_ENGINE_V8_H
#define FLARON_WASI_ENGINE_V8_H

#include "host/host.h"

#define V8_GIVES(name) __attribute__((import_module("v8"), import_name(#name)))
#define V8_CALLS(name) __attribute__((export_name(#name)))

/* Instantiates a module, or the runtime if it has no bytes. 0: v8_fault tells why. `owner` is handed to the
 * functions below for calls of the instance. */
V8_GIVES(open) uint32_t v8_open(void *owner, const uint8_t *wasm, uint32_t size);

V8_GIVES(close) void v8_close(uint32_t instance);

/* Calls an export with `count` arguments of 32 bits; no result counts as 0. False: it trapped, and v8_fault
 * tells why. */
V8_GIVES(call)
bool v8_call(uint32_t instance, const char *name, const uint32_t *arguments, uint32_t count,
             uint64_t *result);

/* The bytes of its memory. */
V8_GIVES(size) uint32_t v8_size(uint32_t instance);

/* Makes its memory larger by pages of 64 KiB; false if it cannot be. */
V8_GIVES(grow) bool v8_grow(uint32_t instance, uint32_t pages);

/* Copies from or to its memory; false if that is not all in it. */
V8_GIVES(read) bool v8_read(uint32_t instance, uint32_t at, void *to, uint32_t size);
V8_GIVES(write) bool v8_write(uint32_t instance, uint32_t at, const void *from, uint32_t size);

/* Its stack pointer: what it is, and sets it. Of the runtime alone. */
V8_GIVES(stack) uint32_t v8_stack(uint32_t instance);
V8_GIVES(set_stack) void v8_set_stack(uint32_t instance, uint32_t stack);

/* Adds a function to the table of the runtime that calls v8_find; its index. */
V8_GIVES(finder) uint32_t v8_finder(uint32_t instance);

/* The last fault, a sentence of at most `most` bytes; its size. */
V8_GIVES(fault) uint32_t v8_fault(char *to, uint32_t most);

/* From now on the packer is ended after `ms` milliseconds; 0 = it is not. */
V8_GIVES(limit) void v8_limit(uint32_t ms);

/* An answer: `data` has `size` bytes, NULL = there is none. JavaScript knows this layout. */
typedef struct v8_answer {
  const uint8_t *data;
  uint32_t size;
  int32_t number;
} v8_answer;

/* The import with this number, NULL: there is none. JavaScript knows that it begins with name, result and
 * parameters. */
V8_CALLS(v8_signature) const host_signature *v8_signature(uint32_t import);

/* Room for `size` bytes of arguments, which JavaScript writes before one of the calls below. */
V8_CALLS(v8_room) void *v8_room(uint32_t size);

/* An instance called import number `import`; its byte arguments are in the room, one after the other. */
V8_CALLS(v8_import)
const v8_answer *v8_import(void *owner, host_import import, uint32_t a_size, uint32_t b_size, int64_t n);

/* Start-up asks for a module, whose name is in the room. */
V8_CALLS(v8_find) const v8_answer *v8_find(void *owner, uint32_t size);

#endif
